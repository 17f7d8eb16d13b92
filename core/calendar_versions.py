"""Calendars over the life of one clock: which version governs which instants (domain, SLA 3).

Whole UTC seconds, as in `core.calendar_compile`. With a single version every answer is that calendar's own.
A date's intervals under several versions are those of each version, cut to the instants it governs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.calendar_compile import MAX_SECOND, MIN_SECOND, CompiledCalendar, local_ordinal, reached

FOREVER = MAX_SECOND * 2
"""The end of a stop that has not ended."""

Stop = tuple[int, int]
"""[from, to) in seconds, `to` may be FOREVER."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions in time order: each governs from its instant to the next one's, the first always."""

    pieces: tuple[tuple[int, CompiledCalendar], ...]

    @classmethod
    def only(cls, calendar: CompiledCalendar) -> Versions:
        """One calendar for every instant."""
        return cls(((MIN_SECOND, calendar),))

    def edited(self, at: int, calendar: CompiledCalendar) -> Versions:
        """The new calendar governs from `at` on, the instants before keep what they had."""
        return Versions((*((start, old) for start, old in self.pieces if start < at), (at, calendar)))

    def governing(self, second: int) -> CompiledCalendar:
        """Return the version in force at an instant."""
        for start, calendar in self.pieces[::-1]:
            if start <= second:
                return calendar
        return self.pieces[0][1]

    def between(self, start: int, end: int) -> int:
        """Return the open seconds in [start, end)."""
        if len(self.pieces) == 1:
            return self.pieces[0][1].between(start, end)
        return sum(cal.between(max(start, low), min(end, high)) for low, high, cal in self._spans())

    def reach(self, start: int, seconds: int) -> int | None:
        """Return the smallest instant t >= start with `seconds` open seconds in [start, t), None if never."""
        if len(self.pieces) == 1 or seconds <= 0:
            return self.pieces[0][1].reach(start, seconds)
        for low, high, calendar in self._spans():
            if start >= high:
                continue
            start = max(start, low)
            if high >= FOREVER:
                return calendar.reach(start, seconds)
            here = calendar.between(start, high)
            if here >= seconds:
                return calendar.reach(start, seconds)
            seconds -= here
        return None

    def worked(self, start: int, end: int, stops: tuple[Stop, ...]) -> int:
        """Return the open seconds in [start, end) outside the stops (disjoint)."""
        total = self.between(start, end)
        for stop, go in stops:
            if stop < end and go > start:
                total -= self.between(max(stop, start), min(go, end))
        return total

    def reach_past(self, start: int, seconds: int, stops: tuple[Stop, ...]) -> int | None:
        """Return the smallest t >= start with `seconds` worked in [start, t), None if never.

        The stops are disjoint and in order.
        """
        if seconds <= 0:
            return start
        for stop, go in stops:
            if go <= start:
                continue
            if stop > start:
                here = self.between(start, stop)
                if here >= seconds:
                    break
                seconds -= here
            if go >= FOREVER:
                return None
            start = go
        return self.reach(start, seconds)

    def working_day_end(self, start: int, count: int) -> int | None:
        """Return the close of business of the `count`-th working date after the local date of `start`.

        With count 0 that of the date itself, or `start` when that is later. None if there is no such date.
        """
        ordinal = local_ordinal(self.governing(start).zone, start)
        if count <= 0:
            return max([start, *(closing for _, closing in self._day(ordinal))])
        if len(self.pieces) > 1:
            # Walk the dates an edit may cut; behind them the newest version is alone.
            alone = max(ordinal, *(local_ordinal(cal.zone, at) + 3 for at, cal in self.pieces[1:]))
            while ordinal < alone:
                ordinal += 1
                closings = [closing for _, closing in self._day(ordinal)]
                count -= 1 if closings else 0
                if not count:
                    return max([start, *closings])
        found = self.pieces[-1][1].working_day(ordinal, count)
        return None if found is None else max(start, found)

    def date_end(self, start: int, count: int) -> int:
        """Return the first instant after the `count`-th date that follows the local date of `start`."""
        zone = self.governing(start).zone
        ordinal = local_ordinal(zone, start) + count + 1
        if len(self.pieces) == 1:
            return max(start, reached(zone, ordinal, 0))
        for low, high, calendar in self._spans():
            begin = max(start, low, reached(calendar.zone, ordinal, 0))
            if begin < high:
                return begin
        raise AssertionError("the last version has no end")

    def _day(self, ordinal: int) -> list[tuple[int, int]]:
        """Return the non-empty intervals of a date, each cut to the instants its version governs."""
        cut = (
            (max(opening, low), min(closing, high))
            for low, high, calendar in self._spans()
            for opening, closing in calendar.day(ordinal)
        )
        return [(opening, closing) for opening, closing in cut if opening < closing]

    def _spans(self) -> Iterator[tuple[int, int, CompiledCalendar]]:
        ends = [start for start, _ in self.pieces[1:]]
        for (start, calendar), end in zip(self.pieces, [*ends, FOREVER], strict=True):
            yield start, end, calendar
