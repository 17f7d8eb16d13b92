"""Whose complaint it is, as a resource of its own: `/complaints/{reference}/customer/` (mission B3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from complaints import errors
from complaints.actions.customer import set_customer
from complaints.api import states
from complaints.api.changes import State
from complaints.api.shapes import ComplaintShape
from complaints.models import Complaint
from core.api.bodies import Strict
from core.api.problem import Refusal
from core.clock import now
from retention.api.naming import CustomerId


class CustomerChoice(Strict):
    """null: nobody knows whose it is."""

    customer = CustomerId(allow_null=True)


class CustomerOf(State):
    """Link the complaint to another customer (`If-Match` required), or with null to none.

    Also on ended cases. The deadlines of an open one follow where a policy or a rule pack asks for the tier.
    """

    does: ClassVar = {"GET": "Whose complaint it is, and who linked it to them."}
    body: ClassVar = {"PUT": CustomerChoice}
    answer: ClassVar = {"PUT": ComplaintShape, "GET": states.CustomerOfShape}
    http_method_names = ["get", "put", "head", "options"]
    loaded = ("customer",)

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.customer(complaint)

    def put(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        self.require_match(request, complaint.version)
        values: dict[str, Any] = self.read(request)
        by, version = self.actor(request), self.expected_version(request)
        try:
            return self.shown(set_customer(complaint, values["customer"], by=by, at=now(), version=version))
        except errors.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
