"""That the whole of a case left the house as one file stands on its trail (mission E1)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints.actions import _base
from complaints.models import Complaint
from core import trail
from core.actor import Actor


@transaction.atomic
def made(complaint: Complaint, *, by: Actor, at: datetime, edition: str, language: str, form: str) -> None:
    """Note that `by` took a case file along. Keeps the version of the case: nobody who works on it is disturbed.

    Query cost: 4.
    """
    found = _base.locked(complaint)
    changes = {"edition": edition, "language": language, "form": form}
    trail.append(found, "complaint.case_file_made", by=by, at=at, changes=changes)
    Complaint.objects.filter(pk=found.pk).update(updated_at=at)
