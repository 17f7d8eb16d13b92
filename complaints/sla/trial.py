"""Try a calendar: so much working time after an instant, when is it due, and which days count (domain, SLA 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from core.calendar_compile import reached, to_instant
from core.week_calendar import WeekCalendar
from core.working_time import Target, due_at, worked

MOST_DAYS = 14


@dataclass(slots=True)
class Tried:
    """`due`: None if the calendar never opens again. `days`: of the calendar's zone, with the seconds of working time
    up to the deadline; `more`: how many days follow that are not listed."""

    due: datetime | None
    days: list[tuple[date, int]] = field(default_factory=list)
    more: int = 0


def tried(calendar: WeekCalendar, start: datetime, seconds: int) -> Tried:
    """Writes nothing, no query. Raises CalendarError where it lies too far away to be counted."""
    due = due_at(calendar, start, Target.seconds(seconds))
    found = Tried(due)
    if due is None:
        return found
    day = start.astimezone(calendar.zone).date()
    while True:
        begins, ends = max(start, _midnight(calendar, day)), min(due, _midnight(calendar, day + timedelta(days=1)))
        if begins >= due and found.days:
            return found
        if len(found.days) == MOST_DAYS:
            found.more = max(0, (due.astimezone(calendar.zone).date() - day).days + 1)
            return found
        found.days.append((day, worked(calendar, begins, ends) if ends > begins else 0))
        day += timedelta(days=1)


def _midnight(calendar: WeekCalendar, day: date) -> datetime:
    return to_instant(reached(calendar.zone, day.toordinal(), 0))
