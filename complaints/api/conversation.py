"""Messages, notes and trail events under a complaint."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from complaints.actions import converse, macros, pending, promises
from complaints.actions.pending import Content
from complaints.actions.speech import Acts, Refusal
from complaints.api import present
from complaints.api.bodies import MessageBody, NoteBody
from complaints.api.complaints import HANDLES_CASES
from complaints.api.ownership import somebody
from complaints.api.shapes import EventShape, MessageShape, NoteShape
from complaints.models import ChannelCode, Complaint, Message, Note
from complaints.promises.given import Given
from core import trail
from core.api import entries
from core.api.filters import choice, since
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import TrailEntry


class _Under(ListView):
    """A list that belongs to one complaint the caller sees."""

    access, resource = HANDLES_CASES, "complaints"

    def seen(self, request: Request, reference: str) -> Complaint:
        return self.find(Complaint.objects.visible_to(caller(request)), reference=reference)


def with_words(rows: QuerySet[Message]) -> QuerySet[Message]:
    """With all that is shown, of `complaint.messages`. Query cost: this one, one for the acts and one for the customer
    who wrote."""
    return rows.select_related("author", "macro").prefetch_related("acts")


class Messages(_Under):
    """What was said with the complainant, oldest first."""

    body: ClassVar = {"POST": MessageBody}
    answer = MessageShape
    success: ClassVar = {"POST": 201}
    filters = (choice("direction", ("in", "out")), since("created_at"))
    ordering: ClassVar = {"at": "at"}
    default_ordering = "at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Message]:
        return with_words(self.seen(request, kwargs["reference"]).messages.all())

    def to_dict(self, row: Message) -> dict[str, Any]:
        return present.message(row)

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Write to the complainant (`out`) or note down what they said (`in`). `channel` of one that goes out: `email`
        or nothing, and a mail goes where an address is known; `web`, only the status page; any other, it was said there
        already and no mail goes. With `send_at` it waits until then (see `messages/pending/`), and is held back when
        the customer writes before. With `seen`, the id of the newest message you know, it is refused (409
        `answered_meanwhile`) when somebody else wrote since."""
        complaint, values = self.seen(request, reference), self.read(request)
        by, at = self.actor(request), now()
        if values.pop("direction") == "in":
            _refuse_of_incoming(values)
            return self._written(reference, converse.incoming(complaint, by=by, at=at, **values))
        send_at = values.pop("send_at", None)
        if send_at is not None and values.pop("channel", ChannelCode.EMAIL) != ChannelCode.EMAIL:
            raise InvalidInput(_("What goes out later goes by mail."), code="only_by_mail", field="channel")
        if "macro" in values:
            values["macro"] = version = macros.taken(caller(request), values["macro"]).current
            if not {"thanks", "apology", "refusal"} & set(values) and version is not None:
                values.update(dict.fromkeys(version.acts, True))
        values["acts"] = _acts(values)
        if "promise" in values:
            values["promise"] = _given(values["promise"], at=send_at or at)
        if send_at is None:
            return self._written(reference, converse.message(complaint, by=by, at=at, **values))
        said = {name: values.pop(name) for name in ("body", "seen") if name in values}
        later = pending.schedule(complaint, by=by, at=at, due_at=send_at, content=Content(**values), **said)
        where = reverse("api-pending-message", args=[reference, later.pk])
        return self.reply(present.pending(later), 201, location=where)

    def _written(self, reference: str, row: Message) -> HttpResponse:
        where = reverse("api-message", args=[reference, row.pk])
        return self.reply(present.message(row), 201, location=where)


def _acts(values: dict[str, Any]) -> Acts | None:
    """Takes what a body says of thanks, apology and refusal out of it."""
    refusal = values.pop("refusal", None)
    acts = Acts(values.pop("thanks", False), values.pop("apology", False), Refusal(**refusal) if refusal else None)
    return acts or None


def _given(said: dict[str, Any], *, at: datetime) -> Given:
    """The promise of a message that goes out at `at`. Raises InvalidInput for its own fields."""
    given = Given(**said)
    try:
        promises.refuse_bad(given, at=at)
    except InvalidInput as refusal:
        field = str(refusal.field).replace("promise_", "promise/", 1)
        raise InvalidInput(str(refusal), code=refusal.code, field=field) from refusal
    return given


def _refuse_of_incoming(values: dict[str, Any]) -> None:
    """Raises InvalidInput: what only we say does not come in."""
    if strange := sorted(set(values) - {"body", "channel", "attachments"}):
        raise InvalidInput(_("Only a message to the customer has this."), code="only_outgoing", field=strange[0])


class OneMessage(ApiView):
    """One message as it was said."""

    access, resource = HANDLES_CASES, "complaints"
    answer = MessageShape

    def get(self, request: Request, reference: str, pk: int) -> HttpResponse:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        return self.reply(present.message(self.find(with_words(complaint.messages.all()), pk=pk)))


class Notes(_Under):
    """Internal notes, oldest first. They are never sent."""

    body: ClassVar = {"POST": NoteBody}
    answer = NoteShape
    success: ClassVar = {"POST": 201}
    filters: ClassVar = (since("created_at"),)
    ordering: ClassVar = {"created_at": "created_at"}
    default_ordering = "created_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Note]:
        return Note.objects.filter(complaint=self.seen(request, kwargs["reference"])).select_related("author")

    def to_dict(self, row: Note) -> dict[str, Any]:
        return present.note(row)

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Write an internal note, and tell the colleagues it mentions. It is never sent to the complainant."""
        complaint, values = self.seen(request, reference), self.read(request)
        values["mentions"] = [somebody(key, "mentions") for key in values.get("mentions", ())]
        written = converse.note(complaint, by=self.actor(request), at=now(), **values)
        return self.reply(present.note(written), 201, location=reverse("api-note", args=[reference, written.pk]))


class OneNote(ApiView):
    """One internal note."""

    access, resource = HANDLES_CASES, "complaints"
    answer = NoteShape

    def get(self, request: Request, reference: str, pk: int) -> HttpResponse:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        rows = Note.objects.filter(complaint=complaint).select_related("author")
        return self.reply(present.note(self.find(rows, pk=pk)))


class Events(_Under):
    """The trail of the complaint, oldest first."""

    answer = EventShape
    filters: ClassVar = (since("recorded_at"),)
    ordering: ClassVar = {"seq": "seq"}
    default_ordering = "seq"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[TrailEntry]:
        return trail.of(self.seen(request, kwargs["reference"])).order_by()

    def to_dict(self, row: TrailEntry) -> dict[str, Any]:
        return {**entries.shown(row, {row.subject_id: self.kwargs["reference"]}), "kind": row.kind}
