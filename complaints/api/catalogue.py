"""What complaints are sorted by and who handles them: channels, types, root causes, teams, agents, routing rules."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from rest_framework.request import Request

from complaints.api import present
from complaints.api.shapes import AgentShape, CatalogueShape, ChannelShape, RoutingRuleShape, TeamShape
from complaints.api.teams import shown
from complaints.models import Channel, ComplaintType, RootCause, RoutingRule
from core.access import Access
from core.api.filters import flag, key, named, since, text
from core.api.views import ApiView, ListView
from core.models import Team, User

SIGNED_IN = Access()
NO_PARENT = ("unknown_parent", gettext_lazy("There is nothing with this code."))


class Types(ListView):
    """Complaint types, two levels."""

    access, resource = SIGNED_IN, "complaint-types"
    answer: ClassVar[Any] = CatalogueShape
    filters = (
        flag("is_active"),
        text("code"),
        named("parent", lambda rows: rows.model.objects.order_by(), "code", NO_PARENT),
    )
    ordering: ClassVar = {"position": "position", "code": "code"}
    default_ordering = "position"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        return ComplaintType.objects.select_related("parent")

    def to_dict(self, row: Any) -> dict[str, Any]:
        return present.catalogue_row(row)


class RootCauses(Types):
    """Root causes, two levels."""

    resource = "root-causes"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        return RootCause.objects.select_related("parent")


class Channels(ListView):
    """The channels by which complaints come in."""

    access, resource = SIGNED_IN, "channels"
    answer = ChannelShape
    filters = (flag("is_active"),)
    ordering: ClassVar = {"position": "position"}
    default_ordering = "position"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Channel]:
        return Channel.objects.all()

    def to_dict(self, row: Channel) -> dict[str, Any]:
        return channel_dict(row)


class Agents(ListView):
    """Active people who may own complaints."""

    access, resource = SIGNED_IN, "agents"
    answer = AgentShape
    filters = (key("team"), text("username"), since("created_at", trail=True))
    ordering: ClassVar = {"name": "name"}
    default_ordering = "name"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[User]:
        return agents()

    def to_dict(self, row: User) -> dict[str, Any]:
        return present.agent(row)


class OneAgent(ApiView):
    """One of the active people who may own complaints."""

    access, resource = SIGNED_IN, "agents"
    answer = AgentShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(present.agent(self.find(agents(), pk=pk)))


def agents() -> QuerySet[User]:
    """Active people who may own complaints, with their teams."""
    return User.objects.filter(pk__in=User.objects.who_take_cases().values("pk")).select_related("team")


class Teams(ListView):
    """Teams, their leads, and their managers where one is named."""

    access, resource = SIGNED_IN, "teams"
    answer = TeamShape
    filters = (flag("is_active"),)
    ordering: ClassVar = {"name": "name"}
    default_ordering = "name"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Team]:
        return Team.objects.select_related("lead", "manager")

    def to_dict(self, row: Team) -> dict[str, Any]:
        return shown(row)


class RoutingRules(ListView):
    """Routing rules in the order in which they are tried."""

    access, resource = SIGNED_IN, "routing-rules"
    answer = RoutingRuleShape
    filters = (flag("is_active"),)
    ordering: ClassVar = {"position": "position"}
    default_ordering = "position"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[RoutingRule]:
        return RoutingRule.objects.select_related("type", "team")

    def to_dict(self, row: RoutingRule) -> dict[str, Any]:
        return rule_dict(row)


def channel_dict(row: Channel) -> dict[str, Any]:
    """A channel as the API shows it."""
    return {
        "code": row.code,
        "name": str(row),
        "is_active": row.is_active,
        "default_severity": row.default_severity,
    }


def rule_dict(row: RoutingRule) -> dict[str, Any]:
    """A routing rule as the API shows it; type and team are loaded. null: whatever it is."""
    return {
        "id": str(row.pk),
        "position": row.position,
        "type": row.type.code if row.type else None,
        "channel": row.channel or None,
        "language": row.language or None,
        "severity": row.severity or None,
        "team": row.team.name,
        "team_id": str(row.team_id),
        "is_active": row.is_active,
    }
