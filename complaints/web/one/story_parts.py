"""The columns in which everything a case page tells is laid out, so that it can be read in one query."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, CharField, DateTimeField, F, IntegerField, QuerySet, Value
from django.db.models.functions import Cast


class Row(NamedTuple):
    """A line of the union: what `part` it is of, and what is the same in many parts under one name."""

    id: int
    part: str
    at: datetime | None
    text: str
    who: int | None
    a: str
    b: str
    c: str
    d: str
    sent_at: datetime | None
    failed_at: datetime | None
    number: int


def part_of(
    rows: QuerySet[Any, Any],
    part: str,
    at: str | None,
    text: str,
    who: str | None,
    *words: Any,
    sent_at: str | None = None,
    failed_at: str | None = None,
    number: str | None = None,
) -> QuerySet[Any, Any]:
    """`rows` in the columns of `Row`. Each is cast, so that all parts agree on its type."""
    columns: dict[str, Any] = {
        "row_id": Cast("pk", BigIntegerField()),
        "row_part": Cast(F(part) if part == "direction" else Value(part), CharField()),
        "row_at": column_of(at, DateTimeField()),
        "row_text": Cast(text, CharField()),
        "row_who": column_of(who, BigIntegerField()),
    }
    for place, name in enumerate("abcd"):
        columns[f"row_{name}"] = Cast(words[place] if place < len(words) else Value(""), CharField())
    columns["row_sent_at"] = column_of(sent_at, DateTimeField())
    columns["row_failed_at"] = column_of(failed_at, DateTimeField())
    columns["row_number"] = Cast(number or Value(0), IntegerField())
    found: QuerySet[Any, Any] = rows.annotate(**columns).values_list(*columns)
    return found


def column_of(name: str | None, kind: Any) -> Any:
    """A column as it is, or NULL of its type."""
    return F(name) if name else Cast(Value(None), kind)
