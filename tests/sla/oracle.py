"""A slow second opinion on SLA cases: reads the clock on the wall, step by step, and counts.

Shares no code and no idea with `core.working_time`: no compiled intervals, no conversion of wall readings to
instants. It walks forward in UTC and keeps the furthest reading the local clock has shown so far. A row is
open while that reading lies in it: the definition "a reading is reached when the clock first shows it or a
later one" turned round. Between two neighbouring instants of its walk nothing changes: it steps along a grid
(the greatest common divisor of all readings and 15 minutes, 1 minute for a zone that changes at 00:01) and
stops at every instant of the case on its way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ODD_ZONES = {"America/St_Johns"}
DAY = 86400
ONE_DAY = timedelta(1)


def seconds(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def text(second: int | None) -> str | None:
    return None if second is None else datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minutes(reading: str) -> int:
    return int(reading[:2]) * 60 + int(reading[3:])


def spans(rows: list[list[str]]) -> list[tuple[int, int]]:
    """Rows in minutes after midnight; the closing time of a night shift lies behind 1440."""
    found = [(minutes(opens), minutes(closes)) for opens, closes in rows]
    return [(start, end if end > start else end + 1440) for start, end in found]


class Wall:
    """One calendar and the furthest reading its clock has shown, from `begin` on, in steps of `grid`."""

    def __init__(self, calendar: dict[str, Any], begin: int, grid: int) -> None:
        self.zone = ZoneInfo(calendar["tz"])
        self.weekly = {day: spans(rows) for day, rows in calendar["weekly"].items()}
        self.exceptions = {date.fromisoformat(e["date"]): spans(e["intervals"]) for e in calendar["exceptions"]}
        self.begin, self.grid = begin, grid
        self.furthest: list[datetime] = []
        self.covering: list[frozenset[date]] = []

    def local_date(self, second: int) -> date:
        return datetime.fromtimestamp(second, self.zone).date()

    def reading(self, second: int) -> datetime:
        """The furthest reading shown up to the grid's step in which `second` lies."""
        step = self._seen(second)
        return self.furthest[step]

    def dates(self, second: int) -> frozenset[date]:
        """The dates a row of which is open at `second`; none: closed."""
        step = self._seen(second)
        return self.covering[step]

    def ended_by(self, second: int) -> bool:
        """Nothing can open at or after `second`."""
        if any(self.weekly.values()):
            return False
        return not self.exceptions or self.local_date(second) > max(self.exceptions) + timedelta(days=3)

    def _seen(self, second: int) -> int:
        step = (second - self.begin) // self.grid
        assert step >= 0
        while len(self.furthest) <= step:
            instant = self.begin + len(self.furthest) * self.grid
            there = datetime.fromtimestamp(instant, self.zone)
            shown = datetime(there.year, there.month, there.day, there.hour, there.minute)
            if self.furthest:
                shown = max(shown, self.furthest[-1])
            self.furthest.append(shown)
            self.covering.append(self._open_dates(shown))
        return step

    def _open_dates(self, shown: datetime) -> frozenset[date]:
        found = set()
        day, minute = shown.date(), shown.hour * 60 + shown.minute
        for _ in range(2):
            rows = self.exceptions.get(day, self.weekly.get(WEEKDAYS[day.weekday()], []))
            if any(start <= minute < end for start, end in rows):
                found.add(day)
            day, minute = day - ONE_DAY, minute + 1440
        return frozenset(found)


class Oracle:
    """One case (sla-cases/1) and its answers."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        resolutions = case.get("resolutions", [])
        self.start = seconds(case["start"])
        if case.get("reopen_mode") == "restart" and resolutions:
            self.start = max(seconds(reopened) for _, reopened in resolutions)
        self.stops = [
            (seconds(a), None if b is None else seconds(b)) for a, b in [*case.get("pauses", []), *resolutions]
        ]
        self.edits = case.get("calendar_edits", [])
        self.changes = case.get("target_changes", [])
        calendars = [case["calendar"], *(edit["calendar"] for edit in self.edits)]
        self.grid = 60 * grid_minutes(calendars)
        lowest = min([self.start, *(seconds(case[k]) for k in ("as_of", "completed_at", "measure_to") if k in case)])
        self.begin = lowest // DAY * DAY - 5 * DAY
        self.marks = sorted(
            {self.start}
            | {at for stop in self.stops for at in stop if at is not None}
            | {seconds(change["at"]) for change in [*self.edits, *self.changes]}
        )
        self.walls = [Wall(calendar, self.begin, self.grid) for calendar in calendars]
        # (from, wall): the last one whose `from` has come governs.
        self.versions: list[tuple[int, Wall]] = [(0, self.walls[0])]
        self.target = case["target"]

    # What holds at one instant

    def wall(self, second: int) -> Wall:
        return [wall for start, wall in self.versions if start <= second][-1]

    def stopped(self, second: int) -> bool:
        if self.target["kind"] != "working_seconds":
            return False
        return any(a <= second and (b is None or second < b) for a, b in self.stops)

    def counts(self, second: int) -> bool:
        return bool(self.wall(second).dates(second)) and not self.stopped(second)

    # Walking

    def pieces(self, start: int, end: int | None = None) -> Iterator[tuple[int, int]]:
        """Spans [a, b) from `start` on in each of which nothing changes."""
        marks = [mark for mark in self.marks if mark > start]
        a = start
        while end is None or a < end:
            b = (a // self.grid + 1) * self.grid
            while marks and marks[0] <= a:
                marks.pop(0)
            if marks:
                b = min(b, marks[0])
            if end is not None:
                b = min(b, end)
            yield a, b
            a = b

    def w(self, start: int, end: int) -> int:
        return sum(b - a for a, b in self.pieces(start, end) if self.counts(a))

    def reach(self, goal: int) -> int | None:
        """The smallest instant t >= start with W(start, t) >= goal."""
        if goal == 0:
            return self.start
        done = 0
        for a, b in self.pieces(self.start):
            if self.counts(a):
                if done + (b - a) >= goal:
                    return a + goal - done
                done += b - a
            if a > max(self.marks) and (self.stopped(a) or self.wall(a).ended_by(a)):
                return None
        raise AssertionError

    def working_day(self, count: int) -> int | None:
        first = self.wall(self.start).local_date(self.start)
        closing: dict[date, int] = {}
        for a, b in self.pieces(self.start - 3 * DAY):
            for day in self.wall(a).dates(a):
                closing[day] = b
            later = sorted(day for day in closing if day > first)
            settled = a > max(self.marks) + 4 * DAY
            if count == 0:
                if settled:
                    return max(self.start, closing.get(first, self.start))
            elif settled and len(later) >= count and a > closing[later[count - 1]] + 4 * DAY:
                return max(self.start, closing[later[count - 1]])
            if settled and self.wall(a).ended_by(a):
                return max(self.start, closing[later[count - 1]]) if len(later) >= count > 0 else None
        raise AssertionError

    def calendar_day(self, count: int) -> int:
        end = self.wall(self.start).local_date(self.start) + timedelta(days=count + 1)
        for a, _ in self.pieces(self.start):
            if self.wall(a).reading(a).date() >= end:
                return a
        raise AssertionError

    # The clock

    def due(self) -> int | None:
        kind, value = self.target["kind"], self.target["value"]
        if kind == "working_seconds":
            return self.reach(value)
        return self.working_day(value) if kind == "working_days" else self.calendar_day(value)

    def answer(self) -> dict[str, Any]:
        case = self.case
        completed = seconds(case["completed_at"]) if "completed_at" in case else None
        due, ignored = self.due(), False
        events = [(seconds(c["at"]), c, self.walls[0]) for c in self.changes]
        events += [(seconds(e["at"]), e, wall) for e, wall in zip(self.edits, self.walls[1:], strict=True)]
        for at, event, wall in sorted(events, key=lambda found: found[0]):
            if (completed is not None and completed <= at) or (due is not None and due < at):
                ignored = True
                continue
            if "target" in event:
                self.target = event["target"]
            elif event["mode"] == "from_edit":
                self.versions = [v for v in self.versions if v[0] < at] + [(at, wall)]
            else:
                self.versions = [(0, wall)]
            due = self.due()
            if due is not None and due < at:
                due = at
        return {
            "due_at": text(due),
            "due_local": None if due is None else datetime.fromtimestamp(due, self.wall(due).zone).isoformat(),
            "reason": None if due is not None else "paused" if self.still_paused() else "never_opens",
            "warn_at": [text(self.warning(warning, due)) for warning in case.get("warnings", [])],
            **self.progress(due),
            **self.verdict(due, completed),
            "change_ignored_because_breached_or_done": ignored,
        }

    def still_paused(self) -> bool:
        return self.stopped(10**11)

    def warning(self, warning: dict[str, int], due: int | None) -> int | None:
        if self.target["kind"] == "working_seconds":
            total = self.target["value"]
        elif due is None:
            return None
        else:
            total = self.w(self.start, due)
        if "percent" in warning:
            return self.reach(math.ceil(total * warning["percent"] / 100))
        return self.reach(max(0, total - warning["before_seconds"]))

    def progress(self, due: int | None) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(("worked_at_as_of", "remaining_at_as_of", "worked_to_measure"))
        if "as_of" in self.case:
            at = seconds(self.case["as_of"])
            found["worked_at_as_of"] = self.w(self.start, at)
            if self.target["kind"] == "working_seconds":
                found["remaining_at_as_of"] = max(0, self.target["value"] - found["worked_at_as_of"])
            elif due is not None:
                found["remaining_at_as_of"] = self.w(max(self.start, at), due)
        if "measure_to" in self.case:
            found["worked_to_measure"] = self.w(self.start, seconds(self.case["measure_to"]))
        return found

    def verdict(self, due: int | None, completed: int | None) -> dict[str, Any]:
        if completed is None:
            return dict.fromkeys(("met", "breached_at", "worked_to_completion", "overrun_seconds"))
        late = due is not None and completed > due
        return {
            "met": not late,
            "breached_at": text(due) if late else None,
            "worked_to_completion": self.w(self.start, completed),
            "overrun_seconds": self.w(due, completed) if late and due is not None else 0,
        }


def grid_minutes(calendars: list[dict[str, Any]]) -> int:
    """Minutes between two instants at which a calendar may open or close, or a zone change its offset."""
    grid = 15
    for calendar in calendars:
        if calendar["tz"] in ODD_ZONES:
            return 1
        days = [*calendar["weekly"].values(), *(e["intervals"] for e in calendar["exceptions"])]
        for row in (row for day in days for row in day):
            grid = math.gcd(grid, minutes(row[0]), minutes(row[1]))
    return grid


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Every output field of the schema for a case."""
    return Oracle(case).answer()
