"""The calls that are to be made around today: some overdue, some due, some later, for everybody who answers calls."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from complaints.demo import SOURCE, cast
from complaints.models import Complaint, Status
from core import bulk, dates, rows, trail
from core.actor import Actor
from core.models import TrailEntry, User
from metrics.demo.comments import ASKS
from retention.models import Consent, FollowUp
from retention.models.care import ConsentPurpose, FollowUpReason

DAYS = (0, -1, 0, 2, 1, -2, 4)  # from today
SEVERAL = {"agent": 5, "lead": 3}  # whose day is looked at


def plan(*, draw: random.Random, now: datetime) -> int:
    """Plan them unless there are any; returns how many. Query cost: about 30, whatever the size of the demo."""
    members = [user for user in cast.users().values() if user.is_agent]
    if FollowUp.objects.filter(owner__in=members, reason=FollowUpReason.AFTER_CLOSING).exists():
        return 0
    refused = Consent.objects.filter(purpose=ConsentPurpose.CALLS, given=False)
    closed = Complaint.objects.filter(source=SOURCE, customer__isnull=False, status=Status.CLOSED, kind="complaint")
    recent = list(
        closed.exclude(customer__in=refused.values("customer")).select_related("customer").order_by("-closed_at")[:200]
    )
    today = dates.of_house(now)
    made: list[FollowUp] = []
    used: set[int | None] = set()
    for member in sorted(members, key=lambda user: user.pk):
        own = [one for one in recent if one.owner_id == member.pk] or [
            one for one in recent if one.team_id == member.team_id
        ]
        for complaint in own:
            if len([call for call in made if call.owner_id == member.pk]) >= SEVERAL.get(member.username, 2):
                break
            if complaint.customer_id not in used:
                used.add(complaint.customer_id)
                due_on = today + timedelta(days=DAYS[len(made) % len(DAYS)])
                at = now - timedelta(days=3, hours=draw.random() * 9)
                made.append(_call(complaint, member, due_on=due_on, at=at))
    rows.give_ids(*made)
    entries = [_entry(call, members) for call in made]
    bulk.insert([*made, *entries])
    return len(made)


def _call(complaint: Complaint, owner: User, *, due_on: date, at: datetime) -> FollowUp:
    return FollowUp(
        customer=complaint.customer,
        owner=owner,
        reason=FollowUpReason.AFTER_CLOSING,
        about=ASKS[owner.language if owner.language in ASKS else "en"],
        complaint_reference=complaint.reference,
        due_on=due_on,
        created_at=at,
        updated_at=at,
    )


def _entry(call: FollowUp, members: list[User]) -> TrailEntry:
    by = Actor.person(next(user for user in members if user.pk == call.owner_id))
    changes = {
        "owner": call.owner_id,
        "due_on": call.due_on,
        "reason": str(call.reason),
        "complaint": call.complaint_reference,
    }
    private = {"about": call.about}
    return trail.build(call, "followup.planned", by=by, at=call.created_at, changes=changes, private=private)
