"""Follow a case without owning it (domain, Roles and visibility)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints.actions import _base
from complaints.models import Complaint, Watch
from core import trail
from core.actor import Actor
from core.models import User


@transaction.atomic
def watch(complaint: Complaint, *, by: Actor, at: datetime, watcher: User) -> bool:
    """`watcher` follows the case from now on, and sees it whatever its team. Says whether that is news."""
    complaint = _base.locked(complaint)
    if Watch.objects.filter(complaint=complaint, user=watcher).exists():
        return False
    Watch.objects.create(complaint=complaint, user=watcher)
    trail.append(complaint, "complaint.watched", by=by, at=at, changes={"watcher": watcher.pk})
    return True


@transaction.atomic
def unwatch(complaint: Complaint, *, by: Actor, at: datetime, watcher: User) -> bool:
    """`watcher` follows the case no more. Says whether that is news."""
    complaint = _base.locked(complaint)
    gone, _rows = Watch.objects.filter(complaint=complaint, user=watcher).delete()
    if not gone:
        return False
    trail.append(complaint, "complaint.unwatched", by=by, at=at, changes={"watcher": watcher.pk})
    return True
