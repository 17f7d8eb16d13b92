"""An owner who leaves a case lying past a rung that says so: somebody else takes it on (domain, SLA 7; Complaint 2).

The sweep marks the rung (`Firing.hand_over`); here each mark is looked at once, `handled_at` says when. The case moves
only while the clock runs, and only from an owner who had it when the rung was due and has done nothing on it since.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models, transaction
from django.db.models import QuerySet

from complaints import routing
from complaints.actions import telling
from complaints.actions.manage import change_owner
from complaints.models import Clock, ClockState, Complaint, Firing
from core import clock as clocks_time
from core import trail
from core.actor import Actor
from core.models import User

SILENT = "silent"  # the reason on the trail
BY = Actor.system("silence")
log = logging.getLogger("amends.silence")


@dataclass(frozen=True, slots=True)
class Tenure:
    """How long the case has been the owner's (None: longer than its trail), whether the owner has done anything since,
    and who lost it by silence before."""

    since: datetime | None
    touched: bool
    silent: frozenset[int]


def hand_over_silent(*, at: datetime | None = None, seconds: float = 30.0) -> int:
    """Look at every mark that waits, each in a transaction of its own; returns how many cases moved.

    `at`: UTC; default: the database's now, anew for each. Begins no further one after `seconds`. Any number of workers:
    what another looks at is passed over. One that fails is logged, and tried again the next time. Query cost: 1 by a
    partial index when nothing waits; about 12 for each that moves.
    """
    moved, failed, end = 0, list[int](), time.monotonic() + seconds
    while time.monotonic() < end:
        key = _waiting(failed).values_list("pk", flat=True).first()  # no transaction, nothing locked, if there is none
        if key is None:
            break
        try:
            looked = _next(failed, at)
        except Exception:
            log.exception("firing %s: not looked at", key)
            failed.append(key)
            continue
        if looked is None:
            break  # others are at it
        moved += looked
    return moved


@transaction.atomic
def _next(without: Sequence[int], at: datetime | None) -> bool | None:
    """Deal with the first mark that nobody else has locked: whether its case moved; None if there is none."""
    waiting = _waiting(without)
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    firing = waiting.first()
    if firing is None:
        return None
    moment = at or clocks_time.database_now()
    moved = _look(firing, at=moment)
    firing.handled_at = moment
    firing.save(update_fields=["handled_at"])
    return moved


def _waiting(without: Sequence[int]) -> QuerySet[Firing]:
    return Firing.objects.filter(hand_over=True, handled_at__isnull=True).exclude(pk__in=without).order_by("pk")


def _look(firing: Firing, *, at: datetime) -> bool:
    """Move the case if its owner was silent; whether it moved. The caller holds the mark locked."""
    case_id = Clock.objects.values_list("complaint_id", flat=True).get(pk=firing.clock_id)
    complaint = Complaint.objects.select_for_update().get(pk=case_id)
    clock = Clock.objects.get(pk=firing.clock_id)  # as it is now that nobody else can move it
    if clock.is_finished or clock.state == ClockState.PAUSED or not (complaint.in_queue and complaint.is_open):
        return False
    tenure = tenure_of(complaint)
    if tenure.touched or (tenure.since is not None and tenure.since > firing.due_at):
        return False
    try:
        heir = routing.successor(complaint, at=at, without=tenure.silent, also_away=False)
    except routing.NobodyToOwnIt:
        log.warning("%s stays where it is: its owner is silent, and nobody else is there", complaint.reference)
        return False
    facts = {"reason": SILENT, "clock": clock.pk, "clock_kind": str(clock.kind), "rung": firing.rung}
    told = _tell(complaint, heir, firing, at=at)
    change_owner(complaint, heir, by=BY, at=at, reason="", why="handed_over", facts=facts, also=told)
    return True


def tenure_of(complaint: Complaint) -> Tenure:
    """What the trail says about the owner. Query cost: 1."""
    owner, since, first, silent, acts = None, None, 0, set(), []
    entries = trail.of(complaint).order_by("seq").values_list("seq", "kind", "at", "actor_id", "body")
    for seq, kind, at, actor_id, body in entries:
        if '"owner"' in body:
            said = json.loads(body)
            named = said.get("owner")
            after = named[-1] if isinstance(named, list) and named else named
            if isinstance(after, int) and after != owner:
                owner, since, first = after, at, seq
            if kind == "complaint.handed_over" and said.get("reason") == SILENT:
                silent.add(named[0])
        if actor_id == complaint.owner_id:
            acts.append(seq)
    if owner != complaint.owner_id:
        since, first = None, 0
    return Tenure(since, any(seq >= first for seq in acts), frozenset(silent))


def _tell(complaint: Complaint, heir: User, firing: Firing, *, at: datetime) -> list[models.Model]:
    """To the one who was silent and to the team's lead; the new owner gets the usual one, of any new case."""
    before, team = complaint.owner, complaint.team
    people = {one.pk: one for one in (before, team.lead if team else None) if one is not None and one.pk != heir.pk}
    key = f"handed_over:{firing.pk}"
    return telling.passed_on(complaint, people.values(), before, heir, key=key, at=at)
