"""Whether a warning still holds when its turn to leave comes (domain, SLA 6): the work may be done by now.

A breach is a fact and always told; a warning, or a reminder of work still not done, only while the clock runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from complaints.models import Clock, ClockState
from core.models import OutboxMessage

GUARDED = ("sla_warning", "sla_late")
FINISHED, PAUSED, CLOSED = "finished", "paused", "closed"
MOST = 2**63 - 1


def guard(messages: Sequence[OutboxMessage]) -> dict[int, str]:
    """Which of these mails to hold back, by primary key, and why: FINISHED, PAUSED, or CLOSED (its case has left the
    queue, or is gone). A mail that names no clock leaves. Query cost: 1, none where no mail names one."""
    named = {message.pk: key for message in messages if (key := _clock_id(message))}
    if not named:
        return {}
    clocks = Clock.objects.filter(pk__in=set(named.values())).select_related("complaint").in_bulk()
    return {pk: why for pk, key in named.items() if (why := _why(clocks.get(key)))}


def _why(clock: Clock | None) -> str:
    if clock is None:
        return CLOSED
    if clock.is_finished:
        return FINISHED
    if not clock.complaint.in_queue:
        return CLOSED
    return PAUSED if clock.state == ClockState.PAUSED else ""


def _clock_id(message: OutboxMessage) -> int:
    """The clock a mail is about; 0 where it says none (mails written before they did)."""
    text = str(message.context.get("clock_id", ""))
    return int(text) if text.isascii() and text.isdigit() and int(text) <= MOST else 0
