"""What an edit of a calendar or of the policies does to clocks that run (domain, SLA 3-4).

An edit reaches running and paused clocks whose deadline has not passed; finished and late ones keep the version they
were set under. The new deadline follows from the clock's whole history and is never before the edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Complaint, SlaEdit
from complaints.sla import policies, replay
from core.models import CalendarVersion
from core.working_time import EditMode

MODES = {SlaEdit.Mode.FROM_NOW: EditMode.FROM_EDIT, SlaEdit.Mode.RETROACTIVE: EditMode.WHOLE_CLOCK}
COLUMNS = (
    "state", "policy", "calendar_version", "target_kind", "target_value", "due_at", "next_at", "rungs", "paused_since",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Move:
    """A clock with the event that changes its terms and the row that follows; the clock itself is not changed yet."""

    clock: Clock
    event: ClockEvent
    row: dict[str, Any]

    @property
    def seconds(self) -> int:
        """By how much the deadline moves, elapsed; 0 if it stays or either has none."""
        before, after = self.clock.due_at, self.row["due_at"]
        return 0 if before is None or after is None else int((after - before).total_seconds())

    def make(self) -> Clock:
        """The clock's row as it is from now on, in memory."""
        for name, value in self.row.items():
            setattr(self.clock, name, value)
        return self.clock


def open_clocks(clocks: Iterable[Clock], at: datetime) -> list[Clock]:
    """Those an edit at `at` may move."""
    return [
        clock
        for clock in clocks
        if clock.completed_at is None
        and (clock.policy_id is not None or clock.pack_id is not None)
        and (
            clock.state == ClockState.PAUSED
            or (clock.state == ClockState.RUNNING and (clock.due_at is None or clock.due_at >= at))
        )
    ]


def by_calendar(
    version: CalendarVersion,
    siblings: frozenset[int],
    clocks: Sequence[Clock],
    stories: Mapping[int, list[ClockEvent]],
    *,
    mode: str,
    at: datetime,
) -> list[Move]:
    """The clocks that run by another version (`siblings`) of the calendar, moved to `version`."""
    moves = []
    for clock in clocks:
        if clock.calendar_version_id in siblings:
            data = {**_terms(stories[clock.pk]), "calendar_version": version.pk, "mode": str(MODES[SlaEdit.Mode(mode)])}
            moves.append(_move(clock, stories[clock.pk], data, at))
    return moves


def by_policies(
    book: policies.Book,
    complaint: Complaint,
    tier: str,
    clocks: Sequence[Clock],
    stories: Mapping[int, list[ClockEvent]],
    *,
    at: datetime,
) -> list[Move]:
    """The agreed clocks of one complaint under the policy of `book` that matches it; statutory ones stay."""
    found = policies.match(complaint, tier, among=book)
    moves = []
    for clock in clocks:
        target = policies.target_of(found.policy, clock.kind)
        if clock.kind != ClockKind.STATUTORY and target is not None and clock.policy_id != found.policy.pk:
            data = {
                "policy": found.policy.pk,
                "because": list(found.because),
                "calendar_version": found.calendar_version_id,
                "target": {"kind": str(target.kind), "value": target.value},
                "mode": str(EditMode.WHOLE_CLOCK),
            }
            moves.append(_move(clock, stories[clock.pk], data, at))
    return moves


def _terms(events: Sequence[ClockEvent]) -> dict[str, Any]:
    return next(dict(event.data) for event in reversed(events) if "target" in event.data)


def _move(clock: Clock, events: Sequence[ClockEvent], data: dict[str, Any], at: datetime) -> Move:
    event = ClockEvent(clock=clock, kind=replay.RETARGETED, at=at, recorded_at=at, data=data)
    return Move(clock, event, replay.row(clock.kind, [*events, event]))
