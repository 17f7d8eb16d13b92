"""Insert all new rows of one action in as few round trips as possible (performance.md, Creation).

An action that makes a complaint writes a dozen rows into eight tables. Through `save()` that is a dozen round trips and
300 us of Python each. Here primary keys are known beforehand (on PostgreSQL taken from the table's own sequence in
blocks), so that the rows can point at each other, and on PostgreSQL everything leaves as one multi-statement command.

The few statements in the way of every creation are prepared once per connection (`ask`): reading and planning their
text cost PostgreSQL three times as much as running them, and at eight clients its processors are ours.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.base import ModelState

BLOCK = 100
Row = TypeVar("Row", bound=models.Model)
_local = threading.local()
_handed_out: dict[str, int] = {}  # SQLite: keys given away but perhaps not inserted yet; a gap does no harm


def new_ids(model: type[models.Model], count: int = 1) -> list[int]:
    """`count` unused primary keys of `model`. Query cost: one per 100 keys on PostgreSQL, one per call on SQLite.

    On SQLite it must be called inside the transaction that uses them (IMMEDIATE: there is only one writer). On
    PostgreSQL a later transaction may use what is left of a block: not for the trail, whose readers go by its keys
    (core.settled); `bulk.new_keys` leaves nothing over.
    """
    table, column = model._meta.db_table, model._meta.pk.column
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = %s), 0)", [table])
            last = cursor.fetchone()[0]
        last = max(last, _handed_out.get(table, 0))
        _handed_out[table] = last + count
        return list(range(last + 1, last + 1 + count))
    pool: deque[int] = _pools().setdefault((os.getpid(), connection.settings_dict["NAME"], table), deque())
    if len(pool) < count:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [table, column, max(BLOCK, count)],
            )
            pool.extend(row[0] for row in cursor.fetchall())
    return [pool.popleft() for _ in range(count)]


def give_ids(*instances: models.Model) -> None:
    """Give every instance without a primary key one; the rows are not written yet."""
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for instance in instances:
        if instance.pk is None:
            by_model.setdefault(type(instance), []).append(instance)
    for model, lacking in by_model.items():
        for instance, pk in zip(lacking, new_ids(model, len(lacking)), strict=True):
            instance.pk = pk


def insert(instances: Iterable[models.Model]) -> None:
    """Write new rows, in the order given (parents first). One round trip on PostgreSQL, whatever the number of tables.

    Rows of the same model that follow each other share one INSERT. Values pass through each field's own conversion;
    `auto_now` and `save()` hooks do not run. Instances without a primary key get one from the database, unseen.
    What rides along with a row (`rides_along`: an event told of with its trail entry) is written last.
    """
    whole = list(instances)
    whole += [rider for one in whole for rider in one.__dict__.get("rides_along", ())]
    link = connections[DEFAULT_DB_ALIAS]  # the proxy would be resolved anew for every value
    statements: list[str] = []
    parameters: list[Any] = []
    for model, group in _runs(whole):
        with_pk = group[0].pk is not None
        head, one, fields = _template(model, with_pk)
        statements.append(head + ", ".join([one] * len(group)))
        for instance in group:
            values = instance.__dict__
            for attname, convert, ready in fields:
                value = values[attname]
                known = convert is None or value is None or type(value) is ready
                parameters.append(value if known else convert(value, link))
            instance._state.adding = False
            instance._state.db = "default"
    if not statements:
        return
    with link.cursor() as cursor:
        if link.vendor == "postgresql":
            cursor.execute(";\n".join(statements), parameters)
            return
        position = 0
        for statement in statements:
            width = statement.count("%s")
            cursor.execute(statement, parameters[position : position + width])
            position += width


def columns(model: type[models.Model], alias: str) -> str:
    """All columns of `model` under `alias`, in the order in which `first` reads them."""
    quote = connection.ops.quote_name
    return ", ".join(f"{alias}.{quote(field.column or '')}" for field in model._meta.concrete_fields)


def first(model: type[Row], sql: str, parameters: Sequence[Any]) -> Row | None:
    """The first row of a statement that gives back `columns(model, ...)`, as an instance; None without one. One query.

    For the few statements in the way of every creation: `Manager.raw` costs as much Python as the ORM.
    """
    found = ask(sql, parameters)
    if found is None:
        return None
    names, converters = _reading(model, connection.vendor)
    values = list(found)
    for place, convert, expression in converters:
        values[place] = convert(values[place], expression, connection)
    return loaded(model, names, values)


def new(model: type[Row], **values: Any) -> Row:
    """`model(**values)`, not yet written, at a seventh of the cost: no signals, no conversions, no properties.

    A relation takes an instance with its key, or None; what is not named gets its default. Raises TypeError for a name
    that is no field. A complaint of forty columns takes Django 80 us.
    """
    constants, made, relations = _blank(model)
    instance = model.__new__(model)
    instance._state = ModelState()
    known = instance.__dict__
    known.update(constants)
    for attname, default in made:
        known[attname] = default()
    for name, value in values.items():
        if name in constants:
            known[name] = value
        elif name in relations:
            known[relations[name]] = None if value is None else value.pk
            instance._state.fields_cache[name] = value
        else:
            raise TypeError(f"{model.__name__} has no field {name}")
    return instance


def loaded(model: type[Row], names: Sequence[str], values: Sequence[Any]) -> Row:
    """`model.from_db` for all fields, `names` being their attnames, likewise without signals."""
    instance = model.__new__(model)
    instance._state = ModelState()
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    instance.__dict__.update(zip(names, values, strict=True))
    return instance


@cache
def _blank(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Any]], dict[str, str]]:
    """The defaults of a model: those that are always the same, those made anew each time, and attnames of relations."""
    fields = model._meta.concrete_fields
    made = [(f.attname, f.default) for f in fields if f.has_default() and callable(f.default)]
    constants = {f.attname: f.get_default() for f in fields}
    return constants, made, {f.name: f.attname for f in fields if f.is_relation}


def ask(sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row of one of our own constant statements, prepared on PostgreSQL. One query, and one more the
    first time on a connection.

    `sql` must be one of few texts, with `%s` for every value: each stays with the connection. Behind a pooler
    that hands out connections by the transaction (DISABLE_SERVER_SIDE_CURSORS says so) nothing is prepared.
    """
    link = connections[DEFAULT_DB_ALIAS]
    with link.cursor() as cursor:
        if link.vendor != "postgresql" or link.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
            cursor.execute(sql, parameters)
            return cursor.fetchone()  # type: ignore[no-any-return]
        prepare, execute = _prepared(sql)
        known = _known(link)
        if execute not in known:
            cursor.execute(prepare)
            known.add(execute)
        cursor.execute(execute, parameters)
        return cursor.fetchone()  # type: ignore[no-any-return]


@cache
def _prepared(sql: str) -> tuple[str, str]:
    """PREPARE and EXECUTE for a statement. The name follows from the text, so that nothing else can have it."""
    name = f"amends_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
    places = itertools.count(1)
    text = re.sub("%s", lambda _mark: f"${next(places)}", sql).replace("%%", "%")
    return f"PREPARE {name} AS {text}", f"EXECUTE {name}({', '.join(['%s'] * (next(places) - 1))})"


def _known(link: Any) -> set[str]:
    """What this very connection has prepared; a new one starts with nothing. PREPARE outlives a rollback."""
    owner, known = getattr(link, "amends_prepared", (None, set()))
    if owner is not link.connection:
        known = set()
        link.amends_prepared = (link.connection, known)
    return known


@cache
def _reading(model: type[models.Model], vendor: str) -> tuple[list[str], list[tuple[int, Any, Any]]]:
    """Names of the fields, and what has to be converted at which place: on PostgreSQL little besides JSON."""
    fields = model._meta.concrete_fields
    converters = []
    for place, one in enumerate(fields):
        expression = one.get_col(model._meta.db_table)
        found = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        converters += [(place, convert, expression) for convert in found]
    return [field.attname for field in fields], converters


def _runs(instances: Iterable[models.Model]) -> list[tuple[type[models.Model], Sequence[models.Model]]]:
    runs: list[tuple[type[models.Model], list[models.Model]]] = []
    for instance in instances:
        model = type(instance)
        if runs and runs[-1][0] is model and (runs[-1][1][0].pk is None) == (instance.pk is None):
            runs[-1][1].append(instance)
        else:
            runs.append((model, [instance]))
    return runs  # type: ignore[return-value]


@cache
def _template(model: type[models.Model], with_pk: bool) -> tuple[str, str, list[tuple[str, Any, type | None]]]:
    quote = connection.ops.quote_name
    fields = [f for f in model._meta.concrete_fields if with_pk or not f.primary_key]
    columns = ", ".join(quote(f.column or "") for f in fields)
    plain = (models.CharField, models.TextField, models.BooleanField)
    converters = [(f.attname, None if type(f) in plain else f.get_db_prep_save, _ready(f)) for f in fields]
    marks = ", ".join(["%s"] * len(fields))
    head = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608  names of our own models
    return head, f"({marks})", converters


def _ready(field: models.Field[Any, Any]) -> type | None:
    """The type whose values the driver takes from this field as they are: whole numbers; instants on PostgreSQL."""
    if isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.IntegerField):
        return int
    return datetime if type(field) is models.DateTimeField and connection.vendor == "postgresql" else None


def _pools() -> dict[tuple[int, str, str], deque[int]]:
    if not hasattr(_local, "pools"):
        _local.pools = {}
    return _local.pools  # type: ignore[no-any-return]
