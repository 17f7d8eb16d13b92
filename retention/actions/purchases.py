"""What a customer buys and sends back, written down here (mission C2, C3; domain, Figures: valid purchase line)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import money, trail
from core.actor import Actor
from core.errors import InvalidInput
from retention import refusals
from retention.actions import sums
from retention.actions.edit import locked
from retention.models import Customer, Purchase, PurchaseKind, PurchaseLine

RECORDED, CANCELLED, RESTORED, RETURNED, INCENTIVE = (
    "purchase.recorded", "purchase.cancelled", "purchase.restored", "purchase.returned", "purchase.incentive",
)  # fmt: skip
MOST_LINES = 500
LARGEST_LINE = Decimal(10) ** 10
REASON = 2_000
DEFAULT_CURRENCY = getattr(settings, "DEFAULT_CURRENCY", "EUR")


@dataclass(frozen=True, slots=True)
class Item:
    """A line to be: at most three decimals of quantity, four of unit price."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """So much of a line comes back."""

    line: int
    quantity: Decimal


@transaction.atomic
def record_purchase(
    customer: Customer,
    *,
    order_number: str,
    lines: Sequence[Item],
    purchased_at: datetime,
    by: Actor,
    at: datetime,
    currency: str = "",
    incentive: bool = False,
    source: str = "",
) -> Purchase:
    """Write down an order. Without a currency it is that of their last purchase, else DEFAULT_CURRENCY.

    Raises InvalidInput (field `lines.0.quantity` and the like), InTheFuture, OrderKnown. Query cost: 9.
    """
    if purchased_at > at + settings.FUTURE_TOLERANCE:
        raise refusals.InTheFuture(field="purchased_at")
    order_number = order_number.strip()
    if not order_number:
        raise InvalidInput(_("The order has no number."), code="required", field="order_number")
    _check(lines)
    customer = locked(customer)
    if customer.purchases.filter(source=source, order_number=order_number).exists():
        raise refusals.OrderKnown(field="order_number")
    currency = currency or usual_currency(customer)
    if currency not in money.CURRENCIES:
        raise InvalidInput(_("This is no ISO 4217 currency."), code="unknown_currency", field="currency")
    purchase = Purchase.objects.create(
        customer=customer,
        order_number=order_number,
        purchased_at=purchased_at,
        currency=currency,
        incentive=incentive,
        source=source,
        created_at=at,
        updated_at=at,
        version=0,
    )
    PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase=purchase,
            purchased_at=purchased_at,
            sku=item.sku,
            description=item.description,
            quantity=item.quantity,
            unit_price=item.unit_price,
        )
        for item in lines
    )
    sums.recount([purchase.pk], at=at)
    facts = {"order_number": order_number, "currency": currency, "lines": len(lines), "incentive": incentive}
    trail.append(purchase, RECORDED, by=by, at=at, changes=facts)
    return Purchase.objects.get(pk=purchase.pk)


@transaction.atomic
def cancel(purchase: Purchase, *, reason: str, by: Actor, at: datetime) -> Purchase:
    """The order does not stand: it counts in no figure. Raises NotAnOrder, AlreadyCancelled. Query cost: 5."""
    purchase = _locked_order(purchase)
    reason = given_reason(reason)
    purchase.cancelled_at, purchase.is_valid = at, False
    _touch(purchase, "cancelled_at", "is_valid", at=at)
    trail.append(purchase, CANCELLED, by=by, at=at, private={"reason": reason})
    return purchase


@transaction.atomic
def restore(purchase: Purchase, *, reason: str, by: Actor, at: datetime) -> Purchase:
    """A cancelled order stands after all and counts again. Raises NotAnOrder, NotCancelled. Query cost: 7."""
    purchase = Purchase.objects.select_for_update().get(pk=purchase.pk)
    if purchase.kind != PurchaseKind.ORDER:
        raise refusals.NotAnOrder
    if purchase.cancelled_at is None:
        raise refusals.NotCancelled
    reason = given_reason(reason)
    cancelled_at, purchase.cancelled_at = purchase.cancelled_at, None
    purchase.save(update_fields=["cancelled_at"])
    sums.recount([purchase.pk], at=at)
    changes = {"cancelled_at": [cancelled_at.isoformat(), None]}
    trail.append(purchase, RESTORED, by=by, at=at, changes=changes, private={"reason": reason})
    return Purchase.objects.get(pk=purchase.pk)


@transaction.atomic
def take_back(
    purchase: Purchase,
    *,
    lines: Sequence[Back],
    reason: str,
    by: Actor,
    at: datetime,
    returned_at: datetime | None = None,
) -> Purchase:
    """The customer sends lines or parts of them back: a purchase of kind `return`, whose lines are negative.

    Never more than was bought, all returns together: the order is locked, and the nth return of a line is unique
    (`fingerprint` return-<line>, `occurrence` n). Raises NotAnOrder, AlreadyCancelled, UnknownLine, MoreThanBought,
    InTheFuture, InvalidInput. Query cost: 11.
    """
    returned_at = returned_at or at
    if returned_at > at + settings.FUTURE_TOLERANCE:
        raise refusals.InTheFuture(field="returned_at")
    purchase = _locked_order(purchase)
    reason = given_reason(reason)
    if returned_at < purchase.purchased_at:
        raise InvalidInput(_("It was bought after that."), code="before_purchase", field="returned_at")
    bought = {line.pk: line for line in purchase.lines.filter(pk__in=[one.line for one in lines])}
    before = back_so_far(bought)
    negative = []
    for place, one in enumerate(lines):
        line = bought.get(one.line)
        if line is None:
            raise refusals.UnknownLine(field=f"lines.{place}.line")
        if one.quantity <= 0:
            raise InvalidInput(_("More than nothing."), code="not_positive", field=f"lines.{place}.quantity")
        times, quantity = before.get(line.pk, (0, Decimal(0)))
        before[line.pk] = (times + 1, quantity + one.quantity)
        if quantity + one.quantity > line.quantity:
            raise refusals.MoreThanBought(field=f"lines.{place}.quantity")
        negative.append(_negative(line, one.quantity, times + 1, returned_at))
    if not negative:
        raise InvalidInput(_("Which lines come back?"), code="required", field="lines")
    number = f"{purchase.order_number[:70]}-R{purchase.returned_by.count() + 1}"
    made = Purchase.objects.create(
        customer=purchase.customer,
        order_number=number,
        kind=PurchaseKind.RETURN,
        returns=purchase,
        purchased_at=returned_at,
        currency=purchase.currency,
        source=purchase.source,
        created_at=at,
        updated_at=at,
        version=0,
    )
    for line in negative:
        line.purchase = made
    PurchaseLine.objects.bulk_create(negative)
    sums.recount([made.pk], at=at)
    _touch(purchase, at=at)
    facts = {"order_number": number, "lines": {str(one.line): str(one.quantity) for one in lines}}
    trail.append(purchase, RETURNED, by=by, at=at, changes=facts, private={"reason": reason})
    return Purchase.objects.get(pk=made.pk)


@transaction.atomic
def set_incentive(
    purchase: Purchase, *, incentive: bool, by: Actor, at: datetime, version: int | None = None
) -> Purchase:
    """Bought with a discount, points or another bribe, or without one: counted apart (C3). Query cost: 4.

    `version`: the one the caller has seen. Raises StalePurchase.
    """
    purchase = Purchase.objects.select_for_update().get(pk=purchase.pk)
    if version is not None and version != purchase.version:
        raise refusals.StalePurchase
    if purchase.incentive == incentive:
        return purchase
    purchase.incentive = incentive
    _touch(purchase, "incentive", at=at)
    trail.append(purchase, INCENTIVE, by=by, at=at, changes={"incentive": [not incentive, incentive]})
    return purchase


def back_so_far(lines: dict[int, PurchaseLine]) -> dict[int, tuple[int, Decimal]]:
    """Of each line how many times some came back, and how much in all. Query cost: 1."""
    names = {f"return-{pk}": pk for pk in lines}
    counted: dict[int, tuple[int, Decimal]] = {}
    found = PurchaseLine.objects.filter(fingerprint__in=names).values_list("fingerprint", "occurrence", "quantity")
    for name, occurrence, quantity in found:
        times, total = counted.get(names[name], (0, Decimal(0)))
        counted[names[name]] = (max(times, occurrence), total - quantity)
    return counted


def _negative(line: PurchaseLine, quantity: Decimal, occurrence: int, at: datetime) -> PurchaseLine:
    return PurchaseLine(
        purchased_at=at,
        sku=line.sku,
        description=line.description,
        quantity=-quantity,
        unit_price=line.unit_price,
        fingerprint=f"return-{line.pk}",
        occurrence=occurrence,
    )


def _check(lines: Sequence[Item]) -> None:
    if not 0 < len(lines) <= MOST_LINES:
        words = _("An order has 1 to %(most)s lines.") % {"most": MOST_LINES}
        raise InvalidInput(words, code="required" if not lines else "too_many", field="lines")
    for place, item in enumerate(lines):
        if item.quantity <= 0:
            raise InvalidInput(_("More than nothing."), code="not_positive", field=f"lines.{place}.quantity")
        check_line(item.quantity, item.unit_price, f"lines.{place}.")


def check_line(quantity: Decimal, unit_price: Decimal, place: str = "") -> None:
    """Raises InvalidInput negative, amount_out_of_range at `place` + the field's name."""
    if quantity < 0:
        raise InvalidInput(_("Not below nothing."), code="negative", field=f"{place}quantity")
    if unit_price < 0:
        raise InvalidInput(_("A price is not negative."), code="negative", field=f"{place}unit_price")
    if quantity * unit_price >= LARGEST_LINE:
        words = _("The line's amount is too large.")
        raise InvalidInput(words, code="amount_out_of_range", field=f"{place}quantity")


def usual_currency(customer: Customer) -> str:
    """That of their last purchase, else DEFAULT_CURRENCY. Query cost: 1."""
    last = customer.purchases.order_by("-purchased_at", "-pk").values_list("currency", flat=True).first()
    return last or DEFAULT_CURRENCY


def _locked_order(purchase: Purchase) -> Purchase:
    """The order as it is now, locked. Raises NotAnOrder, AlreadyCancelled."""
    purchase = Purchase.objects.select_for_update().get(pk=purchase.pk)
    if purchase.kind != PurchaseKind.ORDER:
        raise refusals.NotAnOrder
    if purchase.cancelled_at is not None:
        raise refusals.AlreadyCancelled
    return purchase


def given_reason(reason: str) -> str:
    """The reason without outer blanks. Raises InvalidInput required, too_long."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Say why."), code="required", field="reason")
    if len(reason) > REASON:
        raise InvalidInput(_("At most %(most)s characters.") % {"most": REASON}, code="too_long", field="reason")
    return reason


def _touch(purchase: Purchase, *names: str, at: datetime) -> None:
    purchase.version += 1
    purchase.updated_at = at
    purchase.save(update_fields=[*names, "version", "updated_at"])
