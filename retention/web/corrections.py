"""Put charges, payments and lines of purchases right, in the browser (mission A7, C2)."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import languages, money
from core.access import CASES, allow
from retention.actions import correct
from retention.models import Charge, Payment, Purchase, PurchaseKind
from retention.web import buying_forms as forms
from retention.web.acting import act, customer_of
from retention.web.purchases import get as purchase_of

FORM = require_http_methods(["GET", "HEAD", "POST"])
OFFERED = 50  # charges to choose from


@FORM
@allow(*CASES)
def charge(request: HttpRequest, charge_id: int) -> HttpResponse:
    """A charge as it should have been. Query cost: 2 to show, beside session and user."""
    row = Charge.objects.filter(pk=charge_id).first()
    if row is None:
        raise Http404
    customer_of(request, row.customer_id)
    start = {
        "amount": _amount(row),
        "currency": row.currency,
        "charged_on": row.charged_on,
        "description": row.description,
        "order_number": row.order_number,
        "version": row.version,
    }
    form = forms.ChargeCorrectionForm(request.POST if request.method == "POST" else None, initial=start)
    form.order_fields([*forms.ChargeForm.base_fields, "why"])
    form.current = partial(_version, row)
    return act(
        request,
        form,
        partial(correct.correct_charge, row),
        back=reverse("customer_charges", args=[row.customer_id]),
        title=_("Correct the charge of %(day)s") % {"day": languages.day(row.charged_on)},
        button=_("Correct it"),
        done=_("Corrected"),
    )


@FORM
@allow(*CASES)
def payment(request: HttpRequest, payment_id: int) -> HttpResponse:
    """A payment as it should have been. Query cost: 3 to show, beside session and user."""
    row = Payment.objects.filter(pk=payment_id).first()
    if row is None:
        raise Http404
    customer = customer_of(request, row.customer_id)
    offered = list(customer.charges.order_by("-charged_on", "-pk")[:OFFERED])
    if row.charge_id and all(one.pk != row.charge_id for one in offered):
        offered += list(customer.charges.filter(pk=row.charge_id))
    start = {
        "amount": _amount(row),
        "currency": row.currency,
        "paid_on": row.paid_on,
        "charge": row.charge_id,
        "method": row.method,
        "version": row.version,
    }
    form = forms.PaymentCorrectionForm(offered, request.POST if request.method == "POST" else None, initial=start)
    form.order_fields([*forms.PaymentForm.base_fields, "why"])
    form.current = partial(_version, row)
    return act(
        request,
        form,
        partial(correct.correct_payment, row),
        back=reverse("customer_payments", args=[row.customer_id]),
        title=_("Correct the payment of %(day)s") % {"day": languages.day(row.paid_on)},
        button=_("Correct it"),
        done=_("Corrected"),
    )


@FORM
@allow(*CASES)
def line(request: HttpRequest, purchase_id: int, line_id: int) -> HttpResponse:
    """A line of an order as it should have been; of a return, how much came back. Query cost: 2 to show."""
    purchase = purchase_of(request, purchase_id)
    row = purchase.lines.filter(pk=line_id).first()
    if row is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    quantity = forms.written(abs(row.quantity).normalize() + Decimal(0))
    if purchase.kind == PurchaseKind.RETURN:
        form: forms.Correcting = forms.BackCorrectionForm(
            data, initial={"quantity": quantity, "version": purchase.version}
        )
        form.order_fields(["quantity", "why"])
    else:
        price = forms.written(Decimal(money.shown(row.unit_price, purchase.currency)))
        start = {"sku": row.sku, "description": row.description, "quantity": quantity, "unit_price": price}
        form = forms.LineCorrectionForm(data, initial={**start, "version": purchase.version})
        form.order_fields(["sku", "description", "quantity", "unit_price", "why"])
    form.current = partial(_version, purchase)
    return act(
        request,
        form,
        partial(correct.correct_line, purchase, row.pk),
        back=reverse("purchase", args=[purchase.pk]),
        title=_("Correct a line of %(number)s") % {"number": purchase.order_number},
        button=_("Correct it"),
        done=_("Corrected"),
    )


def _version(row: Charge | Payment | Purchase) -> int:
    """As it is now. Query cost: 1."""
    return type(row)._default_manager.values_list("version", flat=True).get(pk=row.pk)


def _amount(row: Charge | Payment) -> str:
    return forms.written(Decimal(money.shown(row.amount, row.currency)))
