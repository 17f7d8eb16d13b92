"""Pages by key: `{"results", "next", "previous"}` (interface, REST API).

A cursor holds the order, the direction and the key (value, primary key) of the row at the page's edge,
signed. Rows that are inserted, changed or deleted meanwhile never make an untouched row come twice or not at
all. Every order ends with the primary key and uses a column without NULL. Query cost: one or two for the page, no
counting.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from core.api.problem import bad_parameter

PAGE_SIZE, LARGEST_PAGE = 50, 200
PARAMETERS = ("cursor", "page_size", "ordering")
_MAC = 16


class WholeListShape(serializers.Serializer[Any]):
    """Few rows, all of them in one page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


def whole_list(results: list[Any]) -> dict[str, Any]:
    """Few rows as lists show theirs: all of them, with no page before or behind."""
    return {"results": results, "next": None, "previous": None}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after (`forward`) or before the row with `value` and `pk` in the order named."""

    ordering: str
    forward: bool
    value: Any
    pk: int


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page and the absolute addresses of its neighbours."""

    rows: list[Any]
    next: str | None
    previous: str | None


def paginate(queryset: models.QuerySet[Any], request: Request, *, ordering: Mapping[str, str], default: str) -> Page:
    """The page that `request` asks for.

    `ordering`: parameter name -> column; `default`: such a name, "-" for descending.

    Raises Refusal 400 for `page_size`, `ordering` and `cursor` out of bounds.
    """
    size = page_size(request.query_params.get("page_size"))
    order = _ordering(request.query_params.get("ordering"), ordering, default)
    salt = queryset.model._meta.label_lower
    token = request.query_params.get("cursor")
    cursor = decode(token, salt=salt) if token is not None else None
    if cursor is not None:
        if request.query_params.get("ordering") is not None and cursor.ordering != order:
            raise _invalid()
        order = cursor.ordering
    if order.removeprefix("-") not in ordering:
        raise _invalid()
    model: Any = queryset.model
    column = _column(model, ordering[order.removeprefix("-")])
    descending = order.startswith("-")
    forward = cursor is None or cursor.forward
    if cursor is not None:
        queryset = queryset.filter(_beyond(column, cursor, descending is not forward))
    sign = "-" if descending is forward else ""
    keys, rows = _read(queryset.order_by(f"{sign}{column.name}", f"{sign}pk"), column, size + 1)
    more = len(keys) > size
    keys = keys[:size]
    if not forward:
        keys.reverse()

    def address(edge: tuple[Any, int], forward: bool) -> str:
        return address_of(request, encode(Cursor(order, forward, *edge), salt=salt))

    if not keys:
        return Page([], None, None)
    has_next, has_previous = (more, cursor is not None) if forward else (True, more)
    return Page(
        [rows[pk] for _value, pk in keys if pk in rows],
        address(keys[-1], True) if has_next else None,
        address(keys[0], False) if has_previous else None,
    )


def _read(
    ordered: models.QuerySet[Any], column: models.Field[Any, Any], count: int
) -> tuple[list[tuple[Any, int]], dict[int, Any]]:
    """The first `count` keys (value, primary key) in order, and the rows by primary key. Query cost: 1.

    2 where rows come with others (select_related): a planner that expects few rows joins all there are before it sorts.
    What no longer belongs to the list when the second one looks is not among the rows.
    """
    if ordered.query.select_related:
        keys = list(ordered.values_list(column.attname, "pk")[:count])
        rows = ordered.order_by().filter(pk__in=[pk for _value, pk in keys]) if keys else ()
        return keys, {row.pk: row for row in rows}
    whole = list(ordered[:count])
    return [(getattr(row, column.attname), row.pk) for row in whole], {row.pk: row for row in whole}


def encode(cursor: Cursor, *, salt: str) -> str:
    """The signed, URL-safe form of a cursor."""
    value = cursor.value.isoformat() if isinstance(cursor.value, datetime) else cursor.value
    body = json.dumps([cursor.ordering, int(cursor.forward), value, cursor.pk], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(body, salt) + body).decode().rstrip("=")


def decode(token: str, *, salt: str, name: str = "cursor") -> Cursor:
    """The cursor of a token we signed, sent as `name`. Raises Refusal 400 `invalid_cursor` for anything else."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid(name) from None
    mac, body = raw[:_MAC], raw[_MAC:]
    if len(token) > 2000 or not constant_time_compare(mac, _mac(body, salt)):
        raise _invalid(name)
    ordering, forward, value, pk = json.loads(body)
    return Cursor(ordering, bool(forward), value, pk)


def _mac(body: bytes, salt: str) -> bytes:
    return salted_hmac("amends.cursor." + salt, body, algorithm="sha256").digest()[:_MAC]


def _beyond(column: models.Field[Any, Any], cursor: Cursor, greater: bool) -> Q:
    """The rows behind the cursor's key. The outer condition alone lets an index on (column, id) be used."""
    try:
        value = column.to_python(cursor.value)
    except ValidationError:
        raise _invalid() from None
    side = "gt" if greater else "lt"
    if column.primary_key:
        return Q(**{f"pk__{side}": cursor.pk})
    return Q(**{f"{column.name}__{side}e": value}) & (
        Q(**{f"{column.name}__{side}": value}) | Q(**{f"pk__{side}": cursor.pk})
    )


@cache
def _column(model: Any, name: str) -> Any:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if getattr(field, "null", True):
        raise ImproperlyConfigured(f"{model.__name__}.{name} may be NULL, so pages cannot be ordered by it")
    return field


def page_size(text: str | None) -> int:
    """The size of a page as a parameter says it. Raises Refusal 400."""
    if text is None:
        return PAGE_SIZE
    if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LARGEST_PAGE:
        return int(text)
    detail = _("A number from 1 to %(largest)d is expected.") % {"largest": LARGEST_PAGE}
    raise bad_parameter("page_size", "invalid_page_size", detail)


def _ordering(text: str | None, allowed: Mapping[str, str], default: str) -> str:
    if text is None:
        return default
    if text.removeprefix("-") in allowed:
        return text
    known = ", ".join(sorted(allowed))
    raise bad_parameter("ordering", "unknown_ordering", _("Order by one of: %(known)s.") % {"known": known})


def _invalid(name: str = "cursor") -> Exception:
    return bad_parameter(name, "invalid_cursor", _("The cursor is not one of ours; begin at the first page."))


def address_of(request: Request, token: str, *, name: str = "cursor") -> str:
    """The address of the same list at another position."""
    parameters = request.query_params.copy()
    parameters[name] = token
    return str(request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}"))
