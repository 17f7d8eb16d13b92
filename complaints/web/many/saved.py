"""Saved views as their readers have them: whose they are, what they ask, who may change them (ux, Agent's desk 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from complaints.actions import views
from complaints.models import SavedView
from complaints.web.many.builtin import team_ids
from core.cached import Cached
from core.clock import now
from core.models import User

PREFIX = "saved-"
TOUCHED = "views_at"  # in the session: when this person last changed a view, seconds since 1970


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


@Cached
def _all() -> tuple[datetime, list[SavedView]]:
    """Every view there is, and when they were read. Query cost: one every few seconds per process."""
    at = now()
    found = SavedView.objects.filter(deleted_at=None).order_by("owner", "team", "position", "pk")
    return at, list(found)


def touched(request: HttpRequest) -> None:
    """Whoever changed a view sees it at once, whichever process answers next; everybody else within seconds."""
    request.session[TOUCHED] = now().timestamp()


def look(request: HttpRequest) -> None:
    """Forget what this process knows, if the reader has changed a view since it was read. No query."""
    at = request.session.get(TOUCHED)
    if at is not None and _all()[0].timestamp() <= at:
        _all.clear()


def of(user: User) -> list[Saved]:
    """Every view the reader has. Query cost: none within a few seconds, else 1."""
    kept: list[Saved] | None = getattr(user, "saved_views_of_request", None)
    if kept is None:
        teams = set(team_ids(user))
        known = [Saved.of(row, user) for row in _all()[1] if row.owner_id == user.pk or _shared(row, teams)]
        kept = sorted(known, key=lambda one: views.CIRCLES.index(one.circle))
        user.saved_views_of_request = kept  # type: ignore[attr-defined]
    return kept


def _shared(row: SavedView, teams: set[int]) -> bool:
    return row.owner_id is None and (row.team_id is None or row.team_id in teams)


def find(key: str, user: User) -> Saved | None:
    """The view a key in the URL names, if the reader has it. Query cost: none for one that is known, else 1."""
    number = key.removeprefix(PREFIX)
    if number == key or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    known = next((one for one in of(user) if one.pk == int(number)), None)
    if known is None:
        row = visible(user).filter(pk=number).first()
        known = Saved.of(row, user) if row else None
    return known
