"""`/api/v1/mail/`: letters that wait, went out or failed; one that was given up is sent again (mission E1; F27-F29)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, MANAGER, Access
from core.actions import outbox
from core.api.bodies import Nothing
from core.api.filters import BadValue, Filter, between, since, text
from core.api.views import ApiView, ListView
from core.clock import now
from core.instants import iso
from core.models import OutboxMessage

SEES_MAIL = Access(roles=frozenset({ADMIN, MANAGER}))
STATES: dict[str, dict[str, Any]] = {
    "waiting": {"sent_at__isnull": True, "failed_at__isnull": True},
    "sent": {"sent_at__isnull": False},
    "failed": {"failed_at__isnull": False, "suppressed": ""},
    "held_back": {"failed_at__isnull": False, "suppressed__gt": ""},
}


class OutgoingShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    message_id = serializers.CharField(help_text="The Message-ID, the same however often it is sent.")
    recipient = serializers.CharField()
    template = serializers.CharField(help_text="What kind of letter.")
    language = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=list(STATES))
    attempts = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True, help_text="Why the last attempt failed.")
    held_back = serializers.CharField(allow_blank=True, help_text="Why it was not sent on purpose.")
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)


def shown(row: OutboxMessage) -> dict[str, Any]:
    """A letter without its words."""
    return {
        "id": str(row.pk),
        "message_id": row.message_id,
        "recipient": row.recipient,
        "template": row.template,
        "language": row.language,
        "state": _state(row),
        "attempts": row.attempts,
        "error": row.error,
        "held_back": row.suppressed,
        "created_at": iso(row.created_at),
        "due_at": iso(row.due_at),
        "sent_at": iso(row.sent_at),
        "failed_at": iso(row.failed_at),
    }


def _in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    return rows.filter(**STATES[state])


def _known(value: str) -> str:
    if value not in STATES:
        raise BadValue("unknown_code", ", ".join(STATES))
    return value


class Mail(ListView):
    """Letters, newest first."""

    access, resource = SEES_MAIL, "mail"
    answer = OutgoingShape
    filters = (
        Filter("state", _known, _in_state, schema={"type": "string", "enum": list(STATES)}),
        text("recipient"),
        text("template"),
        between("created_at"),
        since("created_at", "sent_at", "failed_at", trail=True),
    )
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.defer("context")

    def to_dict(self, row: OutboxMessage) -> dict[str, Any]:
        return shown(row)


class OneMail(ApiView):
    """One letter and what became of it."""

    access, resource = SEES_MAIL, "mail"
    answer = OutgoingShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(shown(self.find(OutboxMessage.objects.all(), pk=pk)))


class Retry(ApiView):
    """Send a letter that was given up once more, with the same Message-ID."""

    access, resource = SEES_MAIL, "mail"
    body, answer = Nothing, OutgoingShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        self.read(request)
        row = self.find(OutboxMessage.objects.all(), pk=pk)
        return self.reply(shown(outbox.retry(row, by=self.actor(request), at=now())))


def _state(row: OutboxMessage) -> str:
    if row.suppressed:
        return "held_back"
    if row.failed_at:
        return "failed"
    return "sent" if row.sent_at else "waiting"
