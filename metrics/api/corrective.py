"""`/api/v1/corrective-actions/`: what is changed so that complaints of one cause stop, and whether it helped (A11)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints import errors, learning
from complaints.actions import corrective as actions
from complaints.actions.corrective_due import OPEN
from complaints.api import present
from complaints.api.complaints import HANDLES_CASES, shown, whole
from complaints.api.shapes import ComplaintShape, Reference
from complaints.models import Complaint, CorrectiveAction, CorrectiveState
from complaints.reference import catalogue, cause_by_code
from core import dates
from core.api.bodies import Nothing, Strict
from core.api.fields import Day, Id, Text
from core.api.filters import SINCE, BadValue, Filter, choice, key, text
from core.api.problem import Refusal
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import User
from metrics.figures.recurrence import Side, recurrence


class _Facts(Strict):
    title = Text(max_length=actions.LENGTHS["title"])
    description = Text(max_length=actions.LENGTHS["description"], required=False, allow_blank=True)
    root_cause = Text(max_length=80)
    product = Text(max_length=actions.LENGTHS["product"], required=False, allow_blank=True)
    lot = Text(max_length=actions.LENGTHS["lot"], required=False, allow_blank=True)
    owner = Id()
    due_on = Day()
    window_days = serializers.IntegerField(min_value=1, max_value=learning.LONGEST_WINDOW, required=False)


class NewAction(_Facts):
    """`due_on`: a local date of TIME_ZONE; `window_days`: how many days before and after are compared (90)."""

    complaints = serializers.ListField(
        child=Text(max_length=16), required=False, max_length=actions.MOST_CASES, help_text="References."
    )


class ActionPatch(_Facts):
    """What is left out stays."""


class DoneBody(Strict):
    """`done_on`: a local date of TIME_ZONE, default today."""

    done_on = Day(required=False)


class DropBody(Strict):
    reason = Text(max_length=actions.LONG)


class VerdictBody(Strict):
    effective = serializers.BooleanField()
    note = Text(max_length=actions.LONG, required=False, allow_blank=True)


class LinkBody(Strict):
    """`complaint`: its reference."""

    complaint = Text(max_length=16)


class SideShape(serializers.Serializer[Any]):
    since = serializers.DateField()
    until = serializers.DateField(help_text="Included.")
    n = serializers.IntegerField(help_text="Complaints of the cause, of those the caller sees.")
    unclassified = serializers.IntegerField(help_text="Of the same product and lot, without a root cause (yet).")
    rows_url = serializers.CharField(help_text="A list of exactly the n complaints.")


class RecurrenceShape(serializers.Serializer[Any]):
    before = SideShape()
    after = SideShape()
    measurable_on = serializers.DateField(help_text="From this day on a verdict may be given.")
    passed = serializers.BooleanField()
    change_percent = serializers.FloatField(allow_null=True, help_text="null where there was none before.")


class ActionShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    root_cause = serializers.CharField()
    product = serializers.CharField(allow_blank=True)
    lot = serializers.CharField(allow_blank=True)
    owner = Reference()
    state = serializers.ChoiceField(choices=CorrectiveState.choices)
    due_on = serializers.DateField()
    overdue = serializers.BooleanField()
    done_on = serializers.DateField(allow_null=True)
    window_days = serializers.IntegerField()
    measurable_on = serializers.DateField(allow_null=True)
    dropped_because = serializers.CharField(allow_blank=True)
    effective = serializers.BooleanField(allow_null=True)
    verdict_note = serializers.CharField(allow_blank=True)
    verdict_at = serializers.DateTimeField(allow_null=True)
    verdict_by = Reference(allow_null=True)
    complaints = serializers.IntegerField(help_text="All that are linked, also those the caller does not see.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="Also the ETag.")


class WholeActionShape(ActionShape):
    recurrence = RecurrenceShape(allow_null=True, help_text="null until it is done.")


def counted(rows: QuerySet[CorrectiveAction]) -> QuerySet[CorrectiveAction]:
    """With what is shown of them. Query cost: none of its own."""
    return rows.select_related("owner", "verdict_by").annotate(case_count=Count("cases"))


def action_dict(row: Any) -> dict[str, Any]:
    today = dates.of_house(now())
    measurable = learning.windows(row.done_on, row.window_days).measurable_on if row.done_on else None
    return {
        "id": str(row.pk),
        "title": row.title,
        "description": row.description,
        "root_cause": catalogue().causes_by_id[row.root_cause_id].code,
        "product": row.product,
        "lot": row.lot,
        "owner": present.user_brief(row.owner),
        "state": row.state,
        "due_on": row.due_on.isoformat(),
        "overdue": row.state in OPEN and row.due_on < today,
        "done_on": row.done_on.isoformat() if row.done_on else None,
        "window_days": row.window_days,
        "measurable_on": measurable.isoformat() if measurable else None,
        "dropped_because": row.dropped_because,
        "effective": row.effective,
        "verdict_note": row.verdict_note,
        "verdict_at": present.instant(row.verdict_at),
        "verdict_by": present.user_brief(row.verdict_by) if row.verdict_by else None,
        "complaints": row.case_count,
        "created_at": present.instant(row.created_at),
        "updated_at": present.instant(row.updated_at),
        "version": row.version,
    }


def whole_dict(row: Any, request: Request) -> dict[str, Any]:
    """With recurrence over what the caller sees. Query cost: 2."""
    found = recurrence(row, caller(request), at=now())
    if found is None:
        return {**action_dict(row), "recurrence": None}
    return {
        **action_dict(row),
        "recurrence": {
            "before": _side(found.before, request),
            "after": _side(found.after, request),
            "measurable_on": found.measurable_on.isoformat(),
            "passed": found.passed,
            "change_percent": float(found.change) if found.change is not None else None,
        },
    }


def _side(side: Side, request: Request) -> dict[str, Any]:
    asked = urlencode({"from": side.since.isoformat(), "to": side.until.isoformat(), **side.filters})
    url = reverse("api-metric-rows", args=["complaints-received"])
    return {
        "since": side.since.isoformat(),
        "until": side.until.isoformat(),
        "n": side.n,
        "unclassified": side.unclear,
        "rows_url": request.build_absolute_uri(f"{url}?{asked}"),
    }


def _parse_cause(code: str) -> int:
    found = catalogue().causes.get(code)
    if found is None:
        raise BadValue("unknown_root_cause", _("There is no root cause with this code."))
    return found.pk


class CorrectiveActions(ListView):
    """Corrective actions, what is due first before."""

    access, resource = HANDLES_CASES, "corrective-actions"
    body: ClassVar = {"POST": NewAction}
    answer: ClassVar = {"GET": ActionShape, "POST": WholeActionShape}
    success: ClassVar = {"POST": 201}
    filters = (
        choice("state", CorrectiveState.values),
        Filter("root_cause", _parse_cause, lambda rows, ids: rows.filter(root_cause__in=ids), many=True),
        text("product"),
        text("lot"),
        key("owner"),
        SINCE,
    )
    ordering: ClassVar = {"due_on": "due_on", "created_at": "created_at", "updated_at": "updated_at"}
    default_ordering = "due_on"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[CorrectiveAction]:
        return counted(CorrectiveAction.objects.all())

    def to_dict(self, row: CorrectiveAction) -> dict[str, Any]:
        return action_dict(row)

    def post(self, request: Request) -> HttpResponse:
        """Plan a corrective action (leads and managers)."""
        values = _facts(self.read(request))
        asked = list(dict.fromkeys(values.pop("complaints", ())))
        found = list(Complaint.objects.visible_to(caller(request)).filter(reference__in=asked).order_by("pk"))
        if len(found) < len(asked):
            message = _("There is no complaint with one of these references.")
            raise InvalidInput(message, code="unknown_complaint", field="complaints")
        made = actions.create(by=self.actor(request), at=now(), complaints=found, **values)
        return _answer(self, request, made, status=201)


class _One(ApiView):
    access, resource = HANDLES_CASES, "corrective-actions"
    answer: ClassVar[Any] = WholeActionShape

    def row(self, pk: int) -> CorrectiveAction:
        return self.find(CorrectiveAction.objects.all(), pk=pk)


class OneCorrectiveAction(_One):
    """One corrective action with its recurrence: complaints of the same cause before and after it."""

    body: ClassVar = {"PATCH": ActionPatch}

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(counted(CorrectiveAction.objects.all()), pk=pk)
        return self.reply(whole_dict(row, request), version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Put facts of a corrective action right (`If-Match` required)."""
        row = self.row(pk)
        self.require_match(request, row.version)
        values = _facts(self.read(request, partial=True))
        try:
            row = actions.edit(row, values, by=self.actor(request), at=now(), version=self.expected_version(request))
        except errors.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from stale
        return _answer(self, request, row)


class Start(_One):
    """Work on it has begun (its owner, leads and managers)."""

    body: ClassVar = Nothing

    def post(self, request: Request, pk: int) -> HttpResponse:
        self.read(request)
        return _answer(self, request, actions.begin(self.row(pk), by=self.actor(request), at=now()))


class Completion(_One):
    """It is done, and measured from then on; DELETE (leads and managers) takes it up again, dropped or done."""

    body: ClassVar = {"POST": DoneBody}

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Say that it is done; it is measured from then on."""
        values = self.read(request)
        return _answer(self, request, actions.done(self.row(pk), by=self.actor(request), at=now(), **values))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take a corrective action up again, dropped or done (leads and managers)."""
        return _answer(self, request, actions.take_up(self.row(pk), by=self.actor(request), at=now()))


class Dropping(_One):
    """It will not be done, for a reason."""

    body: ClassVar = DropBody

    def post(self, request: Request, pk: int) -> HttpResponse:
        values = self.read(request)
        return _answer(self, request, actions.drop(self.row(pk), by=self.actor(request), at=now(), **values))


class Verdict(_One):
    """Whether it helped; 409 `too_early` until the days after it have passed."""

    body: ClassVar = VerdictBody

    def post(self, request: Request, pk: int) -> HttpResponse:
        values = self.read(request)
        return _answer(self, request, actions.verdict(self.row(pk), by=self.actor(request), at=now(), **values))


class CorrectiveCases(ListView):
    """The complaints of a corrective action that the caller sees, oldest first."""

    access, resource = HANDLES_CASES, "corrective-actions"
    body: ClassVar = {"POST": LinkBody}
    answer: ClassVar = {"GET": ComplaintShape, "POST": WholeActionShape}
    filters: ClassVar = (SINCE,)
    ordering: ClassVar = {"received_at": "received_at"}
    default_ordering = "received_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Complaint]:
        action = self.find(CorrectiveAction.objects.all(), pk=kwargs["pk"])
        seen = Complaint.objects.visible_to(caller(request))
        return whole(seen.filter(pk__in=action.cases.values("complaint")))

    def to_dict(self, row: Complaint) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Link a complaint to a corrective action."""
        action, code = self.find(CorrectiveAction.objects.all(), pk=pk), self.read(request)["complaint"]
        complaint = actions.complaint_by_reference(code, caller(request))
        return _answer(self, request, actions.link(action, complaint, by=self.actor(request), at=now()))


class OneCorrectiveCase(_One):
    """Take a complaint out of a corrective action."""

    def delete(self, request: Request, pk: int, reference: str) -> HttpResponse:
        action = self.row(pk)
        complaint = self.find(Complaint.objects.visible_to(caller(request)), reference=reference)
        return _answer(self, request, actions.unlink(action, complaint, by=self.actor(request), at=now()))


def _facts(values: dict[str, Any]) -> dict[str, Any]:
    """Codes and ids as records. Raises InvalidInput (unknown_root_cause, unknown_owner)."""
    if "root_cause" in values:
        values["root_cause"] = cause_by_code(values["root_cause"])
    if "owner" in values:
        found = User.objects.filter(pk=values["owner"]).first()
        if found is None:
            raise InvalidInput(_("There is no agent with this id."), code="unknown_owner", field="owner")
        values["owner"] = found
    return values


def _answer(view: ApiView, request: Request, action: CorrectiveAction, *, status: int = 200) -> HttpResponse:
    row = counted(CorrectiveAction.objects.all()).get(pk=action.pk)
    location = reverse("api-corrective-action", args=[row.pk]) if status == 201 else ""
    return view.reply(whole_dict(row, request), status, location=location, version=row.version)
