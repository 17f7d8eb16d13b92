"""`/api/v1/loyalty-entries/`: points that came and went (interface.md; mission C3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from core.api.bodies import Strict
from core.api.expanding import Expandable
from core.api.fields import Code, Text, Whole
from core.api.filters import between, choice, since, text
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from retention.actions import loyalty
from retention.api.customers import HANDLES_CASES
from retention.api.expansions import CUSTOMER
from retention.api.naming import CustomerId, of_customer, refuse_unless_theirs
from retention.models import Customer, LoyaltyEntry, LoyaltyKind


class NewLoyaltyEntry(Strict):
    """`points` above zero also where they are spent or lapse; a correction below zero takes them away."""

    customer = CustomerId()
    kind = Code(choices=LoyaltyKind.choices)
    points = Whole(min_value=-loyalty.MOST, max_value=loyalty.MOST)
    reason = Text(max_length=loyalty.REASON)
    complaint = Text(max_length=16, trim=True, required=False, allow_blank=True)


class LoyaltyEntryShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    customer = Expandable(help_text="The customer's id; with `expand=customer` as under /customers/.")
    kind = serializers.ChoiceField(choices=LoyaltyKind.choices)
    points = serializers.IntegerField(help_text="Below zero: they went.")
    reason = serializers.CharField(allow_blank=True)
    complaint = serializers.CharField(allow_null=True, help_text="The reference of the complaint it concerns.")
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_null=True, help_text="The id of who wrote it down.")
    created_at = serializers.DateTimeField()


class NewEntryShape(LoyaltyEntryShape):
    balance = serializers.IntegerField(help_text="What the customer has after it.")


def entry_dict(row: LoyaltyEntry) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "customer": str(row.customer_id),
        "kind": row.kind,
        "points": row.points,
        "reason": row.reason,
        "complaint": row.complaint_reference or None,
        "source": row.source,
        "at": iso(row.at),
        "by": str(row.by_id) if row.by_id else None,
        "created_at": iso(row.created_at),
    }


class LoyaltyEntries(ListView):
    """Points given and taken, of all customers."""

    access, resource = HANDLES_CASES, "loyalty-entries"
    body: ClassVar = {"POST": NewLoyaltyEntry}
    answer: ClassVar = {"GET": LoyaltyEntryShape, "POST": NewEntryShape}
    success: ClassVar = {"POST": 201}
    filters: ClassVar = (
        of_customer(),
        choice("kind", LoyaltyKind.values),
        text("complaint", "complaint_reference"),
        between("at"),
        since("created_at", "moved_at"),
    )
    expansions = CUSTOMER
    ordering: ClassVar = {"id": "pk", "at": "at", "created_at": "created_at"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[LoyaltyEntry]:
        return LoyaltyEntry.objects.filter(customer__in=Customer.objects.visible_to(caller(request)).values("pk"))

    def to_dict(self, row: LoyaltyEntry) -> dict[str, Any]:
        return entry_dict(row)

    def post(self, request: Request) -> HttpResponse:
        """Write down points given or taken. Goodwill is granted as a remedy instead. Entries are never changed: another
        one balances them."""
        values = self.read(request)
        customer = values.pop("customer")
        values["complaint_reference"] = values.pop("complaint", "")
        refuse_unless_theirs(customer, caller(request), values["complaint_reference"])
        made = loyalty.write_down(customer, by=self.actor(request), at=now(), **values)
        shown = {**entry_dict(made), "balance": loyalty.balance(customer)}
        return self.reply(shown, 201, location=reverse("api-loyalty-entry", args=[made.pk]))


class OneLoyaltyEntry(ApiView):
    """One entry."""

    access, resource = HANDLES_CASES, "loyalty-entries"
    answer = LoyaltyEntryShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        visible = Customer.objects.visible_to(caller(request)).values("pk")
        return self.reply(entry_dict(self.find(LoyaltyEntry.objects.filter(customer__in=visible), pk=pk)))
