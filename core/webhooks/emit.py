"""From an entry of the trail to the message that tells of it, written in the same transaction (mission E1).

`core.trail.build` hangs the message onto its entry, `core.rows.insert` writes both: no round trip more on PostgreSQL.
Who listens is remembered for a few seconds, so without a webhook nothing is asked and nothing written. A process
that has not heard yet of a new webhook writes no message; `catch_up` makes those good from the trail itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.cached import SECONDS, Cached
from core.instants import iso
from core.models import TrailEntry, Webhook, WebhookMessage, WebhookState
from core.webhooks import events

LATE = timedelta(seconds=2 * SECONDS)  # until then every process knows of a new webhook, and has written what it began
_references: dict[str, Callable[[Collection[int]], Mapping[int, str]]] = {}


def _load() -> frozenset[str]:
    """Types of events that any active webhook wants. Query cost: 1."""
    wanted: set[str] = set()
    for chosen in Webhook.objects.filter(state=WebhookState.ACTIVE).values_list("events", flat=True):
        wanted.update(chosen or events.TYPES)
    return frozenset(wanted)


listened_to = Cached(_load)


def name_references(kind: str, find: Callable[[Collection[int]], Mapping[int, str]]) -> None:
    """How records of a kind are called outside, from a floor above: `find` gives the references of keys."""
    _references[kind] = find


def message_for(entry: TrailEntry, reference: str) -> WebhookMessage | None:
    """The message that tells of an entry, not yet written; None when nobody listens. No query but a remembered one."""
    kind = events.type_of(entry.kind)
    if not kind or kind not in listened_to():
        return None
    return _made(entry, kind, reference)


def ride(entry: TrailEntry, reference: str) -> None:
    """Let the message of an entry be written with it."""
    message = message_for(entry, reference)
    if message is not None:
        entry.rides_along = (message,)  # type: ignore[attr-defined]


def after(entries: QuerySet[TrailEntry]) -> int:
    """Write the messages of entries that were written without them (in SQL). Query cost: none without a listener,
    else 2 and the insert. Returns how many."""
    wanted = [kind for kind, name in events.PUBLIC.items() if name in listened_to()]
    return _write(entries.filter(kind__in=wanted)) if wanted else 0


def catch_up(webhooks: Iterable[Webhook], *, at: datetime) -> int:
    """Write what other processes left out because they had not heard of a webhook that listens since a moment ago.

    Query cost: none unless one of them is new, else 2 and the insert. Safe to repeat.
    """
    fresh = [one for one in webhooks if at - one.listens_since < timedelta(seconds=60)]
    if not fresh:
        return 0
    either = Q()
    for one in fresh:
        kinds = [
            kind
            for kind, name in events.PUBLIC.items()
            if name in (one.events or events.TYPES) and kind not in events.ALSO_IMPORTED
        ]
        since = one.listens_since
        either |= Q(pk__gt=one.trail_from, recorded_at__gte=since, recorded_at__lt=since + LATE, kind__in=kinds)
    return _write(TrailEntry.objects.filter(either, pk__gt=min(one.trail_from for one in fresh)))


def payload(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The text that is signed and sent: `at` is when it happened (UTC)."""
    return json.dumps({"type": kind, "timestamp": iso(at), "data": data}, ensure_ascii=False, separators=(",", ":"))


def new_id() -> str:
    return f"msg_{secrets.token_hex(16)}"


def _write(entries: QuerySet[TrailEntry]) -> int:
    told = WebhookMessage.objects.filter(
        subject_kind=OuterRef("subject_kind"), subject_id=OuterRef("subject_id"), seq=OuterRef("seq")
    )
    found = list(entries.exclude(Exists(told)).order_by("pk")[:5000])
    if not found:
        return 0
    names: dict[str, Mapping[int, str]] = {}
    for kind, find in _references.items():
        if keys := {entry.subject_id for entry in found if entry.subject_kind == kind}:
            names[kind] = find(keys)
    made = [
        _made(entry, events.type_of(entry.kind), names.get(entry.subject_kind, {}).get(entry.subject_id, ""))
        for entry in found
    ]
    WebhookMessage.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _made(entry: TrailEntry, kind: str, reference: str) -> WebhookMessage:
    data = events.data_of(entry.subject_kind, entry.subject_id, entry.customer_id, reference)
    return WebhookMessage(
        id=new_id(),
        type=kind,
        payload=payload(kind, entry.at, data),
        reference=reference,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        seq=entry.seq,
        created_at=entry.recorded_at,
    )
