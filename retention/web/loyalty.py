"""Points in the browser: a panel with the balance, the ledger, and what can be written down (mission C3)."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from core import languages
from core.access import CASES, MANAGER, allow
from core.models import User
from core.web.fields import Line
from core.web.parts import Cell, Column, Link
from retention.actions import loyalty
from retention.models import Customer, LoyaltyEntry, LoyaltyKind
from retention.web.acting import ActForm, act, customer_of, page, page_of

FORM = require_http_methods(["GET", "HEAD", "POST"])
SHOWN = 5  # entries on the customer's own page
_WHOLE = re.compile(r"-?[0-9]{1,12}", re.ASCII)


class Points(forms.CharField):
    """A whole number without a separator of thousands: 1.000 is a thousand to some readers and one to others."""

    def __init__(self, *, signed: bool = False, **kwargs: Any) -> None:
        self.signed = signed
        attrs = {"autocomplete": "off"} if signed else {"autocomplete": "off", "inputmode": "numeric"}
        kwargs.setdefault("label", gettext_lazy("Points"))
        super().__init__(max_length=14, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> int:
        text = super().clean(value).strip().replace("−", "-")
        if not _WHOLE.fullmatch(text) or (text.startswith("-") and not self.signed):
            raise ValidationError(_("Write a whole number without a separator of thousands."), code="not_whole")
        return int(text)


class PointsForm(ActForm):
    """So many points, and why."""

    points = Points()
    reason = Line(label=gettext_lazy("Reason"), max_length=loyalty.REASON)


class KindForm(PointsForm):
    """Points that are added or lapse."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happens"),
        choices=[
            (LoyaltyKind.EARNED, pgettext_lazy("points", "Earned")),
            (LoyaltyKind.EXPIRED, pgettext_lazy("points", "Expired")),
        ],
        widget=forms.RadioSelect,
        initial=LoyaltyKind.EARNED,
    )
    field_order = ["kind", "points", "reason"]


class CorrectForm(PointsForm):
    points = Points(signed=True, help_text=gettext_lazy("below zero: they are taken away"))


def columns() -> list[Column]:
    return [
        Column(_("Day")),
        Column(_("What happened")),
        Column(_("Why")),
        Column(_("Complaint")),
        Column(_("Points"), end=True),
    ]


def row(one: LoyaltyEntry) -> list[Cell]:
    reference = one.complaint_reference
    return [
        Cell(languages.day(languages.local(one.at).date())),
        Cell(str(one.get_kind_display()), kind="head"),
        Cell(one.reason),
        Cell(reference, url=f"/complaints/{reference}/" if reference else ""),
        Cell(signed(one.points), kind="num"),
    ]


def signed(points: int) -> str:
    """+1,200 or −50, as the language writes numbers."""
    return f"+{languages.number(points)}" if points > 0 else languages.number(points)


def balance_line(points: int) -> str:
    return ngettext("%(n)s point", "%(n)s points", points) % {"n": languages.number(points)}


@require_safe
@allow(*CASES)
def ledger(request: HttpRequest, customer_id: int) -> HttpResponse:
    """All entries, 50 a page, the newest first; for htmx the panel of the customer's page. Query cost: 3 beside session
    and user."""
    customer = customer_of(request, customer_id)
    rows = LoyaltyEntry.objects.filter(customer=customer)
    context: dict[str, Any] = {
        "customer": customer,
        "balance": balance_line(loyalty.balance(customer)),
        "links": links(customer, request.user),  # type: ignore[arg-type]
        "columns": columns(),
    }
    if request.htmx:  # type: ignore[attr-defined]
        newest = list(rows.order_by("-at", "-pk")[: SHOWN + 1])
        context |= {"table": [row(one) for one in newest[:SHOWN]], "more": len(newest) > SHOWN}
        return render(request, "customers/_points.html", context)
    shown, previous_url, next_url = page(request, rows, "at")
    context |= {"table": [row(one) for one in shown], "previous_url": previous_url, "next_url": next_url}
    return render(request, "customers/points.html", context)


def links(customer: Customer, user: User) -> list[Link]:
    """What the reader may write down."""
    found = [Link(_("Redeem points"), reverse("customer_points_redemption", args=[customer.pk]), "discount")]
    if loyalty.may_keep(user):
        found += [
            Link(_("Add points"), reverse("customer_points_new", args=[customer.pk]), "plus"),
            Link(pgettext("points", "Correct"), reverse("customer_points_correction", args=[customer.pk]), "undo"),
        ]
    return found


@FORM
@allow(*CASES)
def redemption(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The customer spends points."""
    customer = customer_of(request, customer_id)
    form = PointsForm(request.POST if request.method == "POST" else None)
    run = partial(loyalty.write_down, customer, kind=LoyaltyKind.REDEEMED)
    words = {"title": _("Redeem points"), "button": _("Redeem"), "done": _("Points redeemed")}
    return act(request, form, run, back=page_of(customer), **words)


@FORM
@allow(MANAGER)
def new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Points are earned or lapse."""
    customer = customer_of(request, customer_id)
    form = KindForm(request.POST if request.method == "POST" else None)
    words = {"title": _("Add points"), "button": _("Write it down"), "done": _("Points written down")}
    return act(request, form, partial(loyalty.write_down, customer), back=page_of(customer), **words)


@FORM
@allow(MANAGER)
def correction(request: HttpRequest, customer_id: int) -> HttpResponse:
    """A mistake is put right by another entry."""
    customer = customer_of(request, customer_id)
    form = CorrectForm(request.POST if request.method == "POST" else None)
    run = partial(loyalty.write_down, customer, kind=LoyaltyKind.CORRECTED)
    words = {"title": _("Correct points"), "button": pgettext("points", "Correct"), "done": _("Points corrected")}
    return act(request, form, run, back=page_of(customer), **words)
