"""The house's own settings: routing rules, new teams, the organisation (mission A4, D3; domain, Complaint 2)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import rules as actions
from complaints.actions import teams as team_actions
from complaints.api import catalogue as lists
from complaints.api import present
from complaints.api.shapes import Reference, RoutingRuleShape
from complaints.api.teams import shown as team_dict
from complaints.models import ChannelCode, RoutingRule, Severity
from complaints.reference import type_by_code
from core.actions.settings import version_of
from core.api.administering import (
    ADMINISTRATORS,
    SIGNED_IN,
    DirectionBody,
    SettingsView,
    team_by_id,
    user_by_id,
)
from core.api.bodies import Strict
from core.api.fields import Code, Flag, Id, Language, Text
from core.clock import now
from core.models import Organisation
from core.models.organisation import OnDecline


class RulePatch(Strict):
    """What is left out stays; a condition that is null matches anything."""

    team = Id(required=False)
    type = Text(max_length=80, required=False, allow_null=True)
    channel = Code(choices=ChannelCode.choices, required=False, allow_null=True)
    language = Language(required=False, allow_null=True)
    severity = Code(choices=Severity.choices, required=False, allow_null=True)
    is_active = Flag(required=False)
    example: ClassVar = {"severity": "critical"}


class NewRule(RulePatch):
    """Behind all others. A condition that is left out matches anything."""

    team = Id()
    example: ClassVar = {"team": "1", "channel": "phone", "language": "pt"}


class RoutingRules(lists.RoutingRules):
    """Routing rules in the order in which they are tried."""

    body: ClassVar = {"POST": NewRule}
    success: ClassVar = {"POST": 201}

    def post(self, request: Request) -> HttpResponse:
        """Add a routing rule behind the others (administrators)."""
        made = actions.create_rule(_rule(self.read(request)), by=self.actor(request), at=now())
        location = reverse("api-routing-rule", args=[made.pk])
        return self.reply(lists.rule_dict(made), 201, location=location, version=version_of(made))


class OneRule(SettingsView):
    """One routing rule."""

    access, resource = SIGNED_IN, "routing-rules"
    body: ClassVar = {"PATCH": RulePatch}
    answer: ClassVar = {"GET": RoutingRuleShape, "PATCH": RoutingRuleShape}

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self._row(pk)
        return self.reply(lists.rule_dict(row), version=version_of(row))

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change a routing rule (administrators, `If-Match` required). Complaints it has sent stay where they are."""
        row, values = self._row(pk), _rule(self.read(request))
        changed = self.change(request, row, lambda **who: actions.change_rule(row, values, **who))
        return self.reply(lists.rule_dict(changed), version=version_of(changed))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take a routing rule away (administrators). Complaints it has sent stay where they are."""
        actions.remove_rule(self._row(pk), by=self.actor(request), at=now())
        return self.no_content()

    def _row(self, pk: int) -> RoutingRule:
        return self.find(RoutingRule.objects.select_related("type", "team"), pk=pk)


class RulePosition(SettingsView):
    """Let a rule change places with its neighbour (administrators): the first that matches decides."""

    access, resource = SIGNED_IN, "routing-rules"
    body, answer = DirectionBody, RoutingRuleShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        rows = RoutingRule.objects.select_related("type", "team")
        self.moved(request, self.find(rows, pk=pk), actions.move_rule)
        row = self.find(rows, pk=pk)
        return self.reply(lists.rule_dict(row), version=version_of(row))


class NewTeam(Strict):
    """`manager` null: the last rung of the ladder tells every manager. `members`: ids of users."""

    name = Text(max_length=80, trim=True)
    lead = Id()
    manager = Id(required=False, allow_null=True)
    members = serializers.ListField(child=Id(), required=False, max_length=1000)
    example: ClassVar = {"name": "Lisbon desk", "lead": "2", "members": ["2", "3"]}


class Teams(lists.Teams):
    """Teams, their leads, and their managers where one is named."""

    body: ClassVar = {"POST": NewTeam}
    success: ClassVar = {"POST": 201}

    def post(self, request: Request) -> HttpResponse:
        """Make a team (administrators)."""
        given = self.read(request)
        manager = user_by_id(given["manager"], "manager") if given.get("manager") is not None else None
        made = team_actions.create_team(
            given["name"],
            lead=user_by_id(given["lead"], "lead"),
            manager=manager,
            members=[user_by_id(one, "members") for one in given.get("members", ())],
            by=self.actor(request),
            at=now(),
        )
        return self.reply(team_dict(made), 201, location=reverse("api-team", args=[made.pk]), version=version_of(made))


class OrganisationPatch(Strict):
    """What is left out stays; `default_owner` null: the first manager."""

    name = Text(max_length=120, trim=True, required=False)
    default_owner = Id(required=False, allow_null=True)
    contact_line = Text(max_length=200, trim=True, required=False, allow_blank=True)
    privacy_url = Text(max_length=200, trim=True, required=False, allow_blank=True)
    on_decline = Code(choices=OnDecline.choices, required=False)
    referral_text = Text(max_length=4000, required=False, allow_blank=True)
    example: ClassVar = {"contact_line": "by phone on 800 123 456, weekdays 09:00 to 18:00"}


class OrganisationShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    default_owner = Reference(allow_null=True, help_text="Owns what no rule, member or lead can take.")
    contact_line = serializers.CharField(allow_blank=True)
    privacy_url = serializers.CharField(allow_blank=True)
    on_decline = serializers.ChoiceField(choices=OnDecline.choices)
    referral_text = serializers.CharField(allow_blank=True, help_text="Where else complainants may turn.")


class TheOrganisation(SettingsView):
    """The house: its name, the default owner, what public pages say."""

    access, resource = ADMINISTRATORS, "organisation"
    body: ClassVar = {"PATCH": OrganisationPatch}
    answer = OrganisationShape

    def get(self, request: Request) -> HttpResponse:
        row = self._row()
        return self.reply(_organisation(row), version=version_of(row))

    def patch(self, request: Request) -> HttpResponse:
        """Change the house's settings (`If-Match` required)."""
        row, values = self._row(), self.read(request)
        if values.get("default_owner") is not None:
            values["default_owner"] = user_by_id(values["default_owner"], "default_owner")
        changed = self.change(request, row, lambda **who: actions.change_organisation(values, **who))
        return self.reply(_organisation(changed), version=version_of(changed))

    def _row(self) -> Organisation:
        return self.find(Organisation.objects.select_related("default_owner"), pk=1)


def _organisation(row: Organisation) -> dict[str, Any]:
    return {
        "name": row.name,
        "default_owner": present.user_brief(row.default_owner) if row.default_owner else None,
        "contact_line": row.contact_line,
        "privacy_url": row.privacy_url,
        "on_decline": row.on_decline,
        "referral_text": row.referral_text,
    }


def _rule(values: dict[str, Any]) -> dict[str, Any]:
    """The body as the actions want it: blank matches anything. Raises InvalidInput unknown_team, unknown_type."""
    if "team" in values:
        values["team"] = team_by_id(values["team"])
    if values.get("type") is not None:
        values["type"] = type_by_code(values["type"])
    return values | {name: values[name] or "" for name in ("channel", "language", "severity") if name in values}
