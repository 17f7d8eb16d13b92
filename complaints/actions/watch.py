"""Follow a case without owning it; colleagues may be asked to (domain, Roles and visibility; mission D3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints import errors
from complaints.actions import _base, telling
from complaints.models import Complaint, Watch
from core import rows, trail
from core.actor import Actor
from core.models import NotificationEvent as Event
from core.models import User


@transaction.atomic
def watch(complaint: Complaint, *, by: Actor, at: datetime, watcher: User) -> bool:
    """`watcher` follows the case from now on, and sees it whatever its team; told so when another asks them to.

    Says whether that is news. Raises OwnerUnavailable for who handles no cases.
    """
    complaint = _base.locked(complaint)
    if Watch.objects.filter(complaint=complaint, user=watcher).exists():
        return False
    if watcher.pk != by.user_id and not watcher.sees_cases:
        raise errors.OwnerUnavailable(field="user")
    Watch.objects.create(complaint=complaint, user=watcher)
    key = f"watch:{complaint.pk}:{watcher.pk}:{at:%Y%m%d%H%M%S%f}"
    words = telling.about(complaint, by=by, what="added")
    if watcher.pk != by.user_id:
        rows.insert(telling.tell([watcher], Event.FOLLOWED, complaint, key=key, words=words, by=by, at=at))
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


def let_see(complaint: Complaint, user: User) -> bool:
    """Make a locked case visible to somebody who would not see it, by following it. Says whether that was needed.

    Query cost: 1, with the roles, and 1 then.
    """
    if Complaint.objects.visible_to(user).filter(pk=complaint.pk).exists():
        return False
    Watch.objects.create(complaint=complaint, user=user)
    return True
