"""Append to and verify the hash-chained trail (domain, Trail; mission E1).

The hash of an entry is SHA-256 over the hash before it and a canonical line of its own fields, instants as whole
microseconds since 1970 so that PostgreSQL can build the very same line (complaints.sla.sweep does, a test proves it
equal).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max

from core import clock, rows
from core.actor import Actor
from core.instants import to_us
from core.models import TrailAnchor, TrailEntry
from core.webhooks import emit

GENESIS = bytes(32)
SETTLED_AFTER = timedelta(minutes=5)  # no transaction of ours is open longer, so ids below are complete


def subject_of(obj: models.Model) -> tuple[str, int]:
    """The trail's name for a record: its model's name in lower case and its primary key (`trail_id` where that is
    text)."""
    return obj._meta.model_name or "", getattr(obj, "trail_id", obj.pk)


def append(
    obj: models.Model,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
    customer_id: int | None = None,
) -> TrailEntry:
    """Write one entry behind the last one of `obj`, whose row the caller holds locked.

    `changes`: what is no personal data (codes, instants, ids; `{"status": ["new", "acknowledged"]}` for from -> to).
    `private`: personal text, erasable. Query cost: 2.
    """
    subject_kind, subject_id = subject_of(obj)
    last = (
        TrailEntry.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
        .order_by("-seq")
        .values_list("seq", "hash")
        .first()
    )
    seq, previous = (last[0] + 1, bytes(last[1])) if last else (1, GENESIS)
    entry = build(
        obj, kind, by=by, at=at, changes=changes, private=private, customer_id=customer_id, seq=seq, previous=previous
    )
    rows.insert([entry])
    return entry


def ends(subject_kind: str, subject_ids: Iterable[int]) -> dict[int, tuple[int, bytes]]:
    """Sequence number and hash at the end of each chain, by subject; records without a chain are left out.

    Query cost: 1.
    """
    written = TrailEntry.objects.filter(subject_kind=subject_kind, subject_id__in=list(subject_ids))
    if connection.vendor == "postgresql":
        written = written.order_by("subject_id", "-seq").distinct("subject_id")
    else:
        written = written.order_by("subject_id", "seq")  # the last one wins
    return {key: (seq, bytes(head)) for key, seq, head in written.values_list("subject_id", "seq", "hash")}


def build(
    obj: models.Model,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
    customer_id: int | None = None,
    seq: int = 1,
    previous: bytes = GENESIS,
) -> TrailEntry:
    """An entry not yet written; for a new record (`seq` 1) it can leave in one batch with the record itself."""
    subject_kind, subject_id = subject_of(obj)
    if customer_id is None:
        customer_id = subject_id if subject_kind == "customer" else getattr(obj, "customer_id", None)
    entry = TrailEntry(
        subject_kind=subject_kind,
        subject_id=subject_id,
        seq=seq,
        kind=kind,
        at=at.astimezone(UTC),
        recorded_at=clock.now(),
        actor_kind=by.kind,
        actor_id=by.user_id,
        actor_label=by.label,
        token_id=by.token_id,
        customer_id=customer_id,
        body=_canonical(changes or {}),
    )
    if private:
        entry.private = _canonical(private)
        entry.salt = secrets.token_hex(16)
        entry.private_digest = digest_of(entry.private, entry.salt)
    entry.hash = chain(previous, entry)
    emit.ride(entry, getattr(obj, "reference", "") if subject_kind == "complaint" else "")
    return entry


def chain(previous: bytes, entry: TrailEntry) -> bytes:
    """The 32 bytes that seal `entry` behind `previous`."""
    return hashlib.sha256(previous + line_of(entry).encode()).digest()


def line_of(entry: TrailEntry) -> str:
    """The canonical line that is hashed. Every field but the erasable ones; a token's id where there is one."""
    return "\n".join(
        (
            f"{entry.subject_kind}:{entry.subject_id}#{entry.seq}",
            entry.kind,
            str(to_us(entry.at)),
            str(to_us(entry.recorded_at)),
            f"{entry.actor_kind}:{entry.actor_id or ''}:{entry.actor_label}",
            str(entry.customer_id or ""),
            entry.private_digest,
            entry.body,
            *([] if entry.token_id is None else [str(entry.token_id)]),
        )
    )


def digest_of(private: str, salt: str) -> str:
    return hashlib.sha256((salt + private).encode()).hexdigest()


def of(obj: models.Model) -> models.QuerySet[TrailEntry]:
    """The entries of one record, oldest first."""
    subject_kind, subject_id = subject_of(obj)
    return TrailEntry.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("seq")


@dataclass(frozen=True, slots=True)
class Fault:
    """What `verify` found first: in which chain, at which entry, and what is wrong.

    `code`: missing, altered, text_altered, gone (under an anchor); `problem`: that in English, for the command line.
    """

    subject: str
    seq: int
    entry_id: int | None
    problem: str
    code: str


def verify(entries: Iterable[TrailEntry]) -> Iterator[Fault]:
    """Check entries sorted by (subject_kind, subject_id, seq); yield the first fault of every chain."""
    subject: tuple[str, int] | None = None
    expected, previous, broken = 1, GENESIS, False
    for entry in entries:
        if (entry.subject_kind, entry.subject_id) != subject:
            subject, expected, previous, broken = (entry.subject_kind, entry.subject_id), 1, GENESIS, False
        if not broken and (found := _problem(entry, expected, previous)):
            broken = True
            yield Fault(f"{entry.subject_kind}:{entry.subject_id}", entry.seq, entry.pk, *found)
        expected, previous = entry.seq + 1, bytes(entry.hash)


def _problem(entry: TrailEntry, expected: int, previous: bytes) -> tuple[str, str] | None:
    """In words, and its code."""
    if entry.seq != expected:
        return f"entry {expected} is missing", "missing"
    if chain(previous, entry) != bytes(entry.hash):
        return "altered", "altered"
    if entry.private and digest_of(entry.private, entry.salt) != entry.private_digest:
        return "text altered", "text_altered"
    return None


@transaction.atomic
def anchor(*, at: datetime) -> TrailAnchor | None:
    """Seal all settled entries behind the last anchor. Returns None when there is nothing new."""
    last = TrailAnchor.objects.select_for_update().order_by("-pk").first()
    start = last.last_id + 1 if last else 1
    fresh = TrailEntry.objects.filter(pk__gte=start, recorded_at__lt=at - SETTLED_AFTER)
    unsettled = TrailEntry.objects.filter(pk__gte=start, recorded_at__gte=at - SETTLED_AFTER).order_by("pk").first()
    if unsettled is not None:
        fresh = fresh.filter(pk__lt=unsettled.pk)
    end = fresh.aggregate(end=Max("pk"))["end"]
    if end is None:
        return None
    count, seal = _seal(start, end, bytes(last.hash) if last else GENESIS)
    return TrailAnchor.objects.create(first_id=start, last_id=end, entries=count, at=at, hash=seal)


def verify_anchors() -> Iterator[Fault]:
    """Recompute every seal; entries removed or changed since show here even at the end of a chain."""
    previous = GENESIS
    for sealed in TrailAnchor.objects.order_by("pk").iterator():
        count, seal = _seal(sealed.first_id, sealed.last_id, previous)
        if count != sealed.entries:
            problem = f"{sealed.entries - count} of {sealed.entries} entries are gone"
            yield Fault("anchor", sealed.pk, None, problem, "gone")
        elif seal != bytes(sealed.hash):
            yield Fault("anchor", sealed.pk, None, "altered", "altered")
        previous = bytes(sealed.hash)


def _seal(first_id: int, last_id: int, previous: bytes) -> tuple[int, bytes]:
    seal, count = hashlib.sha256(previous), 0
    heads = TrailEntry.objects.filter(pk__range=(first_id, last_id)).order_by("pk").values_list("pk", "hash")
    for pk, head in heads.iterator(chunk_size=5000):
        seal.update(pk.to_bytes(8, "big") + bytes(head))
        count += 1
    return count, seal.digest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
