"""Teams: their lead, their members, and what depends on them (mission D3; domain, Complaint 2 and Roles)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.actions.staff import hand_over_if_out
from complaints.models import RoutingRule
from core import trail
from core.actions import settings
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import Team, User


class TeamInUse(DomainError):
    code = "team_in_use"


Stale = settings.Stale


def version_of(team: Team) -> int:
    """How often the team was changed, plus one: its ETag. Query cost: 1."""
    last = trail.of(team).order_by("-seq").values_list("seq", flat=True).first()
    return int(last or 0) + 1


@transaction.atomic
def create_team(
    name: str, *, lead: User, manager: User | None = None, members: Iterable[User] = (), by: Actor, at: datetime
) -> Team:
    """A new team; `manager`: whom the last rung of the ladder tells, every manager without one.

    Raises NotAllowed or InvalidInput (lead_not_active, not_a_manager, invalid).
    """
    _refuse_inactive(lead)
    _refuse_no_manager(manager)
    team = settings.create(Team(name=name, lead=lead, manager=manager), by=by, at=at)
    _set_members(team, members, by=by, at=at)
    return team


@transaction.atomic
def change_team(
    team: Team,
    values: Mapping[str, Any],
    *,
    members: Iterable[User] | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Team:
    """Change name, lead, manager, whether it is in use, and its members where they are given.

    A lead who may own no cases afterwards hands the open ones over. `version`: the state seen (`version_of`). Raises
    NotAllowed, Stale, InvalidInput or TeamInUse (rules still send complaints to it); then nothing is written.
    """
    settings.refuse_unless_admin(by)
    team = Team.objects.select_for_update().get(pk=team.pk)
    if version is not None and version_of(team) != version:
        raise Stale
    before = team.lead
    if "lead" in values:
        _refuse_inactive(values["lead"])
    if "manager" in values and values["manager"] != team.manager:
        _refuse_no_manager(values["manager"])
    if values.get("is_active") is False and (rules := RoutingRule.objects.filter(team=team, is_active=True).count()):
        raise TeamInUse(_("Routing rules still send complaints to this team: %(n)s.") % {"n": rules}, field="is_active")
    changed = settings.change(team, values, by=by, at=at)
    if members is not None:
        _set_members(changed, members, by=by, at=at)
    hand_over_if_out(before, by=by, at=at)
    return changed


def _set_members(team: Team, members: Iterable[User], *, by: Actor, at: datetime) -> None:
    """Exactly these belong to the team; each person's change stands on their own trail. Cases stay where they are."""
    wanted = {one.pk: one for one in members}
    for left in User.objects.filter(team=team).exclude(pk__in=wanted):
        settings.change(left, {"team": None}, by=by, at=at)
    for one in wanted.values():
        if one.team_id != team.pk:
            settings.change(one, {"team": team}, by=by, at=at)


def _refuse_inactive(lead: User) -> None:
    if not lead.is_active:
        raise InvalidInput(_("The lead has to be an active user."), code="lead_not_active", field="lead")


def _refuse_no_manager(manager: User | None) -> None:
    if manager is not None and not (manager.is_active and manager.is_manager):
        said = _("The manager has to be an active user with the role of a manager.")
        raise InvalidInput(said, code="not_a_manager", field="manager")
