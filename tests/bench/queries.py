"""Count what a request asks of the database: statements, and round trips (BEGIN and COMMIT are trips too); and ask
the same again without anything around it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.bench.figures import Timing

AGAIN = 40
Reading = tuple[str, Any]  # a statement and its values


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


@contextmanager
def readings() -> Iterator[list[Reading]]:
    """Within the block every statement that reads is noted down with its values (in this process)."""
    found: list[Reading] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip()[:6].upper().startswith(("SELECT", "WITH")):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield found


def bare(asked: Sequence[Reading]) -> dict[str, float]:
    """Milliseconds of the statements alone, one after the other, every row fetched: what of a page is the database."""
    each = []
    with connection.cursor() as cursor:
        for turn in range(AGAIN + 3):
            started = time.perf_counter()
            for sql, params in asked:
                cursor.execute(sql, params)
                cursor.fetchall()
            if turn >= 3:
                each.append(time.perf_counter() - started)
    found = Timing(sum(each), each).summary()
    return {"sql_ms": found["p50_ms"], "sql_p95_ms": found["p95_ms"]}
