"""What a customer was asked to pay beside what they paid, in the browser (mission A7)."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import dates, languages
from core.access import CASES, allow
from core.web.parts import Cell, Column
from retention.actions import charges as actions
from retention.actions.purchases import usual_currency
from retention.models import Charge, Payment
from retention.web import buying_forms as forms
from retention.web.acting import act, customer_of, listing, page_of

FORM = require_http_methods(["GET", "HEAD", "POST"])
OFFERED = 50  # charges to choose from


def charge_columns() -> list[Column]:
    return [Column(_("Charged on")), Column(_("What for")), Column(_("Order")), Column(_("Amount"), end=True)]


def payment_columns() -> list[Column]:
    return [Column(_("Paid on")), Column(_("How")), Column(_("Amount"), end=True)]


def charge_row(one: Charge) -> list[Cell]:
    return [
        Cell(languages.day(one.charged_on)),
        Cell(one.description or _("Charge"), kind="head", url=reverse("charge_correction", args=[one.pk])),
        Cell(one.order_number),
        Cell(languages.money(one.amount, one.currency), kind="num"),
    ]


def payment_row(one: Payment) -> list[Cell]:
    return [
        Cell(languages.day(one.paid_on)),
        Cell(one.method or _("Payment"), kind="head", url=reverse("payment_correction", args=[one.pk])),
        Cell(languages.money(one.amount, one.currency), kind="num"),
    ]


@require_safe
@allow(*CASES)
def charges(request: HttpRequest, customer_id: int) -> HttpResponse:
    """All charges, 50 a page, the newest first. Query cost: 2 beside session and user."""
    customer = customer_of(request, customer_id)
    rows = Charge.objects.filter(customer=customer)
    return listing(
        request,
        customer,
        rows,
        "charged_on",
        title=_("Charges"),
        columns=charge_columns(),
        row=charge_row,
        new=("customer_charge_new", _("Record a charge")),
    )


@require_safe
@allow(*CASES)
def payments(request: HttpRequest, customer_id: int) -> HttpResponse:
    """All payments, 50 a page, the newest first. Query cost: 2 beside session and user."""
    customer = customer_of(request, customer_id)
    rows = Payment.objects.filter(customer=customer)
    return listing(
        request,
        customer,
        rows,
        "paid_on",
        title=_("Payments"),
        columns=payment_columns(),
        row=payment_row,
        new=("customer_payment_new", _("Record a payment")),
    )


@FORM
@allow(*CASES)
def new_charge(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Record a charge."""
    customer = customer_of(request, customer_id)
    start = {"charged_on": dates.of_reader(), "currency": usual_currency(customer)}
    form = forms.ChargeForm(request.POST if request.method == "POST" else None, initial=start)
    run = partial(actions.charge, customer)
    words = {"title": _("Record a charge"), "button": _("Record it"), "done": _("Charge recorded")}
    return act(request, form, run, back=page_of(customer), **words)


@FORM
@allow(*CASES)
def new_payment(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Record a payment, perhaps for one of the newest 50 charges."""
    customer = customer_of(request, customer_id)
    start = {"paid_on": dates.of_reader(), "currency": usual_currency(customer)}
    offered = customer.charges.order_by("-charged_on", "-pk")[:OFFERED]
    form = forms.PaymentForm(offered, request.POST if request.method == "POST" else None, initial=start)
    run = partial(actions.pay, customer)
    words = {"title": _("Record a payment"), "button": _("Record it"), "done": _("Payment recorded")}
    return act(request, form, run, back=page_of(customer), **words)
