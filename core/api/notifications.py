"""`/api/v1/notifications/`: one's own inbox, and how one wants to hear of what (mission D3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from core import notify_sight, notify_words
from core.access import Access
from core.actions import notifications as actions
from core.actions.settings import Stale
from core.api.bodies import Nothing, Strict
from core.api.fields import Code, Flag, Id
from core.api.filters import choice, flag, since
from core.api.pagination import WholeListShape, whole_list
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.models import Notification, NotificationEvent, NotificationMail
from core.notify import ALWAYS_IN_INBOX, Choice

SIGNED_IN = Access()


class NotificationShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    event = serializers.ChoiceField(choices=NotificationEvent.choices)
    text = serializers.CharField(help_text="The sentence, in the caller's language.")
    subject = serializers.CharField(allow_blank=True)
    excerpt = serializers.CharField(allow_blank=True, help_text="What somebody wrote.")
    path = serializers.CharField(allow_null=True, help_text="The page it leads to.")
    at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class ReadBody(Strict):
    until = Id(required=False)


class ReadShape(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many were unread until now.")


class ChoiceBody(Strict):
    event = Code(choices=NotificationEvent.choices)
    mail = Code(choices=NotificationMail.choices, required=False)
    inbox = Flag(required=False)


class ChoiceShape(serializers.Serializer[Any]):
    event = serializers.ChoiceField(choices=NotificationEvent.choices)
    mail = serializers.ChoiceField(choices=NotificationMail.choices)
    inbox = serializers.BooleanField()
    always_in_inbox = serializers.BooleanField()


class ChoicesShape(WholeListShape):
    results = ChoiceShape(many=True)


class Notifications(ListView):
    """The caller's inbox, newest first. Of what they may not see any more nothing is said but that it was there."""

    access, resource = SIGNED_IN, "notifications"
    answer = NotificationShape
    filters = (
        choice("event", NotificationEvent.values),
        flag("unread", "read_at__isnull", "Not read yet."),
        since("at", "read_at"),
    )
    ordering: ClassVar = {"at": "at"}
    default_ordering = "-at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Notification]:
        return actions.inbox(caller(request))

    def to_dict(self, row: Notification) -> dict[str, Any]:
        return self.to_dicts([row])[0]

    def to_dicts(self, rows: list[Notification]) -> list[dict[str, Any]]:
        hidden = notify_sight.hidden(caller(self.request), rows)
        return [_shown(row, hidden=row.pk in hidden) for row in rows]


class OneRead(ApiView):
    """Mark one notification as read."""

    access, resource = SIGNED_IN, "notifications"
    body: ClassVar = Nothing
    success: ClassVar = {"POST": 204}

    def post(self, request: Request, pk: int) -> HttpResponse:
        self.read(request)
        row = self.find(Notification.objects.filter(user=caller(request)), pk=pk)
        actions.read(caller(request), at=now(), only=[row.pk])
        return self.no_content()


class AllRead(ApiView):
    """Mark all as read, or those up to one of them (`until`, its id)."""

    access, resource = SIGNED_IN, "notifications"
    body: ClassVar = ReadBody
    answer = ReadShape

    def post(self, request: Request) -> HttpResponse:
        values = self.read(request)
        return self.reply({"read": actions.read(caller(request), at=now(), until=values.get("until"))})


class Preferences(ApiView):
    """How the caller wants to hear of each event."""

    access, resource = SIGNED_IN, "notifications"
    body: ClassVar = {"PATCH": ChoiceBody}
    answer, row_shape = ChoicesShape, ChoiceShape

    def get(self, request: Request) -> HttpResponse:
        user = caller(request)
        return self.reply(_choices(actions.choices(user)), version=actions.version_of(user))

    def patch(self, request: Request) -> HttpResponse:
        """Change how the caller wants to hear of one event (`If-Match` required)."""
        user = caller(request)
        self.require_match(request, actions.version_of(user))
        values, version = self.read(request), self.expected_version(request)
        held = actions.choices(user)[values["event"]]
        wanted = Choice(values.get("inbox", held.inbox), values.get("mail", held.mail))
        by, chosen = self.actor(request), {values["event"]: wanted}
        try:
            held_now = actions.choose(user, chosen, by=by, at=now(), version=version)
        except Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        return self.reply(_choices(held_now), version=actions.version_of(user))


def _choices(held: dict[str, Choice]) -> dict[str, Any]:
    return whole_list(
        [
            {"event": event, "mail": one.mail, "inbox": one.inbox, "always_in_inbox": event in ALWAYS_IN_INBOX}
            for event, one in held.items()
        ]
    )


def _shown(row: Notification, *, hidden: bool) -> dict[str, Any]:
    words = {} if hidden else row.words
    return {
        "id": str(row.pk),
        "event": row.event,
        "text": _("About something you can no longer see") if hidden else notify_words.sentence(row.event, words),
        "subject": str(words.get("subject", "")),
        "excerpt": str(words.get("text", "")),
        "path": row.url or None if not hidden else None,
        "at": _instant(row.at),
        "read_at": _instant(row.read_at) if row.read_at else None,
    }


def _instant(at: Any) -> str:
    return str(at.isoformat().replace("+00:00", "Z"))
