"""What may be asked for at all: kinds, amounts and words, and no more than was charged (case F33)."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from complaints.authority import lines, refusals, sums
from complaints.models import Complaint, Remedy, RemedyKind, RemedyStatus
from core.errors import InvalidInput
from retention.actions.charges import check_amount
from retention.models import Charge, Purchase
from retention.models.purchases import PurchaseKind

MOST_POINTS = 1_000_000_000
MOST_DESCRIPTION = 500
MOST_REASON = 2_000


def checked(kind: str, amount: Decimal | None, currency: str) -> tuple[Decimal | None, str]:
    """Value and currency as they are kept. Raises InvalidInput unknown_kind, amount_required, not_valued, not_positive,
    not_whole, amount_out_of_range, too_many_decimals, unknown_currency, no_currency."""
    if kind not in RemedyKind.values:
        raise InvalidInput(_("There is no such remedy."), code="unknown_kind", field="kind")
    if amount is None:
        if kind not in lines.UNVALUED:
            raise InvalidInput(_("Say how much."), code="amount_required", field="amount")
        return None, ""
    if kind == RemedyKind.APOLOGY:
        raise InvalidInput(_("An apology has no value in money."), code="not_valued", field="amount")
    if kind == RemedyKind.POINTS:
        return _points(amount, currency), ""
    if amount < 0:
        raise InvalidInput(_("More than nothing."), code="not_positive", field="amount.amount")
    check_amount(amount, currency)
    return amount, currency


def words(kind: str, description: str, reason: str) -> tuple[str, str]:
    """Both as they are kept. Raises InvalidInput reason_required, description_required, too_long."""
    description, reason = description.strip(), reason.strip()
    if kind == RemedyKind.OTHER and not description:
        message = _("Say what the complainant gets.")
        raise InvalidInput(message, code="description_required", field="description")
    if not reason:
        raise InvalidInput(_("Say why."), code="reason_required", field="reason")
    for field, text, most in (("description", description, MOST_DESCRIPTION), ("reason", reason, MOST_REASON)):
        if len(text) > most:
            raise InvalidInput(_("This is too long."), code="too_long", field=field)
    return description, reason


def refuse_charge_unless_refund(kind: str, charge: Charge | None) -> None:
    if charge is not None and kind != RemedyKind.REFUND:
        raise InvalidInput(_("Only a refund gives back a charge."), code="not_a_refund", field="charge")


def refuse_above_value(
    complaint: Complaint, kind: str, amount: Decimal | None, currency: str, charge: Charge | None
) -> None:
    """Refunds, granted or awaiting approval, never add up to more than the charge, else the order they give back.

    The caller holds the locks. Raises UnknownCharge, OtherCurrency, AboveOrderValue. Query cost: at most 2.
    """
    if kind != RemedyKind.REFUND or amount is None:
        return
    if charge is not None:
        charge = Charge.objects.filter(pk=charge.pk, customer=complaint.customer_id or 0).first()
        if charge is None:
            raise refusals.UnknownCharge(field="charge")
        if charge.currency != currency:
            raise refusals.OtherCurrency(field="amount.currency")
        value, given = charge.amount, sums.given_back(charge=charge.pk)
    elif complaint.order_number and complaint.customer_id is not None:
        values = order_values(complaint.customer_id, complaint.order_number)
        if not values:
            return  # an order we know nothing of
        if currency not in values:
            raise refusals.OtherCurrency(field="amount.currency")
        order = (complaint.customer_id, complaint.order_number, currency)
        value, given = values[currency], sums.given_back(order=order)
    else:
        return
    if sums.total(given) + amount > value:
        raise refusals.AboveOrderValue(field="amount.amount")


def refuse_approval_above_value(remedy: Remedy) -> None:
    """The same when it is approved: the charge may have been corrected since. Raises AboveOrderValue as 409."""
    if remedy.kind != RemedyKind.REFUND or remedy.amount is None:
        return
    complaint = remedy.complaint
    if remedy.charge_id is not None and remedy.charge is not None:
        value, given = remedy.charge.amount, sums.given_back(charge=remedy.charge_id)
    elif complaint.order_number and complaint.customer_id is not None:
        values = order_values(complaint.customer_id, complaint.order_number)
        if remedy.currency not in values:
            return
        order = (complaint.customer_id, complaint.order_number, remedy.currency)
        value, given = values[remedy.currency], sums.given_back(order=order)
    else:
        return
    if sums.total(given.filter(status=RemedyStatus.GRANTED)) + remedy.amount > value:
        raise refusals.AboveOrderValue(field="amount.amount", status=409)


def order_values(customer: int, number: str) -> dict[str, Decimal]:
    """What the customer's order of this number came to, by currency. Query cost: 1."""
    rows = Purchase.objects.filter(customer=customer, order_number=number, kind=PurchaseKind.ORDER).order_by()
    return dict(rows.values_list("currency").annotate(sum=Sum("amount")))


def _points(amount: Decimal, currency: str) -> Decimal:
    if currency:
        raise InvalidInput(_("Points have no currency."), code="no_currency", field="amount.currency")
    if not amount.is_finite() or abs(amount) > MOST_POINTS:
        raise InvalidInput(_("These are too many points."), code="amount_out_of_range", field="points")
    if amount != amount.to_integral_value():
        raise InvalidInput(_("Points are whole."), code="not_whole", field="points")
    if amount <= 0:
        raise InvalidInput(_("More than nothing."), code="not_positive", field="points")
    return amount
