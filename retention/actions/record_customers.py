"""Record customers as another system states them: who they are, their stay, what they were charged (mission B3, C1).

One action for a batch. Customers are known by (source, external_id); a repeat changes nothing, and what people changed
here since the last import stays unless the file says something new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from core import bulk, rows, trail, trail_rows
from core.actor import Actor
from core.importing.tally import Tally, without_repeats
from core.models import TrailEntry
from retention.actions import known
from retention.models import Charge, ContactPoint, Customer, ExternalId, Tenure
from retention.models.customers import EMAIL, PHONE, key_of
from retention.names import search_key

RECORDED, RECORD_CHANGED = "customer.recorded", "customer.record_changed"
_CUSTOMERS = bulk.Table(Customer)
_CONTACTS, _IDS = bulk.Table(ContactPoint, keyless=True), bulk.Table(ExternalId, keyless=True)
_STAYS, _CHARGES = bulk.Table(Tenure, keyless=True), bulk.Table(Charge, keyless=True)


@dataclass(slots=True)
class HistoricCustomer:
    """What a file states about one customer. Dates are local; blank or None: it does not say.

    `stays`: it speaks of a stay, whose dates follow. `charged`: all charges up to `charged_on` as one sum.
    """

    external_id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    tier: str = ""
    stays: bool = False
    joined_on: date | None = None
    left_on: date | None = None
    plan: str = ""
    monthly_amount: Decimal | None = None
    currency: str = ""
    charged: Decimal | None = None
    charged_on: date | None = None
    charged_for: str = ""

    def digest(self) -> str:
        """Of all it says, under the installation's key (it covers names): equal digests, nothing new."""
        said = json.dumps([getattr(self, name) for name in _NAMES], ensure_ascii=False, default=str)
        return salted_hmac("amends.recorded_customer", said, algorithm="sha256").hexdigest()

    def contacts(self) -> list[tuple[str, str]]:
        return [(kind, value) for kind, value in ((EMAIL, self.email), (PHONE, self.phone)) if key_of(kind, value)]


_NAMES = tuple(field.name for field in fields(HistoricCustomer))


@transaction.atomic
def record_customers(batch: Iterable[HistoricCustomer], *, by: Actor, at: datetime, source: str) -> Tally:
    """Write down a batch (a thousand or so) of customers known to `source`. Atomic: all or nothing.

    Query cost: about ten, and about ten for each customer who was here and is stated differently now.
    """
    tally = Tally()
    for part in without_repeats(batch):
        here = known.find(source, [row.external_id for row in part])
        fresh = [row for row in part if row.external_id not in here]
        said = _last_said(here.values())
        changed = [row for row in part if row.external_id in here and said.get(here[row.external_id]) != row.digest()]
        _insert(fresh, source, by=by, at=at)
        for row in changed:
            _update(here[row.external_id], row, source, by=by, at=at)
        tally.created += len(fresh)
        tally.updated += len(changed)
        tally.unchanged += len(part) - len(fresh) - len(changed)
    return tally


def _last_said(customers: Iterable[int]) -> dict[int, str]:
    """The digest of what a file said last about each of these customers. Query cost: 1."""
    entries = TrailEntry.objects.filter(
        subject_kind="customer", subject_id__in=list(customers), kind__in=(RECORDED, RECORD_CHANGED)
    ).order_by("subject_id", "seq")
    return {pk: json.loads(body).get("digest") for pk, body in entries.values_list("subject_id", "body")}


def _insert(part: Sequence[HistoricCustomer], source: str, *, by: Actor, at: datetime) -> None:
    """Write new customers table by table."""
    if not part:
        return
    keys, entry_ids = rows.new_ids(Customer, len(part)), bulk.new_keys(TrailEntry, len(part))
    tables: dict[bulk.Table, list[Any]] = {table: [] for table in (_CUSTOMERS, _CONTACTS, _IDS, _STAYS, _CHARGES)}
    entries = []
    for key, entry_id, row in zip(keys, entry_ids, part, strict=True):
        who = {"customer_id": key}
        stamps = {"source": source, "created_at": at, "updated_at": at}
        tables[_CUSTOMERS].append(_CUSTOMERS.row(id=key, **_facts(row), **stamps))
        tables[_IDS].append(_IDS.row(**who, source=source, external_id=row.external_id))
        for kind, value in row.contacts():
            point = {"kind": kind, "value": value.strip(), "value_key": key_of(kind, value)}
            tables[_CONTACTS].append(_CONTACTS.row(**who, **point, is_preferred=kind == EMAIL))
        named = {"source": source, "external_id": row.external_id}
        if row.stays:
            tables[_STAYS].append(_STAYS.row(**who, **named, **_plain(_stay(row))))
        if row.charged:
            tables[_CHARGES].append(_CHARGES.row(**who, **named, **_plain(_charge(row)), created_at=at, updated_at=at))
        said = {**named, "digest": row.digest()}
        entries.append(trail_rows.Chain("customer", key, key).add(entry_id, RECORDED, by=by, at=at, changes=said))
    for table, values in tables.items():
        table.load(values)
    bulk.load(TrailEntry, trail_rows.COLUMNS, entries)


def _update(key: int, row: HistoricCustomer, source: str, *, by: Actor, at: datetime) -> None:
    """The file states something else now, or speaks of this customer for the first time: take over what it states."""
    customer = Customer.objects.select_for_update().get(pk=key)
    changed = [name for name, value in _facts(row).items() if value and getattr(customer, name) != value]
    for name in changed:
        setattr(customer, name, _facts(row)[name])
    customer.version += 1
    customer.updated_at = at
    customer.save(update_fields=[*changed, "version", "updated_at"])
    for kind, value in row.contacts():
        _point, made = ContactPoint.objects.get_or_create(
            customer=customer, kind=kind, value_key=key_of(kind, value), defaults={"value": value.strip()}
        )
        changed += [kind] * made
    if row.stays and _restate(customer, row, source):
        changed.append("tenure")
    if row.charged:
        Charge.objects.update_or_create(
            source=source,
            external_id=row.external_id,
            defaults={**_charge(row), "customer": customer, "updated_at": at, "version": F("version") + 1},
            create_defaults={**_charge(row), "customer": customer, "created_at": at, "updated_at": at},
        )
    facts = {"source": source, "external_id": row.external_id, "digest": row.digest(), "fields": sorted(set(changed))}
    trail.append(customer, RECORD_CHANGED, by=by, at=at, changes=facts)


def _restate(customer: Customer, row: HistoricCustomer, source: str) -> bool:
    """Bring the stay in line with the file, unless that clashes with a stay that people recorded here."""
    stays = list(customer.tenures.select_for_update())
    mine = [one for one in stays if (one.source, one.external_id) == (source, row.external_id)]
    stay = mine[0] if mine else Tenure(customer=customer, source=source, external_id=row.external_id)
    stated = _stay(row)
    if mine and all(getattr(stay, name) == value for name, value in stated.items()):
        return False
    if any(overlap(row.joined_on, row.left_on, one.joined_on, one.left_on) for one in stays if one is not stay):
        return False
    for name, value in stated.items():
        setattr(stay, name, value)
    stay.save()
    return True


def overlap(joined: date | None, left: date | None, other_joined: date | None, other_left: date | None) -> bool:
    """Whether two stays share a day, the last day included; an unknown beginning is long ago, an open end never."""
    return (joined or date.min) <= (other_left or date.max) and (other_joined or date.min) <= (left or date.max)


def _facts(row: HistoricCustomer) -> dict[str, Any]:
    return {"name": row.name, "name_key": search_key(row.name), "tier": row.tier}


def _stay(row: HistoricCustomer) -> dict[str, Any]:
    names = ("joined_on", "left_on", "plan", "monthly_amount", "currency")
    return {name: getattr(row, name) for name in names}


def _charge(row: HistoricCustomer) -> dict[str, Any]:
    return {
        "charged_on": row.charged_on,
        "amount": row.charged,
        "currency": row.currency,
        "description": row.charged_for,
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Decimals as text, which both databases take as they are."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}
