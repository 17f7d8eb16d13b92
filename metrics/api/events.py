"""`/api/v1/events/`: everything that happened, for integrators that keep up (interface, `events`)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, CASES, Access
from core.api import filters, pagination
from core.api.entries import EventEntryShape
from core.api.problem import FieldError, Refusal, bad_parameter
from core.api.views import ApiView, caller
from core.models import TrailEntry
from core.webhooks import stream
from metrics import events

SALT, LATEST = "amends.events", "latest"
PARAMETERS = ("after", "types", "page_size")
MOST_TYPES = 50
_query: Any = OpenApiParameter.QUERY


class EventsShape(serializers.Serializer[Any]):
    results = EventEntryShape(many=True)
    cursor = serializers.CharField(help_text="Go on with `after=` this; keep it once you have done with `results`.")
    next = serializers.URLField(help_text="The same as an address; there always is one.")
    previous = serializers.URLField(
        allow_null=True, help_text="The address of the entries right before these; null at the beginning."
    )
    end_of_stream = serializers.BooleanField(help_text="Nothing more for now: wait before you ask again.")


class EventStream(ApiView):
    """What happened, oldest first, behind a position.

    Nothing is skipped: an entry that was committed late comes late, behind what was read before. A page may hold fewer
    entries than asked for, or none, without being the last: `end_of_stream` says so. Only entries about records that
    the caller may see, and no personal text.
    """

    access, resource = Access(roles=frozenset((*CASES, ADMIN))), "events"
    answer, row_shape = EventsShape, EventEntryShape
    problems = (400, 410)
    parameters = PARAMETERS

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "after", str, _query, description="`cursor` of the answer before; `latest`: only what is yet to come."
            ),
            OpenApiParameter(
                "types",
                str,
                _query,
                description="Only these types (EventType), or whole areas, separated by commas: "
                "`complaint.filed,customer.*`. Unknown ones are 400 `unknown_event`.",
            ),
            OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, _query),
        ]
    )
    def get(self, request: Request) -> HttpResponse:
        given = request.query_params
        types = _types(filters.once(given, "types")) if "types" in given else []
        size = pagination.page_size(filters.once(given, "page_size") if "page_size" in given else None)
        after = filters.once(given, "after") if "after" in given else ""
        part = _part(request, after, types, size)
        cursor, before = _cursor(part.reached, forward=True), _cursor(part.start, forward=False)
        return self.reply(
            {
                "results": part.entries,
                "cursor": cursor,
                "next": pagination.address_of(request, cursor, name="after"),
                "previous": pagination.address_of(request, before, name="after") if part.start > 0 else None,
                "end_of_stream": part.ended,
            }
        )


class OneEvent(ApiView):
    """One event by the id it has in the stream."""

    access, resource = Access(roles=frozenset((*CASES, ADMIN))), "events"
    answer = EventEntryShape

    @extend_schema(operation_id="events_one_retrieve")  # the stream is `events_retrieve`
    def get(self, request: Request, pk: int) -> HttpResponse:
        entry: TrailEntry = self.find(events.readable(), pk=pk)
        if (one := events.one(caller(request), entry)) is None:
            raise Http404
        return self.reply(one)


def _cursor(position: int, *, forward: bool) -> str:
    return pagination.encode(pagination.Cursor("id", forward, None, position), salt=SALT)


def _part(request: Request, after: str, types: list[str], size: int) -> events.Part:
    """What follows the position, or stands before it where it is that of `previous`. Raises Refusal 400, 410."""
    if after == LATEST:
        newest = events.latest()
        return events.Part([], newest, newest, True)
    place = pagination.decode(after, salt=SALT, name="after") if after else None
    try:
        if place is not None and not place.forward:
            return events.read_back(caller(request), before=place.pk, types=types, most=size)
        return events.read(caller(request), after=place.pk if place else 0, types=types, most=size)
    except events.Ahead:
        detail = _("The cursor is ahead of this database, which was restored: begin again, or at `latest`.")
        raise Refusal(410, "cursor_ahead", detail, errors=[FieldError("?after", "cursor_ahead", detail)]) from None


def _types(text: str) -> list[str]:
    """The types that a parameter names. Raises Refusal 400 `invalid_types` for what is no list of them,
    `unknown_event` for what does not exist."""
    wanted = [one.strip() for one in text.split(",")]
    if len(wanted) > MOST_TYPES or not all(stream.TYPE.fullmatch(one) for one in wanted):
        said = _("Up to %(n)d types such as complaint.filed or customer.*, separated by commas, are expected.")
        raise bad_parameter("types", "invalid_types", said % {"n": MOST_TYPES})
    if strange := [one for one in wanted if not stream.kinds_of(one)]:
        raise bad_parameter("types", "unknown_event", _("There is no such event: %(name)s.") % {"name": strange[0]})
    return wanted
