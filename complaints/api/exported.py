"""What the API lists complaint by complaint, as one list over all that the caller sees: for exports."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from complaints.api import present
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import MessageShape, NoteShape
from complaints.models import ChannelCode, Complaint, Message, Note
from core.api.filters import between, choice, text
from core.api.views import ListView, caller


class MessageOfShape(MessageShape):
    complaint = serializers.CharField(help_text="Its reference.")


class NoteOfShape(NoteShape):
    complaint = serializers.CharField(help_text="Its reference.")


class AllMessages(ListView):
    """What was said with complainants, in all complaints that the caller sees."""

    access, resource, answer = HANDLES_CASES, "complaints", MessageOfShape
    filters: ClassVar = (
        text("complaint", "complaint__reference"),
        choice("direction", ("in", "out")),
        choice("channel", ChannelCode.values),
        between("at"),
    )

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Message]:
        visible = Complaint.objects.visible_to(caller(request)).values("pk")
        found = Message.objects.filter(complaint__in=visible).select_related("author", "macro", "complaint__customer")
        return found.prefetch_related("acts")

    def to_dict(self, row: Message) -> dict[str, Any]:
        return {**present.message(row), "complaint": row.complaint.reference}


class AllNotes(ListView):
    """Internal notes of all complaints that the caller sees."""

    access, resource, answer = HANDLES_CASES, "complaints", NoteOfShape
    filters: ClassVar = (text("complaint", "complaint__reference"), between("created_at"))

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Note]:
        visible = Complaint.objects.visible_to(caller(request)).values("pk")
        return Note.objects.filter(complaint__in=visible).select_related("author", "complaint")

    def to_dict(self, row: Note) -> dict[str, Any]:
        return {**present.note(row), "complaint": row.complaint.reference}
