"""`/api/v1/events/`: everything that happened, for integrators that keep up (interface, `events`)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, CASES, Access
from core.api import filters, pagination
from core.api.problem import FieldError, Refusal, bad_input, bad_parameter
from core.api.views import ApiView, caller
from metrics import events

SALT, LATEST = "amends.events", "latest"
PARAMETERS = ("after", "types", "page_size")
_query: Any = OpenApiParameter.QUERY


class SubjectShape(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="complaint, customer, purchase, followup, surveyresponse, …")
    id = serializers.CharField(help_text="As the API names it: a complaint by its reference.")


class EventEntryShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="Stable and unique: what came twice is known by it.")
    type = serializers.CharField(help_text="complaint.filed, complaint.resolved, customer.edited, …")
    subject = SubjectShape()
    seq = serializers.IntegerField(help_text="1, 2, 3, … for each subject.")
    at = serializers.DateTimeField(help_text="When it happened.")
    recorded_at = serializers.DateTimeField(help_text="When it was written down.")
    actor = serializers.CharField(help_text="user:…, integration:…, customer:… or system:…")
    changes = serializers.JSONField(help_text="Codes, instants and ids; no personal text.")
    hash = serializers.CharField(help_text="Seals it and everything before it about the same subject.")


class EventsShape(serializers.Serializer[Any]):
    results = EventEntryShape(many=True)
    cursor = serializers.CharField(help_text="Go on with `after=` this; keep it once you have done with `results`.")
    next = serializers.URLField(help_text="The same as an address; there always is one.")
    end_of_stream = serializers.BooleanField(help_text="Nothing more for now: wait before you ask again.")


class EventStream(ApiView):
    """What happened, oldest first, behind a position.

    Nothing is skipped: an entry that was committed late comes late, behind what was read before. A page may hold fewer
    entries than asked for, or none, without being the last: `end_of_stream` says so. Only entries about records that
    the caller may see, and no personal text.
    """

    access, resource = Access(roles=frozenset((*CASES, ADMIN))), "events"
    answer = EventsShape
    problems = (400, 410)
    parameters = PARAMETERS

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "after", str, _query, description="`cursor` of the answer before; `latest`: only what is yet to come."
            ),
            OpenApiParameter(
                "types", str, _query, description="Only these, separated by commas: `complaint.filed,customer.*`."
            ),
            OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, _query),
        ]
    )
    def get(self, request: Request) -> HttpResponse:
        given = request.query_params
        strange = [name for name in given if name not in PARAMETERS]
        if strange:
            raise bad_input(
                FieldError(f"?{name[:80]}", "unknown_parameter", _("There is no such parameter.")) for name in strange
            )
        types = _types(filters.once(given, "types")) if "types" in given else []
        size = pagination.page_size(filters.once(given, "page_size") if "page_size" in given else None)
        after = filters.once(given, "after") if "after" in given else ""
        part = events.Part([], events.latest(), True) if after == LATEST else _part(request, after, types, size)
        cursor = pagination.encode(pagination.Cursor("id", True, None, part.reached), salt=SALT)
        return self.reply(
            {
                "results": part.entries,
                "cursor": cursor,
                "next": pagination.address_of(request, cursor, name="after"),
                "end_of_stream": part.ended,
            }
        )


def _part(request: Request, after: str, types: list[str], size: int) -> events.Part:
    position = pagination.decode(after, salt=SALT, name="after").pk if after else 0
    try:
        return events.read(caller(request), after=position, types=types, most=size)
    except events.Ahead:
        detail = _("The cursor is ahead of this database, which was restored: begin again, or at `latest`.")
        raise Refusal(410, "cursor_ahead", detail, errors=[FieldError("?after", "cursor_ahead", detail)]) from None


def _types(text: str) -> list[str]:
    wanted = [one.strip() for one in text.split(",")]
    if len(wanted) > events.MOST_TYPES or not all(events.TYPE.fullmatch(one) for one in wanted):
        said = _("Up to %(n)d types such as complaint.filed or customer.*, separated by commas, are expected.")
        raise bad_parameter("types", "invalid_types", said % {"n": events.MOST_TYPES})
    return wanted
