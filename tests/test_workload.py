"""Open cases against capacity, and evening them out (mission D3)."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints import workload
from complaints.actions import handle, snooze
from complaints.models import Complaint, HandOver
from core import clock
from core.actor import Actor
from core.models import Absence, User
from tests.cast import MONDAY, Cast, make_agent, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def busy(cast: Cast) -> list[Complaint]:
    """Six cases of the agent: one waits, one is snoozed, one is with another team; and one of the colleague."""
    cases = [cast.complaint(subject=f"Case {n}") for n in range(5)]
    handle.wait(cases[0], by=Actor.person(cast.agent), at=clock.now(), reason="A photo")
    snooze.snooze(cases[1], by=Actor.person(cast.agent), at=clock.now(), until=clock.now() + timedelta(days=1))
    elsewhere = cast.complaint()
    Complaint.objects.filter(pk=elsewhere.pk).update(team=cast.other_team)
    cast.complaint(owner=cast.colleague)
    return [*cases, elsewhere]


def load_of(found: list[workload.Load], user: User) -> workload.Load:
    return next(one for one in found if one.user == user)


def test_everybody_of_the_team_with_their_cases(cast: Cast) -> None:
    busy(cast)
    Absence.objects.create(user=cast.colleague, from_at=MONDAY, until_at=None)
    found = workload.loads(cast.lead, [cast.team], at=clock.now())
    assert {one.user for one in found} == {cast.agent, cast.colleague, cast.lead}
    agent, colleague = load_of(found, cast.agent), load_of(found, cast.colleague)
    assert (agent.open, agent.waiting, agent.snoozed, agent.elsewhere, agent.total) == (4, 1, 1, 1, 6)
    assert colleague.away and colleague.away_until is None and not agent.away
    everything = load_of(workload.loads(cast.manager, [cast.team], at=clock.now()), cast.agent)
    assert (everything.open, everything.elsewhere, everything.total) == (5, 0, 6)
    assert found[0] == agent  # most loaded first
    assert agent.percent == 30


def test_two_queries_whatever_the_number(cast: Cast, django_assert_num_queries) -> None:
    busy(cast)
    for _more in range(5):
        make_agent(cast.team)
    cast.lead.roles  # noqa: B018 - known to whoever is signed in
    with django_assert_num_queries(2):
        workload.loads(cast.lead, [cast.team], at=clock.now())


def test_each_number_leads_to_exactly_its_rows(client: Client, cast: Cast) -> None:
    busy(cast)
    client.force_login(cast.lead)
    page = client.get("/team/")
    numbers = [number for desk in page.context["desks"] for one in desk.members for number in one.numbers]
    led = [number for number in numbers if number.url]
    assert len(led) >= 4
    for number in led:
        rows = client.get(number.url)
        listed = [row for group in rows.context["groups"] for row in group.rows]
        assert str(len(listed)) == number.text, (number.label, parse_qs(urlsplit(number.url).query))


def test_who_sees_whose(client: Client, cast: Cast) -> None:
    busy(cast)
    for user, teams in ((cast.lead, ["Lisbon desk"]), (cast.manager, ["Lisbon desk", "Oslo desk"])):
        client.force_login(user)
        assert [desk.name for desk in client.get("/team/").context["desks"]] == teams
    client.force_login(cast.agent)
    assert client.get("/team/").status_code in (403, 404)
    path = f"/api/v1/teams/{cast.other_team.pk}/workload/"
    assert Client(headers=bearer(cast.lead)).get(path).status_code == 404
    assert Client(headers=bearer(cast.manager)).get(path).status_code == 200
    own = Client(headers=bearer(cast.lead)).get(f"/api/v1/teams/{cast.team.pk}/workload/").json()
    agent = next(one for one in own["members"] if one["agent"]["name"] == "Ana Agent")
    assert (agent["open"], agent["snoozed"], agent["elsewhere"], agent["capacity"]) == (4, 1, 1, 20)


def test_the_page_has_a_ceiling_of_queries(client: Client, cast: Cast) -> None:
    busy(cast)
    client.force_login(cast.manager)
    client.get("/team/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/team/")
    assert len(asked) <= 9, [query["sql"][:100] for query in asked]


@pytest.mark.parametrize("door", ["browser", "api"])
def test_balancing_offers_cases(client: Client, cast: Cast, door: str) -> None:
    busy(cast)
    if door == "browser":
        client.force_login(cast.lead)
        form = {"from_user": cast.agent.pk, "to": cast.colleague.pk, "count": 2, "reason": "Even it out"}
        assert client.post("/team/balance/", form).status_code == 302
    else:
        body = {"from_agent": str(cast.agent.pk), "to": str(cast.colleague.pk), "count": 2, "reason": "Even it out"}
        api = Client(headers=bearer(cast.lead))
        path = f"/api/v1/teams/{cast.team.pk}/balance/"
        answer = api.post(path, json.dumps(body), content_type="application/json")
        assert answer.status_code == 200 and len(answer.json()["offered"]) == 2
    assert HandOver.objects.filter(from_user=cast.agent, to_user=cast.colleague, offered_by=cast.lead).count() == 2


def test_nobody_of_another_team_is_balanced(client: Client, cast: Cast) -> None:
    cast.complaint(owner=cast.stranger)
    client.force_login(cast.lead)
    form = {"from_user": cast.stranger.pk, "to": cast.colleague.pk, "count": 1, "reason": ""}
    assert client.post("/team/balance/", form).status_code == 422
    body = json.dumps({"from_agent": str(cast.stranger.pk), "to": str(cast.colleague.pk), "count": 1})
    path = f"/api/v1/teams/{cast.team.pk}/balance/"
    assert Client(headers=bearer(cast.lead)).post(path, body, content_type="application/json").status_code == 404
    assert not HandOver.objects.exists()
