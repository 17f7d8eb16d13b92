"""Trail entries as plain rows for core.bulk: the same seal as core.trail.build gives, at a tenth of the cost.

For records whose whole chain is written at once (imports, seeding). A test compares both, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.actor import Actor
from core.instants import to_us
from core.models import TrailEntry
from core.trail import GENESIS

COLUMNS: tuple[str, ...] = tuple(field.column or "" for field in TrailEntry._meta.concrete_fields)
KEYLESS = COLUMNS[1:]  # the database gives the keys
_NULL = "\\N"
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode


class Signature:
    """An actor as the seal and as COPY's columns write it; made once for the many entries of one person."""

    __slots__ = ("by", "columns", "sealed", "token", "token_column")

    def __init__(self, by: Actor) -> None:
        user_id, token_id = by.user_id, by.token_id
        self.by, self.sealed = by, f"{by.kind}:{user_id or ''}:{by.label}"
        self.columns = f"{by.kind}\t{user_id or _NULL}\t{by.label}"
        self.token, self.token_column = ("", _NULL) if token_id is None else (f"\n{token_id}", str(token_id))


class Chain:
    """The chain of one new record: each call returns the values of its next entry, sealed behind the last one.

    Entries carry no personal text. Values are in the order of COLUMNS.
    """

    __slots__ = ("_customer", "_hash", "_id", "_kind", "_line", "_seq")

    def __init__(self, kind: str, subject_id: int, customer_id: int | None = None) -> None:
        self._kind, self._id, self._line = kind, subject_id, f"{kind}:{subject_id}#"
        self._customer, self._seq, self._hash = customer_id, 0, GENESIS

    def add(self, pk: int, kind: str, *, by: Actor, at: datetime, changes: Mapping[str, Any]) -> tuple[Any, ...]:
        """The next entry, happened and written at `at` (UTC)."""
        return self.seal(pk, kind, Signature(by), to_us(at), at, _encode(changes))

    def seal(
        self, pk: int | None, kind: str, who: Signature, microseconds: int, at: datetime | str, body: str
    ) -> tuple[Any, ...]:
        """The same from parts made beforehand: `microseconds` since 1970 and `at` are one instant, `body` canonical."""
        head, by = self._next(kind, who, microseconds, body), who.by
        return (
            pk, self._kind, self._id, self._seq, kind, at, at, by.kind, by.user_id, by.label, self._customer, body,
            "", "", "", head, by.token_id,
        )  # fmt: skip

    def line(self, kind: str, who: Signature, microseconds: int, at: str, body: str) -> str:
        """The same as a line for COPY into KEYLESS; label and body must hold nothing that COPY escapes."""
        head = self._next(kind, who, microseconds, body).hex()
        return (
            f"{self._kind}\t{self._id}\t{self._seq}\t{kind}\t{at}\t{at}\t{who.columns}\t"
            f"{self._customer or _NULL}\t{body}\t\t\t\t\\\\x{head}\t{who.token_column}\n"
        )

    def _next(self, kind: str, who: Signature, microseconds: int, body: str) -> bytes:
        """Seal the next entry behind the last one."""
        self._seq += 1
        when = f"{microseconds}\n{microseconds}"
        line = f"{self._line}{self._seq}\n{kind}\n{when}\n{who.sealed}\n{self._customer or ''}\n\n{body}{who.token}"
        self._hash = hashlib.sha256(self._hash + line.encode()).digest()
        return self._hash
