"""What the database itself holds about points, whoever writes (mission C3): the balance is the sum of the entries and
never below zero, and an entry stays as it was written.

Every entry adds to its customer's account, which is made when it is missing; a check of the account refuses what would
overdraw it. Of an entry only the customer (a merge of records) and the words of the reason (erasure) may change; points
go along with the customer. Nobody deletes entries but those of the demo and of its customers, nor writes a balance.

PostgreSQL: `retention.migrations._ledger_pg`. SQLite's triggers are put up after migrations, as it loses those of a
table it makes anew. They let entries be deleted, which is how Django empties tables there; and as SQLite looks at each
row, not at the whole statement, entries that move one by one leave an account that is short meanwhile at zero.
"""

# ruff: noqa: S608  statements of our own names
from __future__ import annotations

from typing import Any

from django.db import connection

ENTRY, ACCOUNT = "retention_loyaltyentry", "retention_loyaltyaccount"
KEPT = ("points", "kind", "key", "source", "complaint_reference", "at", "by_id", "created_at")


def _sum(customer: str) -> str:
    return f"(SELECT coalesce(sum(points), 0) FROM {ENTRY} WHERE customer_id = {customer})"


def _open(customer: str) -> str:
    return (
        f"INSERT INTO {ACCOUNT} (customer_id, balance) SELECT {customer}, 0 "
        f"WHERE NOT EXISTS (SELECT 1 FROM {ACCOUNT} WHERE customer_id = {customer});"
    )


def _recount(customer: str, *, short: bool = False) -> str:
    balance = f"max(0, {_sum(customer)})" if short else _sum(customer)
    return f"UPDATE {ACCOUNT} SET balance = {balance} WHERE customer_id = {customer};"


_NEW, _OLD = "NEW.customer_id", "OLD.customer_id"
TRIGGERS = {
    "retention_loyalty_added": f"AFTER INSERT ON {ENTRY} BEGIN {_open(_NEW)} {_recount(_NEW)} END",
    "retention_loyalty_moved": f"AFTER UPDATE ON {ENTRY} WHEN OLD.customer_id <> NEW.customer_id BEGIN "
    f"{_open(_NEW)} {_recount(_OLD, short=True)} {_recount(_NEW, short=True)} END",
    "retention_loyalty_removed": f"AFTER DELETE ON {ENTRY} BEGIN {_recount(_OLD, short=True)} END",
    "retention_loyalty_kept": f"AFTER UPDATE ON {ENTRY} WHEN {' OR '.join(f'OLD.{n} IS NOT NEW.{n}' for n in KEPT)} "
    "BEGIN SELECT RAISE(ABORT, 'loyalty_entry_is_kept'); END",
    "retention_loyalty_balance_made": f"AFTER INSERT ON {ACCOUNT} WHEN NEW.balance NOT IN (0, {_sum(_NEW)}) "
    "BEGIN SELECT RAISE(ABORT, 'loyalty_balance_is_counted'); END",
    "retention_loyalty_balance_kept": f"AFTER UPDATE ON {ACCOUNT} WHEN OLD.customer_id <> NEW.customer_id "
    f"OR NEW.balance <> max(0, {_sum(_NEW)}) "
    "BEGIN SELECT RAISE(ABORT, 'loyalty_balance_is_counted'); END",
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
    """SQLite cannot rename a table that a trigger names."""
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
    """Not before migration 0010."""
    return ACCOUNT in connection.introspection.table_names()
