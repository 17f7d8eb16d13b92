"""Promises of a complaint and of all: given, kept, agreed anew, released (mission A12; interface.md, Bodies)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import promises
from complaints.api import present
from complaints.api.complaints import HANDLES_CASES
from complaints.api.of_complaint import OF_COMPLAINT
from complaints.api.shapes import Reference
from complaints.models import ChannelCode, Complaint, Message, Promise
from complaints.models.conversation import OUT
from complaints.promises import owed, reading, states, vague
from core.actor import Actor
from core.api.bodies import Strict
from core.api.expanding import Expandable
from core.api.fields import Code, Id, Instant, Text
from core.api.filters import SINCE, Filter, between, choice, flag, key, text
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import User
from retention.api.naming import of_customer

LONG = promises.MOST_WORDS


class PromiseBody(Strict):
    """`due_at`: by when, ahead. `to_whom`: blank for the complainant. `owner`: who answers for it, else the owner of
    the complaint. `message`: the message in which it was given."""

    text = Text(max_length=promises.MOST_TEXT)
    due_at = Instant()
    to_whom = Text(max_length=promises.MOST_WHOM, required=False, allow_blank=True)
    channel = Code(choices=ChannelCode.choices, required=False)
    owner = Id(required=False)
    message = Id(required=False)


class FulfilmentBody(Strict):
    note = Text(max_length=LONG, required=False, allow_blank=True)


class RenegotiationBody(Strict):
    """`text` may stay away: the same, by another hour."""

    due_at = Instant()
    reason = Text(max_length=LONG)
    text = Text(max_length=promises.MOST_TEXT, required=False, allow_blank=True)


class PromiseReleaseBody(Strict):
    reason = Text(max_length=LONG)


class PromiseShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    complaint = Expandable(help_text="Its reference; with `expand=complaint` as under /complaints/.")
    text = serializers.CharField()
    due_at = serializers.DateTimeField()
    to_whom = serializers.CharField(allow_blank=True, help_text="Blank: the complainant.")
    channel = serializers.ChoiceField(choices=ChannelCode.choices, allow_null=True)
    owner = Reference(help_text="Who answers for it.")
    state = serializers.ChoiceField(
        choices=[(one, one) for one in states.STATES], help_text="Broken stays broken, also when done or agreed anew."
    )
    owed = serializers.BooleanField(help_text="Still to be done, in time or not; it holds the closing back.")
    made_by = Reference(allow_null=True)
    made_at = serializers.DateTimeField()
    message = serializers.CharField(allow_null=True, help_text="The id of the message in which it was given.")
    warned_at = serializers.DateTimeField(allow_null=True)
    broken_at = serializers.DateTimeField(allow_null=True, help_text="Its hour, whenever it was noticed.")
    detected_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True, help_text="When it was done, agreed anew or released.")
    settled_by = Reference(allow_null=True)
    settled_note = serializers.CharField(allow_blank=True)
    renewed_as = serializers.CharField(allow_null=True, help_text="The promise in its place.")
    vague = serializers.ListField(
        child=serializers.CharField(), help_text="Words of the text that name no hour; a hint, never a refusal."
    )
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


def promise_dict(row: Promise, *, at: datetime) -> dict[str, Any]:
    """One promise as of `at`; the caller has complaint and people loaded (`whole`)."""
    return {
        "id": str(row.pk),
        "complaint": row.complaint.reference,
        "text": row.text,
        "due_at": present.instant(row.due_at),
        "to_whom": row.to_whom,
        "channel": row.channel or None,
        "owner": present.user_brief(row.owner),
        "state": states.state_of(row, at=at),
        "owed": row.settled_at is None,
        "made_by": present.user_brief(row.made_by) if row.made_by else None,
        "made_at": present.instant(row.made_at),
        "message": str(row.message_id) if row.message_id else None,
        "warned_at": present.instant(row.warned_at),
        "broken_at": present.instant(row.broken_at),
        "detected_at": present.instant(row.detected_at),
        "settled_at": present.instant(row.settled_at),
        "settled_by": present.user_brief(row.settled_by) if row.settled_by else None,
        "settled_note": row.settled_note,
        "renewed_as": str(row.renewed_as_id) if row.renewed_as_id else None,
        "vague": vague.words(row.text, [row.complaint.language]),
        "updated_at": present.instant(row.updated_at),
        "version": row.version,
    }


def whole(rows: QuerySet[Promise]) -> QuerySet[Promise]:
    return rows.select_related("complaint", "owner", "made_by", "settled_by")


def _in_states(rows: QuerySet[Promise], chosen: Sequence[str]) -> QuerySet[Promise]:
    condition, at = Q(), now()
    for one in chosen:
        condition |= states.in_state(one, at=at)
    return rows.filter(condition)


_STATE = choice("state", states.STATES)
FILTERS = (
    Filter("state", _STATE.parse, _in_states, many=True, schema=_STATE.schema),
    flag("owed", "settled_at__isnull", "true: still to be done, in time or not."),
    key("owner"),
    choice("channel", ChannelCode.values),
    between("due_at"),
    between("made_at"),
    SINCE,
)


def _as_seen(request: Request, rows: QuerySet[Promise]) -> QuerySet[Promise]:
    """For `expand`: whether the caller sees the case itself, not only the one it was merged into."""
    if "expand" not in request.query_params:
        return rows
    seen = Complaint.objects.visible_to(caller(request)).filter(pk=OuterRef("complaint"))
    return rows.annotate(case_is_seen=Exists(seen))


class Promises(ListView):
    """The promises of all complaints the caller sees."""

    access, resource = HANDLES_CASES, "promises"
    answer: ClassVar[Any] = PromiseShape
    filters: ClassVar[Any] = (
        text("complaint", "complaint__reference"),
        of_customer("complaint__customer"),
        *FILTERS,
    )
    expansions = OF_COMPLAINT
    ordering: ClassVar = {"id": "pk", "due_at": "due_at", "made_at": "made_at", "updated_at": "updated_at"}
    default_ordering = "due_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Promise]:
        return _as_seen(request, whole(reading.visible_to(caller(request))))

    def to_dict(self, row: Promise) -> dict[str, Any]:
        return promise_dict(row, at=now())


class PromisesOf(Promises):
    """The promises of one complaint, with those of cases merged into it."""

    body: ClassVar = {"POST": PromiseBody}
    answer: ClassVar[Any] = {"GET": PromiseShape, "POST": PromiseShape}
    success: ClassVar = {"POST": 201}
    filters: ClassVar[Any] = FILTERS

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Promise]:
        return _as_seen(request, whole(owed.of_case(self.seen(request, kwargs["reference"]))))

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Promise the complainant something by an hour. It is watched: a promise still open then counts as broken."""
        complaint = self.seen(request, reference)
        values = self.read(request)
        if "owner" in values:
            values["owner"] = _somebody(values["owner"])
        if "message" in values:
            values["message"] = _message(complaint, values["message"])
        made = promises.promise(complaint, by=self.actor(request), at=now(), **values)
        row = whole(Promise.objects.all()).get(pk=made.pk)
        location = reverse("api-promise", args=[row.pk])
        return self.reply(promise_dict(row, at=now()), 201, location=location, version=row.version)

    def seen(self, request: Request, reference: str) -> Complaint:
        return self.find(Complaint.objects.visible_to(caller(request)), reference=reference)


class OnePromise(ApiView):
    """One promise, under its complaint or by its id alone."""

    access, resource = HANDLES_CASES, "promises"
    answer: ClassVar = PromiseShape

    def get(self, request: Request, pk: int, reference: str = "") -> HttpResponse:
        row = self.seen(request, pk, reference)
        return self.reply(promise_dict(row, at=now()), version=row.version)  # its state also changes with the hour

    def seen(self, request: Request, pk: int, reference: str = "") -> Promise:
        rows = whole(reading.visible_to(caller(request)))
        if reference:
            rows = rows.filter(Q(complaint__reference=reference) | Q(complaint__merged_into__reference=reference))
        return self.find(rows, pk=pk)


class _Settling(OnePromise):
    """POST settles it, and answers with the promise as it is then."""

    http_method_names = ["post", "options"]
    success: ClassVar = {"POST": 200}

    def act(self, row: Promise, values: dict[str, Any], by: Actor) -> Promise:
        raise NotImplementedError

    def post(self, request: Request, pk: int, reference: str = "") -> HttpResponse:
        done = self.act(self.seen(request, pk, reference), self.read(request), self.actor(request))
        row = whole(Promise.objects.all()).get(pk=done.pk)
        return self.reply(promise_dict(row, at=now()), self.success["POST"], version=row.version)


class Fulfilment(_Settling):
    """It is done. After its hour it is done all the same, and stays broken."""

    body: ClassVar = {"POST": FulfilmentBody}

    def act(self, row: Promise, values: dict[str, Any], by: Actor) -> Promise:
        return promises.fulfil(row, by=by, at=now(), **values)


class Renegotiation(_Settling):
    """Something else was agreed on, or another hour; answers with the promise in its place.

    In time, the one before counts neither as kept nor as broken; after its hour it stays broken.
    """

    body: ClassVar = {"POST": RenegotiationBody}
    success: ClassVar = {"POST": 201}

    def act(self, row: Promise, values: dict[str, Any], by: Actor) -> Promise:
        return promises.renegotiate(row, by=by, at=now(), **{"text": "", **values})


class PromiseRelease(_Settling):
    """Whom it was given to wants it no more.

    It counts neither as kept nor as broken, unless its hour has passed.
    """

    body: ClassVar = {"POST": PromiseReleaseBody}

    def act(self, row: Promise, values: dict[str, Any], by: Actor) -> Promise:
        return promises.release(row, by=by, at=now(), **values)


def _somebody(pk: int) -> User:
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise InvalidInput(_("There is no agent with this id."), code="unknown_owner", field="owner")
    return found


def _message(complaint: Complaint, pk: int) -> Message:
    found: Message | None = complaint.messages.filter(pk=pk, direction=OUT).first()
    if found is None:
        raise InvalidInput(_("There is no such message."), code="unknown_message", field="message")
    return found
