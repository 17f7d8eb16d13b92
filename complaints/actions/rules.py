"""Routing rules and the organisation's default owner: where new complaints go (mission A4; domain, Complaint 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from complaints.models import RoutingRule
from core.actions import settings
from core.actor import Actor
from core.errors import InvalidInput
from core.models import Organisation, Team, User


@transaction.atomic
def create_rule(values: Mapping[str, Any], *, by: Actor, at: datetime) -> RoutingRule:
    """A new rule behind all others. Raises NotAllowed or InvalidInput (team_not_active, invalid)."""
    _refuse_idle_team(values["team"], in_use=values.get("is_active", True))
    last = RoutingRule.objects.aggregate(last=Max("position"))["last"] or 0
    return settings.create(RoutingRule(**values, position=last + settings.STEP), by=by, at=at)


@transaction.atomic
def change_rule(rule: RoutingRule, values: Mapping[str, Any], *, by: Actor, at: datetime) -> RoutingRule:
    """Change conditions, team, or whether it is in use. Raises NotAllowed or InvalidInput."""
    _refuse_idle_team(values.get("team", rule.team), in_use=values.get("is_active", rule.is_active))
    return settings.change(rule, values, by=by, at=at)


@transaction.atomic
def move_rule(rule: RoutingRule, *, up: bool, by: Actor, at: datetime) -> bool:
    """Let a rule change places with its neighbour; False at the end of the list. Raises NotAllowed."""
    return settings.move(rule, RoutingRule.objects.order_by("position", "pk"), up=up, by=by, at=at)


@transaction.atomic
def remove_rule(rule: RoutingRule, *, by: Actor, at: datetime) -> None:
    """Take a rule away; complaints it has sent stay where they are. Raises NotAllowed."""
    settings.remove(rule, by=by, at=at)


@transaction.atomic
def change_organisation(values: Mapping[str, Any], *, by: Actor, at: datetime) -> Organisation:
    """Change the organisation's texts and its default owner, who must be active and handle cases.

    Raises NotAllowed or InvalidInput.
    """
    owner: User | None = values.get("default_owner")
    if owner is not None and not owner.sees_cases:
        said = _("The default owner has to be somebody active who handles cases.")
        raise InvalidInput(said, code="bad_default_owner", field="default_owner")
    return settings.change(Organisation.objects.get(pk=1), values, by=by, at=at)


def _refuse_idle_team(team: Team, *, in_use: bool) -> None:
    if in_use and not team.is_active:
        raise InvalidInput(_("This team is not in use."), code="team_not_active", field="team")
