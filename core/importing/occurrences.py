"""Names for lines that have no id of their own: what they say, and the how-manieth such line it is (interface.md)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping

DIGITS = 32


class Occurrences:
    """Equal lines are kept apart and a second import finds each again, in whatever order the lines come.

    Counted in a temporary database on the disk, so that memory stays flat however long the file is.
    """

    def __init__(self) -> None:
        self._ask = None

    def count(self, digest: str) -> int:
        """How often this digest has come, this time included. About 4 us."""
        if self._ask is None:
            store = sqlite3.connect("", isolation_level=None)
            store.execute("PRAGMA journal_mode=OFF")
            store.execute("PRAGMA cache_size=-16000")
            store.execute("CREATE TABLE seen (digest TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID")
            store.execute("BEGIN")
            self._ask = store.execute
        found = self._ask(_COUNT, (digest,)).fetchone()
        return int(found[0])

    def name(self, record: Mapping[str, str]) -> str:
        """`line-<digest>-<n>` of a record by all it says."""
        said = "\x1f".join(f"{column}\x1e{value}" for column, value in sorted(record.items()) if value)
        digest = digest_of(said)
        return f"line-{digest}-{self.count(digest)}"


_COUNT = "INSERT INTO seen VALUES (?, 1) ON CONFLICT (digest) DO UPDATE SET n = n + 1 RETURNING n"


def digest_of(said: str) -> str:
    """The first 128 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(said.encode()).hexdigest()[:DIGITS]
