"""Whether a mail about a promise still holds when its turn to leave comes, and its reader may still see the case.

That it was broken is a fact and always told; that it comes near, only while it is owed and its hour lies ahead.
"""

from __future__ import annotations

from collections.abc import Sequence

from complaints.models import Promise
from complaints.promises.breaking import NEAR, TEMPLATES
from core import notify_sight
from core.models import OutboxMessage

GUARDED = tuple(TEMPLATES.values())
SETTLED = "settled"


def guard(messages: Sequence[OutboxMessage]) -> dict[int, str]:
    """Which of these mails to hold back, by primary key, and why. Query cost: 1, and those of `notify_sight.guard`."""
    near = {one.pk: _key(one) for one in messages if one.template == TEMPLATES[NEAR]}
    owed = Promise.objects.filter(pk__in=set(near.values()), settled_at__isnull=True, broken_at__isnull=True)
    open_ones = set(owed.values_list("pk", flat=True)) if near else set()
    overtaken = {pk: SETTLED for pk, key in near.items() if key not in open_ones}
    return {**notify_sight.guard(messages), **overtaken}


def _key(message: OutboxMessage) -> int:
    text = str(message.context.get("promise_id", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
