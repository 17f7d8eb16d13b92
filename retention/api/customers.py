"""`/api/v1/customers/`: list, make, read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from core.access import CASES, Access
from core.api.bodies import Strict
from core.api.fields import Email, Language, Text
from core.api.filters import SINCE, Filter, text
from core.api.views import ApiView, ListView
from core.clock import now
from core.instants import iso
from retention.actions.customers import Details, create
from retention.models import Customer
from retention.models.customers import EMAIL, PHONE, key_of

HANDLES_CASES = Access(roles=frozenset(CASES))


class NewCustomer(Strict):
    """At least one of name, e-mail, phone and external id."""

    name = Text(max_length=200, trim=True, required=False, allow_blank=True)
    email = Email(required=False)
    phone = Text(max_length=40, trim=True, required=False, allow_blank=True)
    external_id = Text(max_length=120, trim=True, required=False)
    source = Text(max_length=40, trim=True, required=False)
    language = Language(required=False)


class ContactShape(serializers.Serializer[Any]):
    kind = serializers.CharField()
    value = serializers.CharField()
    is_preferred = serializers.BooleanField()


class TenureShape(serializers.Serializer[Any]):
    joined_on = serializers.DateField(allow_null=True)
    left_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class ExternalIdShape(serializers.Serializer[Any]):
    source = serializers.CharField()
    external_id = serializers.CharField()


class CustomerShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    tier = serializers.CharField(allow_blank=True)
    contact_points = ContactShape(many=True)
    external_ids = ExternalIdShape(many=True)
    tenures = TenureShape(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


def whole(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """With all that is shown. Query cost: 4, whatever the number of rows."""
    return rows.prefetch_related("contact_points", "external_ids", "tenures")


def shown(row: Customer) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "name": row.name,
        "language": row.language,
        "tier": row.tier,
        "contact_points": [
            {"kind": point.kind, "value": point.value, "is_preferred": point.is_preferred}
            for point in row.contact_points.all()
        ],
        "external_ids": [{"source": one.source, "external_id": one.external_id} for one in row.external_ids.all()],
        "tenures": [
            {"joined_on": stay.joined_on, "left_on": stay.left_on, "reason": stay.reason} for stay in row.tenures.all()
        ],
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


class Customers(ListView):
    """Customers; POST makes one."""

    access, resource = HANDLES_CASES, "customers"
    body: ClassVar = {"POST": NewCustomer}
    answer = CustomerShape
    success: ClassVar = {"POST": 201}
    filters = (
        Filter(
            "email",
            lambda value: key_of(EMAIL, value),
            lambda rows, key: rows.filter(contact_points__kind=EMAIL, contact_points__value_key=key),
        ),
        Filter(
            "phone",
            lambda value: key_of(PHONE, value),
            lambda rows, key: rows.filter(contact_points__kind=PHONE, contact_points__value_key=key),
        ),
        text("external_id", "external_ids__external_id"),
        SINCE,
    )
    ordering: ClassVar = {"id": "pk", "updated_at": "updated_at"}
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Customer]:
        return whole(Customer.objects.visible_to(request.user))

    def to_dict(self, row: Customer) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        values = self.read(request)
        if values.get("external_id"):
            values.setdefault("source", "api")
        customer = create(Details(**values), by=self.actor(request), at=now())
        row = whole(Customer.objects.all()).get(pk=customer.pk)
        return self.reply(shown(row), 201, location=reverse("api-customer", args=[customer.pk]))


class OneCustomer(ApiView):
    """One customer, whole."""

    access, resource = HANDLES_CASES, "customers"
    answer = CustomerShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(shown(self.find(whole(Customer.objects.visible_to(request.user)), pk=pk)))
