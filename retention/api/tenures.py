"""`/api/v1/customers/{id}/departure|return|joining|tenures/`: whether they stay (interface.md; mission C1)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from core.actor import Actor
from core.api.bodies import Strict
from core.api.fields import Day, Text
from core.api.money import MoneyShape
from core.api.money import shown as money_shown
from core.api.views import ApiView, caller
from core.clock import now
from retention.actions import tenures
from retention.api.customers import HANDLES_CASES, CustomerShape, shown, whole
from retention.models import Customer, Tenure


class DepartureBody(Strict):
    left_on = Day()
    reason = Text(max_length=tenures.REASON)


class ReturnBody(Strict):
    returned_on = Day()
    plan = Text(max_length=80, required=False, allow_blank=True)


class JoiningBody(Strict):
    joined_on = Day()
    plan = Text(max_length=80, required=False, allow_blank=True)


class StayShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    joined_on = serializers.DateField(allow_null=True)
    left_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    plan = serializers.CharField(allow_blank=True)
    monthly = MoneyShape(allow_null=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class


class StaysShape(serializers.Serializer[Any]):
    results = StayShape(many=True)


class Change(ApiView):
    """POST carries out `act` on one customer, and answers with the customer as they are then."""

    access, resource = HANDLES_CASES, "customers"
    answer = CustomerShape

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        raise NotImplementedError

    def post(self, request: Request, pk: int) -> HttpResponse:
        customer = self.seen(request, pk)
        self.act(customer, self.read(request), self.actor(request))
        return self.shown(customer)

    def seen(self, request: Request, pk: int) -> Customer:
        return self.find(Customer.objects.visible_to(caller(request)), pk=pk)

    def shown(self, customer: Customer) -> HttpResponse:
        row = whole(Customer.objects.all()).get(pk=customer.pk)
        return self.reply(shown(row), version=row.version, seen=row.updated_at)


class Departure(Change):
    """The customer leaves; DELETE takes back a departure recorded by mistake."""

    does: ClassVar = {"POST": "Record that the customer leaves."}
    body: ClassVar = {"POST": DepartureBody}

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        return tenures.depart(customer, by=by, at=now(), **values)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take back a departure recorded by mistake."""
        customer = self.seen(request, pk)
        tenures.take_back_departure(customer, by=self.actor(request), at=now())
        return self.shown(customer)


class Return(Change):
    """Somebody who had left comes back: a second stay."""

    body: ClassVar = ReturnBody

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        return tenures.come_back(customer, by=by, at=now(), **values)


class Joining(Change):
    """The first stay, or one more, begins."""

    body: ClassVar = JoiningBody

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        return tenures.join(customer, by=by, at=now(), **values)


class Tenures(ApiView):
    """All stays of a customer, the first one first; a handful, so without pages."""

    access, resource = HANDLES_CASES, "customers"
    answer = StaysShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        customer = self.find(Customer.objects.visible_to(caller(request)), pk=pk)
        return self.reply({"results": [stay(one) for one in tenures.in_order(customer.tenures.all())]})


def stay(one: Tenure) -> dict[str, Any]:
    monthly = None if one.monthly_amount is None else money_shown(one.monthly_amount, one.currency)
    return {
        "id": str(one.pk),
        "joined_on": one.joined_on,
        "left_on": one.left_on,
        "reason": one.reason,
        "plan": one.plan,
        "monthly": monthly,
        "source": one.source,
    }
