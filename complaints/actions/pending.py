"""Messages that are written but not sent yet: for the seconds to take them back, or until a chosen time.

Until it is sent such a message changes nothing about the case. It is sent once, by a job that reads what is due from
rows, under the lock of the case; it then bears the instant at which it was due, however late the job came. A deadline
it would meet is never missed by the seconds to take it back: they end before it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import _base, attachments, converse, holding, promises, speech
from complaints.actions.speech import Acts
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    MacroVersion,
    Message,
    Pending,
    PendingState,
)
from complaints.models.conversation import OUT
from complaints.promises import given
from complaints.promises.given import Given
from complaints.sla import clocks as sla
from complaints.sla import packs
from core import clock as clocks_time
from core import trail
from core.actor import INTEGRATION, USER, Actor
from core.errors import DomainError, InvalidInput, NotAllowed

PUNCTUAL = timedelta(minutes=1)  # the job comes every three seconds; later than that, something stood still
MARGIN = timedelta(seconds=6)  # between the end of the seconds to take back and a deadline: the job needs to come by
FURTHEST = timedelta(days=366)
BATCH = 50
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Content:
    """What a message has beside its text; the names of `converse.message`."""

    texts: Sequence[str] = ()
    acts: Acts | None = None
    macro: MacroVersion | None = None
    word_for_word: bool | None = None
    attachments: Sequence[str] = ()
    promise: Given | None = None


@transaction.atomic
def reply(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    send_at: datetime | None = None,
    seen: int | None = None,
    content: Content | None = None,
) -> Message | Pending:
    """A reply as its author wants it: at `send_at`, else after the seconds in which they can take it back, or at once.

    Raises what `converse.message` raises, and InvalidInput (in_the_past, too_far) for a time that makes no sense.
    """
    content = content or Content()
    if send_at is not None:
        return schedule(complaint, by=by, at=at, body=body, due_at=send_at, seen=seen, content=content)
    seconds = by.user.take_back_seconds if by.kind == USER and by.user is not None else 0
    if seconds:
        complaint = _base.locked(complaint)
        due_at = min([at + timedelta(seconds=seconds), *(due - MARGIN for due in deadlines(complaint, after=at))])
        if due_at > at:
            return _keep(complaint, by=by, at=at, body=body, due_at=due_at, seen=seen, content=content, take_back=True)
    return converse.message(
        complaint,
        by=by,
        at=at,
        body=body,
        texts=content.texts,
        acts=content.acts,
        macro=content.macro,
        word_for_word=content.word_for_word,
        attachments=content.attachments,
        seen=seen,
        promise=content.promise,
    )


@transaction.atomic
def schedule(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    due_at: datetime,
    seen: int | None = None,
    content: Content | None = None,
) -> Pending:
    """Write a message now that goes out at `due_at`, unless the customer writes or the case ends before.

    Raises what `converse.message` raises, and InvalidInput (in_the_past, too_far).
    """
    if due_at <= at:
        raise InvalidInput(_("This time has passed."), code="in_the_past", field="send_at")
    if due_at - at > FURTHEST:
        raise InvalidInput(_("At most a year ahead."), code="too_far", field="send_at")
    complaint = _base.locked(complaint)
    kept = _keep(
        complaint, by=by, at=at, body=body, due_at=due_at, seen=seen, content=content or Content(), take_back=False
    )
    changes = {"pending": kept.pk, "due_at": due_at.isoformat()}
    trail.append(complaint, "complaint.send_later", by=by, at=at, changes=changes)
    return kept


def deadlines(complaint: Complaint, *, after: datetime, clocks: Sequence[Clock] | None = None) -> list[datetime]:
    """The coming deadlines that a message to the customer would meet. Query cost: 1 without `clocks`."""
    stopped = [
        clock
        for clock in (_base.clocks_of(complaint) if clocks is None else clocks)
        if not clock.is_finished
        and (
            clock.kind == ClockKind.UPDATE
            or (sla.stopped_by(clock) == packs.ACKNOWLEDGED and sla.acknowledged_for(clock, complaint) is None)
        )
    ]
    return sorted(clock.due_at for clock in stopped if clock.due_at is not None and clock.due_at >= after)


@transaction.atomic
def cancel(pending: Pending, *, by: Actor, at: datetime) -> Pending:
    """Take a message back before it is sent, or lay one aside that was held back. Its text stays on the row.

    In the seconds after sending only its author may. Raises NotPending, NotAllowed.
    """
    complaint, pending = _both(pending)
    if pending.state not in (PendingState.WAITING, PendingState.HELD):
        raise errors.NotPending
    if pending.take_back and pending.author_id != by.user_id:
        raise NotAllowed(_("Only whoever sent it can take it back."))
    pending.state, pending.settled_at = PendingState.CANCELLED, at
    pending.save(update_fields=["state", "settled_at"])
    if tokens := pending.content.get("attachments"):
        attachments.unpark(tokens, by=_author(pending))
    if not pending.take_back:
        trail.append(complaint, "complaint.send_later_cancelled", by=by, at=at, changes={"pending": pending.pk})
    _touch(complaint)
    return pending


@transaction.atomic
def send_now(pending: Pending, *, by: Actor, at: datetime) -> Message:
    """Send what waits, or was held back, at once, in its author's name. Raises NotPending and what sending raises."""
    complaint, pending = _both(pending)
    if pending.state not in (PendingState.WAITING, PendingState.HELD):
        raise errors.NotPending
    return _send(pending, complaint, at=at)


def flush(complaint: Complaint, *, at: datetime) -> bool:
    """Send what only waits to be taken back, as the case is about to be decided or to end; whether there was any.

    The case is locked; whoever calls reads it again. Query cost: 1, and a message's for each.
    """
    found = holding.waiting(complaint, take_back=True)
    for one in found:
        _deliver(one, complaint, at=_instant(one, at))
    return bool(found)


def send_due(*, at: datetime | None = None, seconds: float | None = None) -> int:
    """Send what is due at `at` (default: the database's now), each in a transaction of its own; how many were settled.

    Any number may run at once: a case that somebody else holds locked is passed over, and found next time. Killed
    half-way, a message is either sent, with all that belongs to it, or still waits. Query cost: 1 when idle.
    """
    end = None if seconds is None else time.monotonic() + seconds
    settled, tried = 0, set[int]()
    while True:
        moment = at or clocks_time.database_now()
        due = Pending.objects.filter(state=PendingState.WAITING, due_at__lte=moment).exclude(pk__in=tried)
        found = list(due.order_by("due_at", "pk").values_list("pk", "complaint_id")[:BATCH])
        for pk, complaint_id in found:
            tried.add(pk)
            settled += _settle(pk, complaint_id, at=at)
        if len(found) < BATCH or (end is not None and time.monotonic() >= end):
            return settled


def _settle(pk: int, complaint_id: int, *, at: datetime | None) -> bool:
    """Send one, unless somebody else is at the case; whether it was settled."""
    try:
        with transaction.atomic():
            complaint = Complaint.objects.select_for_update(skip_locked=True).filter(pk=complaint_id).first()
            if complaint is None:
                return False
            waits = Pending.objects.select_for_update(of=("self",)).select_related("author")
            pending = waits.filter(pk=pk, state=PendingState.WAITING).first()
            if pending is None:
                return False
            _deliver(pending, complaint, at=_instant(pending, at or clocks_time.database_now()))
    except Exception:
        log.exception("message %s could not be sent", pk)  # the others shall not wait for it
        return False
    return True


def _instant(pending: Pending, at: datetime) -> datetime:
    """When a message that leaves at `at` was said: when it was due, if the job came in time; after an outage now, since
    nobody was told anything before."""
    return pending.due_at if pending.due_at <= at <= pending.due_at + PUNCTUAL else at


def _deliver(pending: Pending, complaint: Complaint, *, at: datetime) -> None:
    """Send it, or hold it back with the reason for which it is refused."""
    try:
        with transaction.atomic():
            _send(pending, complaint, at=at)
    except DomainError as refusal:
        holding.hold(complaint, [pending], code=refusal.code, by=holding.JOB, at=clocks_time.now())


def _send(pending: Pending, complaint: Complaint, *, at: datetime) -> Message:
    """One row of Message for one of Pending, under the lock of both."""
    later = Message.objects.filter(complaint=complaint, direction=OUT, at__gt=at).order_by("-at")
    content = _content(pending)
    pending.state, pending.settled_at, pending.code = PendingState.SENT, clocks_time.now(), ""
    pending.save(update_fields=["state", "settled_at", "code"])  # first: a macro's step may decide the case
    pending.message = sent = converse.say(
        complaint,
        by=_author(pending),
        at=later.values_list("at", flat=True).first() or at,
        body=pending.body,
        acts=content.acts,
        macro=content.macro,
        word_for_word=content.word_for_word,
        attachments=content.attachments,
        promise=content.promise,
    )
    pending.save(update_fields=["message"])
    _touch(complaint)
    return sent


def _keep(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    body: str,
    due_at: datetime,
    seen: int | None,
    content: Content,
    take_back: bool,
) -> Pending:
    """The row of a message that waits, refused for what would refuse the message. The case is locked."""
    promises.refuse_bad(content.promise, at=due_at)
    whole, word_for_word = converse.checked(
        complaint,
        by=by,
        body=body,
        texts=content.texts,
        acts=content.acts,
        macro=content.macro,
        word_for_word=content.word_for_word,
        seen=seen,
    )
    kept = Pending.objects.create(
        complaint=complaint,
        author=by.user,
        actor_label=by.label,
        body=whole,
        content={
            "typed": body,
            "texts": list(content.texts),
            "acts": speech.stored(content.acts) if content.acts else None,
            "macro": content.macro.pk if content.macro else None,
            "word_for_word": word_for_word,
            "attachments": list(content.attachments),
            "promise": given.stored(content.promise),
            "kind": by.kind,
            "token": by.token_id,
        },
        take_back=take_back,
        created_at=at,
        due_at=due_at,
    )
    if content.attachments:  # what waits to be sent is no forgotten draft
        attachments.park(attachments.take(content.attachments, by=by, complaint=complaint))
    _touch(complaint)
    return kept


def _content(pending: Pending) -> Content:
    kept: dict[str, Any] = pending.content
    macro = MacroVersion.objects.filter(pk=kept["macro"]).first() if kept.get("macro") else None
    return Content(
        texts=kept.get("texts", ()),
        acts=speech.restored(kept.get("acts")),
        macro=macro,
        word_for_word=kept.get("word_for_word"),
        attachments=kept.get("attachments", ()),
        promise=given.restored(kept.get("promise")),
    )


def _author(pending: Pending) -> Actor:
    kind = pending.content.get("kind", USER)
    return Actor(
        INTEGRATION if kind == INTEGRATION else USER,
        pending.actor_label,
        pending.author,
        pending.content.get("token"),
    )


def _both(pending: Pending) -> tuple[Complaint, Pending]:
    """Case and message as they are now, locked in that order."""
    complaint = Complaint.objects.select_for_update().get(pk=pending.complaint_id)
    found = Pending.objects.select_for_update(of=("self",)).select_related("author").get(pk=pending.pk)
    return complaint, found


def _touch(complaint: Complaint) -> None:
    """The case looks different now, for whoever has it open; nobody's form becomes stale by that."""
    Complaint.objects.filter(pk=complaint.pk).update(updated_at=clocks_time.now())
