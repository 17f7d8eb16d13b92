"""`/api/v1/customers/duplicates/` and those of one customer: records that may be one (mission B3)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api import pagination
from core.api.happened import Reference
from core.api.views import ApiView
from retention import duplicates
from retention.api.customers import HANDLES_CASES
from retention.api.naming import customer_at
from retention.models import Customer
from retention.models.customers import EMAIL, PHONE

SALT = "amends.customer-duplicates"


class TwinsShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[EMAIL, PHONE], help_text="What they share.")
    value = serializers.CharField(help_text="The address in lower case, or the digits of the number.")
    customers = Reference(many=True, help_text="Two to ten records, the oldest first.")


class TwinsPageShape(serializers.Serializer[Any]):
    results = TwinsShape(many=True)
    next = serializers.URLField(allow_null=True, help_text="The address of the page behind this one.")
    previous = serializers.URLField(allow_null=True, help_text="Always null: it is read forward.")


class Duplicates(ApiView):
    """Customers that share an e-mail address or a phone number.

    Merged records are not among them. `POST /customers/{id}/merge/` makes two of them one.
    """

    access, resource = HANDLES_CASES, "customers"
    answer, row_shape = TwinsPageShape, TwinsShape
    parameters = ("cursor",)

    @extend_schema(
        operation_id="customers_duplicates_list",
        parameters=[OpenApiParameter("cursor", str, OpenApiParameter.QUERY, description="From `next`.")],
    )
    def get(self, request: Request) -> HttpResponse:
        """Query cost: 2 to 10."""
        token = request.query_params.get("cursor")
        after = duplicates.parse(str(pagination.decode(token, salt=SALT).value)) if token is not None else None
        groups, end = duplicates.suspected(after)
        place = pagination.Cursor("value", True, duplicates.cursor(end), 0) if end is not None else None
        found = [{"kind": one.kind, "value": one.value, "customers": _briefs(one.customers)} for one in groups]
        return self.reply(
            {
                "results": found,
                "next": pagination.address_of(request, pagination.encode(place, salt=SALT)) if place else None,
                "previous": None,
            }
        )


class TwinsOfShape(pagination.WholeListShape):
    results = Reference(many=True)


class DuplicatesOf(ApiView):
    """Other customers with an e-mail address or a phone number of this one; at most five."""

    access, resource = HANDLES_CASES, "customers"
    answer, row_shape = TwinsOfShape, Reference

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(pagination.whole_list(_briefs(duplicates.twins_of(customer_at(self, pk)))))


def _briefs(rows: list[Customer]) -> list[dict[str, str]]:
    return [{"id": str(row.pk), "name": row.name} for row in rows]
