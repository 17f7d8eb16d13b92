"""What the API's complaint resources answer with, for the OpenAPI document only: `present` makes the real thing."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from complaints.models import (
    ChannelCode,
    ClockKind,
    ClockState,
    Kind,
    LateReason,
    Outcome,
    PendingState,
    Severity,
    Status,
)
from core.actor import CUSTOMER, USER
from core.api.entries import EventEntryShape
from core.api.happened import Reference as Reference


class TypeShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    path = serializers.CharField(help_text="Both levels in the caller's language.")


class ClockShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ClockKind.choices)
    code = serializers.CharField(allow_null=True, help_text="Of a statutory clock: pack and rule.")
    cycle = serializers.IntegerField(help_text="1, and one more each time reopening starts a fresh clock.")
    policy = serializers.CharField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="null while paused.")
    state = serializers.ChoiceField(choices=ClockState.choices)
    paused_since = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True, help_text="The deadline that passed.")
    detected_at = serializers.DateTimeField(allow_null=True, help_text="When the breach was noticed.")


class SnoozedShape(serializers.Serializer[Any]):
    until = serializers.DateTimeField(allow_null=True, help_text="null: until the customer writes.")


@extend_schema_field({"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}]})
class TeamField(serializers.CharField):
    """A team by its name; with `expand=team` the whole of it."""


class ComplaintShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    external_id = serializers.CharField(allow_null=True)
    source_channel = serializers.CharField(allow_blank=True)
    customer = Reference(allow_null=True, help_text="With `expand=customer` as under /customers/.")
    channel = serializers.ChoiceField(choices=ChannelCode.choices)
    type = TypeShape(help_text="With `expand=type` also what /complaint-types/ shows.")
    severity = serializers.ChoiceField(choices=Severity.choices)
    subject = serializers.CharField()
    description = serializers.CharField()
    expectation = serializers.CharField(allow_blank=True)
    remedy_sought = serializers.CharField(allow_blank=True)
    order_number = serializers.CharField(allow_blank=True)
    product = serializers.CharField(allow_blank=True)
    lot = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    owner = Reference(help_text="With `expand=owner` as under /agents/.")
    team = TeamField(help_text="Its name; with `expand=team` as under /teams/.")
    status = serializers.ChoiceField(choices=Status.choices)
    received_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    first_response_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    promise_due_at = serializers.DateTimeField(
        allow_null=True, help_text="By when the first promise still owed is to be kept, of merged cases too."
    )
    outcome = serializers.ChoiceField(choices=Outcome.choices, allow_null=True)
    late_reason = serializers.ChoiceField(choices=LateReason.choices, allow_null=True)
    late_note = serializers.CharField(allow_blank=True)
    accepted = serializers.BooleanField(allow_null=True)
    root_cause = serializers.CharField(allow_null=True)
    merged_into = serializers.CharField(allow_null=True)
    incident = serializers.CharField(allow_null=True, help_text="The common cause it belongs to, by its reference.")
    clocks = ClockShape(many=True)
    snoozed = SnoozedShape(allow_null=True)
    messages = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="With `expand=messages`: the newest 50, oldest first."
    )
    version = serializers.IntegerField(help_text="Also the ETag.")


class RefusalShape(serializers.Serializer[Any]):
    cannot = serializers.CharField()
    because = serializers.CharField()
    instead = serializers.CharField(allow_blank=True)


class AuthorShape(Reference):
    """Who wrote a message."""

    kind = serializers.ChoiceField(choices=[USER, CUSTOMER], help_text="Of which the id is.")


class MessageShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    direction = serializers.ChoiceField(choices=["in", "out"])
    purpose = serializers.CharField()
    channel = serializers.ChoiceField(choices=ChannelCode.choices)
    author = AuthorShape(
        allow_null=True,
        help_text="Of what comes in, the customer; of what goes out, who of ours wrote it. null: a complainant without "
        "a record, or the product itself.",
    )
    recorded_by = Reference(
        allow_null=True,
        help_text="Who of ours noted down what came in, or whose token did. null: it came by itself, or goes out.",
    )
    body = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True, help_text="null: not sent yet.")
    by_mail = serializers.BooleanField(allow_null=True)
    thanks = serializers.BooleanField()
    apology = serializers.BooleanField()
    refusal = RefusalShape(allow_null=True)
    macro = serializers.CharField(allow_null=True, help_text="The id of the macro it began with, once it is sent.")
    word_for_word = serializers.BooleanField(
        allow_null=True, help_text="Whether that was sent as it was; null without a macro."
    )
    state = serializers.ChoiceField(choices=PendingState.choices, help_text="Of one with `send_at`.")
    send_at = serializers.DateTimeField(allow_null=True)


class MentionShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["user", "team"])
    id = serializers.CharField()


class NoteShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    author = Reference(allow_null=True)
    body = serializers.CharField()
    mentions = MentionShape(many=True)
    created_at = serializers.DateTimeField()


class EventShape(EventEntryShape):
    """An event as `/events/` shows it."""

    kind = serializers.CharField(help_text="What the trail itself calls it; build on `type`.")


class CatalogueShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    is_active = serializers.BooleanField()


class ChannelShape(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=ChannelCode.choices)
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    default_severity = serializers.ChoiceField(choices=Severity.choices)


class AgentShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    name = serializers.CharField()
    team = serializers.CharField(allow_null=True)


class TeamShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    lead = Reference()
    manager = Reference(allow_null=True, help_text="Whom the last rung of the ladder tells; null: every manager.")
    is_active = serializers.BooleanField()


class RoutingRuleShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    position = serializers.IntegerField()
    type = serializers.CharField(allow_null=True)
    channel = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    severity = serializers.CharField(allow_null=True)
    team = serializers.CharField(help_text="Its name.")
    team_id = serializers.CharField()
    is_active = serializers.BooleanField()
