"""`/api/v1/customers/{id}/departure|return|joining|tenures/`: whether they stay (interface.md; mission C1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from core.actor import Actor
from core.api.bodies import Strict
from core.api.fields import Day, Text
from core.api.happened import HappenedShape, changes, entries, happened
from core.api.money import MoneyShape
from core.api.money import shown as money_shown
from core.api.pagination import WholeListShape, whole_list
from core.api.views import ApiView
from core.clock import now
from retention.actions import tenures
from retention.api.customers import HANDLES_CASES, CustomerShape, shown, whole
from retention.api.naming import customer_at
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


class DepartureShape(HappenedShape):
    left = serializers.BooleanField(help_text="They are no customer now.")
    left_on = serializers.DateField(allow_null=True, help_text="The last day of the stay that ended last; null: none.")


class ReturnShape(HappenedShape):
    returned_on = serializers.DateField(allow_null=True, help_text="First day of the stay; null: they never came back.")
    plan = serializers.CharField(allow_blank=True, help_text="The kind of contract.")


class JoiningShape(HappenedShape):
    joined_on = serializers.DateField(allow_null=True, help_text="First day of their first stay; null: not known.")
    plan = serializers.CharField(allow_blank=True, help_text="The kind of contract.")


class StaysShape(WholeListShape):
    results = StayShape(many=True)


class Change(ApiView):
    """POST carries out `act` on one customer, and answers with the customer as they are then."""

    access, resource = HANDLES_CASES, "customers"
    answer: ClassVar[type[serializers.Serializer[Any]] | Mapping[str, type[serializers.Serializer[Any]]] | None] = (
        CustomerShape
    )

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        raise NotImplementedError

    def post(self, request: Request, pk: int) -> HttpResponse:
        customer = self.seen(request, pk)
        self.act(customer, self.read(request), self.actor(request))
        return self.shown(customer)

    def seen(self, request: Request, pk: int) -> Customer:
        return customer_at(self, pk)

    def shown(self, customer: Customer) -> HttpResponse:
        row = whole(Customer.objects.all()).get(pk=customer.pk)
        return self.reply(shown(row), version=row.version)


class State(Change):
    """A change that GET reads: the stay it began or ended, when that was written down, by whom and why.

    `kinds`: how it stands on the customer's trail, with the date of the stay's `edge`.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    edge: ClassVar = "joined_on"

    def of(self, stays: list[Tenure]) -> Tenure | None:
        """The stay it is about, of all, the first one first."""
        raise NotImplementedError

    def told(self, stay: Tenure | None, stays: list[Tenure]) -> dict[str, Any]:
        raise NotImplementedError

    def get(self, request: Request, pk: int) -> HttpResponse:
        customer = self.seen(request, pk)
        stays = tenures.in_order(customer.tenures.all())
        stay = self.of(stays)
        on = str(getattr(stay, self.edge)) if stay is not None else ""
        found = entries(customer, *self.kinds) if stay is not None else ()
        entry = next((one for one in found if changes(one).get(self.edge) == on), None)
        return self.reply({**happened(entry), **self.told(stay, stays)}, version=customer.version)


class Departure(State):
    """The customer leaves; DELETE takes back a departure recorded by mistake."""

    does: ClassVar = {
        "POST": "Record that the customer leaves.",
        "GET": "Whether the customer has left, since when, and why.",
    }
    body: ClassVar = {"POST": DepartureBody}
    answer: ClassVar = {"POST": CustomerShape, "GET": DepartureShape, "DELETE": CustomerShape}
    kinds, edge = (tenures.LEFT,), "left_on"

    def of(self, stays: list[Tenure]) -> Tenure | None:
        return max((one for one in stays if one.left_on), key=lambda one: one.left_on or date.min, default=None)

    def told(self, stay: Tenure | None, stays: list[Tenure]) -> dict[str, Any]:
        if stay is None:
            return {"left": False, "left_on": None}
        gone = all(one.left_on for one in stays)
        return {"left": gone, "left_on": stay.left_on, "reason": stay.reason}

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        return tenures.depart(customer, by=by, at=now(), **values)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take back a departure recorded by mistake."""
        customer = self.seen(request, pk)
        tenures.take_back_departure(customer, by=self.actor(request), at=now())
        return self.shown(customer)


class Return(State):
    """Somebody who had left comes back: a second stay."""

    does: ClassVar = {"GET": "When the customer last came back."}
    body: ClassVar = {"POST": ReturnBody}
    answer: ClassVar = {"POST": CustomerShape, "GET": ReturnShape}
    kinds = (tenures.RETURNED, tenures.JOINED)

    def of(self, stays: list[Tenure]) -> Tenure | None:
        return stays[-1] if len(stays) > 1 else None

    def told(self, stay: Tenure | None, stays: list[Tenure]) -> dict[str, Any]:
        return {"returned_on": stay.joined_on if stay else None, "plan": stay.plan if stay else ""}

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        return tenures.come_back(customer, by=by, at=now(), **values)


class Joining(State):
    """The first stay, or one more, begins."""

    does: ClassVar = {"GET": "Since when the customer has been one: the first stay."}
    body: ClassVar = {"POST": JoiningBody}
    answer: ClassVar = {"POST": CustomerShape, "GET": JoiningShape}
    kinds = (tenures.JOINED,)

    def of(self, stays: list[Tenure]) -> Tenure | None:
        return stays[0] if stays else None

    def told(self, stay: Tenure | None, stays: list[Tenure]) -> dict[str, Any]:
        return {"joined_on": stay.joined_on if stay else None, "plan": stay.plan if stay else ""}

    def act(self, customer: Customer, values: dict[str, Any], by: Actor) -> Any:
        return tenures.join(customer, by=by, at=now(), **values)


class Tenures(ApiView):
    """All stays of a customer, the first one first; a handful, so without pages."""

    access, resource = HANDLES_CASES, "customers"
    answer, row_shape = StaysShape, StayShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        customer = customer_at(self, pk)
        return self.reply(whole_list([stay(one) for one in tenures.in_order(customer.tenures.all())]))


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
