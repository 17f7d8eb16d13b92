"""The trail as a list, for exports; integrators that keep up read `events/` instead."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from core.access import ADMIN, CASES, Access
from core.api import entries
from core.api.entries import EventEntryShape
from core.api.filters import BadValue, Filter, between
from core.api.views import ListView, caller
from core.models import TrailEntry
from core.webhooks import stream
from metrics import events

TYPES = ("types", "type")  # as of the stream, and the name it had here before


def _type(value: str) -> str:
    if not stream.TYPE.fullmatch(value):
        raise BadValue("invalid_types", _("A type such as complaint.filed or customer.* is expected."))
    if not stream.kinds_of(value):
        raise BadValue("unknown_event", _("There is no such event: %(name)s.") % {"name": value})
    return value


class AllEvents(ListView):
    """Entries about what the caller may see; those about anything else are left out of the page."""

    access, resource, answer = Access(roles=frozenset((*CASES, ADMIN))), "events", EventEntryShape
    filters: ClassVar = (
        *(Filter(name, _type, lambda rows, chosen: rows.filter(events.of_types(chosen)), many=True) for name in TYPES),
        between("at"),
        between("recorded_at"),
    )

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[TrailEntry]:
        return events.readable()

    def to_dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        seen, names = events.visible(caller(self.request), rows)
        return [entries.shown(one, names) for one in seen]
