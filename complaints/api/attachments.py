"""Files of a case in the API: sent as multipart, taken along by a message, note or complaint (interface.md).

    POST complaints/AM-.../attachments/   file=@photo.jpg          -> 201 {"id": ...}
    POST complaints/AM-.../messages/      {"attachments": ["..."]}

A file that no message takes within a week is swept.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import attachments as actions
from complaints.api import present
from complaints.api.complaints import HANDLES_CASES
from complaints.models import Attachment, Complaint
from core.api.bodies import Strict
from core.api.filters import since
from core.api.parsing import FormParser
from core.api.views import ApiView, FileView, ListView, caller
from core.clock import now
from core.downloads import download
from core.file_types import OCTETS, TYPES


class NewAttachment(Strict):
    """multipart/form-data. Its type is found by looking at it; what the request says of it counts for nothing."""

    file = serializers.FileField(allow_empty_file=True, max_length=255)


class AttachmentShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="Name it in `attachments` of a message, a note or a new complaint.")
    name = serializers.CharField(help_text="Made harmless; told apart from others of the same message.")
    content_type = serializers.CharField(help_text="application/octet-stream for what is not on the list of kinds.")
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    message = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_null=True, help_text="With neither, it came with the complaint itself.")
    sent = serializers.BooleanField(help_text="False: uploaded, and no message has taken it yet.")
    created_at = serializers.DateTimeField()
    content_url = serializers.URLField(allow_null=True, help_text="GET: the bytes, always as a download.")


def shown(row: Attachment, request: Request, reference: str = "") -> dict[str, Any]:
    """`reference`: of its case; blank for a file whose case is still to be filed."""
    url = reverse("api-attachment-content", args=[reference, row.token]) if reference else None
    return {
        "id": row.token,
        "name": row.name,
        "content_type": row.content_type,
        "size": row.size,
        "sha256": row.sha256,
        "message": str(row.message_id) if row.message_id else None,
        "note": str(row.note_id) if row.note_id else None,
        "sent": not row.draft,
        "created_at": present.instant(row.created_at),
        "content_url": request.build_absolute_uri(url) if url else None,
    }


def visible(request: Request, complaint: Complaint) -> QuerySet[Attachment]:
    """The files of a case that the caller sees; of those not sent, only their own."""
    return Attachment.objects.filter(Q(draft="") | Q(uploaded_by=caller(request)), complaint=complaint)


class _Files(ListView):
    access, resource = HANDLES_CASES, "complaints"
    parser_classes = [FormParser]
    body: ClassVar = {"POST": NewAttachment}
    answer = AttachmentShape
    success: ClassVar = {"POST": 201}
    filters: ClassVar = (since("created_at", "message__created_at", "note__created_at"),)  # uploaded, or sent

    def take_in(self, request: Request, complaint: Complaint | None) -> HttpResponse:
        file = self.read(request)["file"]
        made = actions.upload(
            file.chunks(), name=file.name, by=self.actor(request), at=now(), complaint=complaint, expected=file.size
        )
        reference = complaint.reference if complaint else ""
        here = reverse("api-draft-attachment", args=[made.token])
        if reference:
            here = reverse("api-attachment", args=[reference, made.token])
        return self.reply(shown(made, request, reference), 201, location=here)


class Attachments(_Files):
    """Files of the case, oldest first; also what the caller has uploaded and not sent yet."""

    def seen(self, request: Request, reference: str) -> Complaint:
        return self.find(Complaint.objects.visible_to(caller(request)), reference=reference)

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Attachment]:
        return visible(request, self.seen(request, kwargs["reference"]))

    def to_dict(self, row: Attachment) -> dict[str, Any]:
        return shown(row, self.request, self.kwargs["reference"])

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Send a file to the case; a message or note takes it along later. The body is multipart/form-data with one
        `file`."""
        return self.take_in(request, self.seen(request, reference))


class Drafts(_Files):
    """Files the caller has sent for a case that is still to be filed."""

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Attachment]:
        return actions.drafts(by=self.actor(request), complaint=None)

    def to_dict(self, row: Attachment) -> dict[str, Any]:
        return shown(row, self.request)

    def post(self, request: Request) -> HttpResponse:
        """Send a file before its complaint exists; POST /complaints/ takes it along. The body is multipart/form-data
        with one `file`; what nobody takes along is deleted after a week."""
        return self.take_in(request, None)


class _One(ApiView):
    access, resource = HANDLES_CASES, "complaints"

    def file(self, request: Request, reference: str, token: str) -> Attachment:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        return self.find(visible(request, complaint), token=token)


class OneAttachment(_One):
    """One file of the case: name, size and checksum."""

    answer = AttachmentShape

    def get(self, request: Request, reference: str, token: str) -> HttpResponse:
        return self.reply(shown(self.file(request, reference, token), request, reference))

    def delete(self, request: Request, reference: str, token: str) -> HttpResponse:
        """Let go of a file that the caller has uploaded and no message has taken; 409 `file_taken` if one has."""
        actions.let_go(self.file(request, reference, token), by=self.actor(request))
        return self.no_content()


class Content(_One, FileView):
    """The bytes, as a download; `Range` goes on with one that broke off."""

    file_types = tuple(sorted({*TYPES, OCTETS}))

    def get(self, request: Request, reference: str, token: str) -> HttpResponseBase:
        return download(request._request, self.file(request, reference, token))


class OneDraft(ApiView):
    """A file for a case that is still to be filed."""

    access, resource, answer = HANDLES_CASES, "complaints", AttachmentShape

    def get(self, request: Request, token: str) -> HttpResponse:
        return self.reply(shown(self.draft(request, token), request))

    def delete(self, request: Request, token: str) -> HttpResponse:
        """Let go of a file that no complaint has taken."""
        actions.discard([self.draft(request, token).token], by=self.actor(request))
        return self.no_content()

    def draft(self, request: Request, token: str) -> Attachment:
        return self.find(actions.drafts(by=self.actor(request), complaint=None), token=token)
