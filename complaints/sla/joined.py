"""The clocks of two cases that become one, and of one that becomes two again (domain, Complaint 9).

The joint case keeps, for each kind of clock and each statutory rule, the earliest deadline of both: its own clock is
capped at the other's deadline, or the other's clock is copied where it has none. The clocks of the merged case stand as
cancelled and know that they can be taken up again as if they had never ended. Nothing recorded is lost: a deadline that
had passed, or passes while the cases are one, is a breach at its own instant, on the joint case while there is one and
on the case it came from afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from complaints.models import Clock, ClockEvent, ClockState, Complaint
from complaints.sla import clocks as sla
from complaints.sla import ladder, replay
from core import clock as time
from core.working_time import TargetKind

MERGED = "merged"


@dataclass(slots=True)
class Joined:
    """The clocks of the joint case, and the keys of those a later unmerging has to look at."""

    clocks: list[Clock]
    capped: list[Clock] = field(default_factory=list)
    copied: list[Clock] = field(default_factory=list)
    cancelled: list[Clock] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Deadline:
    """What a kind of clock asks for before a merge and after it. None: it stands still, or there is none."""

    clock: Clock
    own: datetime | None
    brought: datetime | None
    joint: datetime | None


def join(
    source: Sequence[Clock], target: Sequence[Clock], into: Complaint, *, merge: int, waits: bool, at: datetime
) -> Joined:
    """Let the clocks of `into` (`target`) take over the deadlines of `source`, which end. In memory; `save` writes.

    `waits`: the joint case waits on the customer. Query cost: 2 for each open clock of the source.
    """
    joined = Joined(list(target))
    for clock in source:
        if clock.is_finished:
            continue
        events = sla.story_of(clock)
        own = _counterpart(clock, target)
        if own is not None and events:
            _cap(own, _deadline(clock, events, at=at), clock, merge=merge, at=at)
            joined.capped.append(own)
        elif own is None and events and not _done(clock, into):
            fresh = _copy(clock, events, into, joined.clocks, merge=merge, waits=waits, at=at)
            joined.clocks.append(fresh)
            joined.copied.append(fresh)
        sla.cancel(clock, at=at, because=MERGED)
        joined.cancelled.append(clock)
    return joined


def part(clocks: Sequence[Clock], *, merge: int, waits: bool, at: datetime) -> list[Clock]:
    """Take the deadlines that came with a merge back from the capped clocks of the joint case. In memory.

    `waits`: it waits on the customer. A breach that only the other's deadline made goes back with it; the clock's own
    deadline, if it has passed, is a breach at that instant. Returns those whose terms were changed since the merge.
    Query cost: at most 3 for each clock.
    """
    changed = []
    for clock in clocks:
        events = sla.story_of(clock)
        story = replay.tell(events)
        if merge not in story.caps:
            continue
        found, _steps = replay.evaluate(story, clock.kind)
        rest = replay.deadline(story, found.due_at, without=merge)
        its_own = story.breached_at is not None and rest is not None and rest <= story.breached_at
        taken_back = story.breached_at is not None and not its_own
        sla.note(clock, replay.LIFTED, at, {"merge": merge, "breach": taken_back, "waits": waits})
        sla.read_off(clock)
        _breach_if_late(clock, at=at)
        since = [event.kind for event in events[_place(events, merge) :]]
        if replay.RETARGETED in since:
            changed.append(clock)
    return changed


def restore(clocks: Sequence[Clock], *, at: datetime) -> None:
    """Let the clocks of a case that was merged go on as if they had never ended; a deadline that has passed meanwhile
    is a breach at that deadline. In memory. Query cost: 1 or 2 for each clock."""
    for clock in clocks:
        sla.note(clock, replay.RESTORED, at)
        sla.read_off(clock)
        if clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at < at:
            sla.let_pass(clock, detected_at=time.now())


def foresee(source: Sequence[Clock], target: Sequence[Clock], into: Complaint, *, at: datetime) -> list[Deadline]:
    """What `join` would make of the deadlines, clock by clock of the target and those that come with the source.

    Query cost: 1 for each open clock of the source that stands still.
    """
    brought = [clock for clock in source if not clock.is_finished]
    found = []
    for clock in (one for one in target if not one.is_finished):
        other = next((one for one in brought if (one.kind, one.code) == (clock.kind, clock.code)), None)
        due_at = _seen(other, at) if other is not None else None
        joint = min((one for one in (clock.due_at, due_at) if one is not None), default=None)
        stands = clock.state == ClockState.PAUSED and not (due_at is not None and due_at < at)
        found.append(Deadline(clock, clock.due_at, due_at, None if stands else joint))
    for clock in brought:
        if _counterpart(clock, target) is None and not _done(clock, into):
            found.append(Deadline(clock, None, _seen(clock, at), _seen(clock, at)))
    return found


def _seen(clock: Clock, at: datetime) -> datetime | None:
    return clock.due_at if clock.state != ClockState.PAUSED else _deadline(clock, sla.story_of(clock), at=at)


def _counterpart(clock: Clock, among: Sequence[Clock]) -> Clock | None:
    """The open clock of the other case that asks for the same."""
    same = (one for one in among if (one.kind, one.code) == (clock.kind, clock.code) and not one.is_finished)
    return next(same, None)


def _done(clock: Clock, into: Complaint) -> bool:
    """Whether the joint case has already done what the clock asks for."""
    if not into.is_open:
        return True
    return sla.acknowledged_for(clock, into) is not None


def _deadline(clock: Clock, events: Sequence[ClockEvent], *, at: datetime) -> datetime | None:
    """The clock's deadline; of one that stands still, what it would be if it went on at `at`."""
    if clock.state != ClockState.PAUSED:
        return clock.due_at
    goes_on = ClockEvent(clock=clock, kind=replay.RESUMED, at=at, recorded_at=at)
    due_at: datetime | None = replay.row(clock.kind, [*events, goes_on])["due_at"]
    return due_at


def _cap(clock: Clock, due_at: datetime | None, brought: Clock, *, merge: int, at: datetime) -> None:
    """Not later than `due_at` from now on. A breach that is recorded already stays as it is."""
    if due_at is None or clock.state == ClockState.BREACHED:
        return
    data = {
        "merge": merge,
        "from": brought.complaint_id,
        "due_at": due_at.isoformat(),
        "calendar_version": brought.calendar_version_id,
        "moves": brought.target_kind == TargetKind.WORKING_SECONDS,
    }
    sla.note(clock, replay.CAPPED, at, data)
    sla.read_off(clock)
    if clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at < at:
        sla.let_pass(clock, detected_at=time.now())


def _copy(
    clock: Clock,
    events: Sequence[ClockEvent],
    into: Complaint,
    among: Sequence[Clock],
    *,
    merge: int,
    waits: bool,
    at: datetime,
) -> Clock:
    """The same clock on the joint case, with its whole story; what it has told is not told again."""
    cycles = [one.cycle for one in among if (one.kind, one.code) == (clock.kind, clock.code)]
    fresh = Clock(complaint=into, kind=clock.kind, code=clock.code, cycle=max(cycles, default=0) + 1)
    first, *later = events
    sla.note(fresh, first.kind, first.at, {**first.data, "merge": merge}, recorded_at=first.recorded_at)
    for event in later:
        sla.note(fresh, event.kind, event.at, dict(event.data), recorded_at=event.recorded_at)
    sla.read_off(fresh)
    if waits:
        sla.pause(fresh, at=at, because=MERGED)
    else:
        sla.resume(fresh, at=at)
    if fresh.state == ClockState.RUNNING and fresh.due_at is not None and fresh.due_at < at:
        sla.let_pass(fresh, detected_at=time.now())
    return fresh


def _breach_if_late(clock: Clock, *, at: datetime) -> None:
    """The clock's own deadline passed while another's stood in front of it."""
    if clock.due_at is None:
        return
    if clock.state == ClockState.RUNNING and clock.due_at < at:
        sla.let_pass(clock, detected_at=time.now())
    elif clock.state == ClockState.MET and clock.completed_at is not None and clock.completed_at > clock.due_at:
        clock.breach_tells = (ladder.AGAIN, False)  # type: ignore[attr-defined]
        sla.note(clock, replay.BREACHED, clock.due_at, recorded_at=time.now())
        sla.read_off(clock)


def _place(events: Sequence[ClockEvent], merge: int) -> int:
    """Where in the story the cap of a merge stands."""
    return next(place for place, one in enumerate(events) if one.kind == replay.CAPPED and one.data["merge"] == merge)
