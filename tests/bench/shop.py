"""What figures need beside complaints: survey answers, stays, and customers who only buy. PostgreSQL only."""

from __future__ import annotations

from django.db import connection, transaction

from core import bulk
from metrics.models import SurveyResponse
from retention.models import Customer, Purchase, Tenure
from tests.bench.filling import insert_select
from tests.bench.seed import settle

BUYERS, ORDERS = 10_000, 500_000
BUYER = "bench"  # their source


def fill() -> None:
    """Two answers to five complaints, a stay to every customer, 10,000 buyers with 50 orders each; then ANALYZE."""
    filled = bulk.indexes_built_afterwards(SurveyResponse, Customer, Purchase, Tenure)
    with transaction.atomic(), bulk.references_checked_later(), filled, connection.cursor() as cursor:
        for statement in (_answers(), _buyers(), _stays(), _orders()):
            cursor.execute(statement)
    settle()


def _answers() -> str:
    given = {
        "kind": "CASE WHEN id % 2 = 1 THEN 'nps' ELSE 'csat' END",
        "complaint_id": "id",
        "customer_id": "customer_id",
        "score": "CASE WHEN id % 2 = 1 THEN id % 11 ELSE 1 + id % 5 END",
        "language": "'en'",
        "answered_at": "received_at + interval '2 days'",
        "created_at": "now()",
        "updated_at": "now()",
    }
    return insert_select(SurveyResponse, given, "FROM complaints_complaint WHERE id % 5 IN (1, 2)")


def _buyers() -> str:
    given = {
        "kind": "'person'",
        "name": "'Buyer ' || n",
        "name_key": "'buyer ' || n",
        "language": "'en'",
        "source": f"'{BUYER}'",
        "created_at": "now()",
        "updated_at": "now()",
    }
    return insert_select(Customer, given, f"FROM generate_series(1, {BUYERS}) n")


def _stays() -> str:
    joined = "date '2011-01-01' + (id % 4000)::int"
    given = {
        "customer_id": "id",
        "joined_on": joined,
        "left_on": f"CASE WHEN id % 4 = 0 THEN {joined} + (id % 1500)::int END",
    }
    return insert_select(Tenure, given, "FROM retention_customer")


def _orders() -> str:
    given = {
        "customer_id": "b.id",
        "order_number": "'B' || n",
        "kind": "'order'",
        "purchased_at": "timestamptz '2010-12-01' + (n::bigint * 7919 % 31000000) * interval '1 second'",
        "currency": "'GBP'",
        "amount": "10 + n % 500",
        "valid_amount": "10 + n % 500",
        "incentive": "n % 10 = 0",
        "valid_lines": "1",
        "is_valid": "TRUE",
        "source": f"'{BUYER}'",
        "created_at": "now()",
        "updated_at": "now()",
    }
    buyers = (
        f"(SELECT id, row_number() OVER (ORDER BY id) - 1 AS turn FROM retention_customer WHERE source = '{BUYER}')"
    )
    return insert_select(
        Purchase, given, f"FROM generate_series(1, {ORDERS}) n JOIN {buyers} b ON b.turn = n % {BUYERS}"
    )
