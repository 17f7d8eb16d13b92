"""What a promise leaves when its hour passes while it is owed: the mark on its row, a trail entry, news to people.

The same whoever notices: the sweep, or work done too late. Broken is dated at the hour itself, whenever it was noticed
(domain, SLA 5).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext_lazy

from complaints.models import Complaint, Promise
from core import notify_words
from core.instants import to_us
from core.models import NotificationEvent as Event
from core.notify import Letter, News

BROKEN_AS, WARNED_AS = "complaint.promise_broken", "complaint.promise_warned"
NEAR, BROKEN, GIVEN = "near", "broken", "given"
TEMPLATES = {NEAR: "promise_near", BROKEN: "promise_broken"}

for _what, _sentence in (
    (NEAR, gettext_lazy("A promise on %(reference)s falls due")),
    (BROKEN, gettext_lazy("A promise on %(reference)s was not kept in time")),
    (GIVEN, gettext_lazy("%(who)s gives you a promise on %(reference)s to keep")),
):
    notify_words.register(Event.PROMISE, _what, _sentence)


def break_if_late(promise: Promise, *, at: datetime, detected_at: datetime) -> bool:
    """Put on record that its hour has passed at `at`, if it has; in memory. Says whether that is news."""
    if promise.broken_at is not None or promise.settled_at is not None or promise.due_at >= at:
        return False
    promise.broken_at, promise.detected_at, promise.next_at = promise.due_at, detected_at, None
    return True


def news(promise: Promise, what: str, head: Complaint, users: Collection[int]) -> News:
    """To `users` (primary keys) that it comes near or was broken; `head`: the case that owes it. Once for ever."""
    key = f"promise:{promise.pk}:{what}"
    known = {
        "reference": head.reference,
        "subject": head.subject,
        "text": promise.text,
        "to_whom": promise.to_whom,
        "due_us": str(to_us(promise.due_at)),
        "promise_id": str(promise.pk),
    }
    words = {"what": what, "reference": head.reference, "subject": head.subject, "text": promise.text}
    letter = Letter(TEMPLATES[what], f"{key}:{{user}}", known)
    return News(key, words, f"{head.get_absolute_url()}#promises", head, users, letter)
