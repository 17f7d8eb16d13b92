"""`/api/v1/customers/{id}/merge/`: two records become one, DELETE takes it back (mission B3)."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from core.api.happened import HappenedShape, Reference, happened, last
from core.api.views import ApiView
from core.clock import now
from core.errors import InvalidInput
from core.instants import iso
from metrics.actions.merge_customers import merge, unmerge
from retention.api.bodies import MergeBody
from retention.api.customers import HANDLES_CASES, CustomerShape, shown, whole
from retention.models import Customer, CustomerMerge


class CustomerPartShape(Reference):
    at = serializers.DateTimeField(help_text="When it became part of this record.")


class CustomerMergeShape(HappenedShape):
    into = Reference(allow_null=True, help_text="The record this one is part of; null: it stands for itself.")
    parts = CustomerPartShape(many=True, help_text="The records that are part of this one.")


def _brief(row: Customer) -> dict[str, str]:
    return {"id": str(row.pk), "name": row.name}


class Merge(ApiView):
    """Merge this record into the one named; answers with this record, `merged_into` set. DELETE takes it back."""

    access, resource = HANDLES_CASES, "customers"
    body: ClassVar = {"POST": MergeBody}
    answer: ClassVar = {"POST": CustomerShape, "GET": CustomerMergeShape, "DELETE": CustomerShape}

    def get(self, request: Request, pk: int) -> HttpResponse:
        """The record this one is part of, and those that are part of it. Query cost: 3."""
        customer = self.find(Customer.objects.select_related("merged_into"), pk=pk)
        entry = last(customer, "customer.merged") if customer.merged_into_id else None
        found = CustomerMerge.objects.filter(survivor=customer, undone_at__isnull=True).select_related("absorbed")
        parts = [{**_brief(one.absorbed), "at": iso(one.merged_at)} for one in found.order_by("merged_at", "pk")]
        into = _brief(customer.merged_into) if customer.merged_into else None
        return self.reply({"into": into, **happened(entry), "parts": parts}, version=customer.version)

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Merge this record into the one named; answers with this record, `merged_into` set."""
        absorbed = self.find(Customer.objects.all(), pk=pk)
        survivor = Customer.objects.filter(pk=self.read(request)["into"]).first()
        if survivor is None:
            raise InvalidInput(_("There is no customer with this id."), code="unknown_customer", field="into")
        merge(absorbed, survivor, by=self.actor(request), at=now())
        return self._shown(pk)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take a merge of customers back."""
        unmerge(self.find(Customer.objects.all(), pk=pk), by=self.actor(request), at=now())
        return self._shown(pk)

    def _shown(self, pk: int) -> HttpResponse:
        row = whole(Customer.objects.all()).get(pk=pk)
        return self.reply(shown(row), version=row.version)
