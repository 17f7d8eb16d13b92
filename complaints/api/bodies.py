"""What the API's complaint resources take (interface.md, Bodies)."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from complaints.actions import promises
from complaints.actions.demands import LONGEST as DEMAND
from complaints.actions.demands import MOST as MOST_DEMANDS
from complaints.models import ChannelCode, Kind, Severity
from complaints.reference import type_by_code
from core.api.bodies import Strict
from core.api.fields import Code, Flag, Id, Instant, Language, Text
from core.errors import InvalidInput
from retention.api.bodies import CustomerBody

SUBJECT, LONG, SHORT, CODE = 200, 20_000, 2_000, 80
MOST_TEXTS = 20
MOST_MENTIONS = 50
MOST_FILES = 100  # as a body goes; how many one message takes is for the action to say


class TypeCode(Text):
    """A complaint type in use by its code, from memory (complaints.reference)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=CODE, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        try:
            return type_by_code(code).code
        except InvalidInput as refusal:
            raise serializers.ValidationError(str(refusal), code=refusal.code) from None


class Files(serializers.ListField):
    """Ids of files sent before (POST attachments/), in the order in which they are shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=64), max_length=MOST_FILES, **kwargs)


class NewComplaint(Strict):
    channel = Code(choices=ChannelCode.choices)
    subject = Text(max_length=SUBJECT)
    description = Text(max_length=LONG)
    type = TypeCode(required=False)
    customer = CustomerBody(required=False, allow_null=True)
    kind = Code(choices=Kind.choices, required=False)
    severity = Code(choices=Severity.choices, required=False)
    expectation = Text(max_length=SHORT, required=False, allow_blank=True)
    remedy_sought = Text(max_length=SHORT, required=False, allow_blank=True)
    language = Language(required=False)
    received_at = Instant(required=False, not_future=True)
    external_id = Text(max_length=120, trim=True, required=False)
    source = Text(max_length=40, trim=True, required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class
    source_channel = Text(max_length=80, required=False, allow_blank=True)
    order_number = Text(max_length=80, required=False, allow_blank=True)
    product = Text(max_length=120, required=False, allow_blank=True)
    lot = Text(max_length=80, required=False, allow_blank=True)
    demands = serializers.ListField(
        child=Text(max_length=DEMAND, trim=True),
        max_length=MOST_DEMANDS,
        required=False,
        help_text="Each thing they ask for; each is decided with the case.",
    )
    attachments = Files(required=False)
    example: ClassVar = {
        "channel": "phone",
        "subject": "Two lamps, one parcel",
        "description": "I ordered two lamps. One came.",
        "type": "delivery-late",
        "customer": {"name": "Dana Whitlock", "email": "dana@mail.example"},
        "order_number": "W-10027",
        "source": "contact-centre",
        "external_id": "call-8841",
    }


class Amendment(Strict):
    """PATCH: facts that are put right; state changes are resources of their own."""

    subject = Text(max_length=SUBJECT, required=False)
    description = Text(max_length=LONG, required=False)
    expectation = Text(max_length=SHORT, required=False, allow_blank=True)
    remedy_sought = Text(max_length=SHORT, required=False, allow_blank=True)
    language = Language(required=False)
    order_number = Text(max_length=80, required=False, allow_blank=True)
    product = Text(max_length=120, required=False, allow_blank=True)
    lot = Text(max_length=80, required=False, allow_blank=True)


class AcknowledgementBody(Strict):
    message = Text(max_length=LONG, required=False, allow_blank=True)
    example: ClassVar = {"message": "We have your complaint and look into it today."}


class RefusalBody(Strict):
    """What we cannot do, why, and what we offer in its place; the sentence is added in the complainant's language."""

    cannot = Text(max_length=SHORT, trim=True)
    because = Text(max_length=SHORT, trim=True)
    instead = Text(max_length=SHORT, trim=True, required=False, allow_blank=True)


class GivenBody(Strict):
    """A promise made with the message, on record beside it: what, and by when."""

    text = Text(max_length=promises.MOST_TEXT)
    due_at = Instant()


class MessageBody(Strict):
    body = Text(max_length=LONG)
    direction = Code(choices=[("in", "in"), ("out", "out")])
    channel = Code(choices=ChannelCode.choices, required=False)
    texts = serializers.ListField(child=Text(max_length=CODE), required=False, max_length=MOST_TEXTS)
    thanks = Flag(required=False)
    apology = Flag(required=False)
    refusal = RefusalBody(required=False)
    send_at = Instant(required=False)
    seen = Id(required=False)
    promise = GivenBody(required=False)
    attachments = Files(required=False)
    macro = Id(required=False, help_text="The macro whose text it began with; its steps are carried out behind it.")
    example: ClassVar = {"body": "The second lamp left our warehouse this morning.", "direction": "out"}


class NoteBody(Strict):
    """`mentions`: people to tell beside those whom the text names with @."""

    body = Text(max_length=LONG)
    mentions = serializers.ListField(child=Id(), required=False, max_length=MOST_MENTIONS)
    attachments = Files(required=False)
    example: ClassVar = {"body": "Warehouse confirms that one parcel was left behind."}


class OwnerBody(Strict):
    owner = Id()
    reason = Text(max_length=SHORT, required=False, allow_blank=True)


class ClassificationBody(Strict):
    type = Text(max_length=CODE, required=False)
    severity = Code(choices=Severity.choices, required=False)
    reason = Text(max_length=SHORT)


class ReasonBody(Strict):
    reason = Text(max_length=SHORT)


class ExtensionBody(Strict):
    clock = Text(max_length=CODE)
    reason = Text(max_length=SHORT)
    tell = Flag(required=False)
