"""`/api/v1/incidents/`: one cause behind many complaints, their cases and the updates to all of them (mission A8)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints import errors
from complaints.actions import incident_updates as updates
from complaints.actions import incidents as actions
from complaints.api import present, states
from complaints.api.changes import State
from complaints.api.complaints import HANDLES_CASES, shown, whole
from complaints.api.shapes import ComplaintShape, Reference
from complaints.models import Complaint, Incident, IncidentUpdate
from complaints.reference import catalogue, cause_by_code
from core.actor import Actor
from core.api.bodies import Nothing, Strict
from core.api.fields import Id, Text
from core.api.filters import SINCE, flag, key, since, text
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import User

STATES = (updates.DRAFT, updates.SENDING, updates.SENT, updates.STOPPED)
MOST = 200  # cases named when an incident is opened; more are linked in bulk


class _Texts(serializers.DictField):
    """Texts by language."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or not all(isinstance(one, str) for one in data.values()):
            raise serializers.ValidationError(_("An object of texts by language is expected."), code="invalid_type")
        if len(data) > 2 * len(settings.LANGUAGES):
            raise serializers.ValidationError(_("These are too many languages."), code="too_many")
        return {str(name): value for name, value in data.items()}


class NewIncident(Strict):
    title = Text(max_length=160)
    description = Text(max_length=actions.LONG, required=False, allow_blank=True)
    root_cause = Text(max_length=40, required=False)
    product = Text(max_length=120, required=False, allow_blank=True)
    lot = Text(max_length=80, required=False, allow_blank=True)
    owner = Id(required=False)
    complaints = serializers.ListField(child=Text(max_length=16), required=False, max_length=MOST)


class IncidentPatch(Strict):
    title = Text(max_length=160, required=False)
    description = Text(max_length=actions.LONG, required=False, allow_blank=True)
    root_cause = Text(max_length=40, required=False, allow_null=True)
    product = Text(max_length=120, required=False, allow_blank=True)
    lot = Text(max_length=80, required=False, allow_blank=True)
    owner = Id(required=False)


class IncidentBody(Strict):
    """`incident`: its reference."""

    incident = Text(max_length=16)


class UpdateBody(Strict):
    """`texts`: by language, with the variables of macros ({{ customer.first_name }})."""

    texts = _Texts(child=serializers.CharField())


class IncidentShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    root_cause = serializers.CharField(allow_null=True)
    product = serializers.CharField(allow_blank=True)
    lot = serializers.CharField(allow_blank=True)
    owner = Reference()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()
    cases = serializers.IntegerField(help_text="All that are linked, also those the caller does not see.")
    in_hand = serializers.IntegerField(help_text="Those of them that are not closed yet.")
    version = serializers.IntegerField(help_text="Also the ETag.")


class ProgressShape(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    sent = serializers.IntegerField()
    refused = serializers.IntegerField()
    stopped = serializers.IntegerField(help_text="Not written to, as the update was stopped before.")


class UpdateShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=[(one, one) for one in STATES])
    texts = serializers.DictField(child=serializers.CharField())
    by = Reference()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    progress = ProgressShape()


class LetterShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    language = serializers.CharField(allow_blank=True)
    body = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True, help_text="Why this case gets none; blank: it does.")
    message = serializers.CharField(allow_null=True, help_text="The id of the message, once it is sent.")


def counted(rows: QuerySet[Incident]) -> QuerySet[Incident]:
    """With the counts of their cases. Query cost: none of its own."""
    return rows.select_related("owner", "root_cause").annotate(
        cases=Count("complaints"), in_hand=Count("complaints", filter=Q(complaints__in_queue=True))
    )


def incident_dict(row: Any) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "title": row.title,
        "description": row.description,
        "root_cause": catalogue().causes_by_id[row.root_cause_id].code if row.root_cause_id else None,
        "product": row.product,
        "lot": row.lot,
        "owner": present.user_brief(row.owner),
        "opened_at": present.instant(row.opened_at),
        "closed_at": present.instant(row.closed_at),
        "updated_at": present.instant(row.updated_at),
        "cases": row.cases,
        "in_hand": row.in_hand,
        "version": row.version,
    }


class Incidents(ListView):
    """Incidents, newest first."""

    access, resource = HANDLES_CASES, "incidents"
    body: ClassVar = {"POST": NewIncident}
    answer = IncidentShape
    success: ClassVar = {"POST": 201}
    filters = (
        flag("open", "closed_at__isnull", "Not closed yet."),
        text("product"),
        text("lot"),
        key("owner"),
        SINCE,
    )
    ordering: ClassVar = {"opened_at": "opened_at", "updated_at": "updated_at"}
    default_ordering = "-opened_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Incident]:
        return counted(Incident.objects.all())

    def to_dict(self, row: Incident) -> dict[str, Any]:
        return incident_dict(row)

    def post(self, request: Request) -> HttpResponse:
        """Open an incident: one cause with many complaints."""
        values = _facts(self.read(request))
        asked = list(dict.fromkeys(values.pop("complaints", ())))
        found = list(Complaint.objects.visible_to(caller(request)).filter(reference__in=asked).order_by("pk"))
        if len(found) < len(asked):
            message = _("There is no complaint with one of these references.")
            raise InvalidInput(message, code="unknown_complaint", field="complaints")
        made = actions.open_incident(by=self.actor(request), at=now(), complaints=found, **values)
        return _answer(self, made, status=201)


class OneIncident(ApiView):
    """One incident."""

    access, resource = HANDLES_CASES, "incidents"
    body: ClassVar = {"PATCH": IncidentPatch}
    answer = IncidentShape

    def get(self, request: Request, reference: str) -> HttpResponse:
        row = self.find(counted(Incident.objects.all()), reference=reference)
        return self.reply(incident_dict(row), version=row.version)

    def patch(self, request: Request, reference: str) -> HttpResponse:
        """Put facts of an incident right (`If-Match` required)."""
        row = self.find(Incident.objects.all(), reference=reference)
        self.require_match(request, row.version)
        values = _facts(self.read(request, partial=True))
        try:
            row = actions.edit(row, values, by=self.actor(request), at=now(), version=self.expected_version(request))
        except errors.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        return _answer(self, row)


class IncidentClosure(ApiView):
    """POST closes the incident, its cases stay as they are; DELETE opens it again."""

    access, resource = HANDLES_CASES, "incidents"
    body: ClassVar = {"POST": Nothing}
    answer = IncidentShape

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Close the incident; its cases stay as they are."""
        self.read(request)
        row = self.find(Incident.objects.all(), reference=reference)
        return _answer(self, actions.close(row, by=self.actor(request), at=now()))

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Open a closed incident again."""
        row = self.find(Incident.objects.all(), reference=reference)
        return _answer(self, actions.reopen(row, by=self.actor(request), at=now()))


class IncidentCases(ListView):
    """The complaints of an incident that the caller sees, oldest first."""

    access, resource = HANDLES_CASES, "incidents"
    answer = ComplaintShape
    filters: ClassVar = (SINCE,)
    ordering: ClassVar = {"received_at": "received_at"}
    default_ordering = "received_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Complaint]:
        incident = self.find(Incident.objects.all(), reference=kwargs["reference"])
        return whole(Complaint.objects.visible_to(caller(request)).filter(incident=incident))

    def to_dict(self, row: Complaint) -> dict[str, Any]:
        return shown(row)


class IncidentOf(State):
    """The incident a complaint belongs to: POST links it, DELETE takes it out."""

    does: ClassVar = {
        "POST": """Link the complaint to an incident.

        Also when it is decided already. Updates of the incident that are sent from then on reach its complainant; a
        complaint belongs to one incident at most (409 `already_linked`).
        """,
        "GET": "The incident the complaint belongs to, since when, and who linked it.",
    }
    body: ClassVar = {"POST": IncidentBody}
    answer: ClassVar = {"POST": ComplaintShape, "GET": states.IncidentOfShape, "DELETE": ComplaintShape}
    loaded = ("incident",)

    def told(self, complaint: Complaint) -> dict[str, Any]:
        return states.incident(complaint)

    def act(self, complaint: Complaint, values: dict[str, Any], by: Actor) -> Complaint:
        incident = actions.by_reference(values["incident"])
        return actions.link(complaint, incident=incident, by=by, at=now())

    def delete(self, request: Request, reference: str) -> HttpResponse:
        """Take the complaint out of its incident."""
        return self.shown(actions.unlink(self.seen(request, reference), by=self.actor(request), at=now()))


class IncidentUpdates(ListView):
    """Updates to all customers of an incident, newest first."""

    access, resource = HANDLES_CASES, "incidents"
    body: ClassVar = {"POST": UpdateBody}
    answer = UpdateShape
    success: ClassVar = {"POST": 201}
    filters: ClassVar = (since("created_at", "sent_at", "held_until"),)

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[IncidentUpdate]:
        incident = self.find(Incident.objects.all(), reference=kwargs["reference"])
        return IncidentUpdate.objects.filter(incident=incident).select_related("by").order_by()

    default_ordering = "-id"

    def to_dicts(self, rows: list[IncidentUpdate]) -> list[dict[str, Any]]:
        known = updates.whole(rows)
        return [_update_dict(row, known.get(row.pk, updates.NOTHING)) for row in rows]

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Write the draft of an update, which nobody gets before it is sent."""
        incident = self.find(Incident.objects.all(), reference=reference)
        written = updates.write(incident, self.read(request)["texts"], by=self.actor(request), at=now())
        return self.reply(_update_dict(written, updates.NOTHING), 201)


class OneUpdate(ApiView):
    """What an incident tells its complainants."""

    access, resource = HANDLES_CASES, "incidents"
    answer: ClassVar = {"GET": UpdateShape}

    def get(self, request: Request, reference: str, update_id: int) -> HttpResponse:
        row = self._row(reference, update_id)
        return self.reply(_update_dict(row, updates.progress(row)))

    def delete(self, request: Request, reference: str, update_id: int) -> HttpResponse:
        """Throw the draft of an update away."""
        updates.discard(self._row(reference, update_id), by=self.actor(request), at=now())
        return self.no_content()

    def _row(self, reference: str, update_id: int) -> IncidentUpdate:
        known = IncidentUpdate.objects.filter(incident__reference=reference).select_related("by", "incident")
        return self.find(known, pk=update_id)


class IncidentSendings(ListView):
    """What each case gets of an update, or got."""

    access, resource = HANDLES_CASES, "incidents"
    body: ClassVar = {"POST": Nothing}
    answer: ClassVar = {"GET": LetterShape, "POST": UpdateShape, "DELETE": UpdateShape}
    success: ClassVar = {"DELETE": 200}
    filters: ClassVar = (SINCE,)

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Complaint]:
        self.update = self._update(request, **kwargs)
        rows: QuerySet[Complaint] = updates.linked(self.update.incident, caller(request)).order_by()
        return rows

    def to_dicts(self, rows: list[Complaint]) -> list[dict[str, Any]]:
        if self.update.state == updates.DRAFT:
            return [_letter_dict(updates.letter(self.update, row)) for row in rows]
        done = {
            one.complaint_id: one for one in self.update.sendings.filter(complaint__in=rows).select_related("message")
        }
        return [_sent_dict(row, done.get(row.pk)) for row in rows]

    def post(self, request: Request, reference: str, update_id: int) -> HttpResponse:
        """Send the update to all cases of the incident."""
        self.read(request)
        update = self._update(request, reference=reference, update_id=update_id)
        update = updates.send(update, by=self.actor(request), at=now())
        return self.reply(_update_dict(update, updates.progress(update)))

    def delete(self, request: Request, reference: str, update_id: int) -> HttpResponse:
        """Stop an update for those it has not reached yet."""
        update = self._update(request, reference=reference, update_id=update_id)
        update = updates.stop(update, by=self.actor(request), at=now())
        return self.reply(_update_dict(update, updates.progress(update)))

    def _update(self, request: Request, *, reference: str, update_id: int) -> IncidentUpdate:
        known = IncidentUpdate.objects.filter(incident__reference=reference).select_related("by", "incident")
        return self.find(known, pk=update_id)


def _facts(values: dict[str, Any]) -> dict[str, Any]:
    """The body as the actions want it. Raises InvalidInput unknown_root_cause, unknown_owner."""
    if "root_cause" in values:
        values["root_cause"] = cause_by_code(values["root_cause"]) if values["root_cause"] else None
    if "owner" in values:
        owner = User.objects.filter(pk=values["owner"]).first()
        if owner is None:
            raise InvalidInput(_("There is no agent with this id."), code="unknown_owner", field="owner")
        values["owner"] = owner
    return values


def _answer(view: ApiView, incident: Incident, *, status: int = 200) -> HttpResponse:
    row = counted(Incident.objects.all()).get(pk=incident.pk)
    location = reverse("api-incident", args=[row.reference]) if status == 201 else ""
    return view.reply(incident_dict(row), status, location=location, version=row.version)


def _update_dict(row: IncidentUpdate, done: updates.Progress) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "state": row.state,
        "texts": row.texts,
        "by": present.user_brief(row.by),
        "created_at": present.instant(row.created_at),
        "sent_at": present.instant(row.sent_at),
        "progress": {"total": done.total, "sent": done.sent, "refused": done.refused, "stopped": done.stopped},
    }


def _letter_dict(letter: updates.Letter) -> dict[str, Any]:
    return {
        "reference": letter.complaint.reference,
        "language": letter.language,
        "body": letter.body,
        "code": letter.code,
        "message": None,
    }


def _sent_dict(complaint: Complaint, sending: Any) -> dict[str, Any]:
    message = sending.message if sending is not None else None
    return {
        "reference": complaint.reference,
        "language": complaint.language,
        "body": message.body if message is not None else "",
        "code": sending.code if sending is not None else "",
        "message": str(message.pk) if message is not None else None,
    }
