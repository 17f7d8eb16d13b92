"""Saved views as their readers have them: whose they are, what they ask, who may change them (ux, Agent's desk 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from complaints.actions import views
from complaints.models import SavedView
from complaints.web.builtin import team_ids
from core.models import User

PREFIX = "saved-"


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved view as one reader has it. `query`: as in the URL; `circle`: me, team, all."""

    pk: int
    name: str
    circle: str
    team_id: int | None
    query: dict[str, str]
    version: int
    may_change: bool

    @property
    def key(self) -> str:
        """What stands in the URL as the view."""
        return f"{PREFIX}{self.pk}"

    @classmethod
    def of(cls, row: SavedView, user: User) -> Saved:
        query = {str(name): str(text) for name, text in row.query.items()}
        return cls(row.pk, row.name, views.circle_of(row), row.team_id, query, row.version, views.may_change(row, user))


def visible(user: User, *, removed: bool = False) -> Any:
    """The views somebody has: their own, those of their teams, everybody's; with `removed` also those thrown away."""
    circles = Q(owner=user.pk) | Q(team__in=team_ids(user)) | Q(owner__isnull=True, team__isnull=True)
    found = SavedView.objects.filter(circles)
    if not removed:
        found = found.filter(deleted_at=None)
    return found.order_by("owner", "team", "position", "pk")


def of(user: User) -> list[Saved]:
    """Every view the reader has. Query cost: 1 a request."""
    kept: list[Saved] | None = getattr(user, "saved_views_of_request", None)
    if kept is None:
        known = [Saved.of(row, user) for row in visible(user)]
        kept = sorted(known, key=lambda one: views.CIRCLES.index(one.circle))
        user.saved_views_of_request = kept  # type: ignore[attr-defined]
    return kept


def find(key: str, user: User) -> Saved | None:
    """The view a key in the URL names, if the reader has it. Query cost: none unless it is such a key."""
    number = key.removeprefix(PREFIX)
    if number == key or not (number.isascii() and number.isdigit()):
        return None
    return next((one for one in of(user) if one.pk == int(number)), None)
