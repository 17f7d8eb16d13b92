"""What if it had arrived Friday 16:50 by phone? The answer is what a real complaint gets (issue, SLA 8)."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import policies as actions
from complaints.models import ChannelCode, ComplaintType, Severity, SlaPolicy
from complaints.reference import catalogue
from complaints.sla import policies, simulate
from core import cached, clock
from core.actor import Actor
from core.errors import InvalidInput
from core.models import CalendarVersion
from tests.cast import Cast, make_agent, make_cast, make_complaint, make_customer
from tests.test_settings_people import signed_in
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 3, 6, 16, 50, tzinfo=UTC)
WEEK = {"tz": "Europe/Lisbon", "weekly": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def lisbon(cast: Cast) -> None:
    """Every calendar: Monday to Friday, nine to six in Lisbon. By hand: Friday 16:50 + 4 h = Monday 11:50."""
    CalendarVersion.objects.update(definition={**WEEK, "exceptions": []})
    hours = {kind: {"kind": "working_seconds", "value": n * 3600} for kind, n in (("acknowledge", 4), ("resolve", 18))}
    ladder = [{"percent": 75, "to": ["owner"]}, {"percent": 150, "to": ["deputy", "lead"], "hand_over": True}]
    SlaPolicy.objects.update(targets=hours, ladder=ladder)
    cached.clear_all()


def ask(**fields: Any) -> simulate.Question:
    given = {"type_id": ComplaintType.objects.get(code="billing").pk, "channel": "web", "severity": "moderate"}
    return simulate.Question(**{**given, "received_at": FRIDAY, **fields})


def api(user: Any, **body: Any) -> Any:
    given = {"type": "billing", "channel": "web", **body}
    headers = bearer(user, "sla-policies:write")
    return Client(headers=headers).post(
        "/api/v1/sla-policies/simulate/", json.dumps(given), content_type="application/json"
    )


def test_it_is_what_a_real_complaint_gets(cast):
    """Forty cases drawn at random, filed for real: policy, reason, deadlines and every step of the ladder agree."""
    dice = random.Random(7)
    types = [one for one in catalogue().types.values() if one.is_active]
    for _number in range(40):
        kind, channel = dice.choice(types), dice.choice(ChannelCode.values)
        severity = dice.choice(Severity.values)
        tier = dice.choice(["", "gold"])
        agent = make_agent(dice.choice([cast.team, cast.other_team]))
        at = FRIDAY + timedelta(seconds=dice.randrange(14 * 86_400))
        with clock.frozen(at + timedelta(minutes=1)):
            customer = make_customer(f"Customer {_number}")
            customer.tier = tier
            customer.save(update_fields=["tier"])
            case = make_complaint(
                by=Actor.person(agent), owner=agent, type=kind, channel=channel, severity=severity, received_at=at,
                customer=customer, at=at + timedelta(minutes=1),
            )  # fmt: skip
        question = ask(
            type_id=kind.pk, channel=channel, severity=severity, received_at=at, tier=tier, team_id=agent.team_id
        )
        found = simulate.simulate(question, policies.book())
        told = {(one.kind, one.code): one for one in found.clocks}
        for real in case.clocks.all():
            one = told[real.kind, real.code]
            assert real.policy is None or real.policy_id == found.match.policy.pk
            assert (one.started_at, one.due_at) == (real.started_at, real.due_at)
            assert one.met_at_once == (real.state == "met")
            steps = [[round(told.at.timestamp() * 1_000_000), told.to] for told in one.ladder]
            assert steps == [[us, to] for us, _rung, to, _hand_over in real.rungs]
            event = real.events.get(kind="started")
            assert event.data["because"] == list(found.match.because) or real.pack_id
        assert {"acknowledge", "resolve"} <= {one.kind for one in case.clocks.all()}


def test_whatever_does_not_match_says_which_condition_it_misses(cast):
    for kind in catalogue().types.values():
        for channel in ChannelCode.values:
            for severity in Severity.values:
                found = simulate.simulate(ask(type_id=kind.pk, channel=channel, severity=severity), policies.book())
                assert all(unmet for _one, unmet in found.passed_over)
                assert simulate.unmet(found.match.policy, found.complaint, "") == ()


def test_friday_ten_to_five_by_hand(cast, lisbon):
    found = {one.kind: one for one in simulate.simulate(ask(), policies.book()).clocks}
    due = found["acknowledge"].due_at
    assert due == datetime(2026, 3, 9, 11, 50, tzinfo=UTC)
    assert [(told.percent, told.at) for told in found["acknowledge"].ladder] == [
        (75, datetime(2026, 3, 9, 10, 50, tzinfo=UTC)), (100, due), (150, datetime(2026, 3, 9, 13, 50, tzinfo=UTC)),
    ]  # fmt: skip
    assert found["resolve"].due_at == datetime(2026, 3, 10, 16, 50, tzinfo=UTC)
    assert simulate.simulate(ask(channel="phone"), policies.book()).clocks[0].met_at_once


@pytest.mark.parametrize(
    ("wall", "zone", "said"),
    [
        ("2026-03-06T16:50", "Europe/Lisbon", "2026-03-06T16:50:00Z"),
        ("2026-03-06T16:50", "Asia/Tokyo", "2026-03-06T07:50:00Z"),
        ("2026-10-25T01:30", "Europe/Lisbon", "2026-10-25T00:30:00Z"),  # shown twice: the first
        ("2026-03-29T01:30", "Europe/Lisbon", "invalid_datetime"),  # shown never
        ("2026-03-06T16:50Z", "Europe/Lisbon", "invalid_datetime"),
        ("Friday", "Europe/Lisbon", "invalid_datetime"),
        ("0001-01-01T00:00", "Asia/Tokyo", "invalid_datetime"),
        ("9999-12-31T23:59", "America/Lima", "invalid_datetime"),
        ("2026-03-06T16:50", "Atlantis", "unknown_zone"),
        ("2026-03-06T16:50", "../etc/passwd", "unknown_zone"),
        ("2026-03-06T16:50", "localtime", "unknown_zone"),
    ],
)
def test_a_clock_on_a_wall_somewhere(wall, zone, said):
    try:
        found = simulate.instant_of(wall, zone).isoformat().replace("+00:00", "Z")
    except InvalidInput as refusal:
        found = refusal.code
    assert found == said


def test_over_the_api(cast, lisbon):
    answer = api(cast.manager, local_time="2026-03-06T16:50", time_zone="Europe/Lisbon")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["received_at"] == "2026-03-06T16:50:00Z"
    clocks = {one["kind"]: one for one in found["clocks"]}
    assert clocks["acknowledge"]["due_at"] == "2026-03-09T11:50:00Z"
    assert clocks["acknowledge"]["due_local"] == "2026-03-09T11:50:00+00:00"
    assert clocks["acknowledge"]["ladder"][-1] == {
        "percent": 150, "at": "2026-03-09T13:50:00Z", "to": ["lead", "deputy"], "hand_over": True
    }  # fmt: skip
    assert found["policy"]["version"] == 1
    assert all(one["unmet"] for one in found["passed_over"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "nonsense"}, "unknown_type"),
        ({"channel": "pigeon"}, "unknown_code"),
        ({"team": "999999"}, "unknown_team"),
        ({"local_time": "2026-03-06T16:50"}, "required"),
        ({"local_time": "2026-W10-5", "time_zone": "Europe/Lisbon"}, "invalid_datetime"),
        ({"local_time": "2026-02-30T10:00", "time_zone": "Europe/Lisbon"}, "invalid_datetime"),
        ({"time_zone": "Europe/Lisbon"}, "required"),
        ({"local_time": "2026-03-06T16:50", "time_zone": "Europe/Lisbon", "received_at": "2026-03-06T16:50:00Z"},
         "ambiguous"),
        ({"received_at": "2026-03-06T16:50"}, "timezone_required"),
        ({"subject": "x"}, "unknown_field"),
    ],
)  # fmt: skip
def test_the_api_refuses_what_means_nothing(cast, body, code):
    answer = api(cast.manager, **body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_agents_and_strangers_do_not_ask(cast):
    for person in (cast.agent, cast.lead):
        assert api(person).status_code == 403
        assert signed_in(person).get("/settings/sla/simulator/").status_code == 403
    assert Client().get("/settings/sla/simulator/").status_code in (302, 404)


def test_the_page_says_it_in_words_and_writes_nothing(cast, lisbon):
    client = signed_in(cast.manager)
    assert client.get("/settings/sla/simulator/").status_code == 200
    kind = ComplaintType.objects.get(code="billing")
    asked = {"type": kind.pk, "channel": "web", "severity": "moderate", "received": "2026-03-06T16:50",
             "zone": "Europe/Lisbon"}  # fmt: skip
    client.get("/settings/sla/simulator/", asked)
    with CaptureQueriesContext(connection) as caught:
        page = client.get("/settings/sla/simulator/", asked)
    assert not [one for one in caught if one["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert len(caught) <= 12
    text = page.content.decode()
    assert "Arrives Friday 6 March 2026, 16:50 (Lisbon time)." in text
    assert "Monday 9 March 2026, 11:50 (Lisbon time)" in text
    assert "at 150" not in text and "150" in text and "handed over if its owner does nothing" in text
    assert page.context["result"]["clocks"][0].open[0][0] == 24  # it was open at ten to five
    fragment = signed_in(cast.manager, **{"HX-Request": "true"}).get("/settings/sla/simulator/", asked).content.decode()
    assert fragment.lstrip().startswith("<div") and "<html" not in fragment and "Monday 9 March" in fragment


@pytest.mark.parametrize(
    "asked",
    [
        {"received": "x"}, {"received": "2026-03-06T16:50", "zone": "Atlantis"}, {"type": "x"},
        {"received": "2026-03-06T16:50", "type": "0"}, {"received": "2026-03-06T16:50", "team": "999999"},
        {"received": "2026-03-29T01:30", "zone": "Europe/Lisbon"},
    ],
)  # fmt: skip
def test_odd_questions_are_answered(cast, asked):
    page = signed_in(cast.manager).get("/settings/sla/simulator/", asked)
    assert page.status_code == 200
    assert page.context["result"] is None


def test_the_draft_answers_for_itself(cast, lisbon):
    who = {"by": Actor.person(cast.admin), "at": clock.now()}
    assert api(cast.admin, draft=True).json()["code"] == "no_draft"
    draft = actions.begin_draft(**who)
    last = SlaPolicy.objects.filter(version=draft).order_by("position").last()
    for one in SlaPolicy.objects.filter(version=draft).exclude(pk=last.pk):
        actions.remove_policy(one, **who)
    actions.change_policy(last, {"targets": {"resolve": {"kind": "calendar_days", "value": 2}}}, **who)
    body = {"local_time": "2026-03-06T16:50", "time_zone": "Europe/Lisbon"}
    (only,) = api(cast.admin, draft=True, **body).json()["clocks"]
    assert (only["kind"], only["due_at"]) == ("resolve", "2026-03-09T00:00:00Z")  # the end of the second day after
    assert api(cast.admin, **body).json()["policy"]["version"] == 1
    asked = {"received": "2026-03-06T16:50", "draft": "on"}
    assert "By the draft." in signed_in(cast.admin).get("/settings/sla/simulator/", asked).content.decode()
