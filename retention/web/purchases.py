"""What customers buy, in the browser: all of it, one purchase, and what can be done with it (mission C2)."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import languages
from core.access import CASES, allow
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, fresh
from core.web.parts import Cell, Chip, Column
from retention.actions import purchases as actions
from retention.models import Purchase, PurchaseKind, PurchaseLine
from retention.web import buying_forms as forms
from retention.web.acting import act, customer_of, listing, once, page_of

FORM = require_http_methods(["GET", "HEAD", "POST"])
MOST_LINES = 1_000  # shown of one order


def columns() -> list[Column]:
    return [
        Column(_("Bought")),
        Column(_("Order")),
        Column(_("Kind")),
        Column(_("Amount"), end=True),
        Column(_("State")),
    ]


def row(one: Purchase) -> list[Cell]:
    return [
        Cell(languages.short_day(languages.local(one.purchased_at), now=languages.local(now()))),
        Cell(one.order_number, kind="head", url=reverse("purchase", args=[one.pk])),
        Cell(one.get_kind_display()),
        Cell(languages.money(one.amount, one.currency), kind="num"),
        Cell(" · ".join(state(one))),
    ]


def state(one: Purchase) -> list[str]:
    """What is said of a purchase beside its sum."""
    said = [_("cancelled")] if one.cancelled_at else []
    return [*said, _("with an incentive")] if one.incentive else said


@require_safe
@allow(*CASES)
def index(request: HttpRequest, customer_id: int) -> HttpResponse:
    """All purchases of a customer, 50 a page, the newest first. Query cost: 2 beside session and user."""
    customer = customer_of(request, customer_id)
    rows = Purchase.objects.filter(customer=customer)
    return listing(
        request,
        customer,
        rows,
        "purchased_at",
        title=_("Purchases"),
        columns=columns(),
        row=row,
        new=("customer_purchase_new", _("Record a purchase")),
    )


@FORM
@allow(*CASES)
def new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Record an order; the button for more lines shows the form again with what was typed."""
    customer = customer_of(request, customer_id)
    if request.method == "POST" and "more" in request.POST:
        typed = request.POST.dict()
        count = typed.get("rows", "")
        typed["rows"] = str((int(count) if count.isascii() and count.isdigit() else forms.ROWS) + forms.MORE)
        typed.pop("nonce", None)
        form = forms.PurchaseForm(initial={**typed, "incentive": "incentive" in typed})
    else:
        start = {"purchased_at": now(), "currency": actions.usual_currency(customer)}
        form = forms.PurchaseForm(request.POST if request.method == "POST" else None, initial=start)
    return act(
        request,
        form,
        partial(actions.record_purchase, customer),
        back=page_of(customer),
        title=_("Record a purchase"),
        button=_("Record it"),
        done=_("Purchase recorded"),
        template="purchases/new.html",
    )


@require_safe
@allow(*CASES)
def one(request: HttpRequest, purchase_id: int) -> HttpResponse:
    """One purchase with its lines and what came back. Query cost: 4 beside session and user."""
    purchase = get(request, purchase_id)
    lines = list(purchase.lines.all()[:MOST_LINES])
    is_order = purchase.kind == PurchaseKind.ORDER
    back = actions.back_so_far({line.pk: line for line in lines}) if is_order else {}
    stands = is_order and purchase.cancelled_at is None
    key = [purchase.pk]
    context = {
        "purchase": purchase,
        "customer": purchase.customer,
        "facts": _facts(purchase),
        "chips": [Chip(words) for words in state(purchase)],
        "columns": _line_columns(),
        "table": [_line(line, purchase, back) for line in lines],
        "returned_by": [(one.order_number, reverse("purchase", args=[one.pk])) for one in purchase.returned_by.all()],
        "cancel_url": reverse("purchase_cancellation", args=key) if stands else "",
        "restore_url": reverse("purchase_restoration", args=key) if is_order and purchase.cancelled_at else "",
        "return_url": reverse("purchase_returns", args=key) if stands and purchase.customer else "",
        "incentive_url": reverse("purchase_incentive", args=key) if is_order else "",
        "nonce": fresh(),
    }
    return render(request, "purchases/purchase.html", context)


@FORM
@allow(*CASES)
def cancellation(request: HttpRequest, purchase_id: int) -> HttpResponse:
    """The order does not stand."""
    purchase = get(request, purchase_id)
    form = forms.ReasonForm(request.POST if request.method == "POST" else None)
    return act(
        request,
        form,
        partial(actions.cancel, purchase),
        back=reverse("purchase", args=[purchase.pk]),
        title=_("Cancel the order %(number)s") % {"number": purchase.order_number},
        button=_("Cancel the order"),
        done=_("Order cancelled"),
    )


@FORM
@allow(*CASES)
def restoration(request: HttpRequest, purchase_id: int) -> HttpResponse:
    """The cancelled order stands after all."""
    purchase = get(request, purchase_id)
    form = forms.ReasonForm(request.POST if request.method == "POST" else None)
    return act(
        request,
        form,
        partial(actions.restore, purchase),
        back=reverse("purchase", args=[purchase.pk]),
        title=_("Restore the order %(number)s") % {"number": purchase.order_number},
        button=_("Restore the order"),
        done=_("The order stands again"),
    )


@FORM
@allow(*CASES)
def returns(request: HttpRequest, purchase_id: int) -> HttpResponse:
    """Lines come back, whole or in part."""
    purchase = get(request, purchase_id)
    lines = {line.pk: line for line in purchase.lines.all()[:MOST_LINES]}
    back = actions.back_so_far(lines)
    left = [(line, line.quantity - back.get(pk, (0, Decimal(0)))[1]) for pk, line in lines.items()]
    form = forms.ReturnForm(left, request.POST if request.method == "POST" else None)
    return act(
        request,
        form,
        partial(actions.take_back, purchase),
        back=reverse("purchase", args=[purchase.pk]),
        title=_("Lines of the order %(number)s come back") % {"number": purchase.order_number},
        button=_("Record the return"),
        done=_("Return recorded"),
    )


@require_POST
@allow(*CASES)
def incentive(request: HttpRequest, purchase_id: int) -> HttpResponse:
    """Say that it was bought with an incentive (`incentive=1`), or without."""
    purchase = get(request, purchase_id)
    back = reverse("purchase", args=[purchase.pk])
    wanted = request.POST.get("incentive") == "1"
    try:
        nonce = request.POST.get("nonce", "")[:64]
        once(request, nonce, lambda by, at: actions.set_incentive(purchase, incentive=wanted, by=by, at=at), back)
    except Repeated:
        pass
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved"))
    return HttpResponseRedirect(back)


def get(request: HttpRequest, purchase_id: int) -> Purchase:
    """Raises Http404. Query cost: 1."""
    request.sidebar_here = "customers"  # type: ignore[attr-defined]
    found = Purchase.objects.select_related("customer", "returns").filter(pk=purchase_id).first()
    if found is None:
        raise Http404
    return found


def _facts(purchase: Purchase) -> list[tuple[str, str]]:
    at = languages.moment(languages.local(purchase.purchased_at))
    facts = [(_("Kind"), str(purchase.get_kind_display())), (_("Bought"), at)]
    facts.append((_("Amount"), languages.money(purchase.amount, purchase.currency)))
    if purchase.cancelled_at:
        facts.append((_("Cancelled"), languages.moment(languages.local(purchase.cancelled_at))))
    if purchase.source:
        facts.append((_("Comes from"), purchase.source))
    return facts


def _line_columns() -> list[Column]:
    numbers = [_("Quantity"), _("Unit price"), _("Amount"), pgettext("goods", "Came back")]
    return [Column(_("Article")), Column(_("Description")), *(Column(words, end=True) for words in numbers)]


def _line(line: PurchaseLine, purchase: Purchase, back: dict[int, tuple[int, Decimal]]) -> list[Cell]:
    """Its description leads to where it is corrected, while that makes sense."""
    currency, url = purchase.currency, ""
    if purchase.cancelled_at is None and purchase.kind != PurchaseKind.ADJUSTMENT:
        url = reverse("purchase_line_correction", args=[purchase.pk, line.pk])
    returned = back.get(line.pk, (0, Decimal(0)))[1]
    amount = (line.quantity * line.unit_price).quantize(Decimal("0.0001"))
    return [
        Cell(line.sku),
        Cell(line.description or line.sku or _("Line"), kind="head", url=url),
        Cell(_number(line.quantity), kind="num"),
        Cell(languages.money(line.unit_price, currency), kind="num"),
        Cell(languages.money(amount, currency), kind="num"),
        Cell(_number(returned) if returned else languages.DASH, kind="num"),
    ]


def _number(value: Any) -> str:
    return languages.number(Decimal(f"{value.normalize():f}"))
