"""State changes as resources under `/api/v1/complaints/{reference}/` (interface.md). POST does, DELETE undoes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from complaints.actions import decide, extend, handle, manage, watch
from complaints.api import bodies, states
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
        return self.reply(shown(row), version=row.version)


class State(Change):
    """A change that GET reads: whether it stands, since when, by whom and why (complaints.api.states)."""

    loaded: ClassVar[tuple[str, ...]] = ()  # what `told` reads of the complaint beside itself

    def told(self, complaint: Complaint) -> dict[str, Any]:
        raise NotImplementedError

    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = Complaint.objects.visible_to(caller(request))
        complaint = self.find(rows.select_related(*self.loaded) if self.loaded else rows, reference=reference)
        return self.reply(self.told(complaint), version=complaint.version)


class Acknowledgement(State):
    """A person confirms the case is in good hands; with a message it is the first response too.

    The clock for acknowledging stops, a new complaint becomes `acknowledged`, and the clock for the next update begins.
    The message goes by mail, or stands on the status page where no address is known. Statutory clocks for acknowledging
    stop only with a message: the law asks that the complainant is told. What was taken by phone, in person or in live
    chat counts as acknowledged from receipt (409 `already_acknowledged`).
    """

    does: ClassVar = {"GET": "Whether the complaint is acknowledged, since when, and by whom."}
    body: ClassVar = {"POST": bodies.AcknowledgementBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.AcknowledgementShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.acknowledgement(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return handle.acknowledge(complaint, by=by, at=now(), **values)


class Investigation(State):
    """Work on the case has begun.

    The complaint becomes `investigating`; no clock changes and nobody is told.
    """

    does: ClassVar = {"GET": "Whether the complaint is being looked into, and since when."}
    body: ClassVar = {"POST": Nothing}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.InvestigationShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.investigation(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return handle.investigate(complaint, by=by, at=now())


class Owner(State):
    """Give the case to another owner.

    It changes hands at once, and the new owner is told; `hand-over/` asks them first. The team follows the owner unless
    they lead the one it is with, deadlines follow where a policy asks for the team, and so do the promises that the
    owner before answered for.
    """

    does: ClassVar = {"GET": "Whose complaint it is, since when, and whose it was before."}
    body: ClassVar = {"POST": bodies.OwnerBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.OwnerShape}
    loaded = ("owner", "team")

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.owner(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        owner = User.objects.filter(pk=values["owner"]).first()
        if owner is None:
            raise InvalidInput(_("There is no agent with this id."), code="unknown_owner", field="owner")
        return manage.assign(complaint, by=by, at=now(), owner=owner, reason=values.get("reason", ""))


class Classification(State):
    """Sort the case anew; deadlines follow from receipt.

    Every clock that still runs gets the time it would have had from the beginning, pauses left out, but none becomes
    late by it before this moment. A deadline that was missed stays missed. Type, severity or both; 409
    `nothing_changed` where neither differs.
    """

    does: ClassVar = {"GET": "What the complaint is sorted as, and when and why it was sorted anew."}
    body: ClassVar = {"POST": bodies.ClassificationBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.ClassificationShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.classification(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        code = values.pop("type", None)
        return manage.classify(complaint, by=by, at=now(), type=type_by_code(code) if code else None, **values)


class Pause(State):
    """Wait on the customer; DELETE goes on."""

    does: ClassVar = {
        "POST": """Wait on the customer: clocks that may pause stand still.

        That is the clock for resolving; those for acknowledging and for the next update run on, and no pause moves a
        statutory one. The next message of the customer ends the waiting by itself.
        """,
        "GET": "Whether the complaint waits on the customer, and what for.",
    }
    body: ClassVar = {"POST": bodies.ReasonBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.PauseShape, "DELETE": ComplaintShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.pause(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return handle.wait(complaint, by=by, at=now(), **values)

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Go on before the customer has answered: the clocks run again.

        The complaint is `investigating` again, with the working time that was left.
        """
        return self.shown(handle.resume(self.seen(request, reference), by=self.actor(request), at=now()))


class Extension(State):
    """Take the longer time that the law allows a statutory clock in exceptional cases, once, with a reason.

    It is counted from the same beginning, and only while the clock runs and has not passed. Unless `tell` is false the
    complainant gets the rule's own text with the reason and the new date.
    """

    does: ClassVar = {"GET": "The statutory clocks that were given more time, the last one first."}
    body: ClassVar = {"POST": bodies.ExtensionBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.ExtensionsShape}
    row_shape = states.ExtendedShape

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.extensions(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return extend.extend(complaint, by=by, at=now(), **values)


class Reopening(State):
    """Take up an ended case again.

    A resolved, closed or withdrawn complaint becomes `investigating` and the decision is superseded. The clock for
    resolving goes on with what was left, or begins a new cycle, as its policy says; statutory ones that the decision
    had stopped go on, but for those obeyed whose days are over. What was missed stays missed. An owner who has left or
    is away is replaced.
    """

    does: ClassVar = {"GET": "When the complaint was last opened again, why, and how often."}
    body: ClassVar = {"POST": bodies.ReasonBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.ReopeningShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.reopening(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return decide.reopen(complaint, by=by, at=now(), **values)


class Withdrawal(State):
    """The complainant takes it back.

    The complaint ends with the outcome `withdrawn`: its clocks are cancelled, promises released, and remedies that wait
    for approval withdrawn. It can be opened again.
    """

    does: ClassVar = {"GET": "Whether the complainant took it back."}
    body: ClassVar = {"POST": bodies.ReasonBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.WithdrawalShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.withdrawal(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return decide.withdraw(complaint, by=by, at=now(), **values)


class Release(State):
    """A quarantined complaint is real after all.

    It gets its owner, its clocks count from when it was received, and the complainant gets the receipt.
    """

    does: ClassVar = {"GET": "Whether the complaint is in quarantine, and who let it out."}
    body: ClassVar = {"POST": Nothing}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.ReleaseShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.release(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        return manage.release(complaint, by=by, at=now())


class Watching(State):
    """The caller follows the case, and sees it from now on; DELETE stops."""

    does: ClassVar = {
        "POST": "Follow the case; the caller sees it from now on.",
        "GET": "Whether the caller follows the case, and who asked them to.",
    }
    body: ClassVar = {"POST": Nothing}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.WatchShape, "DELETE": ComplaintShape}

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.watching(complaint, caller(self.request))

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        watch.watch(complaint, by=by, at=now(), watcher=by.user)
        return complaint

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Stop following the case."""
        complaint, by = self.seen(request, reference), self.actor(request)
        watch.unwatch(complaint, by=by, at=now(), watcher=by.user)
        return self.shown(complaint)
