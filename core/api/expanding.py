"""`expand`: related records whole instead of in brief, and `fields`: only those fields (interface, REST API).

expansions = {
    "customer": Expansion("customers", load=lambda rows: rows.select_related("customer"), show=customer_of),
}

What a caller may expand is what it may read: a token needs the scope of the resource shown. Query cost: that of
`load`, which must not grow with the number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework.fields import CharField
from rest_framework.request import Request

from core.api.authentication import Token
from core.api.filters import once
from core.api.permissions import check_scope
from core.api.problem import bad_parameter

if TYPE_CHECKING:
    from rest_framework.serializers import Serializer

Rows = models.QuerySet[Any]


@extend_schema_field({"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}]})
class Expandable(CharField):
    """Another record by its name or id; with `expand` the whole of it."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """One name for `expand`: the `resource` it shows (the scope needed), how rows are loaded for it, and what stands
    in the answer under its name. `only`: the field is there with `expand` alone."""

    resource: str
    load: Callable[[Rows], Rows]
    show: Callable[[Any], Any]
    only: bool = False


Expansions = Mapping[str, Expansion]


def wanted(request: Request, known: Expansions) -> list[str]:
    """The names that `expand` asks for, each once. Raises Refusal 400 `unknown_expand`, 403 `insufficient_scope`."""
    given = request.query_params
    if "expand" not in given or not known:
        return []
    names = list(dict.fromkeys(name.strip() for name in once(given, "expand").split(",")))
    for name in names:
        if name not in known:
            detail = _("Expand one of: %(known)s.") % {"known": ", ".join(sorted(known))}
            raise bad_parameter("expand", "unknown_expand", detail)
    if isinstance(request.auth, Token):
        for name in names:
            check_scope(request, request.auth, known[name].resource, "GET")
    return names


def loaded(rows: Rows, names: Iterable[str], known: Expansions) -> Rows:
    """`rows` with what `names` show."""
    for name in names:
        rows = known[name].load(rows)
    return rows


def expand(row: Any, shown: dict[str, Any], names: Iterable[str], known: Expansions) -> dict[str, Any]:
    """`shown`, the answer for `row`, with what `names` show put in."""
    for name in names:
        shown[name] = known[name].show(row)
    return shown


def fields(
    given: QueryDict, shape: type[Serializer[Any]] | None, results: list[dict[str, Any]], absent: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Only the fields that the parameter `fields` names. Raises Refusal 400 `unknown_field` for one that is not there:
    not in `shape`, or one of `absent` (expandable, and not expanded)."""
    names = named(given, shape, absent, results)
    return results if names is None else [part(row, names) for row in results]


def named(
    given: QueryDict,
    shape: type[Serializer[Any]] | None,
    absent: Iterable[str] = (),
    results: Iterable[dict[str, Any]] = (),
) -> list[str] | None:
    """What `fields` names, None without it. Known is what `shape` has, or without one `results`. Raises Refusal 400
    `unknown_field`."""
    if "fields" not in given:
        return None
    known = (set(shape().fields) if shape is not None else set().union(*results)) - set(absent)
    names = [name.strip() for name in once(given, "fields").split(",")]
    if strange := [name for name in names if name not in known]:
        detail = _("There is no field “%(name)s”.") % {"name": strange[0][:40]}
        raise bad_parameter("fields", "unknown_field", detail)
    return names


def part(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The fields of `row` that are asked for; one that stands there only sometimes is left out when it does not."""
    return {name: row[name] for name in names if name in row}
