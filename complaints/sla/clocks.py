"""Start, stop and move the clocks of a complaint (domain, SLA 2-5). Called by actions that hold the complaint locked.

Events are the truth and are only ever added; the clock row is what follows from them (`complaints.sla.replay`). What
needs no arithmetic changes the row directly, the rest reads it off the events; a test holds both to be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import models

from complaints.models import NEVER, Clock, ClockEvent, ClockKind, ClockState, Complaint, SlaPolicy
from complaints.sla import asked, firings, ladder, packs, policies, recompute, replay
from complaints.sla.replay import (
    BREACHED,
    CANCELLED,
    COMPLETED,
    PAUSED,
    REOPENED,
    RESUMED,
    RETARGETED,
    STARTED,
)
from core import clock as time
from core import rows, working_time
from core.working_time import EditMode, Target, TargetKind

FIRST_KINDS = (ClockKind.ACKNOWLEDGE, ClockKind.RESOLVE)
WINDOW = "window"  # why a clock ended that was one
PAUSABLE = (ClockKind.RESOLVE,)  # nobody pauses an acknowledgement, an update or the law
Terms = tuple[Target, int, dict[str, Any]]  # the target, the calendar's version, and what the event says about both


def start(
    complaint: Complaint, *, tier: str, start_at: datetime, kinds: Iterable[str] = FIRST_KINDS, cycle: int = 1
) -> list[Clock]:
    """New clocks by the policy that matches, not yet written. Each carries its first event in `clock.fresh_events`."""
    found = policies.match(complaint, tier)
    clocks = []
    for kind in kinds:
        target = policies.target_of(found.policy, kind)
        if target is not None:
            clock = Clock(complaint=complaint, kind=kind, cycle=cycle, policy=found.policy)
            terms = _by_policy(found, target)
            _begin(clock, terms, policies.steps_of(found.policy, kind), start_at)
            clocks.append(clock)
    return clocks


def start_statutory(complaint: Complaint, *, tier: str, at: datetime, moment: str) -> list[Clock]:
    """New statutory clocks of the packs that apply, of the rules that start at `moment` (packs.RECEIVED, ACKNOWLEDGED:
    what the law calls acknowledged, the first word of a person that reached the complainant).

    Not yet written.
    """
    clocks = []
    for rule, because in packs.for_case(complaint, tier):
        if rule.starts == moment:
            clock = Clock(complaint=complaint, kind=ClockKind.STATUTORY, code=rule.clock_code, pack=rule.pack)
            terms = rule.target, rule.calendar_version_id, by_rule(rule, because)
            _begin(clock, terms, rule.steps, at)
            clocks.append(clock)
    return clocks


def next_update(complaint: Complaint, clocks: Sequence[Clock], *, tier: str, at: datetime) -> list[Clock]:
    """A person told the complainant something at `at`: the update clock that ran is done, a new cycle begins.

    Returns the new cycle, not yet written; none once the case is decided, or without such a target.
    """
    cycle = 1
    for clock in clocks:
        if clock.kind == ClockKind.UPDATE:
            cycle = max(cycle, clock.cycle + 1)
            complete(clock, at=at)
    if not complaint.is_open or complaint.is_history or complaint.is_quarantined:
        return []
    return start(complaint, tier=tier, start_at=at, kinds=[ClockKind.UPDATE], cycle=cycle)


def stopped_by(clock: Clock) -> str:
    """What a clock waits for: packs.ACKNOWLEDGED or packs.RESOLVED. No query within a few seconds."""
    if clock.kind == ClockKind.STATUTORY and clock.pack_id is not None:
        return packs.rule(clock.pack_id, clock.code).until
    return packs.ACKNOWLEDGED if clock.kind == ClockKind.ACKNOWLEDGE else packs.RESOLVED


def acknowledged_for(clock: Clock, complaint: Complaint) -> datetime | None:
    """When the case was acknowledged as this clock asks for it; None: not yet, or it asks for something else.

    An agreed clock: when a person took it up; a statutory one: when a person told the complainant (Complaint 8).
    No query within a few seconds.
    """
    if stopped_by(clock) != packs.ACKNOWLEDGED:
        return None
    return complaint.first_response_at if clock.kind == ClockKind.STATUTORY else complaint.acknowledged_at


def acknowledge(complaint: Complaint, clocks: list[Clock], *, tier: str, at: datetime) -> None:
    """Stop the clocks that the complaint has just been acknowledged for, and add those that begin with it."""
    for clock in clocks:
        if acknowledged_for(clock, complaint) == at:
            complete(clock, at=at)
    if complaint.first_response_at == at and not complaint.is_history:
        known = {clock.code for clock in clocks}
        fresh = start_statutory(complaint, tier=tier, at=at, moment=packs.ACKNOWLEDGED)
        clocks += [one for one in fresh if one.code not in known]


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

    Changes the row in memory; `save` writes it. Query cost: one if it was late.
    """
    if clock.is_finished:
        return
    if clock.state != ClockState.BREACHED:
        if clock.due_at is not None and at > clock.due_at:
            let_pass(clock, detected_at=time.now())
            if clock.is_finished:
                return
        else:
            clock.state = ClockState.MET
    clock.completed_at, clock.paused_since, clock.next_at, clock.rungs = at, None, None, []
    note(clock, COMPLETED, at)
    if clock.state == ClockState.BREACHED:
        read_off(clock)


def let_pass(clock: Clock, *, detected_at: datetime) -> None:
    """The deadline passed: a breach, or the end of a mere window. Raises ValueError without a deadline."""
    if packs.is_window(clock):
        shut(clock, recorded_at=detected_at)
    else:
        mark_breached(clock, detected_at=detected_at)


def shut(clock: Clock, *, recorded_at: datetime) -> None:
    """A window (`complaints.sla.packs`) ends at its deadline: no rule is broken, only the easier way is closed."""
    if clock.due_at is None:
        raise ValueError("a window without an end does not end")
    clock.state, clock.completed_at, clock.next_at, clock.rungs = ClockState.CANCELLED, clock.due_at, None, []
    note(clock, CANCELLED, clock.due_at, {"because": WINDOW}, recorded_at=recorded_at)


def mark_breached(clock: Clock, *, detected_at: datetime) -> None:
    """The deadline passed; dated at the deadline, whenever it was noticed (domain, SLA 5). Raises ValueError without
    one. What the ladder says for later stays on the clock."""
    if clock.due_at is None:
        raise ValueError("a clock without a deadline cannot be breached")
    clock.state, clock.breached_at, clock.detected_at = ClockState.BREACHED, clock.due_at, detected_at
    for _us, rung, to, hand_over in clock.rungs:
        if rung == ladder.BREACH:
            clock.breach_tells = (to, bool(hand_over))  # type: ignore[attr-defined]  # until `save` has told them
    clock.rungs = [one for one in clock.rungs if ladder.percent_of(one[1]) > 100]
    clock.next_at = ladder.next_at(clock.rungs)
    note(clock, BREACHED, clock.due_at, recorded_at=detected_at)


def pause(clock: Clock, *, at: datetime, because: str = "") -> None:
    """Stand still from `at` on; only a running resolve clock does. One in days keeps its deadline, since days go by
    whatever happens (sla/SCHEMA.md), and remembers the pause for a target that it stops.

    `because`: the status that pauses it.
    """
    if clock.state != ClockState.RUNNING or clock.kind not in PAUSABLE or clock.policy_id is None:
        return  # a clock without a policy states what a file said; nobody waits for it
    if clock.due_at is not None and clock.due_at < at:
        mark_breached(clock, detected_at=time.now())
        return
    if clock.target_kind == TargetKind.WORKING_SECONDS:
        clock.state, clock.paused_since = ClockState.PAUSED, at
        clock.due_at, clock.next_at, clock.rungs = None, None, []
    note(clock, PAUSED, at, {"because": because} if because else {})


def resume(clock: Clock, *, at: datetime) -> None:
    """Go on; the deadline moves by the working time that stood still. Query cost: one, two in days."""
    if clock.state != ClockState.PAUSED and not _waits_in_days(clock):
        return
    note(clock, RESUMED, at)
    read_off(clock)


def _waits_in_days(clock: Clock) -> bool:
    if clock.state != ClockState.RUNNING or clock.kind not in PAUSABLE or clock.policy_id is None:
        return False
    if clock.target_kind == TargetKind.WORKING_SECONDS:
        return False
    return replay.tell(story_of(clock)).paused_since is not None


def cancel(clock: Clock, *, at: datetime, because: str = "", policy: SlaPolicy | None = None) -> None:
    """The case ended without the work being asked for any more. A recorded or passed deadline stands as a breach.

    `because`: what it ended by, where that can be taken back (`complaints.sla.joined`); `policy`: the one that governs
    the case now and asks for no such clock (`complaints.sla.asked`).
    """
    if clock.is_finished:
        return
    if clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at < at:
        let_pass(clock, detected_at=time.now())
    if clock.is_finished:
        return
    if clock.state != ClockState.BREACHED:
        clock.state = ClockState.CANCELLED
    clock.completed_at, clock.next_at, clock.paused_since, clock.rungs = at, None, None, []
    note(clock, CANCELLED, at, {**({"because": because} if because else {}), **(asked.said(policy) if policy else {})})


def reopen(clock: Clock, *, at: datetime) -> None:
    """The case is open again: the same clock goes on, the time in between does not count. A breach stays one.

    Query cost: one.
    """
    if clock.completed_at is None:
        return
    note(clock, REOPENED, at)
    read_off(clock)


def late_if_reopened(clock: Clock, *, at: datetime) -> bool:
    """Whether the deadline of a finished clock would have passed if it went on at `at`: in days, as nothing stops them.
    Query cost: one."""
    goes_on = ClockEvent(clock=clock, kind=REOPENED, at=at, recorded_at=at)
    due_at: datetime | None = replay.row(clock.kind, [*story_of(clock), goes_on])["due_at"]
    return due_at is not None and due_at < at


def strayed(complaint: Complaint, clocks: Sequence[Clock], tier: str) -> bool:
    """Whether the complaint no longer meets the policy that its agreed clocks stand under, by the list that one comes
    from: a list published since is for those it was applied to (domain, SLA 3). True without such a clock. No query
    within a few seconds."""
    under = [clock for clock in clocks if clock.policy_id is not None]
    under = [clock for clock in under if not clock.is_finished] or under[-1:]
    return not under or any(
        clock.policy_id is not None and not policies.still_met(clock.policy_id, complaint, tier) for clock in under
    )


def retarget(clock: Clock, complaint: Complaint, *, tier: str, at: datetime) -> None:
    """After a reclassification: the policy that now matches, from receipt, time already worked kept (domain, SLA 4).

    The new deadline is never before `at`; a finished or breached clock stays as it is, and so does a statutory one. One
    that the policy knows no target for is cancelled.
    """
    if clock.kind == ClockKind.STATUTORY or clock.policy_id is None:
        return
    found = policies.match(complaint, tier)
    target = policies.target_of(found.policy, clock.kind)
    if target is None and asked.ends(clock, found.policy, at):
        cancel(clock, at=at, policy=found.policy)
    elif target is not None and clock.policy_id != found.policy.pk:
        change_terms(clock, _by_policy(found, target), at=at)


def rematch(complaint: Complaint, clocks: Sequence[Clock], *, tier: str, at: datetime) -> list[Clock]:
    """All clocks of a complaint sorted anew: those there were retargeted, with those that now are due to it. Agreed
    ones stay as they are while it meets the policy they stand under (`strayed`); one in quarantine has none yet.

    What another policy or a pack asks for beside runs from receipt; if that deadline has passed, an agreed target (no
    statutory one) runs from `at` instead: no one can be late before the promise existed. A resolve clock begins
    standing still where the case waits on the customer. Statutory clocks of packs whose conditions it no longer meets
    are cancelled. Query cost: one for each clock that moves.
    """
    if complaint.is_quarantined:
        return list(clocks)
    fresh: list[Clock] = []
    if strayed(complaint, clocks, tier):
        for clock in clocks:
            retarget(clock, complaint, tier=tier, at=at)
        fresh = _other_clocks(complaint, clocks, tier=tier, at=at)
    return [*clocks, *fresh, *_other_packs(complaint, clocks, tier=tier, at=at)]


def _other_clocks(complaint: Complaint, clocks: Sequence[Clock], *, tier: str, at: datetime) -> list[Clock]:
    """New agreed clocks that the policy asks for; one that had ended for want of a target goes on instead."""
    found = policies.match(complaint, tier)
    kinds = asked.lacking(complaint, clocks, found.policy)
    ended = [clock for clock in clocks if clock.kind in kinds and clock.state == ClockState.CANCELLED]
    stories = {clock.pk: story_of(clock) for clock in ended}
    told = asked.told_at([complaint.pk] if ClockKind.UPDATE in kinds else []).get(complaint.pk)
    fresh: list[Clock] = []
    for move in recompute.added(found, complaint, kinds, clocks, stories, told, at=at):
        clock = move.make()
        _fresh(clock).extend(move.events)
        if clock.pk is None:
            fresh.append(clock)
    return fresh


def _other_packs(complaint: Complaint, clocks: Sequence[Clock], *, tier: str, at: datetime) -> list[Clock]:
    known = {clock.code for clock in clocks if clock.kind == ClockKind.STATUTORY}  # of an older edition too
    for clock in clocks:
        if clock.kind != ClockKind.STATUTORY:
            continue
        if not packs.governs(clock.pack_id, complaint, tier):
            cancel(clock, at=at)
        elif complaint.is_open and acknowledged_for(clock, complaint) is None and _was_cancelled(clock, at):
            reopen(clock, at=at)  # sorted away and back again: the law's days went on meanwhile
    if not complaint.is_open:
        return []
    fresh = start_statutory(complaint, tier=tier, at=complaint.received_at, moment=packs.RECEIVED)
    if complaint.first_response_at is not None:
        fresh += start_statutory(complaint, tier=tier, at=complaint.first_response_at, moment=packs.ACKNOWLEDGED)
    return [one for one in fresh if one.code not in known and acknowledged_for(one, complaint) is None]


def _was_cancelled(clock: Clock, at: datetime) -> bool:
    """Whether it ended without the work being done, late or not; a window that is over just ended.

    Query cost: one if it was late.
    """
    if packs.is_window(clock) and clock.due_at is not None and clock.due_at < at:
        return False
    if clock.state == ClockState.BREACHED and clock.completed_at is not None:
        return replay.tell(story_of(clock)).cancelled
    return clock.state == ClockState.CANCELLED


def change_terms(clock: Clock, terms: Terms, *, at: datetime, mode: EditMode = EditMode.WHOLE_CLOCK) -> None:
    """From `at` on another target, policy or calendar; `mode`: from when the calendar governs the clock.

    A finished clock stays as it is; one whose deadline passed is breached instead. Query cost: one.
    """
    if clock.is_finished or clock.state == ClockState.BREACHED:
        return
    if clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at < at:
        mark_breached(clock, detected_at=time.now())
        return
    note(clock, RETARGETED, at, {**_said(terms), "mode": str(mode)})
    read_off(clock)


def save(complaint: Complaint, clocks: Iterable[Clock], *, at: datetime) -> None:
    """Write changed clocks with their fresh events, new ones too, and the breaches that showed. Query cost: one for
    each changed clock and one."""
    fresh: list[models.Model] = []
    breached: list[Clock] = []
    clocks = list(clocks)
    for clock in clocks:
        if clock.pk is None:
            fresh += with_events([clock])
        elif events := _fresh(clock):
            clock.save()
            fresh += events
            if any(event.kind == BREACHED for event in events):
                breached.append(clock)
    rows.insert([*sorted(fresh, key=_clocks_first), *firings.records(complaint, breached, at=at)])
    for clock in clocks:
        clock.fresh_events = []  # type: ignore[attr-defined]


def queue_at(clocks: Iterable[Clock], complaint: Complaint) -> datetime:
    """The next hour of a case: the earliest deadline of its unfinished clocks or promise owed, NEVER without any."""
    deadlines = [c.due_at for c in clocks if not c.is_finished and c.due_at is not None]
    return min([*deadlines, complaint.promise_due_at or NEVER])


def note(
    clock: Clock, kind: str, at: datetime, data: dict[str, Any] | None = None, *, recorded_at: datetime | None = None
) -> None:
    """Add an event to those that leave with the clock."""
    event = ClockEvent(clock=clock, kind=kind, at=at, recorded_at=recorded_at or time.now(), data=data or {})
    _fresh(clock).append(event)


def _begin(clock: Clock, terms: Terms, steps: Sequence[ladder.Step], at: datetime) -> None:
    target, version, _data = terms
    calendar = policies.calendar_of(version)
    clock.calendar_version_id, clock.target_kind, clock.target_value = version, str(target.kind), target.value
    clock.started_at, clock.due_at = at, working_time.due_at(calendar, at, target)
    clock.rungs = ladder.first_rungs(steps, calendar, at, target, clock.due_at)
    clock.next_at = ladder.next_at(clock.rungs)
    note(clock, STARTED, at, _said(terms))


def story_of(clock: Clock) -> list[ClockEvent]:
    """The clock's events in order, those not yet written included. Query cost: one unless the clock is new."""
    return [*clock.events.order_by("pk"), *_fresh(clock)] if clock.pk else list(_fresh(clock))


def read_off(clock: Clock) -> None:
    """Set the row from the events, those not yet written included. Query cost: one."""
    events = story_of(clock)
    for name, value in replay.row(clock.kind, events).items():
        setattr(clock, name, value)


def _by_policy(found: policies.Match, target: Target) -> Terms:
    return target, found.calendar_version_id, {"policy": found.policy.pk, "because": list(found.because)}


def by_rule(rule: packs.Rule, because: Sequence[str]) -> dict[str, Any]:
    """What an event says of a statutory rule."""
    return {"policy": None, "pack": rule.pack.pk, "code": rule.clock_code, "because": list(because)}


def _said(terms: Terms) -> dict[str, Any]:
    target, version, data = terms
    return {**data, "calendar_version": version, "target": {"kind": str(target.kind), "value": target.value}}


def _clocks_first(row: models.Model) -> bool:
    return not isinstance(row, Clock)


def _fresh(clock: Clock) -> list[ClockEvent]:
    if not hasattr(clock, "fresh_events"):
        clock.fresh_events = []  # type: ignore[attr-defined]
    return clock.fresh_events  # type: ignore[attr-defined, no-any-return]
