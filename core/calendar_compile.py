"""Compiled calendars: sorted opening and closing seconds with running totals, looked up by bisection.

Instants are whole UTC seconds since 1970 (ints). One function decides what a wall reading means, for opening
and closing alike: the earliest instant at which the local clock has reached it (`reached`).
A table covers some years and is replaced by a wider one when a question goes beyond; it is never changed, so
threads may share it. Compiling takes some microseconds a date, a look-up about one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.week_calendar import DAY, FIRST_DATE, LAST_DATE, CalendarError, Row, WeekCalendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_FIRST, _LAST = FIRST_DATE.toordinal(), LAST_DATE.toordinal()
_SECONDS = 86400
_MARGIN = 3
"""Dates compiled beyond each end of what a table answers for: a row may run into the next date, offsets reach
14 hours, and the clock of Kwajalein once went back by 23."""

MIN_SECOND = (_FIRST + 366 - _EPOCH_ORDINAL) * _SECONDS
MAX_SECOND = (_LAST - 366 - _EPOCH_ORDINAL) * _SECONDS
_NO_TIME = timedelta()
# The readings of a day, as their first and their second occurrence.
_ONCE = [time(minute // 60, minute % 60) for minute in range(DAY)]
_AGAIN = [time(minute // 60, minute % 60, fold=1) for minute in range(DAY)]


def to_second(at: datetime) -> int:
    """Return the first whole second that is not before the aware instant `at`.

    Rounding up is what [a, b) means for whole seconds s: a <= s < b. So counts stay additive, a deadline is
    never before its start, and comparing a whole-second deadline with the rounded instant is exact.
    Raises CalendarError naive_instant, out_of_range.
    """
    try:
        gone = at - EPOCH
    except TypeError:
        raise CalendarError("naive_instant", "An instant needs its time zone.") from None
    second = gone.days * _SECONDS + gone.seconds + (1 if gone.microseconds else 0)
    if not MIN_SECOND <= second < MAX_SECOND:
        raise CalendarError("out_of_range", f"Instants before 1901 or after 2498 have no calendar: {at}.")
    return second


def to_instant(second: int) -> datetime:
    """Return the UTC datetime of a whole second."""
    return datetime.fromtimestamp(second, UTC)


def reached(zone: ZoneInfo, ordinal: int, minute: int) -> int:
    """Return the earliest instant at which the local clock shows `minute` of that date, or a later reading.

    A reading that occurs twice is its first occurrence; one that a jump skips is the instant of the jump.
    """
    later, of_day = divmod(minute, DAY)
    day = date.fromordinal(ordinal + later)
    naive = (ordinal - _EPOCH_ORDINAL) * _SECONDS + minute * 60
    first = _offset(zone, datetime.combine(day, _ONCE[of_day]))
    second = _offset(zone, datetime.combine(day, _AGAIN[of_day]))
    if first >= second:
        return naive - first
    # PEP 495: inside a gap fold=0 has the offset before the jump, fold=1 the one after it. So the jump lies
    # in (naive - second, naive - first], and the clock has reached the reading from the jump on.
    before, after = naive - second, naive - first
    while after - before > 1:
        middle = (before + after) // 2
        if middle + _offset_at(zone, middle) >= naive:
            after = middle
        else:
            before = middle
    return after


def local_ordinal(zone: ZoneInfo, second: int) -> int:
    """Return the ordinal of the local date at an instant."""
    return (second + _offset_at(zone, second)) // _SECONDS + _EPOCH_ORDINAL


def _offset(zone: ZoneInfo, wall: datetime) -> int:
    offset = zone.utcoffset(wall) or _NO_TIME
    return offset.days * _SECONDS + offset.seconds


def _offset_at(zone: ZoneInfo, second: int) -> int:
    return _offset(zone, datetime.fromtimestamp(second, zone))


@dataclass(frozen=True, slots=True)
class _Table:
    """Open seconds of the dates `low` <= date < `high`, exact for instants from `first` to `last`."""

    low: int
    high: int
    first: int
    last: int
    opens: list[int]
    closes: list[int]
    before: list[int]
    """Open seconds before each opening."""
    through: list[int]
    """Open seconds up to each closing."""
    days: list[int]
    """Ordinals of the dates with a non-empty interval."""
    day_closes: list[int]
    """The last closing of the intervals that open on them."""

    def until(self, second: int) -> int:
        """Return the open seconds of the table before an instant."""
        index = bisect_right(self.opens, second) - 1
        if index < 0:
            return 0
        closing = self.closes[index]
        return self.before[index] + (second if second < closing else closing) - self.opens[index]


_EMPTY = _Table(0, 0, 1, 0, [], [], [], [], [], [])


class _Calm:
    """Which dates pass without a jump of the clock, so that their readings need one subtraction.

    Looks every second day: since 1900 no zone of tzdata has changed and changed back within two days (the
    quickest, Freetown in 1939, took four; a test reads tzdata and holds this).
    """

    __slots__ = ("_known", "_seen", "_zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._known: dict[int, int | None] = {}
        self._seen: dict[int, int] = {}

    def offset(self, ordinal: int) -> int | None:
        """Return the offset from UTC in seconds throughout a date and the next one, None if it may change."""
        pair = (ordinal - 1) // 2
        try:
            return self._known[pair]
        except KeyError:
            # From the day before (east of Greenwich a date begins early) to the third day after.
            first = self._at(pair)
            calm = first == self._at(pair + 1) == self._at(pair + 2) == self._at(pair + 3)
            found = self._known[pair] = first if calm else None
            return found

    def _at(self, pair: int) -> int:
        """Return the offset at the beginning of a pair of UTC dates."""
        found = self._seen.get(pair)
        if found is None:
            second = (pair * 2 - _EPOCH_ORDINAL) * _SECONDS
            found = self._seen[pair] = _offset_at(self._zone, second)
        return found


class CompiledCalendar:
    """Answers about one calendar in whole UTC seconds. Get it from `compiled`, which keeps it."""

    __slots__ = ("_exceptions", "_table", "_weekly", "calendar", "zone")

    def __init__(self, calendar: WeekCalendar) -> None:
        self.calendar = calendar
        self.zone = calendar.zone
        self._weekly = calendar.weekly
        self._exceptions = {day.toordinal(): rows for day, rows in calendar.exceptions}
        self._table = _EMPTY

    def between(self, start: int, end: int) -> int:
        """Return the open seconds in [start, end)."""
        if end <= start:
            return 0
        table = self._covering(start, end)
        return table.until(end) - table.until(start)

    def reach(self, start: int, seconds: int) -> int | None:
        """Return the smallest instant t >= start with `seconds` open seconds in [start, t), None if never."""
        if seconds <= 0:
            return start
        table = self._covering(start, start)
        while True:
            goal = table.until(start) + seconds
            index = bisect_left(table.through, goal)
            if index < len(table.through):
                found = table.opens[index] + goal - table.before[index]
                if found <= table.last:
                    return found
            if table.last >= MAX_SECOND:
                return None
            table = self._covering(start, table.last + 1)

    def is_open(self, second: int) -> bool:
        """Say whether the calendar is open at an instant; a closing instant is closed."""
        table = self._covering(second, second)
        index = bisect_right(table.opens, second) - 1
        return index >= 0 and second < table.closes[index]

    def next_opening(self, second: int) -> int | None:
        """Return the first instant from `second` on at which the calendar is open, None if never."""
        found = self.reach(second, 1)
        return None if found is None else found - 1

    def working_day(self, ordinal: int, count: int) -> int | None:
        """Return the last closing of the `count`-th (1 or more) working date after a date, None if never."""
        second = min(max((ordinal - _EPOCH_ORDINAL) * _SECONDS, MIN_SECOND), MAX_SECOND)
        table = self._covering(second, second)
        while True:
            index = bisect_right(table.days, ordinal) + count - 1
            # A table's dates are whole, also those in its margin.
            if index < len(table.days):
                return table.day_closes[index]
            if table.last >= MAX_SECOND:
                return None
            table = self._covering(second, table.last + 1)

    def day(self, ordinal: int) -> list[tuple[int, int]]:
        """Return the non-empty intervals that open on a date, overlapping ones not joined."""
        rows = self._rows(ordinal)
        pairs = ((reached(self.zone, ordinal, a), reached(self.zone, ordinal, b)) for a, b in rows)
        return [(a, b) for a, b in pairs if a < b]

    def _rows(self, ordinal: int) -> tuple[Row, ...]:
        rows = self._exceptions.get(ordinal)
        return self._weekly[(ordinal - 1) % 7] if rows is None else rows

    def _covering(self, start: int, end: int) -> _Table:
        table = self._table
        if table.first <= start and end <= table.last:
            return table
        self._table = table = self._wider(table, start, end)
        return table

    def _wider(self, table: _Table, start: int, end: int) -> _Table:
        """Return a table that covers [start, end] too. It grows by its own length, so growing stays cheap."""
        if not any(self._weekly):
            # Only exceptions can open it: all of them at once, and the answer is final.
            return self._build(sorted(self._exceptions), _FIRST, _LAST)
        low, high = start // _SECONDS + _EPOCH_ORDINAL, end // _SECONDS + _EPOCH_ORDINAL + 1
        if table is _EMPTY:
            low, high = low - 31, high + 366
        else:
            length = table.high - table.low
            low = min(low - length, table.low) if start < table.first else table.low
            high = max(high + length, table.high) if end > table.last else table.high
        low, high = max(low - _MARGIN, _FIRST), min(high + _MARGIN, _LAST)
        return self._build(range(low, high), low, high)

    def _build(self, ordinals: Iterable[int], low: int, high: int) -> _Table:
        days: list[int] = []
        day_closes: list[int] = []
        found: list[tuple[int, int]] = []
        calm = _Calm(self.zone)
        for ordinal in ordinals:
            rows = self._rows(ordinal)
            if not rows:
                continue
            offset = calm.offset(ordinal)
            if offset is None:
                intervals = self.day(ordinal)
            else:
                midnight = (ordinal - _EPOCH_ORDINAL) * _SECONDS - offset
                intervals = [(midnight + a * 60, midnight + b * 60) for a, b in rows]
            if intervals:
                days.append(ordinal)
                day_closes.append(max(closing for _, closing in intervals))
                found += intervals
        found.sort()
        first = MIN_SECOND if low == _FIRST else (low + _MARGIN - _EPOCH_ORDINAL) * _SECONDS
        last = MAX_SECOND if high == _LAST else (high - _MARGIN - _EPOCH_ORDINAL) * _SECONDS
        opens, closes = _joined(found)
        before: list[int] = []
        through: list[int] = []
        total = 0
        for opening, closing in zip(opens, closes, strict=True):
            before.append(total)
            total += closing - opening
            through.append(total)
        return _Table(low, high, first, last, opens, closes, before, through, days, day_closes)


def _joined(pairs: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Return openings and closings of the union of sorted intervals; touching ones become one."""
    opens: list[int] = []
    closes: list[int] = []
    for opening, closing in pairs:
        if closes and opening <= closes[-1]:
            closes[-1] = max(closes[-1], closing)
        else:
            opens.append(opening)
            closes.append(closing)
    return opens, closes


@lru_cache(maxsize=128)
def compiled(calendar: WeekCalendar) -> CompiledCalendar:
    """Return the compiled form of a calendar; one per calendar and process, grown as questions ask."""
    return CompiledCalendar(calendar)
