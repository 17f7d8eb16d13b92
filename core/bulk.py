"""Write very many new rows: COPY on PostgreSQL, executemany on SQLite (performance.md, load).

`core.rows` serves actions with a dozen rows; this serves imports and seeding with a hundred thousand. Neither runs
`save()` nor field validation: constraints of the database still hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import BytesIO
from operator import itemgetter
from typing import Any, cast

from django.db import connection, models

from core import rows

PARAMETERS = 30_000  # SQLite takes 32,766 in one statement
_AT_ONCE = 1 << 18  # bytes handed to COPY
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
        statement = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
        cursor.cursor.copy_expert(statement, BytesIO(text.encode()), size=_AT_ONCE)


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
        self.columns = tuple(cast("str", field.column) for field in used)  # concrete fields have one
        self._base = {field.attname: _plain(field.get_default()) for field in used} | constants
        self._in_order = itemgetter(*(field.attname for field in used))

    def row(self, **values: Any) -> tuple[Any, ...]:
        """One row. A misspelt name is ignored, as a test of every caller would show."""
        made: tuple[Any, ...] = self._in_order({**self._base, **values})
        return made

    def load(self, values: Sequence[Sequence[Any]]) -> None:
        load(self.model, self.columns, values)

    def pen(self, *names: str, as_text: bool) -> Callable[[Sequence[Any]], Any]:
        """A quick way to many rows that differ in `names` (attribute names, in any order) only.

        What it returns takes the values in that order and gives a row, or, `as_text`, a line for COPY: then nothing in
        the values may need escaping. Raises KeyError for a name that is no field of the table.
        """
        order = [name for name in self._base if name in names]
        if missing := set(names) - set(order):
            raise KeyError(f"{self.model.__name__} has no {', '.join(sorted(missing))}")
        sort = itemgetter(*map(names.index, order))
        if not as_text:
            base, places = [self._base[name] for name in self._base], [list(self._base).index(name) for name in order]

            def row(values: Sequence[Any]) -> tuple[Any, ...]:
                made = base.copy()
                for place, value in zip(places, sort(values), strict=True):
                    made[place] = value
                return tuple(made)

            return row
        parts = ["%s" if name in names else _constant(value) for name, value in self._base.items()]
        template = "\t".join(parts) + "\n"
        in_order = list(names) == order

        def line(values: Sequence[Any]) -> str:
            values = tuple(values) if in_order else sort(values)
            made = template % values
            if "None" in made:  # rarely: looking at every value takes longer than all the rest
                return template % tuple(["\\N" if value is None else value for value in values])
            return made

        return line


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


@contextmanager
def indexes_built_afterwards(*loaded: type[models.Model]) -> Iterator[None]:
    """Within a transaction on PostgreSQL: drop the tables' indexes but primary keys, build them anew at the end.

    For many rows into tables that hold few: several times cheaper than keeping a dozen indexes row by row. Nobody else
    can read or write the tables until the transaction ends; if it fails, nothing has changed. The transaction must not
    have written to them before. Raises OperationalError when others hold a table for longer than ten seconds.
    """
    if connection.vendor != "postgresql":
        yield
        return
    quote = connection.ops.quote_name
    tables = [model._meta.db_table for model in loaded]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute(f"LOCK TABLE {', '.join(map(quote, tables))} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute(_INDEXES, [tables])
        found = cursor.fetchall()
        for table, index, is_constraint, _definition in found:
            alter = f"ALTER TABLE {quote(table)} DROP CONSTRAINT" if is_constraint else "DROP INDEX"
            cursor.execute(f"{alter} {quote(index)}")
        yield
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{_FOR_SORTING}'")
        for table, index, is_constraint, definition in found:
            add = f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(index)} " if is_constraint else ""
            cursor.execute(add + definition)


# Table, index, is it the index of a constraint, how to make it again; none that a foreign key leads to.
_INDEXES = """
SELECT held.relname, coalesce(rule.conname, index.relname), rule.oid IS NOT NULL,
       coalesce(pg_get_constraintdef(rule.oid), pg_get_indexdef(index.oid))
FROM pg_index entry JOIN pg_class held ON held.oid = entry.indrelid JOIN pg_class index ON index.oid = entry.indexrelid
LEFT JOIN pg_constraint rule ON rule.conindid = index.oid AND rule.conrelid = held.oid AND rule.contype IN ('u', 'x')
WHERE held.relname = ANY(%s) AND pg_table_is_visible(held.oid) AND NOT entry.indisprimary
AND NOT EXISTS (SELECT 1 FROM pg_constraint leads WHERE leads.contype = 'f' AND leads.conindid = index.oid)
ORDER BY held.relname, index.oid
"""
_FOR_SORTING = "128MB"


def new_keys(model: type[models.Model], count: int) -> list[int]:
    """`count` unused primary keys, thousands at a time; otherwise as `rows.new_ids`. Query cost: 1.

    None is put by for a later transaction: what is read in the order of its keys (the trail, core.settled) needs that.
    """
    if connection.vendor != "postgresql":
        return rows.new_ids(model, count)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(own.name) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name OFFSET 0) own, "
            "generate_series(1, %s)",  # the name is looked up once, not for every key
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [key for (key,) in cursor.fetchall()]


def broken_references(*loaded: type[models.Model], trusted: Iterable[type[models.Model]] = ()) -> list[str]:
    """The foreign keys of these tables that lead nowhere, as `table.column`; one join for each. PostgreSQL only.

    `trusted`: those that lead to these tables are not looked at.
    """
    quote = connection.ops.quote_name
    broken: list[str] = []
    if connection.vendor != "postgresql" or not _is_superuser():
        return broken
    with connection.cursor() as cursor:
        for model in loaded:
            for field in model._meta.concrete_fields:
                to = field.related_model
                if to is None or to in trusted:
                    continue
                child, parent = quote(model._meta.db_table), quote(to._meta.db_table)
                column, key = quote(cast("str", field.column)), quote(cast("str", to._meta.pk.column))
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


def _constant(value: Any) -> str:
    """A value as it stands in a template of COPY's text format."""
    return copy_line([value])[:-1].replace("%", "%%")


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
