"""Saved views: for oneself, a team (its lead, a manager), everybody (a manager, an administrator); ux, desk 8."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import SavedView
from core import cached, trail
from core.access import ADMIN, LEAD, MANAGER
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import Team, User

ME, TEAM, ALL = CIRCLES = ("me", "team", "all")
MOST = 60  # in one circle: more do not fit beside a list
LONGEST_NAME, LONGEST_VALUE, MOST_FILTERS = 60, 120, 20
KEPT = timedelta(days=1)  # a view thrown away can be brought back for so long


class Stale(DomainError):
    """Somebody changed the view meanwhile."""

    code = "stale"
    message = gettext_lazy("Somebody changed this view in the meantime.")


def circle_of(view: SavedView) -> str:
    """Who has it: me, team or all."""
    return ME if view.owner_id is not None else TEAM if view.team_id is not None else ALL


def may_change(view: SavedView, user: User) -> bool:
    """No query once the roles are known."""
    return _allowed(circle_of(view), view.owner_id, view.team_id, user)


def may_make(user: User) -> list[str]:
    """The circles for which somebody may save views. No query once the roles are known."""
    team = [TEAM] if {LEAD, MANAGER} & user.roles else []
    return [ME, *team, *([ALL] if {MANAGER, ADMIN} & user.roles else [])]


@transaction.atomic
def save(
    *,
    by: Actor,
    at: datetime,
    name: str,
    query: Mapping[str, str],
    circle: str = ME,
    team: Team | None = None,
) -> SavedView:
    """Keep a question to the queue under a name, behind the others of its circle.

    Raises NotAllowed, InvalidInput (name_required, too_long, invalid_query, invalid_choice, team_required, too_many).
    """
    user = _person(by)
    owner = user if circle == ME else None
    team = _checked(circle, team, user)
    others = _circle(owner_id=owner.pk if owner else None, team_id=team.pk if team else None)
    if others.count() >= MOST:
        raise InvalidInput(_("At most %(n)d views. Remove one first.") % {"n": MOST}, code="too_many", field="name")
    view = SavedView.objects.create(
        name=_named(name),
        owner=owner,
        team=team,
        made_by=user,
        query=_question(query),
        position=(others.aggregate(last=Max("position"))["last"] or 0) + 1,
        created_at=at,
    )
    _note(view, "created", by=by, at=at, circle=circle, query=view.query)
    return view


@transaction.atomic
def change(
    view: SavedView, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> SavedView:
    """Set `name`, `query`, and with `circle` (and `team`) who has it. Raises NotAllowed, InvalidInput, Stale."""
    user = _person(by)
    view = _locked(view, user)
    if version is not None and version != view.version:
        raise Stale
    before = {"name": view.name, "query": view.query, "circle": circle_of(view), "team": view.team_id}
    if "name" in values:
        view.name = _named(values["name"])
    if "query" in values:
        view.query = _question(values["query"])
    if "circle" in values:
        team = _checked(values["circle"], values.get("team") or view.team, user)
        view.owner, view.team = (user, None) if values["circle"] == ME else (None, team)
    after = {"name": view.name, "query": view.query, "circle": circle_of(view), "team": view.team_id}
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changes:
        view.version += 1
        view.save(update_fields=["name", "query", "owner", "team", "version"])
        _note(view, "changed", by=by, at=at, **changes)
    return view


@transaction.atomic
def move(view: SavedView, *, up: bool, by: Actor, at: datetime) -> bool:
    """Let it change places with its neighbour in its circle; False at the end. Raises NotAllowed."""
    view = _locked(view, _person(by))
    listed = list(_circle(owner_id=view.owner_id, team_id=view.team_id).select_for_update())
    place = next(number for number, one in enumerate(listed) if one.pk == view.pk)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(listed):
        return False
    listed[place], listed[other] = listed[other], listed[place]
    for number, one in enumerate(listed, start=1):
        one.position = number
    SavedView.objects.bulk_update(listed, ["position"])
    if circle_of(view) != ME:
        _note(view, "moved", by=by, at=at, position=other + 1)
    _forget()
    return True


@transaction.atomic
def remove(view: SavedView, *, by: Actor, at: datetime) -> SavedView:
    """Throw it away; it can be brought back for a day. Raises NotAllowed."""
    view = _locked(view, _person(by))
    view.deleted_at = at
    view.save(update_fields=["deleted_at"])
    _note(view, "removed", by=by, at=at)
    SavedView.objects.filter(deleted_at__lt=at - KEPT).delete()
    return view


@transaction.atomic
def restore(view: SavedView, *, by: Actor, at: datetime) -> SavedView:
    """Bring back what was thrown away; nothing happens to a view that is there. Raises NotAllowed."""
    view = _locked(view, _person(by))
    if view.deleted_at is not None:
        view.deleted_at = None
        view.save(update_fields=["deleted_at"])
        _note(view, "restored", by=by, at=at)
    return view


def _person(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(_("Only people have views."))
    user: User = by.user
    return user


def _locked(view: SavedView, user: User) -> SavedView:
    view = SavedView.objects.select_for_update().get(pk=view.pk)
    if not may_change(view, user):
        raise NotAllowed(_("This view belongs to others: whoever leads the team or manages may change it."))
    return view


def _allowed(circle: str, owner_id: int | None, team_id: int | None, user: User) -> bool:
    if circle == ME:
        return owner_id == user.pk
    if MANAGER in user.roles:
        return True
    return team_id in user.led_team_ids if circle == TEAM else ADMIN in user.roles


def _checked(circle: str, team: Team | None, user: User) -> Team | None:
    """The team of the circle, None without one. Raises NotAllowed or InvalidInput."""
    if circle not in CIRCLES:
        raise InvalidInput(_("Choose who has this view."), code="invalid_choice", field="circle")
    if circle != TEAM:
        team = None
    elif team is None:
        raise InvalidInput(_("Say whose view it shall be."), code="team_required", field="team")
    if not _allowed(circle, user.pk, team.pk if team else None, user):
        raise NotAllowed(_("Views of a team are its lead's and managers'; those for everybody managers'."))
    return team


def _circle(*, owner_id: int | None, team_id: int | None) -> QuerySet[SavedView]:
    return SavedView.objects.filter(owner=owner_id, team=team_id, deleted_at=None).order_by("position", "pk")


def _named(name: Any) -> str:
    text = name.strip() if isinstance(name, str) else ""
    if not text:
        raise InvalidInput(_("Give the view a name."), code="name_required", field="name")
    if len(text) > LONGEST_NAME:
        raise InvalidInput(_("At most %(n)d characters.") % {"n": LONGEST_NAME}, code="too_long", field="name")
    return text


def _question(query: Any) -> dict[str, str]:
    """A flat mapping of short texts; what they mean is for who asks the queue."""
    plain = isinstance(query, Mapping) and len(query) <= MOST_FILTERS
    if not plain or not all(_short(name) and _short(text) for name, text in query.items()):
        raise InvalidInput(_("This is no question to the queue."), code="invalid_query", field="query")
    return {name: text for name, text in query.items() if text}


def _short(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_VALUE


def _note(view: SavedView, what: str, *, by: Actor, at: datetime, **changes: Any) -> None:
    trail.append(view, f"savedview.{what}", by=by, at=at, changes={"name": view.name, **changes})
    _forget()


def _forget() -> None:
    """Lists are read from memory."""
    transaction.on_commit(cached.clear_all)
    cached.clear_all()
