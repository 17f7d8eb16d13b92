"""Put right what was written down wrongly: charges, payments, lines of purchases (mission A7, C2).

Never silently: every correction says why, and the trail keeps each value before and after. Nothing is written when
nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, TypeVar, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from core import money, trail
from core.actor import Actor
from core.errors import InvalidInput
from retention import refusals
from retention.actions import sums
from retention.actions.charges import check_amount, refuse_future, refuse_negative_charge
from retention.actions.edit import locked
from retention.actions.purchases import back_so_far, check_line, given_reason
from retention.models import Charge, Customer, Payment, Purchase, PurchaseKind, PurchaseLine

CHARGE, PAYMENT, LINE = "customer.charge_corrected", "customer.payment_corrected", "purchase.line_corrected"
Row = TypeVar("Row", Charge, Payment)
PERSONAL = frozenset({"description", "method"})  # words of people: in the erasable part of the trail


class OfCharge(TypedDict, total=False):
    """What may be wrong about a charge; what is left out stays."""

    amount: Decimal
    currency: str
    charged_on: date
    description: str
    order_number: str


class OfPayment(TypedDict, total=False):
    """What may be wrong about a payment. `charge`: the key of the charge it is for, None for none."""

    amount: Decimal
    currency: str
    paid_on: date
    method: str
    charge: int | None


class OfLine(TypedDict, total=False):
    """What may be wrong about a line. `quantity` 0: it was never bought; of a return, how much came back."""

    sku: str
    description: str
    quantity: Decimal
    unit_price: Decimal


@transaction.atomic
def correct_charge(
    charge: Charge, *, reason: str, by: Actor, at: datetime, version: int | None = None, **values: Unpack[OfCharge]
) -> Charge:
    """Set what `values` says. `version`: the one the caller has seen.

    Raises StaleMoney, CurrencyMismatch (payments for it are in the old currency), InTheFuture, InvalidInput,
    MergedAway. Query cost: 7.
    """
    reason = given_reason(reason)
    customer, row = _hold(Charge, charge, version)
    changes = _changes(row, {**values})
    currency, amount = values.get("currency", row.currency), values.get("amount", row.amount)
    if "amount" in changes:
        refuse_negative_charge(amount)
    if {"amount", "currency"} & changes.keys():
        check_amount(amount, currency)
    if "charged_on" in changes:
        refuse_future(values["charged_on"], "charged_on", by=by, at=at)
    if "currency" in changes and row.payments.exclude(currency=currency).exists():
        raise refusals.CurrencyMismatch(field="amount.currency")
    if changes:
        before = (row.amount, row.currency)
        _write(row, changes, at=at)
        said = {"charge": row.pk, **_said(changes, before, (amount, currency))}
        _note(customer, CHARGE, row, said, changes, reason, by=by, at=at)
    return row


@transaction.atomic
def correct_payment(
    payment: Payment, *, reason: str, by: Actor, at: datetime, version: int | None = None, **values: Unpack[OfPayment]
) -> Payment:
    """Set what `values` says. `version`: the one the caller has seen.

    Raises StaleMoney, UnknownCharge, CurrencyMismatch, InTheFuture, InvalidInput, MergedAway. Query cost: 7.
    """
    reason = given_reason(reason)
    customer, row = _hold(Payment, payment, version)
    named: dict[str, Any] = {**values}
    if "charge" in named:
        named["charge_id"] = named.pop("charge")
    changes = _changes(row, named)
    currency, amount = named.get("currency", row.currency), named.get("amount", row.amount)
    if {"amount", "currency"} & changes.keys():
        check_amount(amount, currency)
    if "paid_on" in changes:
        refuse_future(named["paid_on"], "paid_on", by=by, at=at)
    charge = named.get("charge_id", row.charge_id)
    if charge is not None and {"charge_id", "currency"} & changes.keys():
        asked = customer.charges.filter(pk=charge).values_list("currency", flat=True).first()
        if asked is None:
            raise refusals.UnknownCharge(field="charge")
        if asked != currency:
            raise refusals.CurrencyMismatch(field="amount.currency")
    if changes:
        before = (row.amount, row.currency)
        _write(row, changes, at=at)
        said = {"payment": row.pk, **_said(changes, before, (amount, currency))}
        _note(customer, PAYMENT, row, said, changes, reason, by=by, at=at)
    return row


@transaction.atomic
def correct_line(
    purchase: Purchase,
    line: int,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    **values: Unpack[OfLine],
) -> Purchase:
    """Put one line of an order right; of a return only how much came back. The sums are counted anew.

    Never below what came back already, never more than was bought. A corrected price holds for what came back of the
    line too, with an entry on each return. `version`: that of the purchase the caller has seen. Raises StalePurchase,
    UnknownLine, AlreadyCancelled, NotAnOrder (an adjustment), MoreThanBought, LessThanReturned, InvalidInput.
    Query cost: 9, and 6 for each return of the line whose price changes.
    """
    reason = given_reason(reason)
    keys = [key for key in (purchase.pk, purchase.returns_id) if key]  # the order first, as by a return
    purchase = {one.pk: one for one in Purchase.objects.select_for_update().filter(pk__in=keys).order_by("pk")}[
        purchase.pk
    ]
    if version is not None and version != purchase.version:
        raise refusals.StalePurchase
    if purchase.cancelled_at is not None:
        raise refusals.AlreadyCancelled
    row = purchase.lines.filter(pk=line).first()
    if row is None:
        raise refusals.UnknownLine(field="line")
    named: dict[str, Any] = {**values}
    if purchase.kind == PurchaseKind.RETURN:
        if set(named) - {"quantity"}:
            message = _("Of a return only the quantity can be corrected.")
            raise InvalidInput(message, code="only_quantity", field=sorted(set(named) - {"quantity"})[0])
        if "quantity" in named:
            _refuse_more_than_bought(purchase, row, named["quantity"])
            named["quantity"] = -named["quantity"]
    elif purchase.kind != PurchaseKind.ORDER:
        raise refusals.NotAnOrder
    else:
        check_line(named.get("quantity", row.quantity), named.get("unit_price", row.unit_price))
        if named.get("quantity", row.quantity) < back_so_far({row.pk: row}).get(row.pk, (0, Decimal(0)))[1]:
            raise refusals.LessThanReturned(field="quantity")
    changes = _changes(row, named)
    if not changes:
        return purchase
    _set_line(row, changes)
    if purchase.kind == PurchaseKind.ORDER and "unit_price" in changes:
        _follow(row, changes["unit_price"], by=by, at=at)
    sums.recount([purchase.pk], at=at)
    _note(purchase, LINE, row, {"line": row.pk, **_said(changes)}, changes, reason, by=by, at=at)
    return Purchase.objects.get(pk=purchase.pk)


def _follow(line: PurchaseLine, prices: list[Any], *, by: Actor, at: datetime) -> None:
    """What came back of a line has its price."""
    returned = PurchaseLine.objects.filter(fingerprint=f"return-{line.pk}").order_by("purchase_id", "pk")
    for one in list(returned):
        purchase = Purchase.objects.select_for_update().get(pk=one.purchase_id)
        _set_line(one, {"unit_price": [one.unit_price, prices[1]]})
        sums.recount([purchase.pk], at=at)
        said = {"line": one.pk, "unit_price": [str(price) for price in prices], "with_line": line.pk}
        trail.append(purchase, LINE, by=by, at=at, changes=said)


def _refuse_more_than_bought(purchase: Purchase, row: PurchaseLine, quantity: Decimal) -> None:
    """Raises InvalidInput not_positive, MoreThanBought, UnknownLine (an imported return names no line taken back)."""
    if quantity <= 0:
        raise InvalidInput(_("More than nothing."), code="not_positive", field="quantity")
    named = row.fingerprint.removeprefix("return-")
    if not (row.fingerprint.startswith("return-") and named.isdigit()):
        raise refusals.UnknownLine(field="line")
    bought = PurchaseLine.objects.filter(pk=int(named)).first()
    if bought is None:
        raise refusals.UnknownLine(field="line")
    back = back_so_far({bought.pk: bought})[bought.pk][1] + row.quantity  # its own part is below zero
    if back + quantity > bought.quantity:
        raise refusals.MoreThanBought(field="quantity")


def _hold(model: type[Row], row: Row, version: int | None) -> tuple[Customer, Row]:
    """The customer and the row as they are now, both locked. Raises StaleMoney, MergedAway. Query cost: 2."""
    customer = locked(row.customer)
    current: Row = model.objects.select_for_update().get(pk=row.pk)
    if current.customer_id != customer.pk or (version is not None and current.version != version):
        raise refusals.StaleMoney
    return customer, current


def _changes(row: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Of `values` those that differ: [before, after]."""
    cleaned = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: [getattr(row, name), value] for name, value in cleaned.items() if getattr(row, name) != value}


def _write(row: Charge | Payment, changes: Mapping[str, list[Any]], *, at: datetime) -> None:
    for name, (_before, value) in changes.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = at
    row.save(update_fields=[*changes, "version", "updated_at"])


def _set_line(row: PurchaseLine, changes: Mapping[str, list[Any]]) -> None:
    for name, (_before, value) in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))


def _said(changes: Mapping[str, list[Any]], *sums_of: tuple[Decimal, str]) -> dict[str, Any]:
    """What the trail says openly. With an amount and its currency before and after, both say both."""
    said = {name: [str(value) for value in pair] for name, pair in changes.items() if name not in PERSONAL}
    if "charge_id" in said:
        said["of_charge"] = changes["charge_id"]
        del said["charge_id"]
    if sums_of and {"amount", "currency"} & changes.keys():
        said["amount"] = [money.shown(amount, currency) for amount, currency in sums_of]
        said["currency"] = [currency for _amount, currency in sums_of]
    return said


def _note(
    subject: Customer | Purchase,
    kind: str,
    row: Charge | Payment | PurchaseLine,
    said: Mapping[str, Any],
    changes: Mapping[str, list[Any]],
    reason: str,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """The entry: which version it is now, each value before and after, and why."""
    version = {} if isinstance(row, PurchaseLine) else {"version": [row.version - 1, row.version]}
    private = {name: pair for name, pair in changes.items() if name in PERSONAL}
    trail.append(subject, kind, by=by, at=at, changes={**said, **version}, private={**private, "reason": reason})
