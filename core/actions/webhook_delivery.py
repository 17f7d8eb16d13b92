"""Deliver what is due, with any number of workers and after any crash (mission E1; cases F16, F27, F28).

A worker claims rows for LEASE seconds, sends, and notes what came back. One that dies lets go when its claim ends;
the next attempt has the same webhook-id. Only HTTP happens in threads, at most PER_ENDPOINT at once for one webhook,
so a slow receiver holds up nobody but itself.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse

from core import clock, notify, rows, sealed
from core.actions import webhooks
from core.actions.webhook_spread import spread
from core.actor import Actor
from core.models import (
    DeliveryState,
    DisabledBecause,
    NotificationEvent,
    User,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookMessage,
    WebhookState,
)
from core.webhooks import courier, signing
from core.webhooks.courier import Outcome

THREADS = 16
PER_ENDPOINT = 4
LEASE = timedelta(seconds=30)  # longer than courier.WHOLE
LOOK_AGAIN = 0.25  # seconds, while attempts are under way
WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)  # seconds after each failure: about three days
JITTER = 0.1
PATIENT = 86_400  # the longest Retry-After that is followed, in seconds
HOPELESS = timedelta(days=5)  # of nothing but failures
KEEP = timedelta(days=30)
BATCH = 2_000
BY = Actor.system("webhooks")
log = logging.getLogger("amends.webhooks")
Send = Callable[..., Outcome]


@dataclass(slots=True)
class Done:
    """What a run did, by attempts."""

    delivered: int = 0
    failed: int = 0

    @property
    def attempts(self) -> int:
        return self.delivered + self.failed


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt that is this worker's alone until the claim ends."""

    delivery: int
    webhook: int
    url: str
    body: str
    headers: dict[str, str]
    claim: str
    attempt: int
    tries: int
    at: datetime


def waiting(*, at: datetime) -> bool:
    """Whether there is anything to do. Query cost: 1 to 3."""
    return (
        WebhookMessage.objects.filter(spread_at=None).exists()
        or _with_work(at).exists()
        or Webhook.objects.filter(state=WebhookState.ACTIVE, listens_since__gt=at - timedelta(seconds=60)).exists()
    )


def run(*, seconds: float = 60.0, send: Send = courier.send) -> Done:
    """Deliver until nothing is due, taking up new work for at most `seconds`, then waiting for what is under way.

    Query cost: about 6 an attempt, 3 for each look for more.
    """
    done, until = Done(), time.monotonic() + seconds
    flying: dict[Future[Outcome], Job] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as pool:
        while True:
            at = clock.now()
            if time.monotonic() < until:
                with suppress(IntegrityError):  # a webhook was removed meanwhile: the next look knows
                    spread(at=at)
                for job in claim(THREADS - len(flying), at=at):
                    flying[pool.submit(_attempt, job, send)] = job
            if not flying:
                return done
            for future in wait(flying, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED).done:
                outcome = future.result()
                record(flying.pop(future), outcome, at=clock.now())
                done.delivered += int(outcome.delivered)
                done.failed += int(not outcome.delivered)


def claim(room: int, *, at: datetime) -> list[Job]:
    """At most `room` due attempts, claimed: fairly among webhooks, at most PER_ENDPOINT under way for each.

    Query cost: 1, and with work 1 and about 3 for each webhook that has some.
    """
    if room <= 0:
        return []
    busy = dict(
        WebhookDelivery.objects.filter(claimed_until__gt=at)
        .values_list("webhook")
        .annotate(count=Count("pk"))
        .order_by()
    )
    ready = [one for one in _with_work(at) if busy.get(one.pk, 0) < PER_ENDPOINT]
    random.shuffle(ready)
    ready.sort(key=lambda one: busy.get(one.pk, 0))
    jobs: list[Job] = []
    for place, webhook in enumerate(ready):
        left = room - len(jobs)
        if left <= 0:
            break
        share = max(1, left // (len(ready) - place))
        jobs += _claim_of(webhook, min(share, PER_ENDPOINT - busy.get(webhook.pk, 0)), at=at)
    return jobs


@transaction.atomic
def record(job: Job, outcome: Outcome, *, at: datetime) -> None:
    """Note what came of an attempt: the delivery, its log, and how the webhook fares. Query cost: 5 or 6.

    Nothing where the claim had ended before and somebody else has it, or the webhook is gone.
    """
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=job.webhook).first()
    if webhook is None:
        return
    values: dict[str, Any] = {
        "claim": "",
        "claimed_until": None,
        "updated_at": at,
        "status": outcome.status,
        "ms": outcome.ms,
    }
    values |= {"error": outcome.error, **_what_next(job, outcome, webhook, at)}
    if not WebhookDelivery.objects.filter(pk=job.delivery, claim=job.claim).update(**values):
        return
    log_row = WebhookAttempt(
        delivery_id=job.delivery, number=job.attempt, at=job.at, ms=outcome.ms, status=outcome.status,
        error=outcome.error, detail=outcome.detail, excerpt=outcome.excerpt,
    )  # fmt: skip
    log_row.save(force_insert=True)
    _fare(webhook, outcome, at=at)


def tidy(*, at: datetime) -> int:
    """Delete deliveries that ended more than KEEP ago, with their log, and messages of that age that none is left of;
    end what still waits for disabled webhooks. In batches; returns how many deliveries. Safe to repeat."""
    for webhook in Webhook.objects.filter(state=WebhookState.DISABLED):
        webhooks.give_up_waiting(webhook, at=at)
    total = 0
    ended = WebhookDelivery.objects.filter(updated_at__lt=at - KEEP, finished_at__isnull=False)
    while keys := list(ended.order_by("updated_at").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            WebhookAttempt.objects.filter(delivery__in=keys).delete()
            WebhookDelivery.objects.filter(pk__in=keys).delete()
        total += len(keys)
    own = WebhookDelivery.objects.filter(message=OuterRef("pk"))
    old = WebhookMessage.objects.filter(created_at__lt=at - KEEP, spread_at__isnull=False).exclude(Exists(own))
    while names := list(old.order_by("created_at").values_list("pk", flat=True)[:BATCH]):
        WebhookMessage.objects.filter(pk__in=names).delete()
    return total


def wait_after(tries: int, outcome: Outcome, *, at: datetime) -> timedelta | None:
    """How long to wait after the failure of the given try (1, 2, ...); None: it was the last one.

    A receiver that asks for more time (429, 503 with Retry-After) gets it, up to a day.
    """
    if tries > len(WAITS):
        return None
    seconds = WAITS[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - to spread load, no secret
    if outcome.status in (429, 503):
        seconds = max(seconds, min(asked_for(outcome.retry_after, at=at), PATIENT))
    return timedelta(seconds=seconds)


def asked_for(text: str, *, at: datetime) -> float:
    """The seconds that a Retry-After asks for: a number, or a date; 0 for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        return max(0.0, (until - at).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _with_work(at: datetime) -> QuerySet[Webhook]:
    """Active webhooks that have a delivery due which nobody is at."""
    return Webhook.objects.filter(Exists(_due(at).filter(webhook=OuterRef("pk"))), state=WebhookState.ACTIVE)


def _due(at: datetime) -> QuerySet[WebhookDelivery]:
    free = Q(claimed_until=None) | Q(claimed_until__lte=at)
    return WebhookDelivery.objects.filter(free, state=DeliveryState.PENDING, next_at__lte=at)


@transaction.atomic
def _claim_of(webhook: Webhook, count: int, *, at: datetime) -> list[Job]:
    due = _due(at).filter(webhook=webhook).order_by("next_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True, of=("self",))
    found = list(due.select_related("message")[:count])
    lapsed = [
        WebhookAttempt(
            delivery=one,
            number=one.attempts,
            at=one.claimed_until - LEASE,
            error="interrupted",
        )
        for one in found
        if one.claimed_until is not None
    ]
    WebhookAttempt.objects.bulk_create(lapsed, ignore_conflicts=True)
    mark = secrets.token_hex(16)
    WebhookDelivery.objects.filter(pk__in=[one.pk for one in found]).update(
        claim=mark, claimed_until=at + LEASE, attempts=F("attempts") + 1, tries=F("tries") + 1
    )
    return list(_jobs(webhook, found, mark, at))


def _jobs(webhook: Webhook, found: list[WebhookDelivery], mark: str, at: datetime) -> Iterator[Job]:
    try:
        keys = webhooks.secrets_of(webhook, at=at)
    except sealed.Unreadable:
        log.error("webhook %s: its secret cannot be read with SECRET_KEY; roll it", webhook.pk)
        keys = []
    for one in found:
        body = one.message.payload
        signed = signing.headers(one.message.pk, body, secrets=keys, at=at) if keys else {}
        yield Job(one.pk, webhook.pk, webhook.url, body, signed, mark, one.attempts + 1, one.tries + 1, at)


def _attempt(job: Job, send: Send) -> Outcome:
    """In a thread: HTTP and nothing else."""
    if not job.headers:
        return Outcome(None, "secret_unreadable")
    try:
        return send(job.url, job.body, job.headers)
    except Exception:
        log.exception("webhook %s: the attempt itself failed", job.webhook)
        return Outcome(None, "our_error")


def _what_next(job: Job, outcome: Outcome, webhook: Webhook, at: datetime) -> dict[str, Any]:
    if outcome.delivered:
        return {"state": DeliveryState.DELIVERED, "finished_at": at}
    pause = wait_after(job.tries, outcome, at=at)
    if pause is None or outcome.status == 410 or not webhook.is_active:
        return {"state": DeliveryState.FAILED, "finished_at": at}
    return {"next_at": at + pause}


def _fare(webhook: Webhook, outcome: Outcome, *, at: datetime) -> None:
    """Count successes and failures in a row; one that is gone, or has failed for days, is disabled."""
    if outcome.delivered:
        webhook.failures, webhook.failing_since, webhook.delivered_at = 0, None, at
    else:
        webhook.failures += 1
        webhook.failing_since = webhook.failing_since or at
        webhook.failed_at = at
    webhook.save(update_fields=["failures", "failing_since", "delivered_at", "failed_at"])
    if outcome.delivered or not webhook.is_active:
        return
    if outcome.status == 410:
        _disable(webhook, DisabledBecause.GONE, at=at)
    elif webhook.failing_since is not None and at - webhook.failing_since >= HOPELESS:
        _disable(webhook, DisabledBecause.FAILING, at=at)


def _disable(webhook: Webhook, because: DisabledBecause, *, at: datetime) -> None:
    """Disable it and tell the administrators."""
    webhook = webhooks.disable(webhook, by=BY, at=at, because=because)
    log.warning("webhook %s disabled: %s", webhook.pk, because)
    told = notify.tell(
        User.objects.filter(is_admin=True),
        NotificationEvent.WEBHOOK,
        key=f"webhook:{webhook.pk}:{webhook.version}",
        words={"what": str(because), "title": str(webhook)},
        url=reverse("settings_webhook", args=[webhook.pk]),
        about=None,
        at=at,
    )
    rows.insert(told)
