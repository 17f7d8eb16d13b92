"""Who has a complaint: hand-over with acceptance, escalation, watchers (mission D3; interface.md, Bodies)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import escalate, hand_over, watch
from complaints.api import present
from complaints.api.changes import Change
from complaints.api.complaints import HANDLES_CASES
from complaints.api.shapes import ComplaintShape, Reference
from complaints.models import Complaint, Escalation, HandOver, HandOverState, Watch
from core.actor import Actor
from core.api.bodies import Strict
from core.api.fields import Flag, Id, Text
from core.api.filters import since
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import User

SHORT = 2_000


class OfferBody(Strict):
    to = Id()
    reason = Text(max_length=SHORT, required=False, allow_blank=True)


class AcceptBody(Strict):
    answer = Text(max_length=SHORT, required=False, allow_blank=True)


class AnswerBody(Strict):
    answer = Text(max_length=SHORT)


class EscalationBody(Strict):
    reason = Text(max_length=SHORT)
    to = Id(required=False)


class EscalationAnswerBody(Strict):
    answer = Text(max_length=SHORT)
    take_over = Flag(required=False)


class WatcherBody(Strict):
    user = Id()


class HandOverShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    from_user = Reference()
    to = Reference()
    offered_by = Reference()
    reason = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=HandOverState.choices)
    offered_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_blank=True)


class EscalationShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    by = Reference(allow_null=True)
    to = Reference()
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_blank=True)
    withdrawn = serializers.BooleanField()


class _Listed(Change, ListView):
    """A change that also lists what there was, newest first."""

    ordering: ClassVar = {"id": "pk"}
    default_ordering = "-id"

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return ListView.get(self, request, *args, **kwargs)


class HandOvers(_Listed):
    """Offers of the complaint to somebody, newest first."""

    does: ClassVar = {
        "POST": """Offer the complaint to somebody, who takes it over or declines.

        By its owner, who leads its team, or a manager. It stays with its owner until the offer is accepted; the one
        asked is told, sees the complaint meanwhile, and is reminded once. One offer is open at a time.
        """
    }
    body: ClassVar = {"POST": OfferBody}
    answer: ClassVar = {"GET": HandOverShape, "POST": ComplaintShape, "DELETE": ComplaintShape}
    filters: ClassVar = (since("offered_at", "answered_at"),)

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[HandOver]:
        found = HandOver.objects.filter(complaint=self.seen(request, kwargs["reference"]))
        return found.select_related("from_user", "to_user", "offered_by")

    def to_dict(self, row: HandOver) -> dict[str, Any]:
        return {
            "id": str(row.pk),
            "from_user": present.user_brief(row.from_user),
            "to": present.user_brief(row.to_user),
            "offered_by": present.user_brief(row.offered_by),
            "reason": row.reason,
            "state": row.state,
            "offered_at": present.instant(row.offered_at),
            "answered_at": present.instant(row.answered_at),
            "answer": row.answer,
        }

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        hand_over.offer(complaint, by=by, at=now(), to=somebody(values["to"], "to"), reason=values.get("reason", ""))
        return complaint

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Take the open offer back.

        By who made it or might have. The one asked is told, and sees the complaint no more than before.
        """
        complaint = self.seen(request, reference)
        hand_over.withdraw(complaint, by=self.actor(request), at=now())
        return self.shown(complaint)


class Acceptance(Change):
    """The one who was offered the complaint takes it over.

    It changes hands in this moment, as with `owner/`; who offered it and the owner before are told.
    """

    body: ClassVar = AcceptBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return hand_over.accept(complaint, by=by, at=now(), **values)


class Refusal(ApiView):
    """The one who was offered the complaint does not take it over, and says why. They may not see it any more then."""

    access, resource = HANDLES_CASES, "complaints"
    body: ClassVar = AnswerBody
    success: ClassVar = {"POST": 204}

    def post(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        hand_over.decline(complaint, by=self.actor(request), at=now(), **self.read(request))
        return self.no_content()


class Escalations(_Listed):
    """Who was asked for help, and what they answered."""

    does: ClassVar = {
        "POST": """Ask for help. Without `to` the team's lead is asked, then a manager.

        The complaint stays with its owner. The one asked is told and sees it from then on; asking is never held against
        anybody.
        """
    }
    body: ClassVar = {"POST": EscalationBody}
    answer: ClassVar = {"GET": EscalationShape, "POST": ComplaintShape, "DELETE": ComplaintShape}
    filters: ClassVar = (since("at", "answered_at"),)

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Escalation]:
        found = Escalation.objects.filter(complaint=self.seen(request, kwargs["reference"]))
        return found.select_related("by", "to")

    def to_dict(self, row: Escalation) -> dict[str, Any]:
        return {
            "id": str(row.pk),
            "by": present.user_brief(row.by) if row.by else None,
            "to": present.user_brief(row.to),
            "reason": row.reason,
            "at": present.instant(row.at),
            "answered_at": present.instant(row.answered_at),
            "answer": row.answer,
            "withdrawn": row.withdrawn,
        }

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        to = somebody(values["to"], "to") if "to" in values else None
        escalate.escalate(complaint, by=by, at=now(), reason=values["reason"], to=to)
        return complaint

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Take one's own question back before it is answered."""
        complaint, by = self.seen(request, reference), self.actor(request)
        escalate.take_back(escalate.asks(complaint, by), by=by, at=now())
        return self.shown(complaint)


class EscalationAnswer(Change):
    """The one who was asked says what should be done, and may take the complaint over."""

    body: ClassVar = EscalationAnswerBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return escalate.answer(escalate.asked(complaint, by), by=by, at=now(), **values)


class Watchers(_Listed):
    """Who follows the complaint."""

    does: ClassVar = {"POST": "Add a colleague who follows the complaint and sees it from then on."}
    body: ClassVar = {"POST": WatcherBody}
    answer: ClassVar = {"GET": Reference, "POST": ComplaintShape}
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Watch]:
        return Watch.objects.filter(complaint=self.seen(request, kwargs["reference"])).select_related("user")

    def to_dict(self, row: Watch) -> dict[str, Any]:
        return present.user_brief(row.user)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        watch.watch(complaint, by=by, at=now(), watcher=somebody(values["user"], "user"))
        return complaint


class OneWatcher(ApiView):
    """End somebody's following of the complaint."""

    access, resource = HANDLES_CASES, "complaints"
    success: ClassVar = {"DELETE": 204}

    def delete(self, request: Request, reference: str, pk: int) -> HttpResponse:
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        row = self.find(Watch.objects.filter(complaint=complaint).select_related("user"), user=pk)
        watch.unwatch(complaint, by=self.actor(request), at=now(), watcher=row.user)
        return self.no_content()


def somebody(key: int, field: str) -> User:
    """Raises InvalidInput unknown_user."""
    found = User.objects.filter(pk=key).first()
    if found is None:
        raise InvalidInput(_("There is no user with this id."), code="unknown_user", field=field)
    return found
