"""Records that may be one customer: the same e-mail or phone on two of them (mission B3)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from retention.models import ContactPoint, Customer
from retention.models.customers import EMAIL, PHONE

PAGE, GROUPS, ROUNDS, MOST = 25, 200, 5, 10
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Twins:
    """Customers (two to MOST) that share one address or number."""

    kind: str
    value: str
    customers: list[Customer]


def suspected(after: Key | None = None) -> tuple[list[Twins], Key | None]:
    """At most PAGE groups behind `after`, and where the next page begins (None at the end).

    Reads the index of contacts in its order, GROUPS shared keys at a time; leftovers of merges are stepped over. Query
    cost: 2 a round, at most ROUNDS.
    """
    found: list[Twins] = []
    for _round in range(ROUNDS):
        keys = _shared(after)
        for group in _living(keys):
            found.append(group)
            if len(found) == PAGE:
                return found, (group.kind, group.value)
        if len(keys) < GROUPS:
            return found, None
        after = keys[-1]
    return found, after


def twins_of(customer: Customer, limit: int = 5) -> list[Customer]:
    """Other customers with one of this one's e-mails or phones (contacts prefetched). Query cost: 0 or 1."""
    mine = [(one.kind, one.value_key) for one in customer.contact_points.all() if one.kind in (EMAIL, PHONE)]
    if not mine:
        return []
    same = Q()
    for kind, key in mine[:20]:
        same |= Q(kind=kind, value_key=key)  # one index, several keys of it
    others = ContactPoint.objects.filter(same).exclude(customer=customer.pk).order_by().values("customer")[:50]
    return list(Customer.objects.filter(pk__in=others, merged_into__isnull=True).order_by("pk")[:limit])


def cursor(key: Key | None) -> str:
    return json.dumps(key, ensure_ascii=False) if key else ""


def parse(text: str) -> Key | None:
    """The key a cursor of ours names; None for anything else."""
    try:
        kind, value = json.loads(text) if text and len(text) < 2000 else (None, None)
    except (ValueError, TypeError, RecursionError):
        return None
    return (kind, value) if kind in (EMAIL, PHONE) and isinstance(value, str) and "\0" not in value else None


def _shared(after: Key | None) -> list[Key]:
    rows: Any = ContactPoint.objects.filter(kind__in=(EMAIL, PHONE))
    if after is not None:
        kind, value = after
        rows = rows.filter(kind__gte=kind).filter(Q(kind__gt=kind) | Q(value_key__gt=value))
    grouped = rows.order_by("kind", "value_key").values_list("kind", "value_key").annotate(n=Count("pk"))
    return [(kind, value) for kind, value, _n in grouped.filter(n__gt=1)[:GROUPS]]


def _living(keys: list[Key]) -> list[Twins]:
    """The groups of these keys that still have two records of their own."""
    points = ContactPoint.objects.filter(
        kind__in={kind for kind, _value in keys},
        value_key__in=[value for _kind, value in keys],
        customer__merged_into__isnull=True,
    )
    groups: dict[Key, list[Customer]] = {key: [] for key in keys}
    for point in points.select_related("customer").order_by("customer")[: GROUPS * MOST]:
        if (group := groups.get((point.kind, point.value_key))) is not None:
            group.append(point.customer)
    return [Twins(kind, value, people[:MOST]) for (kind, value), people in groups.items() if len(people) > 1]
