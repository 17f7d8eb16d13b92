"""Names for lines that have no id of their own: what they say, and the how-manieth such line it is (interface.md)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping

DIGITS = 32
AT_ONCE = 20_000  # digests kept in memory before they go to the disk
_BITS = 27  # of the table that says which digests may have come: 16 MB
_LAST = _BITS // 4 + 1  # hexadecimal digits that choose the bit


class Occurrences:
    """Equal lines are kept apart and a second import finds each again, in whatever order the lines come.

    Memory stays flat however long the file is: the counts lie in a temporary database on the disk, asked only for
    digests whose bit is set in a table of a fixed size, nearly none of which come for the first time.
    """

    def __init__(self) -> None:
        self._recent: dict[str, int] = {}
        self._seen = bytearray()
        self._store: sqlite3.Connection | None = None

    def count(self, digest: str) -> int:
        """How often this digest (hexadecimal, evenly spread at its end) has come, this time included. About 1 us."""
        n = self._recent.get(digest)
        if n is None:
            n = self._earlier(digest)
            if len(self._recent) >= AT_ONCE:
                self._settle()
        self._recent[digest] = n + 1
        return n + 1

    def name(self, record: Mapping[str, str]) -> str:
        """`line-<digest>-<n>` of a record by all it says."""
        said = "\x1f".join(f"{column}\x1e{value}" for column, value in sorted(record.items()) if value)
        digest = digest_of(said)
        return f"line-{digest}-{self.count(digest)}"

    def _earlier(self, digest: str) -> int:
        """How often it has come that is not recent; marks it as come."""
        if not self._seen:
            self._seen = bytearray(1 << (_BITS - 3))
        place = int(digest[-_LAST:], 16) & ((1 << _BITS) - 1)
        byte, bit = place >> 3, 1 << (place & 7)
        if not self._seen[byte] & bit:
            self._seen[byte] |= bit
            return 0
        if self._store is None:
            return 0
        found = self._store.execute("SELECT n FROM seen WHERE digest = ?", (digest,)).fetchone()
        return int(found[0]) if found else 0

    def _settle(self) -> None:
        """Put the recent counts on the disk, in the order of the keys."""
        if self._store is None:
            self._store = sqlite3.connect("", isolation_level=None)
            self._store.execute("PRAGMA journal_mode=OFF")
            self._store.execute("CREATE TABLE seen (digest TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID")
        self._store.execute("BEGIN")
        self._store.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", sorted(self._recent.items()))
        self._store.execute("COMMIT")
        self._recent.clear()


def digest_of(said: str) -> str:
    """The first 128 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(said.encode()).hexdigest()[:DIGITS]
