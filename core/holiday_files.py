"""All-day entries of a calendar file (iCalendar, RFC 5545), to be ticked as holidays (domain, SLA 3; cases F03, F04).

The file comes from anywhere, so it is cut down before the library `icalendar` reads it: only entries, only the
properties that say which days they cover. Time zones, which may hold rules without end, and whatever is nested never
reach it. Recurrence is ours: once a year, computed year by year, so that no rule can run away.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from core.calendar_source import MAX_NAME
from core.holidays_of import Found
from core.week_calendar import CalendarError

MAX_BYTES = 1_000_000
MAX_ENTRIES = 2000
MAX_DAYS = 500
"""Dates found in all."""
LONGEST_LINE = 4000
LONGEST_ENTRY = 366
"""Days that one entry may last."""
AHEAD_YEARS = 10

_WANTED = ("DTSTART", "DTEND", "DURATION", "SUMMARY", "RRULE", "EXDATE", "RDATE", "UID", "RECURRENCE-ID", "STATUS")
_PROPERTY = re.compile(r"([A-Za-z-]{1,40})[;:]")
_RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}
_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_BYDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_BAD = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


@dataclass(slots=True)
class Reading:
    """What a file holds: dates from this year on, and how many entries were left out and why."""

    found: list[Found] = field(default_factory=list)
    timed: int = 0
    """Entries with a time of day."""
    unread: int = 0
    """Entries that make no sense, or recur in a way that is not understood."""


def read(data: bytes, *, today: date) -> Reading:
    """The all-day entries of a file from 1 January of this year on, ten years ahead, by date; one for each date.

    Raises CalendarError: too_large, not_a_calendar, too_many_entries, too_many_days, nothing_found. Linear in the size.
    """
    if len(data) > MAX_BYTES:
        raise CalendarError("too_large", f"A calendar file has at most {MAX_BYTES} bytes.")
    entries = _entries(_lines(data))
    first, last = date(today.year, 1, 1), date(today.year + AHEAD_YEARS - 1, 12, 31)
    reading, moved = Reading(), _moved(entries)
    days: dict[date, str] = {}
    for entry in entries:
        if str(entry.get("STATUS", "")).upper() == "CANCELLED":
            continue
        try:
            start = _day(entry["DTSTART"].dt)
            if start is None:
                reading.timed += 1
                continue
            covered = list(_covered(entry, start, moved, first, last))
        except _BAD:
            reading.unread += 1
            continue
        name = _name(entry.get("SUMMARY", ""))
        for day in covered:
            days[day] = _joined(days.get(day, ""), name)
        if len(days) > MAX_DAYS:
            raise CalendarError("too_many_days", f"The file has more than {MAX_DAYS} days.")
    if not days:
        raise CalendarError("nothing_found", "The file has no all-day entries from this year on.")
    reading.found = [Found(day, name) for day, name in sorted(days.items())]
    return reading


def _lines(data: bytes) -> list[str]:
    """Unfolded lines. Raises CalendarError not_a_calendar."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CalendarError("not_a_calendar", "The file is not UTF-8 text.") from None
    lines: list[list[str]] = []
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if raw[:1] in (" ", "\t") and lines:
            lines[-1].append(raw[1:])
        elif raw:
            lines.append([raw])
    found = ["".join(parts)[:LONGEST_LINE].rstrip() for parts in lines]
    if not found or found[0].upper() != "BEGIN:VCALENDAR":
        raise CalendarError("not_a_calendar", "The file is no calendar (iCalendar, .ics).")
    return found


def _entries(lines: list[str]) -> list[Any]:
    """The entries right below the calendar, cut down and read. Raises CalendarError too_many_entries."""
    kept: list[list[str]] = []
    depth, inside = 0, False
    for line in lines:
        upper = line.upper()
        if upper.startswith("BEGIN:"):
            depth += 1
            if depth == 2 and upper == "BEGIN:VEVENT":
                inside = True
                kept.append([])
                if len(kept) > MAX_ENTRIES:
                    raise CalendarError("too_many_entries", f"The file has more than {MAX_ENTRIES} entries.")
        elif upper.startswith("END:"):
            depth -= 1
            inside = inside and depth >= 2
        elif inside and depth == 2 and (name := _PROPERTY.match(line)) and name[1].upper() in _WANTED:
            kept[-1].append(line)
    return [entry for one in kept if (entry := _entry(one)) is not None]


def _entry(lines: Iterable[str]) -> Any:
    """One entry as the library reads it; None when it cannot."""
    from icalendar import Event  # here: loading it costs what no other page should pay

    text = "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", ""))
    try:
        return Event.from_ical(text)
    except _BAD:
        return {}  # counted as unread


def _moved(entries: list[Any]) -> dict[str, set[date]]:
    """By entry: dates of its series that an entry of their own replaces."""
    found: dict[str, set[date]] = {}
    for entry in entries:
        try:
            day = _day(entry["RECURRENCE-ID"].dt)
        except _BAD:
            continue
        if day is not None:
            found.setdefault(str(entry.get("UID", "")), set()).add(day)
    return found


def _covered(entry: Any, start: date, moved: dict[str, set[date]], first: date, last: date) -> Iterator[date]:
    """The dates of an entry between `first` and `last`. Raises one of _BAD for what is not understood."""
    length = _length(entry, start)
    without = set(_dates(entry.get("EXDATE")))
    if "RECURRENCE-ID" not in entry:
        without |= moved.get(str(entry.get("UID", "")), set())
    starts = {start} | set(_dates(entry.get("RDATE")))
    if rule := entry.get("RRULE"):
        starts |= set(_yearly(rule, start, last))
    for one in starts - without:
        for n in range(length):
            if first <= (day := one + timedelta(days=n)) <= last:
                yield day


def _length(entry: Any, start: date) -> int:
    """Days from `start` on; DTEND is the first day after it."""
    if "DTEND" in entry:
        end = _day(entry["DTEND"].dt)
        length = (end - start).days if end is not None else 1
    elif "DURATION" in entry:
        length = entry["DURATION"].dt.days
    else:
        length = 1
    if length > LONGEST_ENTRY:
        raise ValueError("an entry of more than a year")
    return max(1, length)


def _dates(found: Any) -> list[date]:
    lists = found if isinstance(found, list) else [found] if found is not None else []
    days = [_day(one.dt) for each in lists for one in each.dts[:MAX_DAYS]]
    return [day for day in days if day is not None]


def _day(value: Any) -> date | None:
    """A date as it is; None for an instant."""
    return None if isinstance(value, datetime) or not isinstance(value, date) else value


def _yearly(rule: Any, start: date, last: date) -> Iterator[date]:
    """The dates of a rule that recurs once a year, up to `last`. Raises ValueError for any other rule."""
    parts = {str(name).upper(): value for name, value in rule.items()}
    if [str(one).upper() for one in parts.get("FREQ", [])] != ["YEARLY"] or set(parts) - _RULE_PARTS:
        raise ValueError("not a yearly rule")
    interval, count = int(parts.get("INTERVAL", [1])[0]), parts.get("COUNT")
    if interval < 1:
        raise ValueError("an interval of nothing")
    until = parts.get("UNTIL", [last])[0]
    end = min(until.date() if isinstance(until, datetime) else until, last)
    left = int(count[0]) if count else None
    for year in range(start.year, end.year + 1, interval):
        for day in sorted(set(_in_year(parts, start, year))):
            if day < start or day > end:
                continue
            if left is not None:
                left -= 1
                if left < 0:
                    return
            yield day


def _in_year(parts: dict[str, Any], start: date, year: int) -> Iterator[date]:
    given, on, by_day = parts.get("BYMONTH"), parts.get("BYMONTHDAY"), parts.get("BYDAY")
    # Without BYMONTH a day of the month holds in every month, a weekday in the whole year (RFC 5545, 3.3.10).
    months = [int(one) for one in given] if given else list(range(1, 13)) if on else [start.month]
    weekdays = [_weekday(str(one).upper()) for one in by_day or []]
    if by_day and not given and not on:
        whole = [date(year, 1, 1) + timedelta(days=n) for n in range(366 if calendar.isleap(year) else 365)]
        yield from _picked(whole, weekdays)
        return
    for month in months:
        if not 1 <= month <= 12:
            raise ValueError("no such month")
        days = [date(year, month, n) for n in range(1, calendar.monthrange(year, month)[1] + 1)]
        wanted = {int(one) for one in on} if on else None if by_day else {start.day}
        if wanted is not None:
            length = len(days)
            days = [day for day in days if day.day in wanted or day.day - length - 1 in wanted]
        yield from _picked(days, weekdays) if by_day else days


def _picked(days: list[date], weekdays: list[tuple[int, int]]) -> Iterator[date]:
    for nth, weekday in weekdays:
        same = [day for day in days if day.weekday() == weekday]
        if not nth:
            yield from same
        elif abs(nth) <= len(same):
            yield same[nth - 1 if nth > 0 else nth]


def _weekday(text: str) -> tuple[int, int]:
    found = _BYDAY.fullmatch(text)
    if found is None:
        raise ValueError("no such weekday")
    return int(found[1] or 0), _WEEKDAYS[found[2]]


def _name(text: Any) -> str:
    line = "".join(char if char.isprintable() else " " for char in str(text))
    return " ".join(line.split())[:MAX_NAME]


def _joined(before: str, name: str) -> str:
    return before if not name or name in before else (f"{before}; {name}" if before else name)[:MAX_NAME]
