"""Write very many new rows: COPY on PostgreSQL, executemany on SQLite (performance.md, load).

`core.rows` serves actions with a dozen rows; this serves imports and seeding with a hundred thousand. Neither runs
`save()` nor field validation: constraints of the database still hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from io import StringIO
from operator import itemgetter
from typing import Any

from django.db import connection, models

from core import rows

PARAMETERS = 30_000  # SQLite takes 32,766 in one statement
_ESCAPES = str.maketrans({"\x01": " ", "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


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


def load(model: type[models.Model], columns: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """Insert rows given as plain values in the order of `columns` (database names); JSON as text, instants aware UTC.

    One COPY on PostgreSQL. The caller holds the transaction.
    """
    if connection.vendor == "postgresql":
        load_text(model, columns, "".join(map(copy_line, values)))
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
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(row):
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

    def load(self, values: Iterable[Sequence[Any]]) -> None:
        load(self.model, self.columns, values)


def reset_sequences(*models_written: type[models.Model]) -> None:
    """After keys were given by hand: let PostgreSQL's sequences go on behind the highest. No query on SQLite."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in models_written:
            table, column = model._meta.db_table, model._meta.pk.column  # type: ignore[union-attr]
            quoted = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, %s), greatest((SELECT max({column}) FROM {quoted}), 1))",  # noqa: S608
                [table, column],
            )


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


_NULL, _HEX = "\x00", "\x01"  # stand in for what needs a backslash; neither may occur in a text
_AS_TEXT: dict[type, Callable[[Any], str]] = {
    int: str,
    bool: lambda value: "t" if value else "f",
    type(None): lambda value: _NULL,
    datetime: str,
    date: str,
    bytes: lambda value: _HEX + value.hex(),
}
