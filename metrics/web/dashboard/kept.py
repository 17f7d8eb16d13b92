"""The parts of a board as they were drawn a moment ago, while nothing has changed since (performance).

A board is some fifty figures. Its parts are kept for managers, who all see the same, under a stamp of the data: the
newest entry of the trail and the newest change of whatever figures count. A change of any kind makes another stamp, so
a tile and its rows never disagree; only a deadline that passes while nobody does anything may show up to `LONGEST`
later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from complaints.models import Complaint
from core.access import MANAGER
from core.models import TrailEntry
from metrics.models import Invitation, SurveyResponse
from metrics.web.dashboard.asking import Asked, query
from retention.models import Customer, Purchase, Tenure

LONGEST = 30  # seconds
STAMPS = (
    (TrailEntry, "id"),
    (Complaint, "updated_at"),
    (Complaint, "id"),
    (SurveyResponse, "updated_at"),
    (SurveyResponse, "id"),
    (Invitation, "id"),
    (Invitation, "sent_at"),
    (Purchase, "updated_at"),
    (Purchase, "id"),
    (Tenure, "id"),
    (Customer, "id"),
)


class Kept:
    """What was drawn for one question. Query cost: 1 for managers, none for others, whose parts are never kept."""

    def __init__(self, asked: Asked) -> None:
        self.key = _key(asked) if MANAGER in asked.scope.viewer.roles else ""

    def get(self, part: str) -> SafeString | None:
        """The part as it is kept; None where it has to be drawn."""
        found: str | None = cache.get(f"{self.key}:{part}") if self.key else None
        return None if found is None else mark_safe(found)  # noqa: S308 - a rendered template

    def of(self, part: str, draw: Callable[[], str]) -> SafeString:
        """What `draw` gives, or gave."""
        found = self.get(part)
        if found is None:
            found = mark_safe(draw())  # noqa: S308 - a rendered template
            if self.key:
                cache.set(f"{self.key}:{part}", str(found), LONGEST)
        return found


def _key(asked: Asked) -> str:
    scope = asked.scope
    said = (get_language(), query(asked.params()), scope.since, scope.until, scope.as_of_day, *stamp())
    return f"board:{hashlib.sha256(repr(said).encode()).hexdigest()}"


def stamp() -> tuple[object, ...]:
    """The newest of everything figures count; each read from the end of an index. Query cost: 1."""
    quote = connection.ops.quote_name
    newest = ", ".join(
        f"(SELECT max({quote(column)}) FROM {quote(model._meta.db_table)})"  # noqa: S608 - our own names
        for model, column in STAMPS
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {newest}")
        return tuple(cursor.fetchone())
