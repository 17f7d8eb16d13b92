"""Send what the outbox holds (mission E1; cases F27 to F29), with any number of workers and after any crash.

PostgreSQL: due rows are locked with SKIP LOCKED and marked in the same transaction, so a worker that dies
lets go of them at once. SQLite has one writer for the whole product, so nothing is sent inside a
transaction: rows are claimed for LEASE seconds first. Either way a crash between sending and marking sends
again with the same Message-ID, nothing else.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from core import clock, outbox_guards, trail
from core.actor import Actor
from core.errors import DomainError, NotAllowed
from core.mail import Courier, NeverDeliverable
from core.models import OutboxMessage
from core.models.people import ADMIN, MANAGER

BATCH = 10
LEASE = timedelta(seconds=45)  # longer than EMAIL_TIMEOUT; a claimed row is nobody else's meanwhile
FIRST_WAIT, LONGEST_WAIT = 15.0, 6 * 3600.0  # seconds
log = logging.getLogger("amends.outbox")


@dataclass(slots=True)
class Drained:
    """What a run did: sent, put off until later, given up, held back because it was no longer true."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    suppressed: int = 0

    @property
    def seen(self) -> int:
        """How many messages it dealt with."""
        return self.sent + self.postponed + self.failed + self.suppressed


def drain(
    *, limit: int = 1000, at: datetime | None = None, seconds: float = 120.0, only: Collection[str] = ()
) -> Drained:
    """Send up to `limit` due messages, for at most about `seconds`. Stops when nothing is due.

    `at`: what counts as due (default now). `only`: the templates to send (default: all). Messages about one subject to
    one recipient leave in the order they were written; one that fails holds up only those behind it. What a guard
    (`core.outbox_guards`) says is no longer true does not leave. Query cost: 3 a batch of 10 on PostgreSQL, 1 more with
    guarded messages in it.
    """
    done, deadline = Drained(), time.monotonic() + seconds
    while done.seen < limit and time.monotonic() < deadline:
        moment = at or clock.now()
        with _batch(moment, only) as messages, Courier() as courier:
            held = outbox_guards.held_back(messages)
            for message in messages:
                if message.pk in held:
                    _hold_back(message, held[message.pk], done)
                else:
                    _deliver(message, courier, done, moment)
        if not messages:
            break
    return done


def due(at: datetime) -> QuerySet[OutboxMessage]:
    """What may be sent: due, and nothing older about the same subject to the same recipient waits before it."""
    waiting = OutboxMessage.objects.filter(sent_at=None, failed_at=None)
    before = waiting.filter(
        Q(attempts__gt=0) | Q(due_at__lte=at),  # one that is merely planned for later holds up nothing
        pk__lt=OuterRef("pk"),
        subject_kind=OuterRef("subject_kind"),
        subject_id=OuterRef("subject_id"),
        recipient=OuterRef("recipient"),
    )
    return waiting.filter(due_at__lte=at).exclude(Exists(before)).order_by("due_at", "pk")


@transaction.atomic
def retry(message: OutboxMessage, *, by: Actor, at: datetime) -> OutboxMessage:
    """Send a message that was given up once more, with the same Message-ID. Raises NotAllowed or DomainError
    `not_failed`, for one that was held back too: it was no longer true."""
    if by.kind != "system" and (by.user is None or not by.user.roles & {ADMIN, MANAGER}):
        raise NotAllowed
    message = OutboxMessage.objects.select_for_update().get(pk=message.pk)
    if message.failed_at is None or message.suppressed:
        raise DomainError(_("This message has not failed."), code="not_failed")
    message.failed_at, message.attempts, message.due_at = None, 0, at
    message.save(update_fields=["failed_at", "attempts", "due_at"])
    trail.append(message, "outboxmessage.retried", by=by, at=at, changes={"template": message.template})
    return message


def backlog(at: datetime, *, older_than: timedelta) -> int:
    """How many messages should have left longer ago than that."""
    return OutboxMessage.objects.filter(sent_at=None, failed_at=None, due_at__lt=at - older_than).count()


@contextmanager
def _batch(at: datetime, only: Collection[str] = ()) -> Iterator[list[OutboxMessage]]:
    """Messages that are this worker's alone within the block, and are saved at its end."""
    ready = due(at).filter(template__in=only) if only else due(at)
    if connection.features.has_select_for_update_skip_locked:
        with transaction.atomic():
            messages = list(ready.select_for_update(skip_locked=True, of=("self",))[:BATCH])
            yield messages
            _save(messages)
        return
    with transaction.atomic():
        messages = list(ready[:BATCH])
        OutboxMessage.objects.filter(pk__in=[m.pk for m in messages]).update(
            due_at=at + LEASE, attempts=F("attempts") + 1
        )
    yield messages
    with transaction.atomic():
        _save(messages)


def _save(messages: list[OutboxMessage]) -> None:
    for message in messages:
        message.save(update_fields=["attempts", "due_at", "sent_at", "failed_at", "error", "suppressed"])


def _deliver(message: OutboxMessage, courier: Courier, done: Drained, at: datetime) -> None:
    """Send one; whatever goes wrong with it is written to its row and stops no other."""
    message.attempts += 1
    try:
        courier.send(message)
    except NeverDeliverable as reason:
        _give_up(message, str(reason))
        done.failed += 1
    except Exception as error:  # noqa: BLE001 - templates, SMTP and sockets each have errors of their own
        message.error = f"{type(error).__name__}: {error}"[:300].replace("\0", "")
        if message.attempts >= settings.OUTBOX_MAX_ATTEMPTS:
            _give_up(message, message.error)
            done.failed += 1
            return
        message.due_at = at + timedelta(seconds=wait_before(message.attempts + 1))
        log.warning("mail %s put off: %s", message.key, message.error)
        done.postponed += 1
    else:
        message.sent_at, message.error = clock.now(), ""
        done.sent += 1


def _hold_back(message: OutboxMessage, why: str, done: Drained) -> None:
    """Not sent on purpose, for good: neither a failure nor to be tried again."""
    message.failed_at, message.suppressed = clock.now(), why[:40]
    log.info("mail %s held back: %s", message.key, why)
    done.suppressed += 1


def _give_up(message: OutboxMessage, reason: str) -> None:
    message.failed_at, message.error = clock.now(), reason[:300]
    log.error("mail %s given up after %s attempts: %s", message.key, message.attempts, reason)


def wait_before(attempt: int) -> float:
    """Seconds to wait before the given attempt (2, 3, ...): doubling up to six hours, a fifth up or down."""
    wait = min(FIRST_WAIT * 2.0 ** (attempt - 2), LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - to spread load, no secret
