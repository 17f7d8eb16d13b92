"""Make many complaints out of few, in the database: copies with keys, deadlines and dates of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, models

from complaints.models import Clock, ClockEvent, Complaint, Narrative, SearchText
from complaints.search import postgres
from core.models import TrailEntry
from retention.models import ContactPoint, Customer
from tests.bench.rows import APART, FIRST_DUE

LOADED: tuple[type[models.Model], ...] = (
    Customer, ContactPoint, Complaint, Narrative, Clock, ClockEvent, TrailEntry,
)  # fmt: skip
KEYLESS = (ClockEvent, TrailEntry)  # the database gives the keys
OWN = {  # by which rows of the first complaints are known
    Customer: ("id", 1), ContactPoint: ("customer_id", 1), Complaint: ("id", 1), Narrative: ("complaint_id", 1),
    Clock: ("id", 2), ClockEvent: ("clock_id", 2), TrailEntry: ("subject_id", 1),
}  # fmt: skip
TABLE = "bench_first_{}"


def keep_first(size: int) -> None:
    """Put the first `size` complaints aside, to be copied from."""
    with connection.cursor() as cursor:
        for model in LOADED:
            table, (key, each) = model._meta.db_table, OWN[model]
            only = "subject_kind = 'complaint' AND " if model is TrailEntry else ""
            name = TABLE.format(table)
            cursor.execute(f"CREATE TEMPORARY TABLE {name} AS SELECT * FROM {table} WHERE {only}{key} <= {size * each}")
        if connection.vendor == "postgresql":
            texts = SearchText._meta.db_table
            cursor.execute(f"CREATE TEMPORARY TABLE {TABLE.format(texts)} AS SELECT * FROM {texts}")
            cursor.execute("ANALYZE " + ", ".join(TABLE.format(table) for table in (texts, Complaint._meta.db_table)))


def search_first(size: int) -> None:
    """What the first complaints are searched by, on PostgreSQL while its triggers rest. The words of copies are copied:
    to find them anew takes as long as all the rest."""
    if connection.vendor == "postgresql":
        for start in range(1, size + 1, 2_000):
            postgres.put(start, min(start + 2_000, size + 1))


def forget_first() -> None:
    with connection.cursor() as cursor:
        for model in (*LOADED, *([SearchText] if connection.vendor == "postgresql" else [])):
            cursor.execute(f"DROP TABLE {TABLE.format(model._meta.db_table)}")


def copy(offset: int, size: int, *, count: int, step: int) -> None:
    """Copy what was kept of the first `size` complaints to keys `offset` higher, each row of them.

    Instants move with the receipt; what is to come, the deadlines, are those of `Rows.deadline`.
    """
    with connection.cursor() as cursor:
        for model, changed in _changes(offset, count, step).items():
            fields = [field for field in model._meta.concrete_fields if not (field.primary_key and model in KEYLESS)]
            values = [changed.get(field.column) or _as_it_is(field, offset) for field in fields]
            names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
            table, (key, each) = model._meta.db_table, OWN[model]
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} "
                f"FROM {TABLE.format(table)} WHERE {key} <= {size * each}"
            )
        if connection.vendor == "postgresql":
            reference = f"'AM-' || {_digits(f'c.id + {offset}')}"
            cursor.execute(
                f"INSERT INTO {SearchText._meta.db_table} (complaint_id, keys, words) "
                f"SELECT c.id + {offset}, complaints_search_keys({reference}, c.order_number, c.external_id, c.lot), "
                f"held.words FROM {TABLE.format(Complaint._meta.db_table)} c "
                f"JOIN {TABLE.format(SearchText._meta.db_table)} held ON held.complaint_id = c.id WHERE c.id <= {size}"
            )


def _changes(offset: int, count: int, step: int) -> dict[type[models.Model], dict[str, str]]:
    """What is not simply copied, by table and column."""

    def due(position: str) -> str:
        return _instant(f"{int(FIRST_DUE.timestamp())} + ({position}) * {step} % {count}")

    first, second = due(f"id - 1 + {offset}"), due(f"id + {offset}")
    deadline = due(f"(id - 1) / 2 + (id - 1) % 2 + {offset}")
    return {
        Customer: {"id": f"id + {offset}"},
        ContactPoint: {"id": f"id + {offset}", "customer_id": f"customer_id + {offset}"},
        Complaint: {
            "id": f"id + {offset}",
            "reference": f"'AM-' || {_digits(f'id + {offset}')}",
            "customer_id": f"customer_id + {offset}",
            "acknowledge_due_at": f"CASE WHEN in_queue THEN {first} END",
            "resolve_due_at": f"CASE WHEN in_queue THEN {second} END",
            "queue_at": f"CASE WHEN in_queue THEN {_least(first, second)} ELSE queue_at END",
        },
        Narrative: {"complaint_id": f"complaint_id + {offset}"},
        Clock: {
            "id": f"id + {offset * 2}",
            "complaint_id": f"complaint_id + {offset}",
            "due_at": f"CASE WHEN next_at IS NULL THEN {_later('due_at', offset)} ELSE {deadline} END",
            "next_at": f"CASE WHEN next_at IS NULL THEN NULL ELSE {deadline} END",
        },
        ClockEvent: {"clock_id": f"clock_id + {offset * 2}"},
        TrailEntry: {"subject_id": f"subject_id + {offset}", "customer_id": f"customer_id + {offset}"},
    }


def _as_it_is(field: models.Field, offset: int) -> str:  # type: ignore[type-arg]
    name = connection.ops.quote_name(str(field.column))
    return _later(name, offset) if isinstance(field, models.DateTimeField) else name


def _later(column: str, offset: int) -> str:
    minutes = int(APART.total_seconds()) // 60 * offset
    if connection.vendor == "postgresql":
        return f"{column} + interval '{minutes} minutes'"
    return f"datetime({column}, '+{minutes} minutes')"


def _instant(seconds: str) -> str:
    """An instant from seconds since 1970."""
    return f"to_timestamp({seconds})" if connection.vendor == "postgresql" else f"datetime({seconds}, 'unixepoch')"


def _least(one: str, other: str) -> str:
    return f"{'least' if connection.vendor == 'postgresql' else 'min'}({one}, {other})"


def _digits(number: str) -> str:
    """0012-3456 from 123456."""
    if connection.vendor == "postgresql":
        return f"to_char({number}, 'FM0000-0000')"
    return f"substr(printf('%08d', {number}), 1, 4) || '-' || substr(printf('%08d', {number}), 5)"


@contextmanager
def sqlite_indexes_afterwards(written: Sequence[type[models.Model]]) -> Iterator[None]:
    """As core.bulk.indexes_built_afterwards, on SQLite: what CREATE INDEX made, dropped and made again."""
    if connection.vendor != "sqlite":
        yield
        return
    marks = ", ".join(["%s"] * len(written))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
            [model._meta.db_table for model in written],
        )
        found = cursor.fetchall()
        for name, _definition in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, definition in found:
            cursor.execute(definition)
