"""`/complaints/{reference}/messages/pending/`: messages that wait to be sent, for a chosen time or to be taken back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from complaints.actions import pending
from complaints.api import present
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import MessageShape
from complaints.models import Complaint, Pending, PendingState
from core.api.bodies import Nothing
from core.api.filters import choice, since
from core.api.views import ApiView, ListView, caller
from core.clock import now

OPEN = (PendingState.WAITING, PendingState.HELD)


class PendingMessages(ListView):
    """What was written and has not been sent: `waiting`, or `held` back because the customer wrote or the case ended.

    POST to `messages/` with `send_at` adds one.
    """

    access, resource = HANDLES_CASES, "complaints"
    answer = MessageShape
    filters = (choice("state", tuple(str(one) for one in OPEN)), since("created_at", "settled_at"))
    ordering: ClassVar = {"send_at": "due_at"}
    default_ordering = "send_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Pending]:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=kwargs["reference"])
        rows = Pending.objects.filter(complaint=complaint, state__in=OPEN)
        return rows.select_related("author", "complaint")

    def to_dict(self, row: Pending) -> dict[str, Any]:
        return present.pending(row)


class _One(ApiView):
    access, resource = HANDLES_CASES, "complaints"

    def seen(self, request: Request, reference: str, pk: int) -> Pending:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        return self.find(Pending.objects.filter(complaint=complaint).select_related("author", "complaint"), pk=pk)


class OnePending(_One):
    """One message that waits; `state` tells what became of it."""

    answer = MessageShape

    def get(self, request: Request, reference: str, pk: int) -> HttpResponse:
        return self.reply(present.pending(self.seen(request, reference, pk)))

    def delete(self, request: Request, reference: str, pk: int) -> HttpResponse:
        """Take a waiting message back: it is not sent."""
        pending.cancel(self.seen(request, reference, pk), by=self.actor(request), at=now())
        return self.no_content()


class Sending(_One):
    """Send it now, in its author's name."""

    body: ClassVar = Nothing
    answer = MessageShape
    success: ClassVar = {"POST": 201}

    def post(self, request: Request, reference: str, pk: int) -> HttpResponse:
        self.read(request)
        waits = self.seen(request, reference, pk)
        sent = pending.send_now(waits, by=self.actor(request), at=now())
        return self.reply(present.message(sent), 201, location=reverse("api-message", args=[reference, sent.pk]))
