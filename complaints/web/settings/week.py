"""A calendar's working hours in one week, as a picture of numbers for `settings/_week.html` (design, week.css)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from complaints.sla.policies import calendar_in
from core import languages
from core.actions.calendars import source_of
from core.calendar_source import Source
from core.models import CalendarVersion
from core.week_calendar import DAY, WeekCalendar

WIDTH, HEIGHT, START, TOP, FOOT = 900, 330, 46, 40, 6
COLUMN = (WIDTH - START) // 7
FIRST, LAST = date(2000, 1, 3), date(2199, 12, 30)
AHEAD = timedelta(days=400)

Row = tuple[int, int]


@dataclass(slots=True)
class Span:
    """A staffed time of one day: a rectangle and its words."""

    y: int
    height: int
    text: str


@dataclass(slots=True)
class Day:
    """One column. `closed`: an exception without hours, `why` its name."""

    x: int
    name: str
    date: str
    spans: list[Span] = field(default_factory=list)
    closed: bool = False
    why: str = ""
    now_y: int | None = None


@dataclass(slots=True)
class Week:
    """One calendar's week. Lengths are whole numbers, in units of the viewBox."""

    id: int
    name: str
    note: str
    title: str
    days: list[Day]
    hours: list[tuple[int, str]]
    facts: list[tuple[str, str]]
    top: int = 0
    bottom: int = HEIGHT - FOOT
    width: int = WIDTH
    height: int = HEIGHT
    start: int = START
    column: int = COLUMN


def monday_of(text: str, at: datetime) -> date:
    """The Monday of the week that is asked for, else of this one."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        asked = languages.local(at).date()
    asked = min(max(asked, FIRST), LAST)
    return asked - timedelta(days=asked.weekday())


def shifted(monday: date, weeks: int) -> date:
    return monday + timedelta(weeks=weeks)


def words(monday: date, at: datetime) -> str:
    """30 November to 6 December; with the year unless it is this one."""
    sunday = monday + timedelta(days=6)
    said = languages.day_month if sunday.year == languages.local(at).year else languages.day
    return _("%(start)s to %(end)s") % {"start": languages.day_month(monday), "end": said(sunday)}


def picture(version: CalendarVersion, monday: date, at: datetime, source: Source | None = None) -> Week:
    """What the template draws. Query cost: none (calendars are in memory). `source`: of a version not yet saved."""
    calendar = calendar_in(version) if source is None else source.calendar()
    rows = {day: rows_of(calendar, day) for day in dates(monday)}
    low, high = _bounds(rows)
    height = HEIGHT - TOP - FOOT

    def y(minute: int) -> int:
        return TOP + (minute - low) * height // (high - low)

    step = 120 if high - low <= 16 * 60 else 240
    days = [_day(index, day, rows[day], calendar, version, y) for index, day in enumerate(rows)]
    _mark_now(days, calendar, monday, at, low, high, y)
    title = _("%(name)s, week of %(day)s: working hours by day. The same hours are in the list below.")
    return Week(
        id=version.calendar_id or 0,
        name=version.calendar.name,
        note=_("%(zone)s, version %(number)s") % {"zone": calendar.tz.replace("_", " "), "number": version.number},
        title=title % {"name": version.calendar.name, "day": languages.day_month(monday)},
        days=days,
        hours=[(y(minute), f"{minute // 60:02}:00") for minute in range(low, high, step)],
        facts=facts(source or source_of(version), languages.local(at).date()),
        top=y(low),
    )


def dates(monday: date) -> list[date]:
    return [monday + timedelta(days=index) for index in range(7)]


def rows_of(calendar: WeekCalendar, day: date) -> list[Row]:
    """The hours of one date, in minutes of its wall clock; what runs past midnight is on both dates."""
    before = _own_rows(calendar, day - timedelta(days=1))
    late = [(0, close - DAY) for _open, close in before if close > DAY]
    return late + [(start, min(close, DAY)) for start, close in _own_rows(calendar, day)]


def _own_rows(calendar: WeekCalendar, day: date) -> tuple[Row, ...]:
    return dict(calendar.exceptions).get(day, calendar.weekly[day.weekday()])


def _bounds(rows: dict[date, list[Row]]) -> Row:
    """From which to which minute of the day the picture reaches: whole hours around what is staffed."""
    opens = [start for found in rows.values() for start, _close in found]
    closes = [close for found in rows.values() for _start, close in found]
    if not opens:
        return 8 * 60, 20 * 60
    low = max(0, min(opens) // 60 * 60 - 60)
    high = min(DAY, -(-max(closes) // 60) * 60 + 60)
    return low, max(high, low + 4 * 60)


def _day(index: int, day: date, rows: list[Row], calendar: WeekCalendar, version: CalendarVersion, y: Any) -> Day:
    speak = languages.voice()
    why = str((version.closed_names or {}).get(day.isoformat(), ""))
    spans = [
        Span(y(start), max(18, y(close) - y(start)), f"{_reading(start)}–{_reading(close)}") for start, close in rows
    ]
    closed = not rows and day in dict(calendar.exceptions)
    return Day(
        x=START + index * COLUMN,
        name=speak.short_weekdays[day.weekday()],
        date=f"{day.day} {speak.short_months[day.month - 1]}",
        spans=spans,
        closed=closed,
        why=(why or _("closed")) if closed else "",
    )


def _mark_now(days: list[Day], calendar: WeekCalendar, monday: date, at: datetime, low: int, high: int, y: Any) -> None:
    there = at.astimezone(calendar.zone)
    index, minute = (there.date() - monday).days, there.hour * 60 + there.minute
    if 0 <= index < 7 and low <= minute < high:
        days[index].now_y = y(minute)


def facts(source: Source, today: date) -> list[tuple[str, str]]:
    """The same as a list: weekdays with equal hours together, then seasons and holidays of the coming year."""
    shown = by_hours(source.weekly)
    for one in source.seasons:
        if one.last >= today - timedelta(days=7) and one.first <= today + AHEAD:
            span = _("%(start)s to %(end)s") % {"start": languages.day(one.first), "end": languages.day(one.last)}
            hours = "; ".join(f"{names} {said}" for names, said in by_hours(one.weekly))
            shown.append((f"{one.name}, {span}" if one.name else span, hours))
    for each in source.holidays:
        if today - timedelta(days=7) <= each.day <= today + AHEAD:
            said = _hours(each.rows)
            shown.append((languages.day(each.day), f"{said} ({each.name})" if each.name else said))
    return shown


def by_hours(weekly: tuple[tuple[Row, ...], ...]) -> list[tuple[str, str]]:
    """(weekdays, their hours), equal ones together: Monday, Tuesday · 09:00–18:00."""
    speak = languages.voice()
    groups: dict[tuple[Row, ...], list[str]] = {}
    for index, found in enumerate(weekly):
        groups.setdefault(found, []).append(speak.weekdays[index])
    joined = ((", ".join(names), found) for found, names in groups.items())
    return [(names[:1].upper() + names[1:], _hours(found)) for names, found in joined]


def _hours(rows: tuple[Row, ...]) -> str:
    return ", ".join(f"{_reading(start)}–{_reading(close)}" for start, close in rows) or _("closed")


def _reading(minute: int) -> str:
    """540 is 09:00; midnight at the end of a day is 24:00, what runs past it 02:00."""
    hour = minute // 60 if minute <= DAY else (minute - DAY) // 60
    return f"{hour:02}:{minute % 60:02}"
