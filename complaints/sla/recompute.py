"""What an edit of a calendar or of the policies does to the clocks of open complaints (domain, SLA 3-4).

An edit reaches running and paused clocks whose deadline has not passed; finished and late ones keep the version they
were set under. The new deadline follows from the clock's whole history and is never before the edit. A list of policies
also ends the clocks that it asks for no longer, and adds those that it asks for and a complaint has not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Complaint, SlaEdit, Status
from complaints.sla import asked, policies, replay
from core import working_time
from core.models import CalendarVersion
from core.working_time import EditMode, Target

MODES = {SlaEdit.Mode.FROM_NOW: EditMode.FROM_EDIT, SlaEdit.Mode.RETROACTIVE: EditMode.WHOLE_CLOCK}
COLUMNS = (
    "state", "policy", "calendar_version", "target_kind", "target_value", "due_at", "next_at", "rungs", "paused_since",
    "completed_at",
)  # fmt: skip
STILL, MOVED, LEFT, ADDED, ENDED = "still", "moved", "left", "added", "ended"
Stories = Mapping[int, list[ClockEvent]]


@dataclass(frozen=True, slots=True)
class Move:
    """A clock with the events that change its terms and the row that follows; the clock itself is not changed yet.

    `what`: STILL (new terms, the same deadline), MOVED, LEFT (it stands still, and less or more of its time is left),
    ADDED or ENDED. `before`, `after`: deadlines. `seconds`, `worked`: by how much the deadline moves, elapsed and in
    working time, later above 0; None unless there is one before and after. `left`: working seconds left of a clock that
    stands still, before and after (None: it counts days now).
    """

    clock: Clock
    events: tuple[ClockEvent, ...]
    row: dict[str, Any]
    what: str
    before: datetime | None
    after: datetime | None
    seconds: int | None = None
    worked: int | None = None
    left: tuple[int | None, int | None] | None = None

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
    stories: Stories,
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


def by_policies(found: policies.Match, clocks: Sequence[Clock], stories: Stories, *, at: datetime) -> list[Move]:
    """The agreed clocks of one complaint under the policy that matches it now, or ended by it; statutory ones stay."""
    moves = []
    for clock in clocks:
        if clock.kind == ClockKind.STATUTORY:
            continue
        target = policies.target_of(found.policy, clock.kind)
        if target is None and asked.ends(clock, found.policy, at):
            over = _event(clock, replay.CANCELLED, at, asked.said(found.policy), at)
            row = replay.row(clock.kind, [*stories[clock.pk], over])
            moves.append(Move(clock, (over,), row, ENDED, clock.due_at, None))
        elif target is not None and clock.policy_id != found.policy.pk:
            moves.append(_move(clock, stories[clock.pk], _said(found, target), at))
    return moves


def added(
    found: policies.Match,
    complaint: Complaint,
    kinds: Iterable[str],
    clocks: Sequence[Clock],
    stories: Stories,
    told: datetime | None,
    *,
    at: datetime,
) -> list[Move]:
    """The clocks of `kinds` that the policy asks for beside those there are (`asked.lacking`).

    One that had ended for want of a target goes on. Another runs from receipt, the next update from when the customer
    was told something last (`told`); if that deadline has passed, from `at`: no one can be late before the promise
    existed. While the case waits on the customer a resolve clock stands still from the beginning.
    """
    moves = []
    for kind in kinds:
        target = policies.target_of(found.policy, kind)
        own = [clock for clock in clocks if clock.kind == kind]
        if target is None:
            continue
        move = None
        if own and kind != ClockKind.UPDATE:
            if not asked.let_go(stories[own[-1].pk]):
                continue
            move = _taken_up(own[-1], complaint, stories[own[-1].pk], _said(found, target), at)
        if move is None:
            fresh = Clock(complaint=complaint, kind=kind, cycle=max((one.cycle for one in own), default=0) + 1)
            begins = asked.first_instant(kind, complaint, told)
            move = _started(fresh, complaint, _said(found, target), begins, at) or _started(
                fresh, complaint, _said(found, target), at, at
            )
        if move is not None:
            moves.append(move)
    return moves


def _taken_up(
    clock: Clock, complaint: Complaint, story: Sequence[ClockEvent], data: dict[str, Any], at: datetime
) -> Move | None:
    """A clock that had ended goes on, the time between not counted; None if its days ran out meanwhile."""
    events = [_event(clock, replay.REOPENED, at, {}, at), _event(clock, replay.RETARGETED, at, data, at)]
    return _in_time(clock, complaint, story, events, at)


def _started(clock: Clock, complaint: Complaint, data: dict[str, Any], begins: datetime, at: datetime) -> Move | None:
    """A clock that runs from `begins`; None if its deadline has passed."""
    terms = {name: value for name, value in data.items() if name != "mode"}
    return _in_time(clock, complaint, [], [_event(clock, replay.STARTED, begins, terms, at)], at)


def _in_time(
    clock: Clock, complaint: Complaint, story: Sequence[ClockEvent], events: list[ClockEvent], at: datetime
) -> Move | None:
    row = replay.row(clock.kind, [*story, *events])
    due_at = row["due_at"]
    if due_at is not None and due_at < at:
        return None
    if complaint.status == Status.WAITING and clock.kind == ClockKind.RESOLVE:
        events = [*events, _event(clock, replay.PAUSED, at, {"because": str(complaint.status)}, at)]
        row = replay.row(clock.kind, [*story, *events])
    return Move(clock, tuple(events), row, ADDED, None, row["due_at"])


def _terms(events: Sequence[ClockEvent]) -> dict[str, Any]:
    return next(dict(event.data) for event in reversed(events) if "target" in event.data)


def _said(found: policies.Match, target: Target) -> dict[str, Any]:
    return {
        "policy": found.policy.pk,
        "because": list(found.because),
        "calendar_version": found.calendar_version_id,
        "target": {"kind": str(target.kind), "value": target.value},
        "mode": str(EditMode.WHOLE_CLOCK),
    }


def _event(clock: Clock, kind: str, at: datetime, data: dict[str, Any], recorded_at: datetime) -> ClockEvent:
    return ClockEvent(clock=clock, kind=kind, at=at, recorded_at=recorded_at, data=data)


def _move(clock: Clock, story: Sequence[ClockEvent], data: dict[str, Any], at: datetime) -> Move:
    event = _event(clock, replay.RETARGETED, at, data, at)
    row = replay.row(clock.kind, [*story, event])
    before, after = clock.due_at, row["due_at"]
    if clock.state == ClockState.PAUSED and row["state"] == ClockState.PAUSED:
        left = left_of(clock, story, at), left_of(clock, [*story, event], at)
        return Move(clock, (event,), row, LEFT if left[0] != left[1] else STILL, None, None, left=left)
    if before is None or after is None:
        return Move(clock, (event,), row, STILL if before is after else MOVED, before, after)
    if before == after:
        return Move(clock, (event,), row, STILL, before, after, 0, 0)
    calendar = policies.calendar_of(row["calendar_version_id"])
    worked = working_time.worked(calendar, min(before, after), max(before, after))
    seconds = int((after - before).total_seconds())
    return Move(clock, (event,), row, MOVED, before, after, seconds, worked if seconds > 0 else -worked)


def left_of(clock: Clock, events: Sequence[ClockEvent], at: datetime) -> int | None:
    """The working seconds left of a clock by its events; None if it counts days."""
    story = replay.tell(events)
    if Target(**story.terms["target"]).in_days:
        return None
    found, _steps = replay.evaluate(story, clock.kind, as_of=at)
    return found.remaining_at_as_of
