"""The trail as a list, for exports; integrators that keep up read `events/` instead."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from core.access import ADMIN, CASES, Access
from core.api.filters import BadValue, Filter, between
from core.api.views import ListView, caller
from core.models import TrailEntry
from metrics import events
from metrics.api.events import EventEntryShape


def _type(value: str) -> str:
    if not events.TYPE.fullmatch(value):
        raise BadValue("invalid_types", _("A type such as complaint.filed or customer.* is expected."))
    return value


class AllEvents(ListView):
    """Entries about what the caller may see; those about anything else are left out of the page."""

    access, resource, answer = Access(roles=frozenset((*CASES, ADMIN))), "events", EventEntryShape
    filters: ClassVar = (
        Filter("type", _type, lambda rows, chosen: rows.filter(events.of_types(chosen)), many=True),
        between("at"),
        between("recorded_at"),
    )

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[TrailEntry]:
        return TrailEntry.objects.defer("private", "salt")

    def to_dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        seen, names = events.visible(caller(self.request), rows)
        return [events.shown(one, names) for one in seen]
