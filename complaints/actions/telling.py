"""What happens to a complaint as a notification to people of ours: rows for `core.notify`, not yet written (D3).

One place for keys, sentences and the mails that have a template of their own. Nobody is told what they did themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

from complaints.models import Complaint, Message
from core import notify
from core.actor import Actor
from core.models import NotificationEvent as Event
from core.models import User
from core.notify import Letter

Rows = list[models.Model]
# What the followers of a case hear of, by the kind of the trail entry: which sentence.
FOLLOWED = {
    "complaint.message_sent": "message",
    "complaint.message_received": "message",
    "complaint.resolved": "resolved",
    "complaint.closed": "closed",
    "complaint.reopened": "reopened",
    "complaint.withdrawn": "withdrawn",
}


def about(complaint: Complaint, *, by: Actor | None = None, what: str = "", **more: str) -> dict[str, str]:
    """The words of a sentence about a case."""
    who = str(by.user) if by is not None and by.user is not None else ""
    return {"reference": complaint.reference, "subject": complaint.subject, "who": who, "what": what, **more}


def tell(
    users: Iterable[User],
    event: str,
    complaint: Complaint,
    *,
    key: str,
    words: dict[str, str],
    by: Actor | None,
    at: datetime,
    letter: Letter | None = None,
    url: str = "",
) -> Rows:
    """`core.notify.tell` about a complaint: leads to the case (or to `url`), visible as the case is. Query cost: 1."""
    return notify.tell(
        users,
        event,
        key=key,
        words=words,
        url=url or complaint.get_absolute_url(),
        about=complaint,
        at=at,
        but=by.user if by is not None else None,
        letter=letter,
    )


def assigned(complaint: Complaint, owner: User, *, by: Actor, at: datetime) -> Rows:
    """To the new owner of a locked case whose version is still the one before."""
    key = f"assigned:{complaint.pk}:{complaint.version + 1}"
    words = about(complaint, by=by, what="by" if by.user is not None else "")
    letter = Letter("assigned", key, {"reference": complaint.reference, "subject": complaint.subject})
    return tell([owner], Event.ASSIGNED, complaint, key=key, words=words, by=by, at=at, letter=letter)


def answered(complaint: Complaint, got: Message, *, by: Actor | None, at: datetime) -> Rows:
    """To the owner: the customer wrote. Whoever noted it down themselves knows."""
    key = f"answered:{got.pk}"
    known = {"reference": complaint.reference, "subject": complaint.subject, "body": got.body}
    letter = Letter("customer_answered", key, known)
    words = about(complaint)
    return tell([complaint.owner], Event.ANSWERED, complaint, key=key, words=words, by=by, at=at, letter=letter)


def declined(complaint: Complaint, comment: str, *, at: datetime) -> Rows:
    """To the owner: the customer does not accept the decision."""
    key = f"declined:{complaint.pk}:{complaint.version + 1}"
    known = {"reference": complaint.reference, "subject": complaint.subject, "body": comment}
    letter = Letter("decision_declined", key, known)
    words = about(complaint, what="declined")
    return tell([complaint.owner], Event.ANSWERED, complaint, key=key, words=words, by=None, at=at, letter=letter)


def passed_on(
    complaint: Complaint,
    users: Iterable[User],
    before: User,
    after: User,
    *,
    because: str,
    key: str,
    at: datetime,
) -> Rows:
    """To who lost a case by silence or while away (`because`: silent, absent), and to the team's lead."""
    known: dict[str, Any] = {"before": str(before), "after": str(after)}
    letter = Letter(
        "handed_over",
        f"{key}:{{user}}",
        {"reference": complaint.reference, "subject": complaint.subject, "because": because, **known},
    )
    words = about(complaint, what=because, **known)
    return tell(users, Event.HAND_OVER, complaint, key=key, words=words, by=None, at=at, letter=letter)


def followed(complaint: Complaint, kind: str, *, by: Actor, at: datetime) -> Rows:
    """To those who follow the case and do not own it, where the trail's `kind` is one they hear of. Query cost: 1 then.

    The caller has counted the version up.
    """
    what = FOLLOWED.get(kind)
    if what is None:
        return []
    watchers = User.objects.filter(watches__complaint=complaint.pk).exclude(pk=complaint.owner_id)
    key = f"followed:{complaint.pk}:{complaint.version}"
    return tell(watchers, Event.FOLLOWED, complaint, key=key, words=about(complaint, what=what), by=by, at=at)
