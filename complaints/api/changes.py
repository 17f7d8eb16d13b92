"""State changes as resources under `/api/v1/complaints/{reference}/` (interface.md). POST does, DELETE undoes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from complaints.actions import decide, extend, handle, manage, watch
from complaints.api import bodies
from complaints.api.complaints import HANDLES_CASES, shown, whole
from complaints.api.shapes import ComplaintShape
from complaints.models import Complaint
from complaints.reference import type_by_code
from core.actor import Actor
from core.api.bodies import Nothing
from core.api.views import ApiView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import User


class Change(ApiView):
    """POST carries out `act` on one complaint the caller sees, and answers with the complaint as it is then."""

    access, resource = HANDLES_CASES, "complaints"
    answer: ClassVar[type[Serializer[Any]] | Mapping[str, type[Serializer[Any]]] | None] = ComplaintShape

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        raise NotImplementedError

    def post(self, request: Request, reference: str) -> HttpResponse:
        complaint = self.seen(request, reference)
        return self.shown(self.act(complaint, self.read(request), self.actor(request)))

    def seen(self, request: Request, reference: str) -> Complaint:
        return self.find(Complaint.objects.visible_to(caller(request)), reference=reference)

    def shown(self, complaint: Complaint) -> HttpResponse:
        row = whole(Complaint.objects.all()).get(pk=complaint.pk)
        return self.reply(shown(row), version=row.version, seen=row.updated_at)


class Acknowledgement(Change):
    """A person confirms the case is in good hands; with a message it is the first response too."""

    body: ClassVar = bodies.AcknowledgementBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return handle.acknowledge(complaint, by=by, at=now(), **values)


class Investigation(Change):
    """Work on the case has begun."""

    body: ClassVar = Nothing

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return handle.investigate(complaint, by=by, at=now())


class Owner(Change):
    """Give the case to another owner."""

    body: ClassVar = bodies.OwnerBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        owner = User.objects.filter(pk=values["owner"]).first()
        if owner is None:
            raise InvalidInput(_("There is no agent with this id."), code="unknown_owner", field="owner")
        return manage.assign(complaint, by=by, at=now(), owner=owner, reason=values.get("reason", ""))


class Classification(Change):
    """Sort the case anew; deadlines follow from receipt."""

    body: ClassVar = bodies.ClassificationBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        code = values.pop("type", None)
        return manage.classify(complaint, by=by, at=now(), type=type_by_code(code) if code else None, **values)


class Pause(Change):
    """Wait on the customer; DELETE goes on."""

    does: ClassVar = {"POST": "Wait on the customer: clocks that may pause stand still."}
    body: ClassVar = {"POST": bodies.ReasonBody}

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return handle.wait(complaint, by=by, at=now(), **values)

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Go on before the customer has answered: the clocks run again."""
        return self.shown(handle.resume(self.seen(request, reference), by=self.actor(request), at=now()))


class Extension(Change):
    """Take the longer time that the law allows a statutory clock in exceptional cases, once, with a reason."""

    body: ClassVar = bodies.ExtensionBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return extend.extend(complaint, by=by, at=now(), **values)


class Reopening(Change):
    """Take up an ended case again."""

    body: ClassVar = bodies.ReasonBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return decide.reopen(complaint, by=by, at=now(), **values)


class Withdrawal(Change):
    """The complainant takes it back."""

    body: ClassVar = bodies.ReasonBody

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return decide.withdraw(complaint, by=by, at=now(), **values)


class Release(Change):
    """A quarantined complaint is real after all."""

    body: ClassVar = Nothing

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return manage.release(complaint, by=by, at=now())


class Watching(Change):
    """The caller follows the case, and sees it from now on; DELETE stops."""

    does: ClassVar = {"POST": "Follow the case; the caller sees it from now on."}
    body: ClassVar = {"POST": Nothing}

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        watch.watch(complaint, by=by, at=now(), watcher=by.user)
        return complaint

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Stop following the case."""
        complaint, by = self.seen(request, reference), self.actor(request)
        watch.unwatch(complaint, by=by, at=now(), watcher=by.user)
        return self.shown(complaint)
