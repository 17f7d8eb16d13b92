"""Decide who works on a case and as what: assign, classify, hand over, release from quarantine (mission A4, A5, D3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import EllipsisType
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from complaints import errors, routing
from complaints.actions import _base, _promised, _rematched, letters, telling
from complaints.actions.file import begin_clocks
from complaints.models import Clock, Complaint, ComplaintType, Severity
from complaints.reference import catalogue
from complaints.sla import clocks as sla
from complaints.sla import standing, told
from core import rows
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User


@transaction.atomic
def assign(complaint: Complaint, *, by: Actor, at: datetime, owner: User, reason: str = "") -> Complaint:
    """Give the case to another owner, who is told by mail; the team follows the owner, and deadlines the team.

    Raises SameOwner, OwnerUnavailable, AlreadyClosed or AlreadyEnded.
    """
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    if complaint.owner_id == owner.pk:
        raise errors.SameOwner(field="owner")
    if not routing.hold(owner):
        raise errors.OwnerUnavailable(field="owner")
    return change_owner(complaint, owner, by=by, at=at, reason=reason)


def change_owner(
    complaint: Complaint,
    owner: User,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    why: str = "assigned",
    facts: Mapping[str, Any] | None = None,
    counted: bool = False,
    also: Iterable[models.Model] = (),
    team: int | EllipsisType | None = ...,
) -> Complaint:
    """Move a locked case to `owner`, with workloads (unless `counted` already), mail and trail (with `facts`).

    `team`: its key, where it is not the owner's. Policies may ask for the team: then the clocks follow, from receipt.
    The caller holds the new owner (`routing.hold`).
    """
    before, before_team, looked = complaint.owner_id, complaint.team_id, _rematched.look(complaint, _rematched.TEAM)
    if complaint.in_queue and not counted:
        routing.pass_on(before, owner, at=at)
    complaint.owner = owner
    promised = _promised.follow(complaint, before=before, at=at)
    if not isinstance(team, EllipsisType):
        complaint.team_id = team
    elif owner.team_id is not None and complaint.team_id not in owner.led_team_ids:
        complaint.team_id = owner.team_id
    clocks, followed = _rematched.follow(complaint, looked, at=at)
    return _base.finish(
        complaint,
        f"complaint.{why}",
        by=by,
        at=at,
        fields=["owner", "team"],
        changes={
            "owner": [before, owner.pk],
            "team": [before_team, complaint.team_id],
            **promised,
            **followed,
            **(facts or {}),
        },
        private={"reason": reason.strip()} if reason.strip() else None,
        clocks=clocks,
        also=[*telling.assigned(complaint, owner, by=by, at=at), *also],
    )


@transaction.atomic
def classify(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    type: ComplaintType | None = None,
    severity: str = "",
) -> Complaint:
    """Sort the case anew; deadlines are recomputed from receipt, never to before `at` (domain, SLA 4).

    Raises InvalidInput (reason_required, unknown severity), NothingChanged, AlreadyClosed or AlreadyEnded.
    """
    if not reason.strip():
        raise InvalidInput(_("Say why it is sorted differently."), code="reason_required", field="reason")
    if severity and severity not in Severity.values:
        raise InvalidInput(_("There is no such severity."), code="invalid_choice", field="severity")
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    before = {"type": catalogue().types_by_id[complaint.type_id].code, "severity": complaint.severity}
    complaint.type = type or complaint.type
    complaint.severity = severity or complaint.severity
    after = {"type": complaint.type.code, "severity": complaint.severity}
    changes: dict[str, object] = {
        name: [str(before[name]), str(after[name])] for name in before if before[name] != after[name]
    }
    if not changes:
        raise errors.NothingChanged
    clocks = _base.clocks_of(complaint)
    then = told.before(clocks, at)
    if not complaint.is_history:
        clocks = sla.rematch(complaint, clocks, tier=_base.tier_of(complaint), at=at)
    changes |= told.after(then, clocks, at)
    return _base.finish(
        complaint,
        "complaint.classified",
        by=by,
        at=at,
        fields=["type", "severity"],
        changes=changes,
        private={"reason": reason.strip()},
        clocks=clocks,
    )


@transaction.atomic
def release(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """A quarantined complaint is real: route it, start its clocks from receipt, send the receipt. Raises
    NotInQuarantine."""
    complaint = _base.locked(complaint)
    if not complaint.is_quarantined:
        raise errors.NotInQuarantine
    team = routing.team_for(
        type_id=complaint.type_id, channel=complaint.channel, language=complaint.language, severity=complaint.severity
    )
    complaint.owner, complaint.team = routing.choose_owner(team=team, language=complaint.language, at=at)
    complaint.is_quarantined, complaint.in_queue = False, True
    begun = set(Clock.objects.filter(complaint=complaint).values_list("kind", "code", "cycle"))  # sorted in quarantine
    clocks = begin_clocks(complaint, complaint.customer, by, complaint.received_at)
    clocks = [one for one in clocks if (one.kind, one.code, one.cycle) not in begun]
    rows.insert(sla.with_events(clocks))
    return _base.finish(
        complaint,
        "complaint.released",
        by=by,
        at=at,
        fields=[
            "owner",
            "team",
            "is_quarantined",
            "in_queue",
            "queue_at",
            "status",
            "acknowledged_at",
            "first_response_at",
            *standing.FIELDS,
        ],
        changes={"owner": complaint.owner_id, "team": complaint.team_id},
        also=letters.receipt(complaint, letters.address(complaint.customer), at=at),
    )


@transaction.atomic
def hand_over_all(leaver: User, *, by: Actor, at: datetime, reason: str, away: bool = False) -> int:
    """Give every case in hand of somebody who leaves to the deputy, else the team's lead, else the default owner.

    `away`: they come back, so only somebody present takes over, and with nobody there the cases stay: those who are
    away never pass them on to each other. Returns how many moved. Atomic: no case is ever without an owner. The caller
    holds the leaver's row locked, so that no case comes in behind its back. Raises NobodyToOwnIt unless `away`.
    Query cost: about 6 a case, and some for each of its teams.
    """
    mine = list(Complaint.objects.filter(owner=leaver, in_queue=True).order_by("pk").select_for_update())
    found: dict[int | None, User | None] = {}
    moving: list[tuple[Complaint, User]] = []
    for complaint in mine:
        complaint.owner = leaver
        if complaint.team_id not in found:
            found[complaint.team_id] = _heir(complaint, at=at, away=away)
        if heir := found[complaint.team_id]:
            moving.append((complaint, heir))
    counts = Counter(heir.pk for _complaint, heir in moving)
    for heir in sorted({heir.pk: heir for _complaint, heir in moving}.values(), key=lambda one: one.pk):
        routing.pass_on(leaver.pk, heir, at=at, count=counts[heir.pk])
    for complaint, heir in moving:
        change_owner(complaint, heir, by=by, at=at, reason=reason, why="handed_over", counted=True)
    return len(moving)


def _heir(complaint: Complaint, *, at: datetime, away: bool) -> User | None:
    """Who takes over from an owner who left, or is `away` (None: it stays). Raises NobodyToOwnIt unless `away`."""
    try:
        return routing.successor(complaint, at=at, also_away=not away)
    except routing.NobodyToOwnIt:
        if not away:
            raise
        return None
