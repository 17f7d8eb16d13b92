"""`/api/v1/customers/`: list, make, read, change."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from core.access import CASES, Access
from core.api.filters import SINCE, Best, Filter, choice, flag, text
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from retention import errors
from retention.actions.consent import consent
from retention.actions.customers import Details, create
from retention.actions.edit import Profile, edit, locked
from retention.api.bodies import CustomerChange, NewCustomer, profile_of
from retention.models import Customer
from retention.models.customers import EMAIL, KINDS, PHONE, key_of
from retention.search import MOST, matches

HANDLES_CASES = Access(roles=frozenset(CASES))
DETAILS = ("name", "email", "phone", "external_id", "source", "language")


class ContactShape(serializers.Serializer[Any]):
    kind = serializers.CharField()
    value = serializers.CharField()
    is_preferred = serializers.BooleanField()


class TenureShape(serializers.Serializer[Any]):
    joined_on = serializers.DateField(allow_null=True)
    left_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class ExternalIdShape(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]  # a field: DRF takes it off the class
    external_id = serializers.CharField()


class ConsentShape(serializers.Serializer[Any]):
    purpose = serializers.CharField()
    given = serializers.BooleanField()
    at = serializers.DateTimeField()
    how = serializers.CharField(allow_blank=True)


class CustomerShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    tier = serializers.CharField(allow_blank=True)
    preferred_channel = serializers.CharField(allow_blank=True)
    preferences = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    merged_into = serializers.CharField(allow_null=True)
    contact_points = ContactShape(many=True)
    external_ids = ExternalIdShape(many=True)
    tenures = TenureShape(many=True)
    consents = ConsentShape(many=True)
    points = serializers.IntegerField(help_text="The balance of their loyalty points.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


def whole(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """With all that is shown. Query cost: 5, whatever the number of rows."""
    return rows.select_related("loyalty").prefetch_related("contact_points", "external_ids", "tenures", "consents")


def shown(row: Customer) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "name": row.name,
        "language": row.language,
        "tier": row.tier,
        "preferred_channel": row.preferred_channel,
        "preferences": row.preferences,
        "source": row.source,
        "merged_into": str(row.merged_into_id) if row.merged_into_id else None,
        "contact_points": [
            {"kind": point.kind, "value": point.value, "is_preferred": point.is_preferred}
            for point in row.contact_points.all()
        ],
        "external_ids": [{"source": one.source, "external_id": one.external_id} for one in row.external_ids.all()],
        "tenures": [
            {"joined_on": stay.joined_on, "left_on": stay.left_on, "reason": stay.reason} for stay in row.tenures.all()
        ],
        "consents": [
            {"purpose": one.purpose, "given": one.given, "at": iso(one.at), "how": one.how}
            for one in sorted(row.consents.all(), key=lambda one: one.purpose)
        ],
        "points": account.balance if (account := getattr(row, "loyalty", None)) is not None else 0,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "version": row.version,
    }


def _answer(view: ApiView, pk: int, status: int = 200, *, location: str = "") -> HttpResponse:
    row = whole(Customer.objects.all()).get(pk=pk)
    return view.reply(shown(row), status, location=location, version=row.version)


def _reached(kind: str, rows: QuerySet[Customer], key: str) -> QuerySet[Customer]:
    return rows.filter(contact_points__kind=kind, contact_points__value_key=key)


class Customers(ListView):
    """Customers that are records of their own. `merged=true`: those merged into another one."""

    access, resource = HANDLES_CASES, "customers"
    body: ClassVar = {"POST": NewCustomer}
    answer = CustomerShape
    success: ClassVar = {"POST": 201}
    filters = (
        Filter("email", lambda value: key_of(EMAIL, value), partial(_reached, EMAIL), description="This very address."),
        Filter("phone", lambda value: key_of(PHONE, value), partial(_reached, PHONE), description="This very number."),
        text("external_id", "external_ids__external_id"),
        text("tier"),
        choice("language", dict(settings.LANGUAGES)),
        text("source"),
        choice("kind", dict(KINDS)),
        Best(
            "search",
            lambda _rows, words, most: matches(words, most),
            MOST,
            "Beginnings of names, e-mails, phone, order number, external id.",
        ),
        replace(flag("merged"), apply=lambda rows, _wanted: rows, description="true: those merged into another one."),
        SINCE,
    )
    ordering: ClassVar = {"id": "pk", "updated_at": "updated_at"}
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Customer]:
        if request.query_params.get("merged") == "true":
            return whole(Customer.objects.filter(merged_into__isnull=False))
        return whole(Customer.objects.visible_to(caller(request)))

    def to_dict(self, row: Customer) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Make a customer. A name, an e-mail, a phone number or an id is needed; a known `external_id` of the same
        `source` is 409 `external_id_taken`."""
        values = self.read(request)
        if values.get("external_id"):
            values.setdefault("source", "api")
        of_details = {name: values.pop(name) for name in DETAILS if name in values}
        by, at = self.actor(request), now()
        with transaction.atomic():
            customer = create(Details(**of_details), by=by, at=at)
            edit(customer, Profile(**values), by=by, at=at)
        return _answer(self, customer.pk, 201, location=reverse("api-customer", args=[customer.pk]))


class OneCustomer(ApiView):
    """One customer, whole; `merged_into` names the record it was merged into."""

    access, resource = HANDLES_CASES, "customers"
    body: ClassVar = {"PATCH": CustomerChange}
    answer = CustomerShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(whole(Customer.objects.all()), pk=pk)
        return self.reply(shown(row), version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change a customer's details and consents (`If-Match` required)."""
        row = self.find(Customer.objects.all(), pk=pk)
        self.require_match(request, row.version)
        values = self.read(request, partial=True)
        by, at = self.actor(request), now()
        try:
            with transaction.atomic():
                locked(row, version=self.expected_version(request))
                edit(row, profile_of(values), by=by, at=at)
                for word in values.get("consents", ()):
                    consent(row, **word, by=by, at=at)
        except errors.StaleCustomer as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        return _answer(self, row.pk)
