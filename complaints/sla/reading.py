"""What a clock says at a moment, from its row alone: how much working time is left, used or overdue (domain, SLA 8).

Pure but for the calendars, which come from memory (policies.calendar_of). Words and colours are made of it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from complaints.models.clocks import ClockState
from complaints.sla import policies
from core import working_time
from core.week_calendar import WeekCalendar
from core.working_time import TargetKind

ON_TRACK, AT_RISK, BREACHED, PAUSED, MET, CANCELLED = "on-track", "at-risk", "breached", "paused", "met", "cancelled"
RISK_FROM = 75  # percent of the target used
DAY_SECONDS = 86_400


class ClockRow(Protocol):
    """The columns read here: those of `complaints.models.Clock`."""

    state: str
    target_kind: str
    target_value: int | None
    calendar_version_id: int | None
    started_at: datetime
    due_at: datetime | None
    paused_since: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a badge is made of.

    `seconds`: left (on-track, at-risk), late (breached), standing still (paused, elapsed time), taken (met); None where
    nothing is known. `total` and `used` are working seconds of the target, in days those up to the deadline (elapsed
    ones for calendar days); of a clock that pauses stop, `used` of one paused or met is for who knows its events.
    `day_seconds`: how long a working day is, for saying "1 d 6 h".
    """

    state: str
    seconds: int | None = None
    percent: int = 0
    used: int | None = None
    total: int | None = None
    day_seconds: int = DAY_SECONDS


def read(clock: ClockRow, now: datetime) -> Reading:
    """The clock at `now` (aware). One that runs past its deadline is breached, noticed yet or not. No query."""
    calendar = policies.calendar_of(clock.calendar_version_id) if clock.calendar_version_id else None
    elapsed = calendar is None or clock.target_kind == TargetKind.CALENDAR_DAYS
    day = DAY_SECONDS if calendar is None or elapsed else day_length(calendar)

    def between(start: datetime, end: datetime) -> int:
        if end <= start:
            return 0
        if elapsed or calendar is None:
            return (end - start) // timedelta(seconds=1)
        return working_time.worked(calendar, start, end)

    if clock.state == ClockState.CANCELLED:
        return Reading(CANCELLED, day_seconds=day)
    if clock.state == ClockState.PAUSED:
        stood = (now - clock.paused_since) // timedelta(seconds=1) if clock.paused_since else None
        return Reading(PAUSED, stood, total=_total(clock, between), day_seconds=day)
    if clock.state == ClockState.MET:
        taken = between(clock.started_at, clock.completed_at) if clock.completed_at and not _stated(clock) else None
        return Reading(MET, taken, 100, used=taken, total=_total(clock, between) or None, day_seconds=day)
    if clock.due_at is None:
        return Reading(BREACHED if clock.state == ClockState.BREACHED else ON_TRACK, day_seconds=day)
    total = _total(clock, between)
    if clock.due_at <= now or clock.state == ClockState.BREACHED:
        late = between(clock.due_at, clock.completed_at or now)
        return Reading(BREACHED, late, 100, used=total + late, total=total, day_seconds=day)
    left = between(now, clock.due_at)
    used = max(0, total - left)
    percent = min(100, used * 100 // total) if total else 100
    return Reading(
        AT_RISK if percent >= RISK_FROM else ON_TRACK, left, percent, used=used, total=total, day_seconds=day
    )


def day_length(calendar: WeekCalendar) -> int:
    """The longest day of the calendar's week in seconds: what people call a working day there. No query."""
    minutes = max((sum(close - opening for opening, close in rows) for rows in calendar.weekly), default=0)
    return minutes * 60 or DAY_SECONDS


def _total(clock: ClockRow, between: Callable[[datetime, datetime], int]) -> int:
    if clock.target_kind == TargetKind.WORKING_SECONDS and clock.target_value is not None:
        return clock.target_value
    return between(clock.started_at, clock.due_at) if clock.due_at is not None else 0


def _stated(clock: ClockRow) -> bool:
    return clock.calendar_version_id is None
