"""Count what a request asks of the database: statements, and round trips (BEGIN and COMMIT are trips too)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass(slots=True)
class Asked:
    statements: list[str] = field(default_factory=list)
    transactions: int = 0

    def summary(self) -> dict[str, int]:
        """`sql`: statements without transaction control; `round_trips`: with BEGIN and COMMIT."""
        return {"sql": len(self.statements), "round_trips": len(self.statements) + 2 * self.transactions}


@contextmanager
def counted() -> Iterator[Asked]:
    """Within the block everything on the default connection is counted (in this process)."""
    asked = Asked()
    with CaptureQueriesContext(connection) as seen:
        yield asked
    for query in seen.captured_queries:
        verb = query["sql"].lstrip().split(None, 1)[0].upper()
        if verb in ("COMMIT", "ROLLBACK"):
            asked.transactions += 1
        elif verb != "BEGIN":
            asked.statements.append(query["sql"])
