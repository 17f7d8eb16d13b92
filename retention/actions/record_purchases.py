"""Record purchases as another system billed them, line by line (mission C2; interface.md, import_purchases).

One action for a batch, because lines come by the hundred thousand. A line is known by what it says and the
how-manieth such line it is: a repeat adds none, in whatever order the lines come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from core import bulk, rows, trail, trail_rows
from core.actor import Actor
from core.importing.tally import Tally
from core.models import TrailEntry
from retention.actions import known, sums
from retention.models import Purchase, PurchaseLine

RECORDED, LINES_ADDED = "purchase.recorded", "purchase.lines_added"
AT_ONCE = 10_000
_LINES = bulk.Table(PurchaseLine, keyless=True)
_HEADERS = bulk.Table(Purchase)
Order = tuple[str, int | None, str]  # order number, key of the customer, currency: sums of two would mean nothing
Customers = dict[str, int | None]  # the other system's id, "" for nobody known -> key


class BilledLine(NamedTuple):
    """What a file states about one line. `quantity`, `unit_price`: exact decimals as text; `purchased_at`: UTC.

    `kind`: of the order (PurchaseKind); blank: its lines tell, all negative means a return. `customer`: the id that the
    other system has for them, blank if unknown. `fingerprint` and `occurrence` identify the line.
    """

    order_number: str
    kind: str
    customer: str
    purchased_at: datetime
    sku: str
    description: str
    quantity: str
    unit_price: str
    currency: str
    fingerprint: str
    occurrence: int


@transaction.atomic
def record_purchases(
    batch: Sequence[BilledLine], *, by: Actor, at: datetime, source: str, since: datetime | None = None
) -> Tally:
    """Write down a batch (some thousands) of lines known to `source`, with the orders and customers they name.

    `since`: when this import began; orders made before get a trail entry when lines join them, so that an order cut by
    a batch's end gets no second one. Query cost: about 15, whatever the size, and 2 more when older orders grow.
    """
    lines = _unknown(batch)
    tally = Tally(created=len(lines), unchanged=len(batch) - len(lines))
    if not lines:
        return tally
    customers: Customers = {"": None}
    customers |= known.find_or_make(source, [line.customer for line in lines], by=by, at=at)
    wanted: dict[Order, BilledLine] = {}
    for line in lines:
        wanted.setdefault((line.order_number, customers[line.customer], line.currency), line)
    orders, older = _orders(source, wanted, since=since or at)
    fresh = {order: line for order, line in wanted.items() if order not in orders}
    orders |= _make(source, fresh, by=by, at=at)
    _LINES.load(_rows(lines, orders, customers))
    sums.recount([orders[order] for order in wanted], at=at, kind_by_lines=not all(line.kind for line in lines))
    _tell(older, source, by=by, at=at)
    return tally


def _unknown(batch: Sequence[BilledLine]) -> list[BilledLine]:
    """The lines that are not here yet."""
    prints = [line.fingerprint for line in batch]
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(_ANY_OF[connection.vendor], [prints if is_postgresql else json.dumps(prints)])
        here = set(cursor.fetchall())
    return [line for line in batch if (line.fingerprint, line.occurrence) not in here] if here else list(batch)


# The first condition word for word as the index has it: SQLite uses a partial index for no other.
_HERE = "SELECT fingerprint, occurrence FROM retention_purchaseline WHERE NOT (fingerprint = '') AND fingerprint "
_ANY_OF = {"postgresql": _HERE + "= ANY(%s)", "sqlite": _HERE + "IN (SELECT value FROM json_each(%s))"}  # noqa: S608


def _orders(source: str, wanted: Iterable[Order], *, since: datetime) -> tuple[dict[Order, int], list[int]]:
    """Keys of the orders that are here, and of those among them that were before `since`."""
    wanted = set(wanted)
    numbers = list({number for number, _customer, _currency in wanted})
    found: dict[Order, int] = {}
    older: list[int] = []
    for start in range(0, len(numbers), AT_ONCE):
        part = Purchase.objects.filter(source=source, order_number__in=numbers[start : start + AT_ONCE])
        for key, *order, created in part.values_list("pk", "order_number", "customer_id", "currency", "created_at"):
            if (named := tuple(order)) in wanted:
                found[named] = key
                if created < since:
                    older.append(key)
    return found, older


def _make(source: str, fresh: dict[Order, BilledLine], *, by: Actor, at: datetime) -> dict[Order, int]:
    """Insert the orders, their figures still zero, each with the first entry of its trail."""
    if not fresh:
        return {}
    keys, entry_ids = rows.new_ids(Purchase, len(fresh)), bulk.new_keys(TrailEntry, len(fresh))
    headers, entries, made = [], [], {}
    for (order, line), key, entry_id in zip(fresh.items(), keys, entry_ids, strict=True):
        number, customer, currency = made_of = order
        made[made_of] = key
        headers.append(
            _HEADERS.row(
                id=key, customer_id=customer, order_number=number, kind=line.kind or "order", source=source,
                purchased_at=line.purchased_at, currency=currency, created_at=at, updated_at=at, version=0,
            )
        )  # fmt: skip
        facts = {"order_number": number, "source": source}
        entries.append(trail_rows.Chain("purchase", key, customer).add(entry_id, RECORDED, by=by, at=at, changes=facts))
    _HEADERS.load(headers)
    bulk.load(TrailEntry, trail_rows.COLUMNS, entries)
    return made


def _rows(lines: Iterable[BilledLine], orders: dict[Order, int], customers: Customers) -> list[tuple[object, ...]]:
    """The lines as rows of the table, quicker than one by one through `Table.row`."""
    if _LINES.columns != _COLUMNS:
        raise TypeError(f"the columns of a line are {_LINES.columns}")
    return [
        (
            orders[line.order_number, customers[line.customer], line.currency],
            line.purchased_at,
            line.sku,
            line.description,
            line.quantity,
            line.unit_price,
            line.fingerprint,
            line.occurrence,
        )
        for line in lines
    ]


_COLUMNS = (
    "purchase_id", "purchased_at", "sku", "description", "quantity", "unit_price", "fingerprint", "occurrence",
)  # fmt: skip


def _tell(older: list[int], source: str, *, by: Actor, at: datetime) -> None:
    """Note on orders that had been here before that lines joined them. Query cost: 2 and the insert."""
    if not older:
        return
    heads: dict[int, tuple[int, bytes]] = {}
    last = TrailEntry.objects.filter(subject_kind="purchase", subject_id__in=older).order_by("subject_id", "seq")
    for subject, seq, digest in last.values_list("subject_id", "seq", "hash"):
        heads[subject] = (seq, bytes(digest))
    entries = []
    for purchase in Purchase.objects.filter(pk__in=older).order_by("pk"):
        seq, previous = heads.get(purchase.pk, (0, trail.GENESIS))
        facts = {"order_number": purchase.order_number, "source": source}
        entries.append(trail.build(purchase, LINES_ADDED, by=by, at=at, changes=facts, seq=seq + 1, previous=previous))
    bulk.insert(entries)
