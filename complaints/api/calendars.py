"""Working calendars: what is in force, the history, the draft of the next version (interface, Resources: calendars).

Publishing a draft is an edit of deadlines: it is previewed first, see `/sla-policies/edits/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Max, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from complaints.api.shapes import Reference
from core.access import Access
from core.actions import calendars as actions
from core.api.bodies import Strict
from core.api.fields import Flag, Text
from core.api.filters import flag, text
from core.api.views import ApiView, ListView
from core.clock import now
from core.instants import iso
from core.models import Calendar, CalendarVersion, TrailEntry

SIGNED_IN = Access()
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag you have read; 412 when it is stale."
)
_READING = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
_INTERVALS = {
    "type": "array",
    "items": {"type": "array", "items": _READING, "minItems": 2, "maxItems": 2},
    "maxItems": 12,
}
_WEEKLY = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), _INTERVALS),
}
_DAY = {"type": "string", "format": "date"}
_NAME = {"type": "string", "maxLength": 80}
HOURS = (
    "A day is a list of [open, close] on the wall clock of `tz`; a close not after the open runs past midnight, 24:00 "
    "is a close only. A missing weekday is closed; at least one is open."
)
SOURCE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["tz", "weekly"],
    "additionalProperties": False,
    "properties": {
        "tz": {"type": "string", "examples": ["Europe/Madrid"]},
        "weekly": _WEEKLY,
        "seasons": {
            "type": "array",
            "maxItems": 12,
            "description": "Other weekly hours between two dates, both included; ten years altogether.",
            "items": {
                "type": "object",
                "required": ["from", "to", "weekly"],
                "additionalProperties": False,
                "properties": {"name": _NAME, "from": _DAY, "to": _DAY, "weekly": _WEEKLY},
            },
        },
        "holidays": {
            "type": "array",
            "maxItems": 250,
            "description": "Dates with other hours or none; they win over seasons.",
            "items": {
                "type": "object",
                "required": ["date"],
                "additionalProperties": False,
                "properties": {"date": _DAY, "name": _NAME, "intervals": _INTERVALS},
            },
        },
    },
}


@extend_schema_field(SOURCE_SCHEMA)
class SourceField(serializers.JSONField):
    """Hours as a person writes them. What is in it is checked by the action."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is serializers.empty:
            self.fail("required")
        return data


class NewCalendar(Strict):
    name = Text(max_length=80, trim=True)
    source = SourceField(help_text=HOURS)  # type: ignore[assignment]  # a field: DRF takes it off the class


class CalendarPatch(Strict):
    name = Text(max_length=80, trim=True, required=False)
    is_active = Flag(required=False)


class DraftBody(Strict):
    source = SourceField(help_text=HOURS)  # type: ignore[assignment]  # a field: DRF takes it off the class


class VersionBrief(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True, help_text="null: a draft, which governs nothing.")
    effective_at = serializers.DateTimeField(allow_null=True, help_text="From when it governs new clocks.")


class CalendarVersionShape(VersionBrief):
    created_at = serializers.DateTimeField()
    created_by = Reference(allow_null=True)
    source = SourceField(help_text=HOURS)  # type: ignore[assignment]  # a field: DRF takes it off the class
    definition = serializers.JSONField(help_text="What clocks count by: tz, weekly, exceptions by date.")


class CalendarShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    time_zone = serializers.CharField(allow_null=True)
    in_force = VersionBrief(allow_null=True)
    draft = VersionBrief(allow_null=True)
    version = serializers.IntegerField(help_text="Counts every change; also the ETag.")


class WholeCalendarShape(CalendarShape):
    versions = CalendarVersionShape(many=True, help_text="From the newest back, the draft first.")


def rows() -> QuerySet[Calendar]:
    """Calendars with their versions and what their ETag is. Query cost: 2."""
    entries = TrailEntry.objects.filter(subject_kind="calendar", subject_id=OuterRef("pk")).order_by()
    last = entries.values("subject_id").annotate(last=Max("seq")).values("last")
    versions = CalendarVersion.objects.select_related("created_by").order_by("-number")
    found = Calendar.objects.annotate(state=Coalesce(Subquery(last), 0))
    return found.prefetch_related(Prefetch("versions", versions))


def shown(row: Any) -> dict[str, Any]:
    """One calendar in short. No query."""
    versions: list[CalendarVersion] = list(row.versions.all())
    draft = next((one for one in versions if one.published_at is None), None)
    in_force = next((one for one in versions if one.published_at is not None), None)
    newest = in_force or draft
    return {
        "id": str(row.pk),
        "name": row.name,
        "is_active": row.is_active,
        "time_zone": newest.definition["tz"] if newest is not None else None,
        "in_force": _brief(in_force),
        "draft": _brief(draft),
        "version": row.state,
    }


def whole(row: Any) -> dict[str, Any]:
    return {**shown(row), "versions": [_version(one) for one in row.versions.all()]}


def _brief(one: CalendarVersion | None) -> dict[str, Any] | None:
    if one is None:
        return None
    effective = iso(one.effective_at) if one.published_at is not None else None
    return {"id": str(one.pk), "number": one.number, "published_at": iso(one.published_at), "effective_at": effective}


def _version(one: CalendarVersion) -> dict[str, Any]:
    by = {"id": str(one.created_by.pk), "name": str(one.created_by)} if one.created_by is not None else None
    return {
        **(_brief(one) or {}),
        "created_at": iso(one.created_at),
        "created_by": by,
        "source": actions.source_of(one).as_json(),
        "definition": one.definition,
    }


class Calendars(ListView):
    """Working calendars with the version in force."""

    access, resource = SIGNED_IN, "calendars"
    body: ClassVar = {"POST": NewCalendar}
    answer: ClassVar = {"GET": CalendarShape, "POST": WholeCalendarShape}
    success: ClassVar[Mapping[str, int]] = {"POST": 201}
    filters = (flag("is_active"), text("name"))
    ordering: ClassVar = {"name": "name", "id": "pk"}
    default_ordering = "name"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Calendar]:
        return rows()

    def to_dict(self, row: Any) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Make a calendar, whose hours are a draft (administrators)."""
        made = actions.create_calendar(**self.read(request), by=self.actor(request), at=now())
        return _answer(self, made.pk, status=201)


class OneCalendar(ApiView):
    """One calendar with all its versions."""

    access, resource = SIGNED_IN, "calendars"
    body: ClassVar = {"PATCH": CalendarPatch}
    answer = WholeCalendarShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row: Any = self.find(rows(), pk=pk)
        return self.reply(whole(row), version=row.state)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Rename a calendar, let it rest, or take it up again (administrators, `If-Match` required)."""
        row: Any = self.find(rows(), pk=pk)
        self.require_match(request, row.state)
        values, seen = self.read(request), self.expected_version(request)
        actions.change_calendar(row, values, by=self.actor(request), at=now(), expected=seen)
        return _answer(self, pk)


class Draft(ApiView):
    """The draft of the next version: PUT writes it, making it if there is none, DELETE throws it away (administrators).

    `If-Match` carries the calendar's ETag. Nothing counts by a draft; publishing it is an edit that is previewed first.
    """

    access, resource = SIGNED_IN, "calendars"
    body: ClassVar = {"PUT": DraftBody}
    answer: ClassVar = {"PUT": WholeCalendarShape, "DELETE": WholeCalendarShape}
    success: ClassVar[Mapping[str, int]] = {"DELETE": 200}

    @extend_schema(parameters=[IF_MATCH])
    def put(self, request: Request, pk: int) -> HttpResponse:
        """Write the draft of a calendar's next version, making it if there is none (administrators). `If-Match` carries
        the calendar's ETag. Nothing counts by a draft; publishing it is an edit that is previewed first."""
        row: Any = self.find(rows(), pk=pk)
        self.require_match(request, row.state)
        values, seen = self.read(request), self.expected_version(request)
        actions.save_draft(row, values["source"], by=self.actor(request), at=now(), expected=seen)
        return _answer(self, pk)

    @extend_schema(parameters=[IF_MATCH])
    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Throw a calendar's draft away (administrators). `If-Match` carries the calendar's ETag."""
        row: Any = self.find(rows(), pk=pk)
        self.require_match(request, row.state)
        actions.discard_draft(row, by=self.actor(request), at=now(), expected=self.expected_version(request))
        return _answer(self, pk)


def _answer(view: ApiView, pk: int, *, status: int = 200) -> HttpResponse:
    row: Any = rows().get(pk=pk)
    location = reverse("api-calendar", args=[pk]) if status == 201 else ""
    return view.reply(whole(row), status, location=location, version=row.state)
