"""What has to be cleared away or noted from time to time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings

from core.actions import drafts, presence, webhook_delivery
from core.models import Heartbeat, IdempotencyKey, LoginFailure, Notification
from core.watchdog import WORKERS

KEEP_ANSWERS = timedelta(days=7)  # the contract says at least 24 hours (case F05)
KEEP_FAILURES = timedelta(days=1)
KEEP_READ = timedelta(days=90)  # notifications, after they were read
KEEP_UNREAD = timedelta(days=365)
KEEP_WORKERS = timedelta(days=2)  # a day longer than anybody misses them
BATCH = 5000


def alive(name: str, *, at: datetime, detail: Mapping[str, Any] | None = None) -> None:
    """Note that a part that works unseen is alive at `at`; `detail`: who (pid, host) or what it did. One query."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=at, detail=dict(detail or {}))],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at", "detail"],
    )


def leave(name: str) -> None:
    """Note that a part ends in order; its last sign stays. Query cost: 2 at most."""
    row = Heartbeat.objects.filter(name=name).first()
    if row is not None:
        Heartbeat.objects.filter(pk=name).update(detail={**row.detail, "left": True})


def tidy(*, at: datetime) -> dict[str, int]:
    """Delete old idempotency answers, failed sign-ins, notifications, webhook deliveries, expired sessions and the
    rows of workers long gone; what was deleted, by kind.

    In batches, so that no transaction is long. Safe to repeat.
    """
    gone = {
        "idempotency_keys": _delete(IdempotencyKey, "created_at", at - KEEP_ANSWERS),
        "login_failures": _delete(LoginFailure, "at", at - KEEP_FAILURES),
        "notifications": _delete(Notification, "read_at", at - KEEP_READ)
        + _delete(Notification, "at", at - KEEP_UNREAD),
    }
    gone |= {"drafts": drafts.tidy(at=at), "presence": presence.tidy(at=at)}
    gone |= {"webhook_deliveries": webhook_delivery.tidy(at=at)}
    gone |= {"workers": Heartbeat.objects.filter(name__startswith=WORKERS, at__lt=at - KEEP_WORKERS).delete()[0]}
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return gone


def _delete(model: Any, column: str, before: datetime) -> int:
    total = 0
    while True:
        keys = list(model.objects.filter(**{f"{column}__lt": before}).values_list("pk", flat=True)[:BATCH])
        if not keys:
            return total
        total += model.objects.filter(pk__in=keys).delete()[0]
