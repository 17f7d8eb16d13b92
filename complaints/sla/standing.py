"""What the figures read of a complaint's clocks, kept on the complaint itself (domain, Figures; performance.md).

The clocks stay the truth. These columns follow from them whenever an action saves them; the sweep changes none: a
breach moves no deadline, and an unfinished clock past its deadline counts as breached, marked already or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from complaints.models import Clock, ClockKind, ClockState, Complaint
from complaints.sla import policies
from core import working_time
from core.week_calendar import WeekCalendar

KINDS = (str(ClockKind.ACKNOWLEDGE), str(ClockKind.RESOLVE))
FIELDS = (
    *(f"{kind}_{part}" for kind in KINDS for part in ("met", "late", "due_at")),
    "response_seconds",
    "resolution_seconds",
)


class Standing(Protocol):
    """The columns of a clock that are read here."""

    kind: str
    state: str
    stated: bool
    due_at: datetime | None
    completed_at: datetime | None


def of_clocks(clocks: Iterable[Standing]) -> dict[str, Any]:
    """Cycles met, cycles late and the deadline still to come, for the kinds kept; cancelled cycles count nowhere."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        found[f"{kind}_met"] = found[f"{kind}_late"] = 0
        found[f"{kind}_due_at"] = None
    for clock in clocks:
        if clock.kind not in KINDS or clock.state == ClockState.CANCELLED:
            continue
        if clock.state == ClockState.MET:
            found[f"{clock.kind}_met"] += 1
        elif clock.state == ClockState.BREACHED and (clock.completed_at is not None or clock.due_at is None):
            found[f"{clock.kind}_late"] += 1
        else:
            found[f"{clock.kind}_due_at"] = clock.due_at
    return found


def refresh(complaint: Complaint, clocks: Iterable[Clock]) -> tuple[str, ...]:
    """Set the columns from all clocks of the complaint, in memory; returns their names. No query."""
    clocks = list(clocks)
    for name, value in of_clocks(clocks).items():
        setattr(complaint, name, value)
    calendar = house_calendar() if complaint.is_history else _calendar(complaint, clocks)
    until = complaint.resolved_at or (complaint.closed_at if complaint.is_history else None)
    complaint.response_seconds = worked(calendar, complaint.received_at, complaint.first_response_at)
    complaint.resolution_seconds = worked(calendar, complaint.received_at, until)
    return FIELDS


def worked(calendar: WeekCalendar, start: datetime, end: datetime | None) -> int | None:
    """Working seconds from `start` to `end`; 0 when it ended before it began, None when it has not ended."""
    if end is None:
        return None
    return working_time.worked(calendar, start, end) if end > start else 0


def house_calendar() -> WeekCalendar:
    """The calendar of the last policy, by which recorded history is measured: no policy was in force for it then."""
    book = policies.book()
    return policies.calendar_of(book.newest[book.policies[-1].calendar_id])


def _calendar(complaint: Complaint, clocks: Iterable[Clock]) -> WeekCalendar:
    """The calendar the complaint's clocks run by, else that of the policy it would fall under."""
    known = next((c.calendar_version_id for c in clocks if c.calendar_version_id is not None), None)
    return policies.calendar_of(known if known is not None else policies.match(complaint).calendar_version_id)
