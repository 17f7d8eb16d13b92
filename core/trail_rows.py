"""Trail entries as plain rows for core.bulk: the same seal as core.trail.build gives, at a tenth of the cost.

For records whose whole chain is written at once (imports, seeding). A test compares both, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.actor import Actor
from core.bulk import Table
from core.models import TrailEntry
from core.trail import GENESIS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode
TABLE = Table(TrailEntry, private="", salt="", private_digest="")


class Chain:
    """The chain of one new record: `add()` returns the values of its next entry, sealed behind the last one."""

    __slots__ = ("_customer", "_hash", "_id", "_kind", "_seq", "_subject")

    def __init__(self, kind: str, subject_id: int, customer_id: int | None = None) -> None:
        self._kind, self._id, self._subject = kind, subject_id, f"{kind}:{subject_id}#"
        self._customer, self._seq, self._hash = customer_id, 0, GENESIS

    def add(
        self, pk: int, kind: str, *, by: Actor, at: datetime, recorded_at: datetime, changes: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """The next entry, without personal text. Instants UTC."""
        self._seq += 1
        body, user_id = _encode(changes), by.user_id
        happened, written = (at - _EPOCH) // _MICROSECOND, (recorded_at - _EPOCH) // _MICROSECOND
        line = (
            f"{self._subject}{self._seq}\n{kind}\n{happened}\n{written}\n"
            f"{by.kind}:{user_id or ''}:{by.label}\n{self._customer or ''}\n\n{body}"
        )
        self._hash = hashlib.sha256(self._hash + line.encode()).digest()
        return TABLE.row(
            id=pk,
            subject_kind=self._kind,
            subject_id=self._id,
            seq=self._seq,
            kind=kind,
            at=at,
            recorded_at=recorded_at,
            actor_kind=by.kind,
            actor_id=user_id,
            actor_label=by.label,
            customer_id=self._customer,
            body=body,
            hash=self._hash,
        )
