"""Queries composed once and asked again with other values (performance: Django needs longer to write them than
PostgreSQL to answer them).

A query is built from ordinary querysets with stand-ins where readers, cases and moments differ; `Composed.rows` puts
the values in their places. What a query looks like may only depend on what its builder is keyed by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

from core.access import AGENT, MANAGER

# No key is negative, no instant of ours lies in 1971, no reference has a blank: nothing else is taken for a stand-in.
ME, CASE, CUSTOMER, LAST = -1, -1001, -1002, -1003
TEAMS = tuple(range(-2, -66, -1))
NOW, DAY_END, EDGE, SINCE = (datetime(1971, 2, day, 4, 5, 6, 7, tzinfo=UTC) for day in (3, 4, 5, 6))
REFERENCE = " reference "
REPLY_PLACE, NOTE_PLACE, CASE_PLACE = " reply ", " note ", " case "

Convert = tuple[int, Sequence[Callable[[Any, Any, Any], Any]], Any]


@dataclass(frozen=True, slots=True)
class Somebody:
    """A reader in general, as `visible_to` looks at one: whether they see all, else in how many teams."""

    team_count: int
    sees_all: bool
    pk: int = ME
    team_id: None = None

    @property
    def roles(self) -> frozenset[str]:
        return frozenset({MANAGER if self.sees_all else AGENT})

    @property
    def led_team_ids(self) -> list[int]:
        return list(TEAMS[: self.team_count])


@dataclass(frozen=True, slots=True)
class Composed:
    """SQL, its parameters with stand-ins among them, and what turns its columns into values. Empty text: no rows."""

    text: str
    slots: tuple[Any, ...] = ()
    converts: tuple[Convert, ...] = ()

    def rows(self, given: Mapping[Any, Any]) -> Sequence[tuple[Any, ...]]:
        """The rows with `given` (stand-in: value) in place. Query cost: 1, none where nothing can be found."""
        if not self.text:
            return []
        known = {stored(mark): stored(value) for mark, value in given.items()}
        with connection.cursor() as cursor:
            cursor.execute(self.text, [known.get(slot, slot) for slot in self.slots])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [_converted(row, self.converts) for row in found] if self.converts else found


def compose(found: QuerySet[Any, Any]) -> Composed:
    """Of a queryset of values."""
    try:
        text, slots, converts = _parts(found)
    except EmptyResultSet:
        return Composed("")
    return Composed(text, tuple(slots), converts)


def together(found: Iterable[QuerySet[Any, Any]]) -> Composed:
    """All rows of several querysets with the same columns, each with its own order and limit. At least one has rows."""
    texts: list[str] = []
    slots: list[Any] = []
    converts: tuple[Convert, ...] = ()
    for number, one in enumerate(found):
        text, values, converts = _parts(one)
        texts.append(f"SELECT * FROM ({text}) AS p{number}")  # noqa: S608 - only our own querysets' SQL
        slots += values
    return Composed(" UNION ALL ".join(texts), tuple(slots), converts)


def stored(value: Any) -> Any:
    """A value as it stands among the parameters of a query."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _parts(found: QuerySet[Any, Any]) -> tuple[str, Sequence[Any], tuple[Convert, ...]]:
    compiler = found.query.get_compiler(DEFAULT_DB_ALIAS)
    text, params = compiler.as_sql()
    converters = compiler.get_converters(column[0] for column in compiler.select)
    return text, params, tuple((place, tuple(every), what) for place, (every, what) in converters.items())


def _converted(row: tuple[Any, ...], converts: tuple[Convert, ...]) -> tuple[Any, ...]:
    values = list(row)
    for place, every, what in converts:
        value = values[place]
        for convert in every:
            value = convert(value, what, connection)
        values[place] = value
    return tuple(values)
