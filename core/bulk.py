"""Write very many new rows: COPY on PostgreSQL, executemany on SQLite (performance.md, load).

`core.rows` serves actions with a dozen rows; this serves imports and seeding with a hundred thousand. Neither runs
`save()` nor field validation: constraints of the database still hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import StringIO
from operator import itemgetter
from typing import Any

from django.db import connection, models

from core import rows

PARAMETERS = 30_000  # SQLite takes 32,766 in one statement
_ESCAPES = str.maketrans({"\x01": "\\x01", "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def insert(instances: Sequence[models.Model]) -> None:
    """Insert any number of new instances through `core.rows`, in statements small enough for SQLite.

    Sort them by model first: neighbours of one model share a statement.
    """
    start, used = 0, 0
    for index, instance in enumerate(instances):
        width = len(instance._meta.concrete_fields)
        if used + width > PARAMETERS:
            rows.insert(instances[start:index])
            start, used = index, 0
        used += width
    if start < len(instances):
        rows.insert(instances[start:])


def load(model: type[models.Model], columns: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
    """Insert rows given as plain values in the order of `columns` (database names); JSON as text, instants aware UTC.

    One COPY on PostgreSQL, where `values` may be its lines already. The caller holds the transaction.
    """
    if connection.vendor == "postgresql":
        ready = bool(values) and type(values[0]) is str
        load_text(model, columns, "".join(values if ready else map(copy_line, values)))  # type: ignore[arg-type]
        return
    quote = connection.ops.quote_name
    names, marks = ", ".join(map(quote, columns)), ", ".join("?" * len(columns))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608  (our own names)
    with connection.cursor() as cursor:
        raw = cursor.cursor.connection.cursor()
        raw.executemany(statement, [tuple(map(_for_sqlite, row)) for row in values])
        raw.close()


def load_text(model: type[models.Model], columns: Sequence[str], text: str) -> None:
    """COPY lines made by `copy_line` into the model's table. PostgreSQL only."""
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN", StringIO(text))


def copy_line(row: Sequence[Any]) -> str:
    """One line of COPY's text format. Lines without anything to escape, nearly all, are looked at only once."""
    line = "\t".join([value if type(value) is str else _AS_TEXT[type(value)](value) for value in row])
    if "\\" in line or "\n" in line or "\r" in line or _HEX in line or line.count("\t") >= len(row):
        line = "\t".join(
            [value.translate(_ESCAPES) if type(value) is str else _AS_TEXT[type(value)](value) for value in row]
        )
    return line.replace(_NULL, "\\N").replace(_HEX, "\\\\x") + "\n"


class Table:
    """A table to load into: `row()` puts named values (attribute names; JSON as text) in the columns' order.

    Field defaults are filled in. Twenty times cheaper than a model instance. `keyless`: the database gives the keys.
    """

    def __init__(self, model: type[models.Model], *, keyless: bool = False, **constants: Any) -> None:
        self.model = model
        used = [field for field in model._meta.concrete_fields if not (keyless and field.primary_key)]
        self.columns = tuple(field.column for field in used)
        self._base = {**{field.attname: _plain(field.get_default()) for field in used}, **constants}
        self._in_order = itemgetter(*(field.attname for field in used))

    def row(self, **values: Any) -> tuple[Any, ...]:
        """One row. A misspelt name is ignored, as a test of every caller would show."""
        return self._in_order({**self._base, **values})

    def load(self, values: Sequence[Sequence[Any]]) -> None:
        load(self.model, self.columns, values)


@contextmanager
def references_checked_later() -> Iterator[None]:
    """Within a transaction on PostgreSQL, as superuser: look up no foreign key row by row (half the cost of a load).

    For rows consistent by construction; the caller then asks `broken_references()`. Otherwise nothing changes.
    """
    if connection.vendor != "postgresql" or not _is_superuser():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def broken_references(*loaded: type[models.Model]) -> list[str]:
    """The foreign keys of these tables that lead nowhere, as `table.column`; one join for each. PostgreSQL only."""
    quote = connection.ops.quote_name
    broken = []
    if connection.vendor != "postgresql" or not _is_superuser():
        return broken
    with connection.cursor() as cursor:
        for model in loaded:
            for field in model._meta.concrete_fields:
                if not field.is_relation:
                    continue
                child, parent = quote(model._meta.db_table), quote(field.related_model._meta.db_table)  # type: ignore[union-attr]
                column, key = quote(field.column), quote(field.related_model._meta.pk.column)  # type: ignore[union-attr]
                cursor.execute(
                    f"SELECT EXISTS (SELECT 1 FROM {child} c WHERE c.{column} IS NOT NULL "  # noqa: S608
                    f"AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.{key} = c.{column}))"
                )
                if cursor.fetchone()[0]:
                    broken.append(f"{model._meta.db_table}.{field.column}")
    return broken


def _is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        return bool(cursor.fetchone()[0])


def _plain(default: Any) -> Any:
    """A field's default as a plain value: members of enumerations as text, JSON as text."""
    if isinstance(default, dict | list):
        return json.dumps(default)
    return str(default) if isinstance(default, str) else default


def _for_sqlite(value: Any) -> Any:
    kind = type(value)
    if kind is datetime:
        return str(value.astimezone(UTC).replace(tzinfo=None)) if value.tzinfo is not UTC else str(value)[:-6]
    if kind is date:
        return value.isoformat()
    return value


_NULL, _HEX = "\x00", "\x01"  # stand in for what needs a backslash; PostgreSQL takes no zero byte in a text
_AS_TEXT: dict[type, Callable[[Any], str]] = {
    int: str,
    bool: lambda value: "t" if value else "f",
    type(None): lambda value: _NULL,
    datetime: str,
    date: str,
    bytes: lambda value: _HEX + value.hex(),
}


def analyze(*models_written: type[models.Model]) -> None:
    """Let the database count anew what its plans rest on; after many rows at once it would plan for none."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for model in models_written:
            cursor.execute(f"ANALYZE {quote(model._meta.db_table)}")
