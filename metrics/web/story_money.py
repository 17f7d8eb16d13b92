"""What a customer bought, was charged and paid, as far as their page shows it (mission B3, C2, A7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import languages
from core.web.parts import Chip, Part
from retention.models import Charge, Customer, Payment, Purchase, PurchaseKind, PurchaseLine

ORDERS, ITEMS = 8, 10


@dataclass(slots=True)
class Bought(Part):
    """One order: when, its number, what it was about, how much."""

    day: str
    number: str
    what: str
    amount: str
    url: str = ""
    chips: Sequence[Chip] = ()


@dataclass(slots=True)
class Item(Part):
    """A charge or a payment. `url`: where it is corrected."""

    day: str
    what: str
    charged: str = ""
    paid: str = ""
    url: str = ""


def orders(customer: Customer, now: datetime) -> list[Bought]:
    """The newest ORDERS, returns among them. Query cost: 1."""
    lines = PurchaseLine.objects.filter(purchase=OuterRef("pk")).order_by("pk")
    counted = lines.order_by().values("purchase").annotate(n=Count("pk"))
    rows = (
        Purchase.objects.filter(customer=customer)
        .annotate(
            first_text=Subquery(lines.values("description")[:1]),
            first_sku=Subquery(lines.values("sku")[:1]),
            line_count=Subquery(counted.values("n")),
        )
        .order_by("-purchased_at", "-pk")[:ORDERS]
    )
    here = languages.local(now)
    return [
        Bought(
            languages.short_day(languages.local(one.purchased_at), now=here),
            one.order_number,
            _what(one),
            languages.money(one.amount, one.currency),
            reverse("purchase", args=[one.pk]),
            _chips(one),
        )
        for one in rows
    ]


def total(bought: Sequence[dict[str, Any]]) -> str:
    """31 orders, in the months given (story_facts.months)."""
    count = sum(row["n"] for row in bought)
    return ngettext("%(n)s order", "%(n)s orders", count) % {"n": languages.number(count)}


def account(customer: Customer, now: datetime) -> list[Item]:
    """The newest ITEMS charges and payments, by day. Query cost: 2."""
    here = languages.local(now)
    charges = Charge.objects.filter(customer=customer).order_by("-charged_on", "-pk")[:ITEMS]
    payments = Payment.objects.filter(customer=customer).order_by("-paid_on", "-pk")[:ITEMS]
    dated = [(one.charged_on, 0, one.pk, _charge(one, here)) for one in charges]
    dated += [(one.paid_on, 1, one.pk, _payment(one, here)) for one in payments]
    dated.sort(key=lambda row: row[:3], reverse=True)
    return [row[3] for row in dated[:ITEMS]]


def _what(one: Any) -> str:
    first = one.first_text or one.first_sku or ""
    more = (one.line_count or 0) - 1
    if not first or more < 1:
        return first
    return ngettext("%(first)s and %(n)s more", "%(first)s and %(n)s more", more) % {"first": first, "n": more}


def _chips(one: Purchase) -> list[Chip]:
    chips = [] if one.kind == PurchaseKind.ORDER else [Chip(str(one.get_kind_display()))]
    if one.cancelled_at is not None:
        chips.append(Chip(_("Cancelled")))
    if one.incentive:
        chips.append(Chip(_("with an incentive")))
    return chips


def _charge(one: Charge, here: datetime) -> Item:
    what = " · ".join(x for x in (one.description or _("Charge"), one.order_number) if x)
    return Item(
        languages.short_day(one.charged_on, now=here),
        what,
        charged=languages.money(one.amount, one.currency),
        url=reverse("charge_correction", args=[one.pk]),
    )


def _payment(one: Payment, here: datetime) -> Item:
    what = one.method or (_("Payment") if one.amount > 0 else _("Paid back"))
    return Item(
        languages.short_day(one.paid_on, now=here),
        what,
        paid=languages.money(one.amount, one.currency),
        url=reverse("payment_correction", args=[one.pk]),
    )
