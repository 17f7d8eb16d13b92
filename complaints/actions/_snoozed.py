"""What ends a snooze beside its own hour, and who is told (ux, Agent's desk 8).

Every action that changes a case comes by `_base.finish`, which asks here: the customer wrote, the case changed hands,
was reopened, decided or ended.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy

from complaints.models import Complaint
from core import notify, notify_words
from core.actor import Actor
from core.models import NotificationEvent, User

ANSWERED, OWNER, REOPENED, DONE, TIME, DEADLINE, PROMISE, ASKED = (
    "answered",
    "owner",
    "reopened",
    "done",
    "time",
    "deadline",
    "promise",
    "asked",
)
BY_KIND = {
    "complaint.message_received": ANSWERED,
    "complaint.reopened": REOPENED,
    "complaint.resolved": DONE,
}
FIELDS = ("snoozed_until", "snoozed_by")

for _what, _sentence in (
    (OWNER, gettext_lazy("%(reference)s is back from its snooze: it changed hands")),
    (REOPENED, gettext_lazy("%(reference)s is back from its snooze: it was reopened")),
    (DEADLINE, gettext_lazy("%(reference)s is back from its snooze: a deadline is near or has passed")),
    (PROMISE, gettext_lazy("%(reference)s is back from its snooze: a promise falls due or was not kept in time")),
    (ASKED, gettext_lazy("%(who)s brought %(reference)s back from its snooze")),
):
    notify_words.register(NotificationEvent.WOKEN, _what, _sentence)


def ends(complaint: Complaint, kind: str, fields: Collection[str]) -> str:
    """Why this change ends the snooze of the case; "" if it does not. No query."""
    if complaint.snoozed_until is None or kind == "complaint.snoozed":
        return ""
    if not complaint.in_queue:
        return DONE
    return BY_KIND.get(kind) or (OWNER if "owner" in fields else "")


def end(complaint: Complaint, because: str, *, by: Actor, at: datetime) -> list[models.Model]:
    """Take the snooze off a locked case, not yet saved (`FIELDS`); the rows that tell who had snoozed it.

    Query cost: 1; none where nobody needs to be told: it is done, or they did it themselves.
    """
    snoozer, until = complaint.snoozed_by_id, complaint.snoozed_until
    complaint.snoozed_until, complaint.snoozed_by = None, None
    if because == DONE or snoozer is None or until is None or snoozer == by.user_id:
        return []
    return notify.tell(
        [User(pk=snoozer)],
        NotificationEvent.WOKEN,
        key=f"woken:{complaint.pk}:{until.isoformat()}:{complaint.version}",
        words={
            "what": "" if because == TIME else because,
            "reference": complaint.reference,
            "subject": complaint.subject,
            "who": str(by.user) if by.user is not None else "Amends",
        },
        url=complaint.get_absolute_url(),
        about=complaint,
        at=at,
    )
