"""`/api/v1/customers/{id}/events/`: everything that happened with a customer, over all floors (mission B3; A8)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request

from core.api import entries
from core.api.filters import between, since
from core.api.views import ListView, caller
from core.models import TrailEntry
from metrics import events
from metrics.customer_records import absorbed
from retention.api.customers import HANDLES_CASES
from retention.api.naming import customer_at


class CustomerEvents(ListView):
    """What happened with a customer, newest first: complaints, purchases, surveys, calls, points and the record.

    Also of the records that were merged into this one. A page may hold fewer entries than asked for, as those about
    what the caller may not see are left out. What was said in messages and notes stands under the complaints.
    """

    access, resource = HANDLES_CASES, "customers"
    answer = entries.EventEntryShape
    filters = (between("at"), since("recorded_at"))
    ordering: ClassVar = {"at": "at"}
    default_ordering = "-at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[TrailEntry]:
        customer = customer_at(self, kwargs["pk"])
        merged = absorbed(customer)
        if not merged:
            return events.readable().filter(customer_id=customer.pk)
        told = events.readable().filter(customer_id__in=[customer.pk, *(one.pk for one in merged)])
        return told.exclude(kind="customer.merged")  # a merge is told by the survivor

    def to_dicts(self, rows: list[TrailEntry]) -> list[dict[str, Any]]:
        seen, names = events.visible(caller(self.request), rows)
        return [entries.shown(one, names) for one in seen]
