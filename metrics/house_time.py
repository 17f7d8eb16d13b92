"""Working time of the house: the calendar of the SLA policy that governs whatever no other one does (domain, E3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from complaints.sla.standing import house_calendar
from core.working_time import Target, TargetKind, due_at


def after(at: datetime, seconds: int) -> datetime:
    """The instant `seconds` of working time after `at`, UTC; elapsed time where the calendar never opens long enough.

    Never before `at`, and inside working hours: what falls due at night waits for the morning.
    """
    return due_at(house_calendar(), at, Target.seconds(seconds)) or at + timedelta(seconds=seconds)


def working_day(at: datetime, days: int) -> date:
    """The local date `days` working days after `at` (0: today, or the next working day)."""
    house = house_calendar()
    if days == 0:
        due = due_at(house, at, Target.seconds(1))
    else:
        due = due_at(house, at, Target(TargetKind.WORKING_DAYS, days))
    if due is None:
        return at.astimezone(house.zone).date() + timedelta(days=days)
    return (due - timedelta(seconds=1)).astimezone(house.zone).date()
