"""What figures need beside complaints: invitations and answers, promises and remedies, stays, customers who buy.
PostgreSQL only."""

from __future__ import annotations

from django.db import connection, transaction

from complaints.models import Promise, Remedy
from core import bulk
from metrics.models import Invitation, SurveyResponse
from retention.models import Customer, Purchase, Tenure
from tests.bench.filling import insert_select
from tests.bench.seed import reset_sequences, settle

BUYERS, ORDERS = 10_000, 500_000
BUYER = "bench"  # the source of those who only buy
KINDS = "CASE id % 5 WHEN 1 THEN 'nps' WHEN 2 THEN 'csat' ELSE 'ces' END"
FIRST_ORDER = "timestamptz '2025-03-01'"  # a year of orders, up to the newest complaint
A_YEAR = 31_536_000  # seconds


def fill() -> None:
    """Four invitations and three answers to five complaints, three promises and as many remedies to ten, a stay to
    every customer, 10,000 buyers (half of whom complained, as far as there are as many) with 50 orders each; then
    ANALYZE."""
    filled = bulk.indexes_built_afterwards(Invitation, SurveyResponse, Customer, Purchase, Tenure)
    with transaction.atomic(), bulk.references_checked_later(), filled, connection.cursor() as cursor:
        for statement in (_invitations(), _answers(), _promises(), _remedies(), _buyers(), _stays(), _orders()):
            cursor.execute(statement)
    reset_sequences(Invitation)
    settle()


def _promises() -> str:
    """Half of them kept, the others broken, open or renegotiated."""
    settled = "CASE WHEN c.id % 4 < 2 THEN c.received_at + interval '2 days' END"
    given = {
        "complaint_id": "c.id",
        "text": "'A call'",
        "due_at": "c.received_at + interval '3 days'",
        "owner_id": "c.owner_id",
        "made_at": "c.received_at",
        "settled_at": f"CASE WHEN c.id % 8 = 2 THEN c.received_at + interval '9 days' ELSE {settled} END",
        "settled_as": "CASE WHEN c.id % 4 < 2 THEN 'kept' WHEN c.id % 8 = 2 THEN 'renegotiated' ELSE '' END",
        "updated_at": "c.received_at",
    }
    return insert_select(Promise, given, "FROM complaints_complaint c WHERE c.id % 10 IN (1, 4, 7)")


def _remedies() -> str:
    """Granted by the manager; the guard that weighs each rests while rows are loaded. In money, points, words."""
    given = {
        "complaint_id": "c.id",
        "kind": "CASE WHEN c.id % 7 = 0 THEN 'points' WHEN c.id % 5 = 0 THEN 'apology' ELSE 'refund' END",
        "status": "'granted'",
        "amount": "CASE WHEN c.id % 7 <> 0 AND c.id % 5 = 0 THEN NULL ELSE 1 + c.id % 90 END",
        "currency": "CASE WHEN c.id % 7 = 0 OR c.id % 5 = 0 THEN '' WHEN c.id % 3 = 0 THEN 'GBP' ELSE 'EUR' END",
        "authority_id": "l.id",
        "within_authority": "TRUE",
        "requested_by_id": "m.id",
        "requested_at": "c.received_at",
        "decided_by_id": "m.id",
        "decided_at": "c.received_at + interval '1 day'",
        "decided_on": "c.received_at::date",
        "updated_at": "c.received_at",
    }
    people = "(SELECT id FROM core_user WHERE is_manager ORDER BY id LIMIT 1)"
    limit = "(SELECT id FROM complaints_authoritylimit WHERE role = 'manager' ORDER BY id LIMIT 1)"
    source = f"FROM complaints_complaint c CROSS JOIN {people} m CROSS JOIN {limit} l WHERE c.id % 10 IN (0, 3, 6)"
    return insert_select(Remedy, given, source)


def _invitations() -> str:
    """With the key of their complaint, by which answers find them."""
    sent = "c.received_at + interval '1 day'"
    given = {
        "id": "c.id",
        "version_id": "v.id",
        "survey_id": "v.survey_id",
        "complaint_id": "c.id",
        "customer_id": "c.customer_id",
        "key": "md5('bench ' || c.id)",
        "language": "'en'",
        "created_at": sent,
        "due_at": sent,
        "sent_at": sent,
        "expires_at": "c.received_at + interval '31 days'",
    }
    version = "(SELECT id, survey_id FROM metrics_surveyversion ORDER BY id LIMIT 1)"
    return insert_select(Invitation, given, f"FROM complaints_complaint c CROSS JOIN {version} v WHERE c.id % 5 <> 0")


def _answers() -> str:
    given = {
        "kind": KINDS,
        "invitation_id": "id",
        "complaint_id": "id",
        "customer_id": "customer_id",
        "score": "CASE id % 5 WHEN 1 THEN id / 5 % 11 ELSE 1 + id / 5 % 5 END",
        "language": "'en'",
        "answered_at": "received_at + interval '2 days'",
        "created_at": "now()",
        "updated_at": "now()",
    }
    return insert_select(SurveyResponse, given, "FROM complaints_complaint WHERE id % 5 IN (1, 2, 3)")


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
    missing = f"greatest({BUYERS // 2}, {BUYERS} - (SELECT count(*) FROM retention_customer))"
    return insert_select(Customer, given, f"FROM generate_series(1, {missing}) n")


def _stays() -> str:
    joined = "date '2015-01-01' + (id % 4000)::int"
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
        "purchased_at": f"{FIRST_ORDER} + (n::bigint * 7919 % {A_YEAR}) * interval '1 second'",
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
    newest = f"(SELECT id FROM retention_customer ORDER BY id DESC LIMIT {BUYERS}) newest"
    buyers = f"(SELECT id, row_number() OVER (ORDER BY id) - 1 AS turn FROM {newest})"
    source = f"FROM generate_series(1, {ORDERS}) n JOIN {buyers} b ON b.turn = n % {BUYERS}"
    return insert_select(Purchase, given, source)
