"""Every figure over 90 days, twelve of them together, retention and cohorts of 10,000 customers with 500,000 orders."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from complaints.reference import catalogue
from core.models import User
from metrics.figures import Scope, cohorts, figures, recovery
from metrics.figures.sql import compiled
from tests.bench.queries import counted
from tests.bench.seed import Company

SINCE, UNTIL = date(2025, 12, 1), date(2026, 2, 28)  # 90 days up to the newest complaint of `seed`
BUYERS, ORDERS = 10_000, 500_000
RUNS = 7
PLAIN = (  # one dashboard: no medians
    ("complaints-received", ""), ("complaints-received", "month"), ("complaints-received", "channel"),
    ("complaints-received", "main_type"), ("resolution-rate", ""), ("resolution-rate", "month"),
    ("acceptance-rate", ""), ("sla-compliance", ""), ("sla-compliance", "main_type_channel"),
    ("sla-compliance", "month"), ("nps", ""), ("csat", ""),
)  # fmt: skip
MEDIANS = (*PLAIN[:8], ("nps", ""), ("nps", "month"), ("first-response-time", ""), ("time-to-resolve", ""))


def measure(people: Company) -> dict[str, Any]:
    """On PostgreSQL only. `first_ms`: the first time it is asked; `p50_ms`: asked again; `sql`: queries."""
    if connection.vendor != "postgresql":
        return {}
    prepare()
    catalogue()
    found: dict[str, Any] = {"plan": plan(people.manager)}
    scope = Scope(people.manager, ZoneInfo("Europe/Lisbon"), datetime.now(UTC), since=SINCE, until=UNTIL)
    for code, figure in figures.items():
        for basis in figure.bases or ("",):
            asked = scope.replace(basis=basis)
            found[f"{code} {basis}".strip()] = timed(lambda f=figure, s=asked: f.measure(s))  # type: ignore[misc]
    found["12 figures"] = timed(lambda: together(scope, PLAIN))
    found["12 with medians"] = timed(lambda: together(scope, MEDIANS))
    year = scope.replace(since=date(2011, 1, 1), until=date(2011, 12, 31))
    retention = figures["retention-rate"]
    quarter = scope.replace(since=date(2011, 7, 1), until=date(2011, 9, 30), basis="purchases")
    found["retention 500,000 orders"] = timed(lambda: retention.measure(quarter))
    found["retention by month"] = timed(lambda: retention.groups(year.replace(basis="purchases"), "month"))
    found["cohorts by purchases"] = timed(lambda: cohorts.purchase_cohorts(year))
    found["cohorts by stays"] = timed(lambda: cohorts.tenure_cohorts(year))
    found["recovery picture"] = timed(lambda: recovery.picture(scope))
    return found


def together(scope: Scope, wanted: tuple[tuple[str, str], ...]) -> None:
    for code, by in wanted:
        if by:
            figures[code].groups(scope, by)
        else:
            figures[code].measure(scope)


def timed(work: Callable[[], object]) -> dict[str, Any]:
    catalogue()
    started = time.perf_counter()
    with counted() as asked:
        work()
    first, took = time.perf_counter() - started, []
    for _run in range(RUNS):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    summary = {"p50_ms": round(statistics.median(took) * 1000, 1), "p95_ms": round(max(took) * 1000, 1)}
    return {"first_ms": round(first * 1000, 1), **summary, **asked.summary()}


def plan(manager: User) -> str:
    """How the database answers a figure of 90 days."""
    scope = Scope(manager, ZoneInfo("Europe/Lisbon"), datetime.now(UTC), since=SINCE, until=UNTIL)
    inner = compiled(figures["resolution-rate"].facts(scope).values("hit", "pending"))  # type: ignore[attr-defined]
    if inner is None:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN SELECT count(*) FILTER (WHERE hit) FROM ({inner[0]}) m", inner[1])
        return "\n".join(line for (line,) in cursor.fetchall())


def prepare() -> None:
    """What `seed` leaves out: the columns of figures, scores, stays, and customers who only buy."""
    fill = import_module("complaints.migrations.0007_fill_standing")._statement
    with connection.cursor() as cursor:
        for kind in ("acknowledge", "resolve"):
            cursor.execute(fill(kind))
        cursor.execute(
            "UPDATE complaints_complaint SET response_seconds = 10800, resolution_seconds = 10800, "
            "accepted = CASE id %% 3 WHEN 0 THEN TRUE WHEN 1 THEN FALSE END, first_response_at = received_at + "
            "(id %% 977) * interval '1 minute', resolved_at = received_at + (id %% 1999) * interval '1 minute' "
            "WHERE status = 'closed'",
            [],
        )
        cursor.execute(_ANSWERS)
        cursor.execute(_BUYERS, [BUYERS])
        cursor.execute(_STAYS)
        cursor.execute(_ORDERS, [BUYERS, ORDERS])
        cursor.execute("VACUUM ANALYZE")


_ANSWERS = """
INSERT INTO metrics_surveyresponse (kind, complaint_id, customer_id, score, comment, may_call, language, channel,
                                    answered_at, period_label, segment, source, external_id, created_at, updated_at,
                                    version)
SELECT CASE WHEN id % 2 = 1 THEN 'nps' ELSE 'csat' END, id, customer_id, CASE WHEN id % 2 = 1 THEN id % 11
       ELSE 1 + id % 5 END, '', FALSE, 'en', '', received_at + interval '2 days', '', '', '', '', now(), now(), 1
FROM complaints_complaint WHERE id % 5 IN (1, 2)
"""
_BUYERS = """
INSERT INTO retention_customer (kind, name, name_key, language, tier, preferred_channel, preferences, source, version,
                                created_at, updated_at)
SELECT 'person', 'Buyer ' || n, 'buyer ' || n, 'en', '', '', '', 'bench', 1, now(), now()
FROM generate_series(1, %s) n
"""
_STAYS = """
INSERT INTO retention_tenure (customer_id, joined_on, left_on, reason, plan, currency, source, external_id)
SELECT id, date '2011-01-01' + (id % 4000)::int,
       CASE WHEN id % 4 = 0 THEN date '2011-01-01' + (id % 4000)::int + (id % 1500)::int END, '', '', '', '', ''
FROM retention_customer
"""
_ORDERS = """
WITH buyers AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS turn FROM retention_customer WHERE source = 'bench')
INSERT INTO retention_purchase (customer_id, order_number, kind, purchased_at, currency, amount, valid_amount,
                                incentive, valid_lines, is_valid, source, created_at, updated_at, version)
SELECT b.id, 'B' || n, 'order', timestamptz '2010-12-01' + (n::bigint * 7919 %% 31000000) * interval '1 second', 'GBP',
       10 + n %% 500, 10 + n %% 500, n %% 10 = 0, 1, TRUE, 'bench', now(), now(), 1
FROM buyers b JOIN generate_series(1, %s * 0 + %s) n ON n %% (SELECT count(*) FROM buyers) = b.turn
"""
