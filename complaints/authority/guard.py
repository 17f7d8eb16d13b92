"""What the database itself holds, whoever writes: nothing is granted above a limit, a cap or the charge (case F26).

A remedy that becomes granted with a value is weighed again by a trigger, after the locks of `locks`: under the limit it
names, which must be one in force that is the grantor's, under the caps in force, and against its charge, else the order
of the case as far as it is known. What is decided stays decided, what is granted keeps its value, and a published limit
is not changed. The SQL of PostgreSQL is in `complaints.migrations._remedy_guard_pg` and `_order_guard_pg`; SQLite's
triggers are put up after migrations, as it loses those of a table it makes anew.
"""

# ruff: noqa: S608  statements of our own names
from __future__ import annotations

from typing import Any

from django.db import connection

REMEDY, LIMIT, VERSION = "complaints_remedy", "complaints_authoritylimit", "complaints_authorityversion"
_IN_FORCE = f"(SELECT id FROM {VERSION} WHERE published_at IS NOT NULL ORDER BY number DESC LIMIT 1)"
_CASE = "(SELECT coalesce(c.merged_into_id, c.id) FROM complaints_complaint c WHERE c.id = NEW.complaint_id)"
_CUSTOMER = "(SELECT c.customer_id FROM complaints_complaint c WHERE c.id = NEW.complaint_id)"


def _start(period: str = "l.period", day: str = "NEW.decided_on") -> str:
    quarter = f"date({day}, 'start of month', '-' || ((strftime('%m', {day}) - 1) % 3) || ' months')"
    return (
        f"(CASE {period} WHEN 'day' THEN date({day}) WHEN 'week' THEN date({day}, '-6 days', 'weekday 1') "
        f"WHEN 'month' THEN date({day}, 'start of month') WHEN 'quarter' THEN {quarter} "
        f"ELSE date({day}, 'start of year') END)"
    )


_SAME = f"r.decided_on >= {_start()} AND {_start(day='r.decided_on')} = {_start()}"


def _sum(condition: str) -> str:
    """In ten-thousandths: SQLite keeps decimals as floats."""
    return (
        f"(SELECT coalesce(sum(CAST(round(r.amount * 10000) AS INTEGER)), 0) FROM {REMEDY} r "
        f"JOIN complaints_complaint k ON k.id = r.complaint_id "
        f"WHERE r.status = 'granted' AND r.amount IS NOT NULL AND r.currency = NEW.currency "
        f"AND {condition})"
    )


def _above(column: str, condition: str) -> str:
    limit = f"CAST(round(l.{column} * 10000) AS INTEGER)"
    of_kind = "l.kind IN ('', r.kind)"
    return f"(l.{column} IS NOT NULL AND {_sum(f'{of_kind} AND {condition}')} > {limit})"


_ON_CASE = f"(k.id = {_CASE} OR k.merged_into_id = {_CASE})"
_OF_CUSTOMER = f"k.customer_id = {_CUSTOMER} AND {_SAME}"
_BY_PERSON = f"r.decided_by_id = NEW.decided_by_id AND {_SAME}"
_FITS = "l.kind IN ('', NEW.kind) AND l.currency IN ('', NEW.currency)"
_HELD = """(
    (l.holder = 'person' AND l.person_id = NEW.decided_by_id)
    OR (l.holder = 'team' AND l.team_id = (SELECT u.team_id FROM core_user u WHERE u.id = NEW.decided_by_id))
    OR (l.holder = 'role' AND EXISTS (
        SELECT 1 FROM core_user u WHERE u.id = NEW.decided_by_id AND (
            (l.role = 'agent' AND u.is_agent) OR (l.role = 'manager' AND u.is_manager)
            OR (l.role = 'admin' AND u.is_admin)
            OR (l.role = 'lead' AND EXISTS (
                SELECT 1 FROM core_team t WHERE t.lead_id = u.id AND t.is_active))))))"""


def _refuse(name: str, condition: str) -> str:
    return f"SELECT RAISE(ABORT, '{name}') WHERE {condition};"


_VALUED = "NEW.status = 'granted' AND NEW.amount IS NOT NULL"
_WEIGH = "\n".join(
    (
        _refuse(
            "remedy_without_authority",
            f"NOT EXISTS (SELECT 1 FROM {LIMIT} l WHERE l.id = NEW.authority_id AND l.version_id = {_IN_FORCE} "
            f"AND {_FITS} AND {_HELD})",
        ),
        _refuse(
            "remedy_above_limit",
            f"EXISTS (SELECT 1 FROM {LIMIT} l WHERE l.id = NEW.authority_id AND ("
            f"{_above('per_complaint', _ON_CASE)} OR {_above('per_customer', _OF_CUSTOMER)} "
            f"OR {_above('per_period', _BY_PERSON)}))",
        ),
        _refuse(
            "remedy_above_cap",
            f"EXISTS (SELECT 1 FROM {LIMIT} l WHERE l.version_id = {_IN_FORCE} AND l.holder = 'cap' AND {_FITS} "
            f"AND NOT (l.currency = '' AND EXISTS (SELECT 1 FROM {LIMIT} n WHERE n.version_id = l.version_id "
            f"AND n.holder = 'cap' AND n.kind = l.kind AND n.currency <> '' AND n.currency = NEW.currency)) "
            f"AND ({_above('per_complaint', _ON_CASE)} OR {_above('per_customer', _OF_CUSTOMER)}))",
        ),
        _refuse(
            "remedy_above_charge",
            "EXISTS (SELECT 1 FROM retention_charge g WHERE g.id = NEW.charge_id AND (g.currency <> NEW.currency OR "
            + _sum("r.charge_id = g.id AND r.kind = 'refund'")
            + " > CAST(round(g.amount * 10000) AS INTEGER)))",
        ),
    )
)
_ORDERED = (
    "(SELECT sum(CAST(round(p.amount * 10000) AS INTEGER)) FROM retention_purchase p "
    "WHERE p.customer_id = c.customer_id AND p.order_number = c.order_number AND p.kind = 'order' "
    "AND p.currency = NEW.currency)"
)
_GIVEN_BACK = (
    f"(SELECT sum(CAST(round(r.amount * 10000) AS INTEGER)) FROM {REMEDY} r "
    "JOIN complaints_complaint k ON k.id = r.complaint_id LEFT JOIN retention_charge g ON g.id = r.charge_id "
    "WHERE k.customer_id = c.customer_id AND r.status = 'granted' AND r.kind = 'refund' AND r.currency = NEW.currency "
    "AND ((r.charge_id IS NULL AND k.order_number = c.order_number) OR g.order_number = c.order_number))"
)
_WEIGH += "\n" + _refuse(  # an order we know nothing of sums up to NULL, which nothing is above
    "remedy_above_order",
    "NEW.kind = 'refund' AND NEW.charge_id IS NULL AND EXISTS (SELECT 1 FROM complaints_complaint c "
    f"WHERE c.id = NEW.complaint_id AND c.order_number <> '' AND {_GIVEN_BACK} > {_ORDERED})",
)
_DECIDED = ("rejected", "withdrawn", "revoked")
_KEPT = ("complaint_id", "kind", "amount", "currency", "charge_id", "decided_by_id", "decided_on")
_LIMIT = (
    "version_id", "position", "holder", "role", "team_id", "person_id", "kind", "currency", "period",
    "per_complaint", "per_customer", "per_period",
)  # fmt: skip
TRIGGERS = {
    "complaints_remedy_granted": f"AFTER INSERT ON {REMEDY} WHEN {_VALUED} BEGIN {_WEIGH} END",
    "complaints_remedy_approved": (
        f"AFTER UPDATE ON {REMEDY} WHEN {_VALUED} AND OLD.status <> 'granted' BEGIN {_WEIGH} END"
    ),
    "complaints_remedy_decided": (
        f"AFTER UPDATE ON {REMEDY} WHEN (OLD.status IN {_DECIDED} AND NEW.status <> OLD.status) "
        "OR (OLD.status = 'granted' AND NEW.status NOT IN ('granted', 'revoked')) "
        f"OR (OLD.status = 'granted' AND ({' OR '.join(f'OLD.{name} IS NOT NEW.{name}' for name in _KEPT)})) "
        "BEGIN SELECT RAISE(ABORT, 'remedy_is_decided'); END"
    ),
    "complaints_limit_published": (
        f"AFTER UPDATE ON {LIMIT} WHEN ({' OR '.join(f'OLD.{name} IS NOT NEW.{name}' for name in _LIMIT)}) "
        f"AND EXISTS (SELECT 1 FROM {VERSION} v "
        "WHERE v.id IN (OLD.version_id, NEW.version_id) AND v.published_at IS NOT NULL) "
        "BEGIN SELECT RAISE(ABORT, 'limit_is_published'); END"
    ),
    "complaints_authority_published": (
        f"AFTER UPDATE ON {VERSION} WHEN OLD.published_at IS NOT NULL AND (OLD.published_at IS NOT NEW.published_at "
        "OR OLD.number IS NOT NEW.number) BEGIN SELECT RAISE(ABORT, 'authority_is_published'); END"
    ),
}


def missing_triggers() -> list[str]:
    """On SQLite; PostgreSQL keeps its triggers."""
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        there = {name for (name,) in cursor.fetchall()}
    return [name for name in TRIGGERS if name not in there]


def before_migrations(**kwargs: Any) -> None:
    """SQLite cannot rename a table that a trigger elsewhere names."""
    if connection.vendor == "sqlite" and kwargs["using"] == connection.alias:
        with connection.cursor() as cursor:
            for name in TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def after_migrations(**kwargs: Any) -> None:
    if connection.vendor != "sqlite" or kwargs["using"] != connection.alias or not _is_there():
        return
    with connection.cursor() as cursor:
        for name in missing_triggers():
            cursor.execute(f"CREATE TRIGGER {name} {TRIGGERS[name]}")


def _is_there() -> bool:
    """Not before migration 0017."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM pragma_table_info('{REMEDY}') WHERE name = 'decided_on'")
        return cursor.fetchone() is not None
