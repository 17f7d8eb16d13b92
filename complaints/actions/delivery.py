"""How the complainant learned of a decision: the status page showed it, or a person told them (domain, Complaint 7)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from complaints import decisions, errors
from complaints.actions import _base
from complaints.models import Complaint, Decision, ToldHow
from core import trail
from core.actor import Actor
from core.errors import InvalidInput


@transaction.atomic
def told(complaint: Complaint, *, by: Actor, at: datetime, how: str, told_at: datetime | None = None) -> Complaint:
    """Somebody of ours told the complainant the decision, by phone, in person or by letter; said again, the last word
    holds.

    Raises InvalidInput (invalid_choice, in_the_future, before_decision), or NotResolved where nothing is decided.
    """
    if how not in ToldHow.values:
        raise InvalidInput(_("Say how they were told."), code="invalid_choice", field="how")
    when = told_at or at
    if when > at + settings.FUTURE_TOLERANCE:
        raise InvalidInput(_("This instant lies in the future."), code="in_the_future", field="told_at")
    complaint = _base.locked(complaint)
    decision = decisions.current(complaint) if complaint.status in decisions.DECIDED else None
    if decision is None:
        raise errors.NotResolved(_("There is no decision yet of which they could be told."))
    if when < decision.decided_at.replace(second=0, microsecond=0):
        raise InvalidInput(_("This lies before the decision."), code="before_decision", field="told_at")
    if decision.told_how == how and (told_at is None or decision.told_at == when):
        return complaint  # said already
    before = decision.told_how
    decision.told_how, decision.told_at, decision.told_by = how, when, by.user
    decision.save(update_fields=["told_how", "told_at", "told_by"])
    return _base.finish(
        complaint,
        "complaint.decision_told",
        by=by,
        at=at,
        changes={"how": [before, how], "told_at": when.isoformat(), "decision": decision.number},
    )


def seen(complaint: Complaint, decision: Decision, *, at: datetime) -> None:
    """The status page shows the decision to the complainant, for the first time. Query cost: none ever after, else 5.

    Keeps the version of the case: nobody who works on it is disturbed.
    """
    if decision.seen_at is not None:
        return
    with transaction.atomic():
        if not Decision.objects.filter(pk=decision.pk, seen_at__isnull=True).update(seen_at=at):
            return  # another tab was faster
        Complaint.objects.filter(pk=complaint.pk).update(updated_at=at)
        changes = {"decision": decision.number}
        trail.append(complaint, "complaint.decision_seen", by=Actor.customer(), at=at, changes=changes)
    decision.seen_at = at
