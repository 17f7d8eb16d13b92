"""Messages, notes and trail events under a complaint."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from complaints.actions import converse
from complaints.api import present
from complaints.api.bodies import MessageBody, NoteBody
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import EventShape, MessageShape, NoteShape
from complaints.models import Complaint, Message, Note
from core import trail
from core.api.filters import choice
from core.api.views import ListView, caller
from core.clock import now
from core.models import TrailEntry


class _Under(ListView):
    """A list that belongs to one complaint the caller sees."""

    access, resource = HANDLES_CASES, "complaints"

    def seen(self, request: Request, reference: str) -> Complaint:
        return self.find(Complaint.objects.visible_to(caller(request)), reference=reference)


class Messages(_Under):
    """What was said with the complainant, oldest first; POST writes (`out`) or notes down (`in`) a message."""

    body: ClassVar = {"POST": MessageBody}
    answer = MessageShape
    success: ClassVar = {"POST": 201}
    filters = (choice("direction", ("in", "out")),)
    ordering: ClassVar = {"at": "at"}
    default_ordering = "at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Message]:
        return Message.objects.filter(complaint=self.seen(request, kwargs["reference"])).select_related("author")

    def to_dict(self, row: Message) -> dict[str, Any]:
        return present.message(row)

    def post(self, request: Request, reference: str) -> HttpResponse:
        complaint, values = self.seen(request, reference), self.read(request)
        by, at = self.actor(request), now()
        if values["direction"] == "out":
            written = converse.message(complaint, by=by, at=at, body=values["body"], texts=values.get("texts", ()))
        else:
            written = converse.incoming(complaint, by=by, at=at, body=values["body"], channel=values.get("channel", ""))
        return self.reply(present.message(written), 201)


class Notes(_Under):
    """Internal notes, oldest first; never sent."""

    body: ClassVar = {"POST": NoteBody}
    answer = NoteShape
    success: ClassVar = {"POST": 201}
    ordering: ClassVar = {"created_at": "created_at"}
    default_ordering = "created_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Note]:
        return Note.objects.filter(complaint=self.seen(request, kwargs["reference"])).select_related("author")

    def to_dict(self, row: Note) -> dict[str, Any]:
        return present.note(row)

    def post(self, request: Request, reference: str) -> HttpResponse:
        written = converse.note(
            self.seen(request, reference), by=self.actor(request), at=now(), body=self.read(request)["body"]
        )
        return self.reply(present.note(written), 201)


class Events(_Under):
    """The trail of the complaint, oldest first."""

    answer = EventShape
    ordering: ClassVar = {"seq": "seq"}
    default_ordering = "seq"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[TrailEntry]:
        return trail.of(self.seen(request, kwargs["reference"])).order_by()

    def to_dict(self, row: TrailEntry) -> dict[str, Any]:
        return {
            "seq": row.seq,
            "kind": row.kind,
            "at": present.instant(row.at),
            "actor": f"{row.actor_kind}:{row.actor_label}",
            "changes": json.loads(row.body),
            "hash": bytes(row.hash).hex(),
        }
