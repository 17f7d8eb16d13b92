"""Workload of a team and absences in the API (mission D3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from complaints import workload
from complaints.actions import hand_over, staff
from complaints.api import present
from complaints.api.complaints import HANDLES_CASES
from complaints.api.ownership import somebody
from complaints.api.shapes import Reference
from core.access import LEAD, MANAGER, Access
from core.actions import people
from core.api.bodies import Nothing, Strict
from core.api.fields import Flag, Id, Instant, Text, Whole
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.models import Absence, User

LEADS = Access(roles=frozenset((LEAD, MANAGER)))


class LoadShape(serializers.Serializer[Any]):
    agent = Reference()
    capacity = serializers.IntegerField()
    open = serializers.IntegerField(help_text="Open cases they own that the caller sees, without those snoozed.")
    elsewhere = serializers.IntegerField(help_text="Open cases they own that the caller does not see.")
    breached = serializers.IntegerField()
    at_risk = serializers.IntegerField(help_text="Due before the caller's midnight.")
    waiting = serializers.IntegerField()
    snoozed = serializers.IntegerField()
    away = serializers.BooleanField()
    away_until = serializers.DateTimeField(allow_null=True)


class TeamLoadShape(serializers.Serializer[Any]):
    team = Reference()
    members = LoadShape(many=True)


class BalanceBody(Strict):
    from_agent = Id()
    to = Id()
    count = Whole(min_value=1, max_value=hand_over.MOST_AT_ONCE)
    reason = Text(max_length=2_000, required=False, allow_blank=True)


class BalancedShape(serializers.Serializer[Any]):
    offered = serializers.ListField(child=serializers.CharField(), help_text="References of the complaints offered.")


class AbsenceBody(Strict):
    from_at = Instant()
    until_at = Instant(required=False, allow_null=True)
    reason = Text(max_length=200, required=False, allow_blank=True)
    hand_over = Flag(required=False)
    deputy = Id(required=False, allow_null=True)


class AbsenceShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    hand_over = serializers.BooleanField(help_text="The open cases are still to be handed over.")


class Workload(ApiView):
    """Open cases of a team's members against their capacity; for who leads it, and for managers."""

    access, resource = LEADS, "teams"
    answer = TeamLoadShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        user, at = caller(request), now()
        team = self.find(workload.teams_for(user), pk=pk)
        found = workload.loads(user, [team], at=at)
        return self.reply({"team": {"id": str(team.pk), "name": team.name}, "members": [_load(one) for one in found]})


class Balance(ApiView):
    """Offer some open cases of a member to somebody else, those with most time left first; they accept or decline."""

    access, resource = LEADS, "teams"
    body: ClassVar = BalanceBody
    answer = BalancedShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        team = self.find(workload.teams_for(caller(request)), pk=pk)
        values = self.read(request)
        one = self.find(User.objects.filter(team=team), pk=values["from_agent"])
        made = hand_over.balance(
            one,
            somebody(values["to"], "to"),
            by=self.actor(request),
            at=now(),
            count=values["count"],
            reason=values.get("reason", ""),
        )
        return self.reply({"offered": [offer.complaint.reference for offer in made]})


class Absences(ListView):
    """One's own absences, newest first."""

    access, resource = HANDLES_CASES, "absences"
    body: ClassVar = {"POST": AbsenceBody}
    answer = AbsenceShape
    success: ClassVar = {"POST": 201}
    ordering: ClassVar = {"from_at": "from_at"}
    default_ordering = "-from_at"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Absence]:
        return Absence.objects.filter(user=caller(request))

    def to_dict(self, row: Absence) -> dict[str, Any]:
        return _absence(row)

    def post(self, request: Request) -> HttpResponse:
        """Note an absence of one's own. With `deputy` new cases go to that person meanwhile; with `hand_over` the open
        ones are offered to them too."""
        values, user, by = self.read(request), caller(request), self.actor(request)
        given = dict(values)
        if "deputy" in given:
            key = given.pop("deputy")
            given["names_deputy"], given["deputy"] = True, somebody(key, "deputy") if key is not None else None
        given.setdefault("until_at", None)
        given.setdefault("hand_over", False)
        absence = staff.plan_absence(user, by=by, at=now(), **given)
        return self.reply(_absence(absence), 201)


class AbsenceEnd(ApiView):
    """End an absence: one is back, or does not go after all."""

    access, resource = HANDLES_CASES, "absences"
    body: ClassVar = Nothing
    success: ClassVar = {"POST": 204}

    def post(self, request: Request, pk: int) -> HttpResponse:
        self.read(request)
        absence = self.find(Absence.objects.select_related("user").filter(user=caller(request)), pk=pk)
        people.end_absence(absence, by=self.actor(request), at=now())
        return self.no_content()


def _load(one: workload.Load) -> dict[str, Any]:
    return {
        "agent": present.user_brief(one.user),
        "capacity": one.user.capacity,
        "open": one.open,
        "elsewhere": one.elsewhere,
        "breached": one.breached,
        "at_risk": one.risk,
        "waiting": one.waiting,
        "snoozed": one.snoozed,
        "away": one.away,
        "away_until": present.instant(one.away_until),
    }


def _absence(row: Absence) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "from_at": present.instant(row.from_at),
        "until_at": present.instant(row.until_at),
        "reason": row.reason,
        "hand_over": row.hand_over,
    }
