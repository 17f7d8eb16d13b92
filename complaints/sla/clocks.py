"""Start, stop and move the clocks of a complaint (domain, SLA 2-5). Called by actions that hold the complaint locked.

Events are the truth and are only ever added; the clock row is what follows from them through `core.working_time`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

from complaints.models import NEVER, Clock, ClockEvent, ClockKind, ClockState, Complaint
from complaints.sla import breaches, policies
from core import clock as time
from core import rows, working_time
from core.working_time import CalendarEdit, EditMode, Pause, Target, TargetChange

STARTED, PAUSED, RESUMED, RETARGETED = "started", "paused", "resumed", "retargeted"
COMPLETED, REOPENED, BREACHED, CANCELLED = "completed", "reopened", "breached", "cancelled"
FIRST_KINDS = (ClockKind.ACKNOWLEDGE, ClockKind.RESOLVE)


def start(
    complaint: Complaint, *, tier: str, start_at: datetime, kinds: Iterable[str] = FIRST_KINDS, cycle: int = 1
) -> list[Clock]:
    """New clocks for a complaint, not yet written. Each carries its first event in `clock.fresh_events`."""
    found = policies.match(complaint, tier)
    clocks = []
    for kind in kinds:
        target = policies.target_of(found.policy, kind)
        if target is None:
            continue
        calendar = policies.calendar_of(found.calendar_version_id)
        due_at = working_time.due_at(calendar, start_at, target)
        clock = Clock(
            complaint=complaint,
            kind=kind,
            cycle=cycle,
            policy=found.policy,
            calendar_version_id=found.calendar_version_id,
            target_kind=str(target.kind),
            target_value=target.value,
            started_at=start_at,
            due_at=due_at,
            next_at=due_at,
        )
        _note(clock, STARTED, start_at, {**_terms(clock), "because": list(found.because)})
        clocks.append(clock)
    return clocks


def with_events(clocks: Iterable[Clock]) -> list[models.Model]:
    """The clocks (given their keys) and their fresh events, in the order in which to insert them."""
    clocks = list(clocks)
    rows.give_ids(*clocks)
    events = [event for clock in clocks for event in _fresh(clock)]
    for event in events:
        event.clock_id = event.clock.pk
    return [*clocks, *events]


def complete(clock: Clock, *, at: datetime) -> None:
    """The work a clock asked for was done at `at`: met if not after the deadline, else breached at the deadline.

    Changes the row in memory; `save` writes it.
    """
    if clock.is_finished:
        return
    clock.completed_at, clock.next_at = at, None
    if clock.state == ClockState.PAUSED:
        clock.paused_since = None
    if clock.state != ClockState.BREACHED:
        if clock.due_at is not None and at > clock.due_at:
            mark_breached(clock, detected_at=time.now())
        else:
            clock.state = ClockState.MET
    _note(clock, COMPLETED, at)


def mark_breached(clock: Clock, *, detected_at: datetime) -> None:
    """The deadline passed; dated at the deadline, whenever it was noticed (domain, SLA 5). Raises ValueError without
    one."""
    if clock.due_at is None:
        raise ValueError("a clock without a deadline cannot be breached")
    clock.state, clock.breached_at, clock.detected_at = ClockState.BREACHED, clock.due_at, detected_at
    clock.next_at = None
    _note(clock, BREACHED, clock.due_at)


def pause(clock: Clock, *, at: datetime) -> None:
    """Stand still from `at` on; only a running resolve clock does (nobody pauses an acknowledgement)."""
    if clock.state != ClockState.RUNNING or clock.kind != ClockKind.RESOLVE or clock.policy_id is None:
        return  # a clock without a policy states what a file said; nobody waits for it
    if clock.due_at is not None and clock.due_at < at:
        mark_breached(clock, detected_at=time.now())
        return
    clock.state, clock.paused_since, clock.due_at, clock.next_at = ClockState.PAUSED, at, None, None
    _note(clock, PAUSED, at)


def resume(clock: Clock, *, at: datetime) -> None:
    """Go on; the deadline moves by the working time that stood still."""
    if clock.state != ClockState.PAUSED:
        return
    _note(clock, RESUMED, at)
    clock.state, clock.paused_since = ClockState.RUNNING, None
    _set_due(clock)


def cancel(clock: Clock, *, at: datetime) -> None:
    """The case ended without the work being asked for any more. A recorded or passed deadline stands as a breach."""
    if clock.is_finished:
        return
    if clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at < at:
        mark_breached(clock, detected_at=time.now())
    if clock.state != ClockState.BREACHED:
        clock.state = ClockState.CANCELLED
    clock.completed_at, clock.next_at, clock.paused_since = at, None, None
    _note(clock, CANCELLED, at)


def reopen(clock: Clock, *, at: datetime) -> None:
    """The case is open again: the same clock goes on, the time in between does not count. A breach stays one."""
    if clock.completed_at is None:
        return
    clock.completed_at = None
    _note(clock, REOPENED, at)
    if clock.state != ClockState.BREACHED:
        clock.state = ClockState.RUNNING
        _set_due(clock)


def retarget(clock: Clock, complaint: Complaint, *, tier: str, at: datetime) -> None:
    """After a reclassification: the policy that now matches, from receipt, time already worked kept (domain, SLA 4).

    The new deadline is never before `at`; a finished or breached clock stays as it is.
    """
    found = policies.match(complaint, tier)
    target = policies.target_of(found.policy, clock.kind)
    if clock.is_finished or clock.state == ClockState.BREACHED or target is None or clock.policy_id == found.policy.pk:
        return
    if clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at < at:
        mark_breached(clock, detected_at=time.now())
        return
    clock.policy, clock.calendar_version_id = found.policy, found.calendar_version_id
    clock.target_kind, clock.target_value = str(target.kind), target.value
    _note(clock, RETARGETED, at, {**_terms(clock), "because": list(found.because)})
    if clock.state == ClockState.RUNNING:
        _set_due(clock)


def save(complaint: Complaint, clocks: Iterable[Clock], *, at: datetime) -> None:
    """Write changed clocks with their fresh events, and the breaches that showed. Query cost: one per clock and one."""
    fresh: list[models.Model] = []
    breached: list[Clock] = []
    for clock in clocks:
        events = _fresh(clock)
        if events:
            clock.save()
            fresh += events
            if any(event.kind == BREACHED for event in events):
                breached.append(clock)
    rows.insert([*fresh, *breaches.records(complaint, breached, at=at)])
    for clock in clocks:
        clock.fresh_events = []  # type: ignore[attr-defined]


def queue_at(clocks: Iterable[Clock]) -> datetime:
    """The next deadline of a case: the earliest of its unfinished clocks, NEVER if none has one."""
    return min((c.due_at for c in clocks if not c.is_finished and c.due_at is not None), default=NEVER)


def replay(clock: Clock, events: Iterable[ClockEvent]) -> working_time.Clock:
    """What the events say, as the pure arithmetic wants it (SCHEMA.md). The row itself is not consulted."""
    first, *later = list(events)
    pauses: list[Pause] = []
    resolutions: list[Pause] = []
    changes: list[TargetChange] = []
    edits: list[CalendarEdit] = []
    calendar_id = first.data["calendar_version"]
    completed_at: datetime | None = None
    paused_at: datetime | None = None
    for event in later:
        if event.kind == PAUSED:
            paused_at = event.at
        elif event.kind == RESUMED and paused_at is not None:
            pauses.append(Pause(paused_at, event.at))
            paused_at = None
        elif event.kind in (COMPLETED, CANCELLED):
            if paused_at is not None:
                pauses.append(Pause(paused_at, event.at))
                paused_at = None
            completed_at = event.at
        elif event.kind == REOPENED and completed_at is not None:
            resolutions.append(Pause(completed_at, event.at))
            completed_at = None
        elif event.kind == RETARGETED:
            changes.append(TargetChange(event.at, Target(**event.data["target"])))
            if event.data["calendar_version"] != calendar_id:
                calendar_id = event.data["calendar_version"]
                edits.append(CalendarEdit(event.at, policies.calendar_of(calendar_id), EditMode.WHOLE_CLOCK))
    if paused_at is not None:
        pauses.append(Pause(paused_at))
    return working_time.Clock(
        calendar=policies.calendar_of(first.data["calendar_version"]),
        start=first.at,
        target=Target(**first.data["target"]),
        pauses=tuple(pauses),
        resolutions=tuple(resolutions),
        target_changes=tuple(changes),
        calendar_edits=tuple(edits),
        completed_at=completed_at,
    )


def _set_due(clock: Clock) -> None:
    """Read the deadline off the events, those not yet written included. Query cost: one."""
    events = [*clock.events.order_by("pk"), *_fresh(clock)] if clock.pk else _fresh(clock)
    clock.due_at = working_time.evaluate(replay(clock, events)).due_at
    clock.next_at = clock.due_at


def _terms(clock: Clock) -> dict[str, Any]:
    return {
        "policy": clock.policy_id,
        "calendar_version": clock.calendar_version_id,
        "target": {"kind": clock.target_kind, "value": clock.target_value},
    }


def _note(clock: Clock, kind: str, at: datetime, data: dict[str, Any] | None = None) -> None:
    _fresh(clock).append(ClockEvent(clock=clock, kind=kind, at=at, recorded_at=time.now(), data=data or {}))


def _fresh(clock: Clock) -> list[ClockEvent]:
    if not hasattr(clock, "fresh_events"):
        clock.fresh_events = []  # type: ignore[attr-defined]
    return clock.fresh_events  # type: ignore[attr-defined, no-any-return]
