"""What an open offer or escalation becomes when its case changes hands or ends otherwise (mission D3)."""

from __future__ import annotations

from datetime import datetime

from complaints.actions import telling
from complaints.models import Complaint, Escalation, HandOver, HandOverState, Watch
from core.actor import Actor
from core.models import NotificationEvent as Event

MOVES = frozenset({"owner", "in_queue"})  # a change of these overtakes


def settle(complaint: Complaint, *, by: Actor, at: datetime) -> telling.Rows:
    """End what was open about a locked case that has another owner now, or left the queue; the rows that tell of it.

    An escalation goes on while the case does. Query cost: 1 where nothing was open, and 1 for a case that left.
    """
    rows: telling.Rows = []
    for offer in HandOver.objects.filter(complaint=complaint.pk, state=HandOverState.OFFERED).select_related(
        "to_user", "offered_by"
    ):
        offer.state, offer.answered_at = HandOverState.OVERTAKEN, at
        offer.save(update_fields=["state", "answered_at"])
        if complaint.owner_id == offer.to_user_id:
            continue  # it came to them after all, and they are told of that
        told = {one.pk: one for one in (offer.to_user, offer.offered_by)}.values()
        words = telling.about(complaint, by=by, what="overtaken")
        key = f"hand_over:{offer.pk}:overtaken"
        rows += telling.tell(told, Event.HAND_OVER, complaint, key=key, words=words, by=by, at=at)
        blind(offer)
    if not complaint.in_queue:
        waiting = Escalation.objects.filter(complaint=complaint.pk, answered_at__isnull=True)
        waiting.update(answered_at=at, withdrawn=True)
    return rows


def blind(offer: HandOver) -> None:
    """Whoever followed the case for this offer alone does so no more. Query cost: 1 then."""
    if offer.lets_see:
        Watch.objects.filter(complaint=offer.complaint_id, user=offer.to_user_id).delete()
