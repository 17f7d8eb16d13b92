"""`/api/v1/purchases/` and `/api/v1/customers/{id}/purchases/` (interface.md; mission C2, C3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from core.api.bodies import Strict
from core.api.fields import Flag, Id, Instant, Text
from core.api.filters import SINCE, between, choice, currency, flag, text
from core.api.happened import Reference
from core.api.money import Currency, MoneyShape, Quantity, UnitPrice
from core.api.money import shown as money_shown
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from retention import refusals
from retention.actions import correct, purchases
from retention.api.customers import HANDLES_CASES
from retention.api.expansions import CUSTOMER
from retention.api.naming import customer_at, of_customer
from retention.models import Purchase, PurchaseKind, PurchaseLine


class LineBody(Strict):
    sku = Text(max_length=80, trim=True, required=False, allow_blank=True)
    description = Text(max_length=200, trim=True)
    quantity = Quantity()
    unit_price = UnitPrice()


class NewPurchase(Strict):
    """`currency` may stand in the unit prices instead; without any it is that of the customer's last purchase."""

    order_number = Text(max_length=80, trim=True)
    lines = serializers.ListField(child=LineBody(), allow_empty=False, max_length=purchases.MOST_LINES)
    purchased_at = Instant(not_future=True)
    currency = Currency(required=False)
    incentive = Flag(required=False)


class PurchaseCancellationBody(Strict):
    reason = Text(max_length=purchases.REASON)


class BackBody(Strict):
    line = Id()
    quantity = Quantity()


class ReturnedLinesBody(Strict):
    lines = serializers.ListField(child=BackBody(), allow_empty=False, max_length=purchases.MOST_LINES)
    reason = Text(max_length=purchases.REASON)
    returned_at = Instant(required=False, not_future=True)


class PurchaseRestorationBody(Strict):
    reason = Text(max_length=purchases.REASON)


class LineChange(Strict):
    """What was wrong, as it should have been, and why. Quantity 0: it was never bought."""

    sku = Text(max_length=80, trim=True, required=False, allow_blank=True)
    description = Text(max_length=200, trim=True, required=False)
    quantity = Quantity(zero=True, required=False)
    unit_price = UnitPrice(required=False)
    reason = Text(max_length=purchases.REASON)


class PurchaseChange(Strict):
    incentive = Flag()


class PurchaseShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    customer = Reference(allow_null=True, help_text="With `expand=customer` as under /customers/.")
    order_number = serializers.CharField()
    kind = serializers.ChoiceField(choices=PurchaseKind.choices)
    purchased_at = serializers.DateTimeField()
    amount = MoneyShape(help_text="Sum of all lines; negative for returns.")
    valid_amount = MoneyShape(help_text="Sum of the lines with a quantity and a price above zero.")
    valid_lines = serializers.IntegerField()
    is_valid = serializers.BooleanField(help_text="Counts in the figures.")  # type: ignore[assignment]  # a field: DRF takes it off the class
    incentive = serializers.BooleanField()
    cancelled_at = serializers.DateTimeField(allow_null=True)
    returns = serializers.CharField(allow_null=True, help_text="The purchase it takes back.")
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class LineShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    quantity = serializers.CharField()
    unit_price = MoneyShape()
    returned = serializers.CharField(help_text="How much of it came back so far.")


class WholePurchaseShape(PurchaseShape):
    lines = LineShape(many=True)
    returned_by = serializers.ListField(child=serializers.CharField())


def header(row: Purchase) -> dict[str, Any]:
    """A purchase without its lines; its customer has to be loaded."""
    who = row.customer
    return {
        "id": str(row.pk),
        "customer": {"id": str(who.pk), "name": who.name} if who is not None else None,
        "order_number": row.order_number,
        "kind": row.kind,
        "purchased_at": iso(row.purchased_at),
        "amount": money_shown(row.amount, row.currency),
        "valid_amount": money_shown(row.valid_amount, row.currency),
        "valid_lines": row.valid_lines,
        "is_valid": row.is_valid,
        "incentive": row.incentive,
        "cancelled_at": iso(row.cancelled_at),
        "returns": str(row.returns_id) if row.returns_id else None,
        "source": row.source,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "version": row.version,
    }


def whole(row: Purchase) -> dict[str, Any]:
    """With lines and what came back of each. Query cost: 3."""
    lines = {line.pk: line for line in row.lines.all()}
    back = purchases.back_so_far(lines) if row.kind == PurchaseKind.ORDER else {}
    return {
        **header(row),
        "lines": [_line(line, row.currency, back.get(pk, (0, Decimal(0)))[1]) for pk, line in lines.items()],
        "returned_by": [str(pk) for pk in row.returned_by.order_by("pk").values_list("pk", flat=True)],
    }


def _line(line: PurchaseLine, currency: str, back: Decimal) -> dict[str, Any]:
    return {
        "id": str(line.pk),
        "sku": line.sku,
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit_price": money_shown(line.unit_price, currency),
        "returned": plain(back),
    }


def plain(number: Decimal) -> str:
    """2, 1.5: a quantity without zeros at its end."""
    return f"{number.normalize():f}" if number else "0"


def visible(request: Request) -> QuerySet[Purchase]:
    """Whoever may open customers' pages may read what they bought."""
    rows = Purchase.objects.select_related("customer")
    return rows if caller(request).sees_cases else rows.none()


FILTERS = (
    text("order_number"),
    choice("kind", PurchaseKind.values),
    currency(),
    text("source"),
    flag("incentive"),
    flag("is_valid"),
    between("purchased_at"),
    SINCE,
)
ORDERING = {"id": "pk", "purchased_at": "purchased_at", "updated_at": "updated_at"}


class Purchases(ListView):
    """All purchases, without their lines."""

    access, resource = HANDLES_CASES, "purchases"
    answer = PurchaseShape
    filters = (of_customer(), *FILTERS)
    expansions = CUSTOMER
    ordering: ClassVar = ORDERING
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Purchase]:
        return visible(request)

    def to_dict(self, row: Purchase) -> dict[str, Any]:
        return header(row)


class PurchasesOfCustomer(ListView):
    """What one customer bought, the newest first."""

    access, resource = HANDLES_CASES, "purchases"
    body: ClassVar = {"POST": NewPurchase}
    answer: ClassVar = {"GET": PurchaseShape, "POST": WholePurchaseShape}
    success: ClassVar = {"POST": 201}
    filters = FILTERS
    expansions = CUSTOMER
    ordering: ClassVar = ORDERING
    default_ordering = "-purchased_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Purchase]:
        customer = customer_at(self, kwargs["pk"])
        return visible(request).filter(customer=customer)

    def to_dict(self, row: Purchase) -> dict[str, Any]:
        return header(row)

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Record an order of this customer with its lines."""
        customer = customer_at(self, pk)
        values = self.read(request)
        lines = values.pop("lines")
        values["currency"] = _one_currency(values.get("currency", ""), [line["unit_price"].currency for line in lines])
        items = [purchases.Item(**{**line, "unit_price": line["unit_price"].amount}) for line in lines]
        made = purchases.record_purchase(customer, lines=items, by=self.actor(request), at=now(), **values)
        return _answer(self, made.pk, 201, location=reverse("api-purchase", args=[made.pk]))


class OnePurchase(ApiView):
    """One purchase with its lines."""

    access, resource = HANDLES_CASES, "purchases"
    body: ClassVar = {"PATCH": PurchaseChange}
    answer = WholePurchaseShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(visible(request), pk=pk)
        return self.reply(whole(row), version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Say whether it was bought with an incentive (`If-Match` required)."""
        row = self.find(visible(request), pk=pk)
        self.require_match(request, row.version)
        seen, values = self.expected_version(request), self.read(request)
        purchases.set_incentive(row, **values, by=self.actor(request), at=now(), version=seen)
        return _answer(self, row.pk)


class Cancellation(ApiView):
    """The order does not stand."""

    access, resource = HANDLES_CASES, "purchases"
    body: ClassVar = PurchaseCancellationBody
    answer = WholePurchaseShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(visible(request), pk=pk)
        purchases.cancel(row, **self.read(request), by=self.actor(request), at=now())
        return _answer(self, row.pk)


class Restoration(ApiView):
    """The cancelled order stands after all."""

    access, resource = HANDLES_CASES, "purchases"
    body: ClassVar = PurchaseRestorationBody
    answer = WholePurchaseShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(visible(request), pk=pk)
        purchases.restore(row, **self.read(request), by=self.actor(request), at=now())
        return _answer(self, row.pk)


class OneLine(ApiView):
    """Correct a line of a purchase, with a `reason`. `If-Match` names the purchase's version."""

    access, resource = HANDLES_CASES, "purchases"
    body: ClassVar = {"PATCH": LineChange}
    answer = WholePurchaseShape

    def patch(self, request: Request, pk: int, line: int) -> HttpResponse:
        row = self.find(visible(request).filter(lines=line), pk=pk)
        self.require_match(request, row.version)
        values = self.read(request)
        if "unit_price" in values:
            _one_currency(row.currency, [values["unit_price"].currency])
            values["unit_price"] = values["unit_price"].amount
        seen = self.expected_version(request)
        try:
            correct.correct_line(row, line, by=self.actor(request), at=now(), version=seen, **values)
        except refusals.StalePurchase as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        return _answer(self, row.pk)


class Returns(ApiView):
    """Lines come back, whole or in part; answers with the return, a purchase of its own."""

    access, resource = HANDLES_CASES, "purchases"
    body: ClassVar = ReturnedLinesBody
    answer = WholePurchaseShape
    success: ClassVar = {"POST": 201}

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(visible(request), pk=pk)
        values = self.read(request)
        lines = [purchases.Back(**line) for line in values.pop("lines")]
        made = purchases.take_back(row, lines=lines, **values, by=self.actor(request), at=now())
        return _answer(self, made.pk, 201, location=reverse("api-purchase", args=[made.pk]))


def _answer(view: ApiView, pk: int, status: int = 200, *, location: str = "") -> HttpResponse:
    row = Purchase.objects.select_related("customer").get(pk=pk)
    return view.reply(whole(row), status, location=location, version=row.version)


def _one_currency(currency: str, of_lines: list[str]) -> str:
    """The currency that is named, the same wherever it is. Raises CurrencyMismatch."""
    for place, one in enumerate(of_lines):
        if one and currency and one != currency:
            raise refusals.CurrencyMismatch(field=f"lines.{place}.unit_price.currency")
        currency = currency or one
    return currency
