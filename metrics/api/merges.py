"""`/api/v1/customers/{id}/merge/`: two records become one, DELETE takes it back (mission B3)."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from core.api.views import ApiView
from core.clock import now
from core.errors import InvalidInput
from metrics.actions.merge_customers import merge, unmerge
from retention.api.bodies import MergeBody
from retention.api.customers import HANDLES_CASES, CustomerShape, shown, whole
from retention.models import Customer


class Merge(ApiView):
    """Merge this record into the one named; answers with this record, `merged_into` set. DELETE takes it back."""

    access, resource = HANDLES_CASES, "customers"
    body: ClassVar = {"POST": MergeBody}
    answer = CustomerShape

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
        return self.reply(shown(row), version=row.version, seen=row.updated_at)
