"""Somebody looked at two cases and says that they are different matters (mission D1)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, NotDuplicate
from core import trail
from core.actor import Actor
from core.errors import InvalidInput


class SameCase(InvalidInput):
    code = "same_case"
    message = _("A case is always the same as itself.")


@transaction.atomic
def not_duplicate(complaint: Complaint, *, by: Actor, at: datetime, other: Complaint) -> bool:
    """The two are not suggested as the same any more, on neither case. Says whether that is news. Raises SameCase."""
    if complaint.pk == other.pk:
        raise SameCase(field="other")
    first, second = sorted((complaint.pk, other.pk))
    known = {one.pk: one for one in Complaint.objects.filter(pk__in=(first, second)).order_by("pk").select_for_update()}
    _row, fresh = NotDuplicate.objects.get_or_create(
        complaint_id=first, other_id=second, defaults={"by": by.user, "at": at}
    )
    if fresh:
        for one, its_other in ((known[complaint.pk], known[other.pk]), (known[other.pk], known[complaint.pk])):
            trail.append(one, "complaint.not_duplicate", by=by, at=at, changes={"other": its_other.reference})
    return fresh
