"""What waits to be sent and what is half written among the demo's people, and a frank refusal (A8, A12; ux, desk 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from complaints.actions import converse, holding, pending
from complaints.actions.speech import Acts, Refusal
from complaints.demo import SOURCE
from complaints.models import Act, Complaint, Pending, Status
from core.actions import drafts
from core.actor import Actor
from core.models import User

LATER = "The workshop answers us by tomorrow noon. This is what they say, and what we do next."
HELD = "We have not heard from you. Shall we keep the parcel for you, or send it back?"
DRAFT = "Thank you for the photos. I have shown them to the warehouse, and"


def seed(members: dict[str, User], *, at: datetime) -> None:
    """For the demo's agent: a message for later, one held back, a draft, and a refusal that was sent."""
    agent = members["agent"]
    by = Actor.person(agent)
    open_ = Complaint.objects.filter(source=SOURCE, in_queue=True, owner=agent, language="en", snoozed_until=None)
    cases = list(open_.filter(status__in=[Status.INVESTIGATING, Status.ACKNOWLEDGED]).order_by("-queue_at", "pk")[:4])
    if cases:
        pending.schedule(cases[0], by=by, at=at, body=LATER, due_at=at + timedelta(days=1))
    if len(cases) > 1:
        drafts.save(agent, f"reply:{cases[1].reference}", body=DRAFT, at=at)
    if len(cases) > 2:
        held = pending.schedule(cases[2], by=by, at=at, body=HELD, due_at=at + timedelta(days=2))
        holding.hold(cases[2], [held], code=holding.CUSTOMER_WROTE, by=Actor.customer(), at=at)
    if len(cases) > 3:
        refusal = Refusal("send the old model", "it is no longer made", "we refund it in full, or send the new one")
        acts = Acts(thanks=True, apology=True, refusal=refusal)
        converse.message(cases[3], by=by, at=at, body="I have asked our supplier this morning.", acts=acts)


def purge_cases(keys: Sequence[int]) -> None:
    """What waits on these complaints, and what their messages did beside saying something."""
    Pending.objects.filter(complaint_id__in=keys).delete()
    Act.objects.filter(complaint_id__in=keys).delete()
