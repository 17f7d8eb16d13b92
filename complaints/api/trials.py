"""What if: a calendar and the routing rules tried without anything being filed or kept (interface, Resources)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints import routing
from complaints.api.shapes import Reference
from complaints.models import ChannelCode, Severity
from complaints.reference import type_by_code
from complaints.sla.policies import calendar_in
from complaints.sla.trial import MOST_DAYS, tried
from core.access import Access
from core.api.bodies import Strict
from core.api.fields import Code, Instant, Language, Text, Whole
from core.api.views import ApiView
from core.clock import now
from core.errors import InvalidInput
from core.instants import iso
from core.models import Calendar
from core.week_calendar import CalendarError

SIGNED_IN = Access()
LONGEST = 36_000_000  # seconds of working time: ten thousand hours


class CalendarTrialBody(Strict):
    """`start`: now, unless said; `version`: the number of one, the newest (a draft too) unless said."""

    working_seconds = Whole(min_value=0, max_value=LONGEST)
    start = Instant(required=False)
    version = Whole(min_value=1, max_value=2**31 - 1, required=False)


class TrialDay(serializers.Serializer[Any]):
    date = serializers.DateField(help_text="In the calendar's time zone.")
    working_seconds = serializers.IntegerField(help_text="Of it, up to the deadline; 0: closed.")


class CalendarTrialShape(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    time_zone = serializers.CharField()
    start = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="null: with this calendar it would never be due.")
    days = TrialDay(many=True, help_text=f"The first {MOST_DAYS}.")
    more_days = serializers.IntegerField(help_text="Days up to the deadline that are not listed.")


class RoutingTrialBody(Strict):
    type = Text(max_length=80)
    channel = Code(choices=ChannelCode.choices)
    language = Language()
    severity = Code(choices=Severity.choices)


class RoutingTrialShape(serializers.Serializer[Any]):
    rule = serializers.CharField(allow_null=True, help_text="The id of the rule that matches; null: none does.")
    team = Reference(allow_null=True)
    owner = Reference()
    because = serializers.ChoiceField(
        choices=[(one, one) for one in ("member", "lead", "default")],
        help_text="member: the one of the team with the most room who speaks the language; lead: of the team, as none "
        "is here; default: the organisation's default owner.",
    )


class CalendarTrial(ApiView):
    """So much working time after an instant: when is it due, and which days count. Writes nothing."""

    access, resource = SIGNED_IN, "calendars"
    body: ClassVar = CalendarTrialBody
    answer: ClassVar = CalendarTrialShape
    idempotent, asks_only = False, True

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(Calendar.objects.all(), pk=pk)
        given = self.read(request)
        versions = row.versions.order_by("-number")
        chosen = versions.filter(number=given["version"]).first() if "version" in given else versions.first()
        if chosen is None:
            raise InvalidInput(_("This calendar has no such version."), code="unknown_version", field="version")
        calendar, start = calendar_in(chosen), given.get("start") or now()
        try:
            found = tried(calendar, start, given["working_seconds"])
        except CalendarError:
            said = _("This lies too far away to be counted.")
            raise InvalidInput(said, code="too_far", field="working_seconds") from None
        return self.reply(
            {
                "version": chosen.number,
                "time_zone": str(calendar.zone),
                "start": iso(start),
                "due_at": iso(found.due),
                "days": [{"date": day.isoformat(), "working_seconds": seconds} for day, seconds in found.days],
                "more_days": found.more,
            }
        )


class RoutingTrial(ApiView):
    """Where a complaint would go now that nobody files. Writes nothing."""

    access, resource = SIGNED_IN, "routing-rules"
    body: ClassVar = RoutingTrialBody
    answer: ClassVar = RoutingTrialShape
    idempotent, asks_only = False, True

    def post(self, request: Request) -> HttpResponse:
        given = self.read(request)
        asked = {name: given[name] for name in ("channel", "language", "severity")}
        rule = routing.rule_for(type_id=type_by_code(given["type"]).pk, **asked)
        team = routing.plan().teams.get(rule.team_id) if rule else None
        person, because = routing.foresee(team=team, language=given["language"], at=now())
        return self.reply(
            {
                "rule": str(rule.pk) if rule else None,
                "team": {"id": str(team.pk), "name": team.name} if team else None,
                "owner": {"id": str(person.pk), "name": str(person)},
                "because": because,
            }
        )
