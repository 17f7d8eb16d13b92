"""Customers as other systems know them: found by their ids, made where unknown (interface.md, Commands)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from core import bulk, rows, trail_rows
from core.actor import Actor
from core.models import TrailEntry
from retention.models import Customer, ExternalId

_CUSTOMERS, _IDS = bulk.Table(Customer), bulk.Table(ExternalId, keyless=True)
AT_ONCE = 10_000


def find(source: str, external_ids: Iterable[str]) -> dict[str, int]:
    """Their keys by external id; of a merged customer the survivor's. Query cost: 1 for each 10,000 ids."""
    wanted, found = list(dict.fromkeys(external_ids)), {}
    for start in range(0, len(wanted), AT_ONCE):
        part = ExternalId.objects.filter(source=source, external_id__in=wanted[start : start + AT_ONCE])
        for name, key, survivor in part.values_list("external_id", "customer_id", "customer__merged_into_id"):
            found[name] = survivor or key
    return found


def find_or_make(source: str, external_ids: Sequence[str], *, by: Actor, at: datetime) -> dict[str, int]:
    """The same; those that nobody knows are made, nameless, with a trail entry. Query cost: 1, and 5 if any is new."""
    found = find(source, external_ids)
    fresh = [name for name in dict.fromkeys(external_ids) if name and name not in found]
    if not fresh:
        return found
    keys = rows.new_ids(Customer, len(fresh))
    entry_ids = bulk.new_keys(TrailEntry, len(fresh))
    entries = [
        trail_rows.Chain("customer", key, key).add(
            entry, "customer.created", by=by, at=at, changes={"source": source, "external_id": name}
        )
        for key, entry, name in zip(keys, entry_ids, fresh, strict=True)
    ]
    _CUSTOMERS.load([_CUSTOMERS.row(id=key, source=source, created_at=at, updated_at=at) for key in keys])
    _IDS.load(
        [_IDS.row(customer_id=key, source=source, external_id=name) for key, name in zip(keys, fresh, strict=True)]
    )
    bulk.load(TrailEntry, trail_rows.COLUMNS, entries)
    return found | dict(zip(fresh, keys, strict=True))
