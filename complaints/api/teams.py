"""`/api/v1/teams/{id}/`: one team; whoever administers sets its name, lead and manager (mission D3; domain, SLA 7)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from complaints.actions import teams as actions
from complaints.api import present
from complaints.api.shapes import TeamShape
from core.access import Access
from core.api.bodies import Strict
from core.api.fields import Id, Text
from core.api.problem import Refusal
from core.api.views import ApiView
from core.clock import now
from core.errors import InvalidInput
from core.models import Team, User


class TeamPatch(Strict):
    """What is left out stays; `manager` null: the last rung of the ladder tells every manager."""

    name = Text(max_length=80, trim=True, required=False)
    lead = Id(required=False)
    manager = Id(required=False, allow_null=True)


class OneTeam(ApiView):
    """One team."""

    access, resource = Access(), "teams"
    body: ClassVar = {"PATCH": TeamPatch}
    answer = TeamShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(Team.objects.select_related("lead", "manager"), pk=pk)
        return self.reply(shown(row), version=actions.version_of(row))

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change a team's name, lead and manager (administrators, `If-Match` required)."""
        row = self.find(Team.objects.all(), pk=pk)
        self.require_match(request, actions.version_of(row))
        values: dict[str, Any] = self.read(request)
        for name in ("lead", "manager"):
            if values.get(name) is not None:
                values[name] = _user(values[name], name)
        seen = self.expected_version(request)
        try:
            changed = actions.change_team(row, values, version=seen, by=self.actor(request), at=now())
        except actions.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from None
        return self.reply(shown(changed), version=actions.version_of(changed))


def shown(row: Team) -> dict[str, Any]:
    """A team as lists and pages of the API show it."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "lead": present.user_brief(row.lead),
        "manager": present.user_brief(row.manager) if row.manager else None,
        "is_active": row.is_active,
    }


def _user(key: int, field: str) -> User:
    found = User.objects.filter(pk=key).first()
    if found is None:
        raise InvalidInput(_("There is no user with this id."), code="unknown_user", field=field)
    return found
