"""`/api/v1/charges/`, `/api/v1/payments/` and those of one customer (interface.md; mission A7; case F33)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from core.api.bodies import Strict
from core.api.expanding import Expandable
from core.api.fields import Day, Id, Text
from core.api.filters import SINCE, Filter, currency, key, text
from core.api.money import MoneyField, MoneyShape
from core.api.money import shown as money_shown
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from retention.actions import charges, correct
from retention.actions.purchases import REASON
from retention.api.customers import HANDLES_CASES
from retention.api.expansions import CUSTOMER
from retention.api.naming import CustomerId, customer_at, of_customer
from retention.models import Charge, Customer, Payment
from retention.refusals import StaleMoney

SOURCE = "api"


class NewCharge(Strict):
    amount = MoneyField()
    charged_on = Day()
    description = Text(max_length=200, trim=True, required=False, allow_blank=True)
    order_number = Text(max_length=80, trim=True, required=False, allow_blank=True)
    external_id = Text(max_length=120, trim=True, required=False)
    source = Text(max_length=40, trim=True, required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class


class NewPayment(Strict):
    """A negative amount is money given back."""

    amount = MoneyField(signed=True)
    paid_on = Day()
    charge = Id(required=False, allow_null=True)
    method = Text(max_length=80, trim=True, required=False, allow_blank=True)
    external_id = Text(max_length=120, trim=True, required=False)
    source = Text(max_length=40, trim=True, required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class


class ChargeChange(Strict):
    """What was wrong, as it should have been, and why."""

    amount = MoneyField(required=False)
    charged_on = Day(required=False)
    description = Text(max_length=200, trim=True, required=False, allow_blank=True)
    order_number = Text(max_length=80, trim=True, required=False, allow_blank=True)
    reason = Text(max_length=REASON)


class PaymentChange(Strict):
    """What was wrong, as it should have been, and why. `charge` null: for none in particular."""

    amount = MoneyField(signed=True, required=False)
    paid_on = Day(required=False)
    charge = Id(required=False, allow_null=True)
    method = Text(max_length=80, trim=True, required=False, allow_blank=True)
    reason = Text(max_length=REASON)


class CustomerOfCharge(Strict):
    customer = CustomerId()


class NewChargeOf(NewCharge, CustomerOfCharge):
    """With the customer it concerns."""


class NewPaymentOf(NewPayment, CustomerOfCharge):
    """With the customer it concerns."""


class ChargeShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    customer = Expandable(help_text="The customer's id; with `expand=customer` as under /customers/.")
    charged_on = serializers.DateField()
    amount = MoneyShape()
    description = serializers.CharField(allow_blank=True)
    order_number = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    external_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class PaymentShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    customer = Expandable(help_text="The customer's id; with `expand=customer` as under /customers/.")
    charge = serializers.CharField(allow_null=True)
    paid_on = serializers.DateField()
    amount = MoneyShape()
    method = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    external_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


def charge_dict(row: Charge) -> dict[str, Any]:
    own = {"charged_on": row.charged_on, "description": row.description, "order_number": row.order_number}
    return {**_shared(row), **own}


def payment_dict(row: Payment) -> dict[str, Any]:
    own = {"paid_on": row.paid_on, "method": row.method, "charge": str(row.charge_id) if row.charge_id else None}
    return {**_shared(row), **own}


def _shared(row: Charge | Payment) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "customer": str(row.customer_id),
        "amount": money_shown(row.amount, row.currency),
        "source": row.source,
        "external_id": row.external_id or None,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "version": row.version,
    }


class _Money(ListView):
    """What charges and payments have in common; with a customer in the address only theirs."""

    access = HANDLES_CASES
    success: ClassVar = {"POST": 201}
    expansions = CUSTOMER
    model: ClassVar[type[Charge] | type[Payment]]
    place: ClassVar[str]  # the address of one

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        if "pk" in kwargs:
            customer = customer_at(self, kwargs["pk"])
            return self.model.objects.filter(customer=customer)
        return self.model.objects.all() if caller(request).sees_cases else self.model.objects.none()

    def write(self, customer: Customer, values: dict[str, Any], request: Request) -> Charge | Payment:
        raise NotImplementedError

    def post(self, request: Request, pk: int | None = None) -> HttpResponse:
        values = self.read(request)
        customer = values.pop("customer") if pk is None else customer_at(self, pk)
        values["amount"], values["currency"] = values["amount"]
        if values.get("external_id"):
            values.setdefault("source", SOURCE)
        made = self.write(customer, values, request)
        return self.reply(self.to_dict(made), 201, location=reverse(self.place, args=[made.pk]))


class Charges(_Money):
    """The charges of all customers."""

    does: ClassVar = {"POST": "Record what a customer was asked to pay outside of an order; names the customer."}
    resource, model, place = "charges", Charge, "api-charge"
    body: ClassVar = {"POST": NewChargeOf}
    answer = ChargeShape
    filters: ClassVar[tuple[Filter, ...]] = (
        of_customer(),
        text("order_number"),
        currency(),
        text("source"),
        text("external_id"),
        SINCE,
    )
    ordering: ClassVar = {"id": "pk", "charged_on": "charged_on", "updated_at": "updated_at"}

    def to_dict(self, row: Charge) -> dict[str, Any]:
        return charge_dict(row)

    def write(self, customer: Customer, values: dict[str, Any], request: Request) -> Charge:
        return charges.charge(customer, by=self.actor(request), at=now(), **values)


class ChargesOfCustomer(Charges):
    """What one customer was asked to pay, the newest first."""

    does: ClassVar = {"POST": "Record what this customer was asked to pay outside of an order."}
    body: ClassVar = {"POST": NewCharge}
    filters = Charges.filters[1:]
    default_ordering = "-charged_on"


class Payments(_Money):
    """The payments of all customers."""

    does: ClassVar = {"POST": "Record what a customer paid; names the customer."}
    resource, model, place = "payments", Payment, "api-payment"
    body: ClassVar = {"POST": NewPaymentOf}
    answer = PaymentShape
    filters: ClassVar[tuple[Filter, ...]] = (
        of_customer(),
        key("charge"),
        currency(),
        text("source"),
        text("external_id"),
        SINCE,
    )
    ordering: ClassVar = {"id": "pk", "paid_on": "paid_on", "updated_at": "updated_at"}

    def to_dict(self, row: Payment) -> dict[str, Any]:
        return payment_dict(row)

    def write(self, customer: Customer, values: dict[str, Any], request: Request) -> Payment:
        return charges.pay(customer, by=self.actor(request), at=now(), **values)


class PaymentsOfCustomer(Payments):
    """What one customer paid, the newest first."""

    does: ClassVar = {"POST": "Record what this customer paid."}
    body: ClassVar = {"POST": NewPayment}
    filters = Payments.filters[1:]
    default_ordering = "-paid_on"


class _One(ApiView):
    """One charge or payment."""

    access = HANDLES_CASES
    model: ClassVar[type[Charge] | type[Payment]]

    def shown(self, row: Any) -> dict[str, Any]:
        raise NotImplementedError

    def correct(self, row: Any, values: dict[str, Any], request: Request) -> Charge | Payment:
        raise NotImplementedError

    def get(self, request: Request, pk: int) -> HttpResponse:
        row: Any = self.find(self.model.objects.all(), pk=pk)
        return self.reply(self.shown(row), version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        row: Any = self.find(self.model.objects.select_related("customer"), pk=pk)
        self.require_match(request, row.version)
        values = self.read(request)
        if "amount" in values:
            values["amount"], values["currency"] = values["amount"]
        try:
            row = self.correct(row, values, request)
        except StaleMoney as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        return self.reply(self.shown(row), version=row.version)


class OneCharge(_One):
    """One charge."""

    does: ClassVar = {
        "PATCH": "Correct a charge, with a `reason`; the trail keeps before and after (`If-Match` required)."
    }
    resource, model, answer = "charges", Charge, ChargeShape
    body: ClassVar = {"PATCH": ChargeChange}

    def shown(self, row: Charge) -> dict[str, Any]:
        return charge_dict(row)

    def correct(self, row: Charge, values: dict[str, Any], request: Request) -> Charge:
        seen = self.expected_version(request)
        return correct.correct_charge(row, by=self.actor(request), at=now(), version=seen, **values)


class OnePayment(_One):
    """One payment."""

    does: ClassVar = {
        "PATCH": "Correct a payment, with a `reason`; the trail keeps before and after (`If-Match` required)."
    }
    resource, model, answer = "payments", Payment, PaymentShape
    body: ClassVar = {"PATCH": PaymentChange}

    def shown(self, row: Payment) -> dict[str, Any]:
        return payment_dict(row)

    def correct(self, row: Payment, values: dict[str, Any], request: Request) -> Payment:
        seen = self.expected_version(request)
        return correct.correct_payment(row, by=self.actor(request), at=now(), version=seen, **values)
