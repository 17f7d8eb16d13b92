"""What a customer is asked to pay and what they paid, side by side (mission A7)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from core import dates, money, trail
from core.actor import Actor
from core.errors import InvalidInput
from retention import refusals
from retention.actions.edit import locked
from retention.models import Charge, Customer, Payment

CHARGED, PAID = "customer.charged", "customer.paid"
Row = TypeVar("Row", Charge, Payment)


@transaction.atomic
def charge(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str,
    charged_on: date,
    by: Actor,
    at: datetime,
    description: str = "",
    order_number: str = "",
    source: str = "",
    external_id: str = "",
) -> Charge:
    """Write down a charge, in the decimals of its currency. Raises InvalidInput, InTheFuture, ExternalIdTaken.

    Query cost: 5.
    """
    refuse_negative_charge(amount)
    check_amount(amount, currency)
    refuse_future(charged_on, "charged_on", by=by, at=at)
    customer = locked(customer)
    _refuse_taken(Charge, source, external_id)
    made = Charge.objects.create(
        customer=customer,
        charged_on=charged_on,
        amount=amount,
        currency=currency,
        description=description.strip(),
        order_number=order_number.strip(),
        source=source,
        external_id=external_id,
        created_at=at,
        updated_at=at,
    )
    facts = {"charge": made.pk, "amount": money.shown(amount, currency), "currency": currency, "on": charged_on}
    trail.append(customer, CHARGED, by=by, at=at, changes=facts)
    return made


@transaction.atomic
def pay(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str,
    paid_on: date,
    by: Actor,
    at: datetime,
    charge: int | None = None,
    method: str = "",
    source: str = "",
    external_id: str = "",
) -> Payment:
    """Write down a payment (below zero: money given back), perhaps for one `charge` (its key).

    Raises InvalidInput, InTheFuture, UnknownCharge, CurrencyMismatch, ExternalIdTaken. Query cost: 6.
    """
    check_amount(amount, currency)
    refuse_future(paid_on, "paid_on", by=by, at=at)
    customer = locked(customer)
    _refuse_taken(Payment, source, external_id)
    if charge is not None:
        asked = customer.charges.filter(pk=charge).values_list("currency", flat=True).first()
        if asked is None:
            raise refusals.UnknownCharge(field="charge")
        if asked != currency:
            raise refusals.CurrencyMismatch(field="amount.currency")
    made = Payment.objects.create(
        customer=customer,
        charge_id=charge,
        paid_on=paid_on,
        amount=amount,
        currency=currency,
        method=method.strip(),
        source=source,
        external_id=external_id,
        created_at=at,
        updated_at=at,
    )
    facts = {"payment": made.pk, "amount": money.shown(amount, currency), "currency": currency, "on": paid_on}
    trail.append(customer, PAID, by=by, at=at, changes={**facts, "charge": charge})
    return made


def refuse_negative_charge(amount: Decimal) -> None:
    """Raises InvalidInput not_positive."""
    if amount < 0:
        message = _("A charge is more than nothing; what was given back is a payment below zero.")
        raise InvalidInput(message, code="not_positive", field="amount.amount")


def check_amount(amount: Decimal, currency: str) -> None:
    """Exactly what the currency can express, and not nothing."""
    try:
        places = money.exponent(currency)
    except money.MoneyError as error:
        words = _("This is no ISO 4217 currency.")
        raise InvalidInput(words, code=error.code, field="amount.currency") from None
    if amount == 0:
        raise InvalidInput(_("More than nothing."), code="not_positive", field="amount.amount")
    if not amount.is_finite() or abs(amount) >= money.LARGEST:
        raise InvalidInput(_("This amount is too large."), code="amount_out_of_range", field="amount.amount")
    if amount != amount.quantize(Decimal(1).scaleb(-places)):
        words = _("%(currency)s has %(places)s decimals.") % {"currency": currency, "places": places}
        raise InvalidInput(words, code="too_many_decimals", field="amount.amount")


def refuse_future(on: date, field: str, *, by: Actor, at: datetime) -> None:
    if on > dates.of_actor(by, at):
        raise refusals.InTheFuture(field=field)


def _refuse_taken(model: type[Row], source: str, external_id: str) -> None:
    if external_id and model.objects.filter(source=source, external_id=external_id).exists():
        raise refusals.ExternalIdTaken(field="external_id")
