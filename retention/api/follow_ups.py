"""`/api/v1/follow-ups/`: calls to customers, planned, tried and made (mission B4)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from core.access import CASES, Access
from core.api.bodies import Strict
from core.api.fields import Code, Day, Id, Text
from core.api.filters import SINCE, Days, choice, flag, key, text
from core.api.happened import Reference
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.instants import iso
from core.models import User
from retention.actions import follow_ups as actions
from retention.api.expansions import CUSTOMER
from retention.api.naming import CustomerId, of_customer, refuse_unless_theirs
from retention.models import FollowUp
from retention.models.care import FollowUpOutcome, FollowUpReason

HANDLES_CASES = Access(roles=frozenset(CASES))


class NewFollowUp(Strict):
    """`owner`: who calls (default: whoever asks). `complaint`: the reference of one of the customer's complaints."""

    customer = CustomerId()
    due_on = Day()
    owner = Id(required=False)
    about = Text(max_length=actions.ABOUT, required=False, allow_blank=True)
    complaint = Text(max_length=16, required=False)


class FollowUpPatch(Strict):
    owner = Id(required=False)
    due_on = Day(required=False)
    about = Text(max_length=actions.ABOUT, required=False, allow_blank=True)


class AttemptBody(Strict):
    next_on = Day()
    outcome = Code(choices=[(one.value, one.label) for one in actions.NOBODY_SPOKEN_TO], required=False)
    note = Text(max_length=actions.NOTE, required=False, allow_blank=True)


class CompletionBody(Strict):
    outcome = Code(choices=[(one.value, one.label) for one in actions.HOW_IT_ENDS])
    note = Text(max_length=actions.NOTE, required=False, allow_blank=True)


class CancellationBody(Strict):
    reason = Text(max_length=actions.NOTE)


class FollowUpShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    customer = Reference(help_text="With `expand=customer` as under /customers/.")
    owner = Reference()
    reason = serializers.ChoiceField(choices=FollowUpReason.choices)
    about = serializers.CharField(allow_blank=True)
    complaint = serializers.CharField(allow_null=True, help_text="The complaint's reference.")
    due_on = serializers.DateField()
    attempts = serializers.IntegerField(help_text="Calls so far that reached nobody.")
    done_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=FollowUpOutcome.choices, allow_null=True)
    note = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="Also the ETag.")


def shown(row: FollowUp) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "customer": {"id": str(row.customer_id), "name": row.customer.name},
        "owner": {"id": str(row.owner_id), "name": str(row.owner)},
        "reason": row.reason,
        "about": row.about,
        "complaint": row.complaint_reference or None,
        "due_on": row.due_on.isoformat(),
        "attempts": row.attempts,
        "done_at": iso(row.done_at),
        "outcome": row.outcome or None,
        "note": row.note,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "version": row.version,
    }


class FollowUps(ListView):
    """Calls as the caller may see them."""

    access, resource = HANDLES_CASES, "follow-ups"
    body: ClassVar = {"POST": NewFollowUp}
    answer = FollowUpShape
    success: ClassVar = {"POST": 201}
    filters = (
        of_customer(),
        key("owner"),
        text("complaint", "complaint_reference"),
        choice("reason", FollowUpReason.values),
        choice("outcome", FollowUpOutcome.values),
        flag("open", "done_at__isnull", "true: still to be made."),
        Days("due_on"),
        SINCE,
    )
    expansions = CUSTOMER
    ordering: ClassVar = {"id": "pk", "due_on": "due_on", "updated_at": "updated_at"}
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[FollowUp]:
        return FollowUp.objects.visible_to(caller(request)).select_related("customer", "owner")

    def to_dict(self, row: FollowUp) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Plan a call to a customer after their complaint."""
        values = self.read(request)
        customer, reference = values["customer"], values.get("complaint", "")
        refuse_unless_theirs(customer, caller(request), reference)
        planned = actions.plan(
            customer,
            owner=_owner(values["owner"]) if "owner" in values else caller(request),
            due_on=values["due_on"],
            about=values.get("about", ""),
            complaint_reference=reference,
            by=self.actor(request),
            at=now(),
        )
        return self.reply(
            shown(planned), 201, location=reverse("api-follow-up", args=[planned.pk]), version=planned.version
        )


class OneFollowUp(ApiView):
    """One call."""

    access, resource = HANDLES_CASES, "follow-ups"
    body: ClassVar = {"PATCH": FollowUpPatch}
    answer = FollowUpShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.seen(request, pk)
        return self.reply(shown(row), version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change who calls, when and about what (`If-Match` required)."""
        row = self.seen(request, pk)
        self.require_match(request, row.version)
        values = self.read(request)
        if "owner" in values:
            values["owner"] = _owner(values["owner"])
        actions.amend(row, values, by=self.actor(request), at=now(), version=self.expected_version(request))
        return self.told(pk)

    def seen(self, request: Request, pk: int) -> FollowUp:
        rows = FollowUp.objects.visible_to(caller(request)).select_related("customer", "owner")
        return self.find(rows, pk=pk)

    def told(self, pk: int) -> HttpResponse:
        row = FollowUp.objects.select_related("customer", "owner").get(pk=pk)
        return self.reply(shown(row), version=row.version)


class Attempts(OneFollowUp):
    """Nobody was spoken to; try again on `next_on`."""

    body: ClassVar = {"POST": AttemptBody}
    http_method_names = ["post", "options"]

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.seen(request, pk)
        actions.attempt(row, by=self.actor(request), at=now(), **self.read(request))
        return self.told(pk)


class Completion(OneFollowUp):
    """The call was made, or given up."""

    body: ClassVar = {"POST": CompletionBody}
    http_method_names = ["post", "options"]

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.seen(request, pk)
        actions.complete(row, by=self.actor(request), at=now(), **self.read(request))
        return self.told(pk)


class Cancellation(OneFollowUp):
    """The call is no longer needed."""

    body: ClassVar = {"POST": CancellationBody}
    http_method_names = ["post", "options"]

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.seen(request, pk)
        actions.cancel(row, by=self.actor(request), at=now(), **self.read(request))
        return self.told(pk)


def _owner(pk: int) -> User:
    owner = User.objects.filter(pk=pk).first()
    if owner is None:
        raise InvalidInput(_("There is no agent with this id."), code="unknown_owner", field="owner")
    return owner
