"""Find customers while somebody types: by name, e-mail, phone, order number, external id (mission B3; ux, desk 8).

Each way is one small query of its own into one index, never an OR over several (a million customers: a few
milliseconds each); they go out as one statement, the surest first. On PostgreSQL names are found by the beginning of
any of their words (full-text index), phones by any part (trigrams, where the extension is to be had); SQLite reads the
index of beginnings first, then the table, until enough is found. How a name sounds stands behind it in the same key
(retention.names.search_key), so that Ольга is found by olga as one more word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from retention.models import ContactPoint, Customer, ExternalId, Purchase
from retention.models.customers import EMAIL, PHONE, SOCIAL, key_of
from retention.names import sound, spellings

MOST = 50
LEAST_DIGITS = 4
_HIGHEST = chr(0x10FFFF)
_LETTERS = re.compile(r"[^\W_]+")
_BY_WORDS = (  # the expression is that of the index customer_name_words (migration 0003)
    "SELECT id FROM retention_customer WHERE to_tsvector('simple', translate(name_key, '<>/@.:&_', '        ')) "
    "@@ to_tsquery('simple', %s)"
)


def matches(words: str, limit: int = MOST) -> list[int]:
    """Keys of customers that fit `words`, best first; merged records are left out by whoever loads them.

    Query cost: 1. The ways are parts of one UNION ALL, each bounded by `limit`; once twice as many keys are found, the
    database leaves the later ones out.
    """
    words = " ".join(words.split())
    if not words or "\0" in words:
        return []
    parts: list[str] = []
    parameters: list[Any] = []
    for way in _ways(words):
        sql, values = way[:limit].query.sql_with_params()
        parts.append(f"SELECT * FROM ({sql}) way{len(parts)}")  # noqa: S608  Django's own SQL
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} LIMIT {2 * int(limit)}", parameters)
        return list(dict.fromkeys(row[0] for row in cursor.fetchall()))[:limit]


def _ways(words: str) -> Iterator[QuerySet[Any, Any]]:
    """The ways to look for `words`, the surest first; each gives one column of keys."""
    digits = "".join(c for c in words if c.isdecimal())
    is_number = len(digits) >= LEAST_DIGITS and not any(c.isalpha() for c in words)
    yield ExternalId.objects.filter(external_id=words).order_by().values_list("customer", flat=True)
    if any(c.isdecimal() for c in words):
        yield from _by_order(words)
    reached = ContactPoint.objects.order_by().values_list("customer", flat=True)
    if is_number:
        yield reached.filter(begins("value_key", digits.removeprefix("00")), kind=PHONE)
    else:
        yield reached.filter(begins("value_key", key_of(EMAIL, words)), kind=EMAIL)
        yield reached.filter(begins("value_key", key_of(SOCIAL, words)), kind=SOCIAL)
    forms = spellings(words)
    named = Customer.objects.filter(merged_into__isnull=True).order_by("name_key", "pk").values_list("pk", flat=True)
    for form in forms:
        yield named.filter(begins("name_key", form))
    for form in forms:
        if pieces := _LETTERS.findall(form):
            yield named.filter(_with_words(pieces))
    if is_number:  # without the country's code and the leading 0, or the last digits
        yield reached.filter(kind=PHONE, value_key__contains=digits.lstrip("0") or digits)


def find(words: str, among: QuerySet[Customer], limit: int, *, keys: Sequence[int] | None = None) -> list[Customer]:
    """The best matches among the customers given, best first, then by name. `keys`: of `matches`, where they are known.

    Query cost: that of `matches` and 1.
    """
    keys = matches(words) if keys is None else keys
    place = {key: number for number, key in enumerate(keys)}
    return sorted(among.filter(pk__in=keys), key=lambda one: place[one.pk])[:limit] if keys else []


def begins(column: str, key: str) -> Q:
    """Rows whose column begins with `key`, so that an index of text answers on both databases."""
    if connection.vendor == "postgresql":
        return Q(**{f"{column}__startswith": key})
    return Q(**{f"{column}__gte": key, f"{column}__lt": key + _HIGHEST})


def sounding(words: str) -> Q:
    """Customers whose name has words that begin as these sound: for filters of other records. Nobody for blanks."""
    pieces = sound(words)
    return _with_words(pieces) if pieces else Q(pk__in=[])


def _by_order(words: str) -> Iterator[QuerySet[Any, Any]]:
    """By the number of an order, as a purchase or a complaint has it."""
    written = {words, words.upper(), words.lower()}
    bought = Purchase.objects.filter(order_number__in=written, customer__isnull=False)
    yield bought.order_by().values_list("customer", flat=True)
    complained = Customer.objects.filter(complaints__order_number__in=written)
    yield complained.order_by().values_list("pk", flat=True)


def _with_words(pieces: list[str]) -> Q:
    """By the beginnings of words anywhere in the name: whit dana finds Dana Whitlock."""
    if connection.vendor == "postgresql":
        asked = " & ".join(f"{piece}:*" for piece in pieces)
        return Q(pk__in=RawSQL(_BY_WORDS, [asked]))  # noqa: S611  our own text, the words are a parameter
    wanted = Q()
    for piece in pieces:
        wanted &= Q(name_key__contains=piece)
    return wanted
