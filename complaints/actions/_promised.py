"""What becomes of the promises of a case when the case changes hands, is merged, parted or withdrawn (domain, 7 and 9).

Called by the actions that do so; they hold the case locked and write its row.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F

from complaints.actions import _base
from complaints.models import Complaint, Promise, PromiseEnd
from complaints.promises import owed, states
from core import trail
from core.actor import Actor
from core.models import User


def follow(complaint: Complaint, *, before: int, at: datetime) -> dict[str, Any]:
    """Those the owner `before` answered for go to the new owner of a locked case; those given to somebody else on
    purpose stay. Returns what the trail says of it. Query cost: none without promises, else 1."""
    if complaint.promise_due_at is None:
        return {}
    moved = _give(owed.open_ones(complaint).filter(owner=before), complaint.owner_id, at=at)
    return {"promises": moved} if moved else {}


def pass_on(leaver: User, *, by: Actor, at: datetime) -> int:
    """Those somebody who leaves answers for on cases of others go to the owners of these cases. How many.

    Query cost: 1 where there are none, else about 8 a case.
    """
    theirs = Promise.objects.filter(owner=leaver, settled_at__isnull=True).select_related("complaint")
    heads = sorted({one.complaint.merged_into_id or one.complaint_id for one in theirs.order_by()})
    moved = 0
    for key in heads:
        head = _base.locked(Complaint(pk=key))
        if head.owner_id == leaver.pk:
            continue
        count = _give(owed.open_ones(head).filter(owner=leaver), head.owner_id, at=at)
        if count:
            changes = {"promises": count, "owner_of_promises": [leaver.pk, head.owner_id]}
            _base.finish(head, "complaint.promises_passed_on", by=by, at=at, changes=changes)
        moved += count
    return moved


def release_all(complaint: Complaint, *, by: Actor, at: datetime, reason: str) -> list[models.Model]:
    """The complainant takes the case back: nothing is owed any more, for that reason. Returns the news to people about
    what was too late already. Query cost: none without promises, else 2 and about 4 each."""
    from complaints.actions import promises

    if complaint.promise_due_at is None:
        return []
    told: list[models.Model] = []
    for one in owed.open_ones(complaint).select_for_update(of=("self",)):
        told += promises.note_if_late(complaint, one, by=by, at=at)
        one.settled_at, one.settled_as, one.settled_by = at, str(PromiseEnd.RELEASED), by.user
        one.settled_note, one.next_at, one.updated_at, one.version = reason, None, at, one.version + 1
        one.save(update_fields=promises.SETTLED)
        private = {"text": one.text, "reason": reason}
        changes = states.facts(one, with_case=True)
        trail.append(complaint, "complaint.promise_released", by=by, at=at, changes=changes, private=private)
    complaint.promise_due_at = None
    return told


def join(source: Complaint, target: Complaint, *, at: datetime) -> list[int]:
    """What `source` owes, `target` owes from now on, its owner answering for what the other's owner answered for.

    Both are locked, the source is not part of the target yet. Returns the keys of those that changed hands.
    Query cost: none without promises, else 2.
    """
    if source.promise_due_at is None:
        return []
    moment = source.promise_due_at
    target.promise_due_at = min(moment, target.promise_due_at or moment)
    source.promise_due_at = None
    if source.owner_id == target.owner_id:
        return []
    keys = list(owed.open_ones(source).filter(owner=source.owner_id).values_list("pk", flat=True))
    _give(Promise.objects.filter(pk__in=keys), target.owner_id, at=at)
    return keys


def part(source: Complaint, target: Complaint, *, along: Collection[int], moved: Collection[int], at: datetime) -> None:
    """Each owes its own again, with what came to it meanwhile; `along`: cases that go with the source. Those of `moved`
    still with the target's owner go back to the source's. Both are locked, the source still part of the target.
    Query cost: 3."""
    own = Promise.objects.filter(complaint__in=[source.pk, *along])
    rest = owed.of_case(target).exclude(complaint__in=[source.pk, *along])
    _give(own.filter(pk__in=moved, owner=target.owner_id, settled_at__isnull=True), source.owner_id, at=at)
    source.promise_due_at, target.promise_due_at = owed.earliest(own), owed.earliest(rest)


def _give(found: models.QuerySet[Promise], owner_id: int, *, at: datetime) -> int:
    return found.order_by().update(owner=owner_id, updated_at=at, version=F("version") + 1)
