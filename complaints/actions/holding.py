"""What waits to be sent and must not be sent any more: held back, and its author told (ux, Agent's desk; domain).

A message for later is held back when the customer writes or the case is decided or ends; it can still be sent by hand.
What waits only to be taken back is never held for that: it was sent, as far as its author is concerned.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from complaints.actions import telling
from complaints.models import Complaint, Pending, PendingState
from core import rows, trail
from core.actor import Actor
from core.models import NotificationEvent as Event

CUSTOMER_WROTE, CASE_ENDED = "customer_wrote", "case_ended"
JOB = Actor.system("send_pending")


def waiting(complaint: Complaint, *, take_back: bool) -> list[Pending]:
    """What waits on a locked case, what goes first first. Query cost: 1."""
    found = Pending.objects.filter(complaint=complaint, state=PendingState.WAITING, take_back=take_back)
    return list(found.select_for_update(of=("self",)).select_related("author").order_by("due_at", "pk"))


def hold_later(complaint: Complaint, *, code: str, by: Actor, at: datetime) -> None:
    """Hold back every message for later of a locked case. Query cost: 1, and about 5 for each."""
    hold(complaint, waiting(complaint, take_back=False), code=code, by=by, at=at)


def hold(complaint: Complaint, found: Iterable[Pending], *, code: str, by: Actor, at: datetime) -> None:
    """Hold back what waits, with the reason, and tell whoever wrote it; the case is locked."""
    for one in found:
        one.state, one.code, one.settled_at = PendingState.HELD, code, at
        one.save(update_fields=["state", "code", "settled_at"])
        trail.append(complaint, "complaint.send_later_held", by=by, at=at, changes={"pending": one.pk, "code": code})
        what = "answered" if code == CUSTOMER_WROTE else ""
        if one.author is not None:
            words = telling.about(complaint, what=what)
            key = f"held:{one.pk}"
            rows.insert(telling.tell([one.author], Event.SEND_LATER, complaint, key=key, words=words, by=by, at=at))
