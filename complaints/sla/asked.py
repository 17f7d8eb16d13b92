"""Which clocks a policy asks of a complaint that has none, and which it asks for no longer (domain, SLA 2-4).

A clock that the matching policy has a target for exists; one without a target ends with an event. What is done, or
late, stays as it is: a breach is never taken back because nobody would promise the same today.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max

from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Complaint, Message, SlaPolicy
from complaints.models.conversation import OUT
from complaints.sla import policies, replay

AGREED = (ClockKind.ACKNOWLEDGE, ClockKind.UPDATE, ClockKind.RESOLVE)


def lacking(complaint: Complaint, clocks: Sequence[Clock], policy: SlaPolicy) -> list[str]:
    """The kinds of clock that `policy` asks for and an open complaint has not; `clocks`: all of its own. No query.

    Nothing is asked for twice: an acknowledgement given, a clock at work. The next update is due once somebody has
    taken the case up.
    """
    if not complaint.is_open or complaint.is_history or complaint.is_quarantined:
        return []
    acknowledged = complaint.acknowledged_at is not None
    wanted = {ClockKind.ACKNOWLEDGE: not acknowledged, ClockKind.UPDATE: acknowledged, ClockKind.RESOLVE: True}
    found = []
    for kind in (kind for kind in AGREED if wanted[kind] and policies.target_of(policy, kind) is not None):
        own = [clock for clock in clocks if clock.kind == kind]
        if kind == ClockKind.UPDATE:
            missing = all(clock.is_finished for clock in own)
        else:
            missing = all(clock.state == ClockState.CANCELLED for clock in own)
        if missing:
            found.append(str(kind))
    return found


def ends(clock: Clock, policy: SlaPolicy, at: datetime) -> bool:
    """Whether an open agreed clock is one that `policy` asks for no longer; what is due by `at` goes on. No query."""
    if clock.kind not in AGREED or clock.policy_id is None or policies.target_of(policy, clock.kind) is not None:
        return False
    return not clock.is_finished and clock.state != ClockState.BREACHED and (clock.due_at is None or clock.due_at > at)


def said(policy: SlaPolicy) -> dict[str, Any]:
    """What the event of a clock says that ends because its complaint is under a policy that does not ask for it."""
    return {"policy": policy.pk}


def let_go(events: Sequence[ClockEvent]) -> bool:
    """Whether a cancelled clock ended because the policy asked for it no longer, so that it can be taken up again."""
    last = next((event for event in reversed(events) if event.kind == replay.CANCELLED), None)
    return last is not None and "policy" in last.data


def told_at(complaints: Collection[int]) -> dict[int, datetime]:
    """When each complaint (by key) last had a message that a person of ours wrote. Query cost: 1, none for none."""
    if not complaints:
        return {}
    sent = Message.objects.filter(complaint__in=complaints, direction=OUT, author__isnull=False)
    return dict(sent.values_list("complaint").annotate(last=Max("at")).values_list("complaint", "last"))


def first_instant(kind: str, complaint: Complaint, told: datetime | None) -> datetime:
    """From when a clock that is added runs: receipt; the next update, from when the customer last heard from us."""
    if kind != ClockKind.UPDATE or complaint.acknowledged_at is None:
        return complaint.received_at
    return max(complaint.acknowledged_at, told or complaint.acknowledged_at)
