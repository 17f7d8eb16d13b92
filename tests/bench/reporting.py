"""Every figure over 90 days, twelve of them together, retention and cohorts of 10,000 customers with 500,000 orders.

In our own process, over one connection: the database and what Python adds. Each is asked cold (caches emptied, a new
connection) and warm.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from complaints.reference import catalogue
from core.models import User
from metrics.figures import Scope, cohorts, figures, recovery
from metrics.figures.base import Measure
from metrics.figures.sql import compiled
from tests.bench import cold
from tests.bench.figures import percentile
from tests.bench.queries import counted
from tests.bench.seed import Company

SINCE, UNTIL = date(2025, 12, 1), date(2026, 2, 28)  # 90 days up to the newest complaint of `seed`: 26,000 complaints
RUNS = 7
PLAIN = (  # one dashboard: no medians
    ("complaints-received", ""), ("complaints-received", "month"), ("complaints-received", "channel"),
    ("complaints-received", "main_type"), ("resolution-rate", ""), ("resolution-rate", "month"),
    ("acceptance-rate", ""), ("sla-compliance", ""), ("sla-compliance", "main_type_channel"),
    ("sla-compliance", "month"), ("nps", ""), ("csat", ""),
)  # fmt: skip
MEDIANS = (*PLAIN[:8], ("nps", ""), ("nps", "month"), ("first-response-time", ""), ("time-to-resolve", ""))


def measure(people: Company) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and result of one after the other, as soon as it is there."""
    catalogue()
    scope = Scope(people.manager, ZoneInfo("Europe/Lisbon"), datetime.now(UTC), since=SINCE, until=UNTIL)
    for code, figure in figures.items():
        for basis in figure.bases or ("",):
            asked = scope.replace(basis=basis)
            yield f"{code} {basis}".strip(), timed(lambda f=figure, s=asked: f.measure(s))  # type: ignore[misc]
    yield "12 figures", timed(lambda: together(scope, PLAIN))
    yield "12 with medians", timed(lambda: together(scope, MEDIANS))
    year = scope.replace(since=date(2025, 3, 1), until=date(2026, 2, 28))
    retention = figures["retention-rate"]
    quarter = scope.replace(since=date(2025, 10, 1), until=date(2025, 12, 31), basis="purchases")
    yield "retention 500,000 orders", timed(lambda: retention.measure(quarter))
    yield "retention by month", timed(lambda: retention.groups(year.replace(basis="purchases"), "month"))
    yield "cohorts by purchases", timed(lambda: cohorts.purchase_cohorts(year))
    yield "cohorts by stays", timed(lambda: cohorts.tenure_cohorts(year))
    yield "recovery picture", timed(lambda: recovery.ways(scope))
    if connection.vendor == "postgresql":
        yield "plan", {"text": plan(people.manager)}


def together(scope: Scope, wanted: tuple[tuple[str, str], ...]) -> None:
    for code, by in wanted:
        if by:
            figures[code].groups(scope, by)
        else:
            figures[code].measure(scope)


def timed(work: Callable[[], object]) -> dict[str, Any]:
    """`cold_ms`: asked of a database that has forgotten everything; `p50_ms`: asked again; `rows`: what was counted."""
    cold.forget()
    cold_seconds, answer = _seconds(work)
    with counted() as asked:
        work()
    cpu = time.process_time()
    took = [_seconds(work)[0] for _run in range(RUNS)]
    cpu = time.process_time() - cpu
    return {
        "rows": answer.n if isinstance(answer, Measure) else None,
        "cold_ms": round(cold_seconds * 1000, 1),
        "per_second": round(RUNS / sum(took), 1),
        "p50_ms": round(statistics.median(took) * 1000, 1),
        "p95_ms": round(percentile(took, 95) * 1000, 1),
        "cpu_ms": round(cpu / RUNS * 1000, 1),
        **asked.summary(),
    }


def _seconds(work: Callable[[], object]) -> tuple[float, object]:
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def plan(manager: User) -> str:
    """How the database answers a figure of 90 days."""
    scope = Scope(manager, ZoneInfo("Europe/Lisbon"), datetime.now(UTC), since=SINCE, until=UNTIL)
    inner = compiled(figures["resolution-rate"].facts(scope).values("hit", "pending"))  # type: ignore[attr-defined]
    if inner is None:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN SELECT count(*) FILTER (WHERE hit) FROM ({inner[0]}) m", inner[1])
        return "\n".join(line for (line,) in cursor.fetchall())
