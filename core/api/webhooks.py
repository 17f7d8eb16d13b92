"""`/api/v1/webhooks/` and `/api/v1/webhook-deliveries/`: who is told of events, what became of it (interface.md)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, Access
from core.actions import webhooks
from core.actions.settings import Stale
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Instant, Text, Whole
from core.api.filters import SINCE, Filter, between, choice, key, text
from core.api.problem import Refusal
from core.api.views import ApiView, ListView
from core.clock import now
from core.instants import iso
from core.models import (
    DeliveryState,
    DisabledBecause,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookState,
)
from core.webhooks import events
from core.webhooks.target import LONGEST

ADMINISTERS = Access(roles=frozenset({ADMIN}))
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag you read.")
STATES = [(one, one) for one in WebhookState.values]
TYPES = [(one, one) for one in events.TYPES]


ASKED_FOR = "Types, or all of an area: `complaint.*` stands for those there are today. Empty or left out: all."


@extend_schema_field({"type": "string", "enum": list(events.ASKED_FOR)})
class _Event(Text):
    def __init__(self) -> None:
        super().__init__(max_length=60)


class NewWebhookBody(Strict):
    """An address, and what it is told of."""

    url = Text(max_length=LONGEST, trim=True, help_text="https, on port 443, 80 or from 8000 on, at a public address.")
    description = Text(max_length=webhooks.DESCRIPTION, trim=True, required=False, allow_blank=True)
    events = serializers.ListField(child=_Event(), required=False, max_length=200, help_text=ASKED_FOR)
    example: ClassVar = {"url": "https://shop.example/hooks/amends", "events": ["complaint.resolved"]}


class WebhookPatch(Strict):
    """What is left out stays. `state`: disable it, or enable it again."""

    url = Text(max_length=LONGEST, trim=True, required=False)
    description = Text(max_length=webhooks.DESCRIPTION, trim=True, required=False, allow_blank=True)
    events = serializers.ListField(child=_Event(), required=False, max_length=200, help_text=ASKED_FOR)
    state = Code(choices=STATES, required=False)


class SecretRollBody(Strict):
    overlap_hours = Whole(
        min_value=0,
        max_value=webhooks.LONGEST_OVERLAP,
        required=False,
        help_text=f"For how long the secret before signs too; {webhooks.OVERLAP} unless said otherwise.",
    )


class RedeliveryBody(Strict):
    since = Instant(help_text="Events from this instant on whose delivery failed are sent again.")


class WebhookShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.CharField(), help_text="Types; empty: all.")
    state = serializers.ChoiceField(choices=STATES)
    disabled_because = serializers.ChoiceField(choices=[(one, one) for one in DisabledBecause.values], allow_null=True)
    state_since = serializers.DateTimeField()
    consecutive_failures = serializers.IntegerField(help_text="Attempts that failed since the last success.")
    failing_since = serializers.DateTimeField(allow_null=True)
    last_delivered_at = serializers.DateTimeField(allow_null=True)
    last_failed_at = serializers.DateTimeField(allow_null=True)
    previous_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then every delivery carries a second signature, by the secret before."
    )
    created_by = serializers.CharField(allow_null=True, help_text="The id of a user.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="Counts every change; also the ETag.")


class NewWebhookShape(WebhookShape):
    secret = serializers.CharField(help_text="`whsec_…`. Shown in this answer only.")


class AttemptShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="Of the answer; null: there was none.")
    error = serializers.CharField(allow_blank=True, help_text="Blank: delivered. Else a code, such as `timeout`.")
    detail = serializers.CharField(allow_blank=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    excerpt = serializers.CharField(allow_blank=True, help_text="The beginning of the answer.")


class DeliveryShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    webhook = serializers.CharField(help_text="The id of the webhook.")
    message = serializers.CharField(help_text="The `webhook-id`, the same in every attempt.")
    type = serializers.CharField()
    reference = serializers.CharField(allow_null=True, help_text="Of the complaint, for events about one.")
    state = serializers.ChoiceField(choices=[(one, one) for one in DeliveryState.values])
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    status = serializers.IntegerField(allow_null=True, help_text="Of the last answer.")
    error = serializers.CharField(allow_blank=True, help_text="Of the last attempt; blank: delivered, or not tried.")
    duration_ms = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class OneDeliveryShape(DeliveryShape):
    payload = serializers.CharField(help_text="The very text that is signed and sent.")
    log = AttemptShape(many=True)


class RedeliveredShape(serializers.Serializer[Any]):
    redelivered = serializers.IntegerField(help_text="How many deliveries are due again.")


def webhook_dict(row: Webhook) -> dict[str, Any]:
    until = row.previous_until if row.previous_until is not None and row.previous_until > now() else None
    return {
        "id": str(row.pk),
        "url": row.url,
        "description": row.description,
        "events": row.events,
        "state": row.state,
        "disabled_because": row.disabled_because or None,
        "state_since": iso(row.state_since),
        "consecutive_failures": row.failures,
        "failing_since": iso(row.failing_since),
        "last_delivered_at": iso(row.delivered_at),
        "last_failed_at": iso(row.failed_at),
        "previous_secret_until": iso(until),
        "created_by": str(row.created_by_id) if row.created_by_id is not None else None,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "version": row.version,
    }


def delivery_dict(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "webhook": str(row.webhook_id),
        "message": row.message_id,
        "type": row.message.type,
        "reference": row.message.reference or None,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": iso(row.next_at) if row.state == DeliveryState.PENDING else None,
        "status": row.status,
        "error": row.error,
        "duration_ms": row.ms,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "finished_at": iso(row.finished_at),
    }


def attempt_dict(row: WebhookAttempt) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": iso(row.at),
        "status": row.status,
        "error": row.error,
        "detail": row.detail,
        "duration_ms": row.ms,
        "excerpt": row.excerpt,
    }


class Webhooks(ListView):
    """Addresses that are told of events."""

    access, resource = ADMINISTERS, "webhooks"
    body: ClassVar = {"POST": NewWebhookBody}
    answer: ClassVar = {"GET": WebhookShape, "POST": NewWebhookShape}
    success: ClassVar = {"POST": 201}
    filters: ClassVar = (choice("state", WebhookState.values), SINCE)
    ordering: ClassVar = {"id": "pk", "updated_at": "updated_at"}

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Webhook]:
        return Webhook.objects.all()

    def to_dict(self, row: Webhook) -> dict[str, Any]:
        return webhook_dict(row)

    def post(self, request: Request) -> HttpResponse:
        """Add an address that is told of events. Its secret is in this answer only."""
        values = self.read(request)
        made, secret = webhooks.create(values.pop("url"), by=self.actor(request), at=now(), **values)
        return _secret_shown(self, made, secret, 201)


class OneWebhook(ApiView):
    """One webhook and how it fares."""

    access, resource, answer = ADMINISTERS, "webhooks", WebhookShape
    body: ClassVar = {"PATCH": WebhookPatch}

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(Webhook.objects.all(), pk=pk)
        return self.reply(webhook_dict(row), version=row.version)

    @extend_schema(parameters=[IF_MATCH])
    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change a webhook's address, description or events, or switch it (`If-Match` required)."""
        row = self.find(Webhook.objects.all(), pk=pk)
        self.require_match(request, row.version)
        values = self.read(request, partial=True)
        try:
            row = webhooks.revise(row, values, by=self.actor(request), at=now(), version=self.expected_version(request))
        except Stale:
            raise Refusal(412, "precondition_failed", _("It was changed in the meantime; read it again.")) from None
        return self.reply(webhook_dict(row), version=row.version)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take a webhook away with the log of its deliveries."""
        webhooks.remove(self.find(Webhook.objects.all(), pk=pk), by=self.actor(request), at=now())
        return self.no_content()


class SecretRoll(ApiView):
    """Roll the secret: the answer shows the new one, once; the one before signs too for some hours."""

    access, resource, body, answer = ADMINISTERS, "webhooks", SecretRollBody, NewWebhookShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(Webhook.objects.all(), pk=pk)
        hours = self.read(request).get("overlap_hours", webhooks.OVERLAP)
        row, secret = webhooks.roll_secret(row, by=self.actor(request), at=now(), hours=hours)
        return _secret_shown(self, row, secret, 200)


class TestEvent(ApiView):
    """Send an event of type `webhook.test` to this webhook alone; the answer is its delivery, which is due at once."""

    access, resource, body, answer = ADMINISTERS, "webhooks", Nothing, OneDeliveryShape
    success: ClassVar = {"POST": 201}

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(Webhook.objects.all(), pk=pk)
        self.read(request)
        made = webhooks.test(row, by=self.actor(request), at=now())
        location = reverse("api-webhook-delivery", args=[made.pk])
        return self.reply(_whole(made), 201, location=location)


class Redelivery(ApiView):
    """Send again everything that failed since an instant, with the webhook-ids it had: at most 10,000 at once."""

    access, resource, body, answer = ADMINISTERS, "webhooks", RedeliveryBody, RedeliveredShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(Webhook.objects.all(), pk=pk)
        count = webhooks.redeliver_failed(row, by=self.actor(request), at=now(), **self.read(request))
        return self.reply({"redelivered": count})


class Deliveries(ListView):
    """What was, or is to be, delivered. Kept for 30 days after it ended."""

    access, resource, answer = ADMINISTERS, "webhook-deliveries", DeliveryShape
    filters: ClassVar[tuple[Any, ...]] = (
        key("webhook"),
        choice("state", DeliveryState.values),
        choice("type", (*events.TYPES, events.TEST), "message__type"),
        text("message", description="The `webhook-id`."),
        text("reference", "message__reference"),
        Filter(
            "error",
            str,
            lambda rows, given: rows.filter(error__in=given),
            many=True,
            description="The code of the last attempt.",
        ),
        between("created_at"),
        SINCE,
    )
    ordering: ClassVar = {"id": "pk", "updated_at": "updated_at"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[WebhookDelivery]:
        return WebhookDelivery.objects.select_related("message")

    def to_dict(self, row: WebhookDelivery) -> dict[str, Any]:
        return delivery_dict(row)


class OneDelivery(ApiView):
    """One delivery with all its attempts."""

    access, resource, answer = ADMINISTERS, "webhook-deliveries", OneDeliveryShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(_whole(self.find(WebhookDelivery.objects.select_related("message"), pk=pk)))


class OneRedelivery(ApiView):
    """Send one off again at once, with the webhook-id it had, whatever came of it before."""

    access, resource, body, answer = ADMINISTERS, "webhook-deliveries", Nothing, OneDeliveryShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(WebhookDelivery.objects.select_related("message", "webhook"), pk=pk)
        self.read(request)
        return self.reply(_whole(webhooks.redeliver(row, by=self.actor(request), at=now())))


def _whole(row: WebhookDelivery) -> dict[str, Any]:
    log = [attempt_dict(one) for one in row.log.all()]
    return {**delivery_dict(row), "payload": row.message.payload, "log": log}


def _secret_shown(view: ApiView, row: Webhook, secret: str, status: int) -> HttpResponse:
    location = reverse("api-webhook", args=[row.pk]) if status == 201 else ""
    shown = view.reply({**webhook_dict(row), "secret": secret}, status, location=location, version=row.version)
    shown["Cache-Control"] = "no-store"
    shown.shows_secret = True  # type: ignore[attr-defined]  # core.api.idempotency keeps it encrypted
    return shown
