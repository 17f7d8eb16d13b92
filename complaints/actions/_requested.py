"""What becomes of remedies somebody asked for, not decided yet, when their case is taken back (decision 29).

Called by the action that does so; it holds the case locked and writes its row.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from complaints.actions import remedies, telling
from complaints.models import Complaint, Remedy, RemedyStatus
from core import notify_words, trail
from core.actor import Actor
from core.models import NotificationEvent as Event

BY = Actor.system("withdrawal")
WITHDRAWN = "case_withdrawn"

notify_words.register(
    Event.APPROVAL,
    WITHDRAWN,
    _("%(reference)s was withdrawn, and with it the remedy you asked for"),
)


def awaiting(complaint: Complaint) -> QuerySet[Remedy]:
    """Those of the case and of the cases merged into it, which go on with it. Query cost: 1."""
    whole = Q(complaint=complaint.pk) | Q(complaint__merged_into=complaint.pk)
    return Remedy.objects.filter(whole, status=RemedyStatus.AWAITING)


def withdraw_all(complaint: Complaint, *, by: Actor, at: datetime) -> list[models.Model]:
    """Nothing is left to put right: nobody has to decide these any more. Returns the news to those who asked.

    The system withdraws them, each with an entry on the trail of the case. Query cost: 1, and about 4 for each.
    """
    told: list[models.Model] = []
    for one in awaiting(complaint).select_for_update(of=("self",)).select_related("complaint", "requested_by"):
        one.status, one.undone_at, one.updated_at, one.version = RemedyStatus.WITHDRAWN, at, at, one.version + 1
        one.save(update_fields=["status", "undone_at", "updated_at", "version"])
        about = complaint if one.complaint_id == complaint.pk else one.complaint
        changes = {**remedies.facts(one), "because": WITHDRAWN}
        private = {"description": one.description} if one.description else None
        trail.append(about, "complaint.remedy_withdrawn", by=BY, at=at, changes=changes, private=private)
        words = telling.about(about, what=WITHDRAWN)
        key = f"remedy:{one.pk}:{WITHDRAWN}"
        told += telling.tell([one.requested_by], Event.APPROVAL, about, key=key, words=words, by=by, at=at)
    return told
