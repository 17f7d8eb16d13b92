"""People and teams named in notes (mission D3; ux, Agent's desk 5)."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from complaints import mentions
from complaints.actions import converse
from complaints.models import Complaint, Note
from complaints.web.marked import marked
from complaints.web.one.mentioning import see
from core import cached, clock
from core.actor import Actor
from core.models import Notification, User
from tests.cast import Cast, make_agent, make_cast
from tests.doors import DOORS, Door
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    cached.clear_all()
    return made


def named(text: str) -> list[str]:
    return [text[one.first : one.behind] for one in mentions.found_in(text)]


def told(user: User) -> list[str]:
    return [row.words["reference"] for row in Notification.objects.filter(user=user, event="mentioned")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@ana can you look", ["@ana"]),
        ("@Ana Agent, can you", ["@Ana Agent"]),
        ("(@ANA AGENT)", ["@ANA AGENT"]),
        ("ask @cole and @Lisbon desk.", ["@cole", "@Lisbon desk"]),
        ("@Ana  Agent", ["@Ana  Agent"]),
        ("write to ana@mail.example", []),
        ("@@ana", []),
        ("@nobody @ana", ["@ana"]),
        ("@ana\nAgent", ["@ana"]),
        ("@ana…", ["@ana"]),
        ("", []),
    ],
)
def test_who_is_named(cast: Cast, text: str, expected: list[str]) -> None:
    assert named(text) == expected


def test_a_name_two_people_share_names_nobody(cast: Cast) -> None:
    make_agent(cast.team, "Ana Agent", username="ana.two")
    cached.clear_all()
    assert named("@Ana Agent") == []
    found = mentions.found_in("@ana.two.")
    assert [(one.first, one.behind) for one in found] == [(0, 8)]


def test_an_administrator_without_cases_is_not_named(cast: Cast) -> None:
    assert named("@ada @Ada Admin") == []


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_whoever_is_named_is_told_and_sees_the_case(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    seen = Complaint.objects.visible_to(cast.stranger).filter(pk=complaint.pk)
    assert not seen.exists()
    assert door(cast.agent, complaint, "notes", body="@Sven Stranger and @cole, any idea? @ana").status == 200
    assert told(cast.stranger) == [complaint.reference] and told(cast.colleague) == [complaint.reference]
    assert told(cast.agent) == []  # who wrote it knows
    assert seen.exists()
    kinds = [(kind, key) for _first, _behind, kind, key in Note.objects.get().mentions]
    assert kinds == [("user", cast.stranger.pk), ("user", cast.colleague.pk), ("user", cast.agent.pk)]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_team_is_its_members_and_lead_each_told_once(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "notes", body="@Lisbon desk, and @cole above all").status == 200
    assert told(cast.colleague) == [complaint.reference] and told(cast.lead) == [complaint.reference]
    assert told(cast.agent) == [] and told(cast.stranger) == []
    words = Notification.objects.get(user=cast.lead, event="mentioned").words
    assert words["what"] == "team" and words["team"] == "Lisbon desk"
    assert Notification.objects.get(user=cast.colleague, event="mentioned").words["what"] == ""


def test_the_api_names_people_beside_the_text(cast: Cast) -> None:
    complaint = cast.complaint()
    client = Client(headers=bearer(cast.agent))
    path = f"/api/v1/complaints/{complaint.reference}/notes/"
    body = {"body": "See @cole", "mentions": [str(cast.stranger.pk)]}
    answer = client.post(path, json.dumps(body), content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["mentions"] == [
        {"kind": "user", "id": str(cast.colleague.pk)},
        {"kind": "user", "id": str(cast.stranger.pk)},
    ]
    assert told(cast.stranger) == [complaint.reference]
    body["mentions"] = ["99999999"]
    assert client.post(path, json.dumps(body), content_type="application/json").status_code == 400


def test_names_stay_marked_when_somebody_is_renamed(client: Client, cast: Cast) -> None:
    complaint = cast.complaint()
    body = "<b>Hm</b> @Cole Colleague & co"
    converse.note(complaint, by=Actor.person(cast.agent), at=clock.now(), body=body)
    User.objects.filter(pk=cast.colleague.pk).update(name="Cole Quite-Another")
    cached.clear_all()
    client.force_login(cast.agent)
    page = client.get(complaint.get_absolute_url()).content.decode()
    assert '&lt;b&gt;Hm&lt;/b&gt; <span class="mention">@Cole Colleague</span> &amp; co' in page
    assert "<b>Hm</b>" not in page


def test_stored_places_that_make_no_sense_are_left_alone() -> None:
    assert marked("short", '[[0, 99, "user", 1]]') == "short"
    assert marked("@a @b", '[[0, 2, "user", 1], [1, 4, "user", 2]]') == '<span class="mention">@a</span> @b'


def test_whom_one_can_name_and_who_would_see_it_through_that(client: Client, cast: Cast) -> None:
    complaint = cast.complaint()
    client.force_login(cast.agent)
    url = f"{complaint.get_absolute_url()}mentionable/"
    found = client.get(url, {"q": "col"}).json()
    assert [(one["insert"], one["sees"]) for one in found["results"]] == [("Cole Colleague", True)]
    found = client.get(url, {"q": "str"}).json()["results"]
    assert [(one["insert"], one["sees"]) for one in found] == [("Sven Stranger", False)]
    assert [one["kind"] for one in client.get(url, {"q": "lisbon"}).json()["results"]] == ["team"]
    assert "Sven Stranger" in client.get(url, {"text": "@cole\n@Sven Stranger"}).json()["blind"]
    assert client.get(url, {"text": "@cole"}).json()["blind"] == ""
    client.force_login(cast.stranger)
    assert client.get(url, {"q": "a"}).status_code == 404


def test_who_sees_a_case_is_what_visible_to_says(cast: Cast) -> None:
    for complaint in (cast.complaint(), cast.complaint(owner=cast.stranger), cast.complaint(owner=cast.manager)):
        complaint.watches.create(user=cast.colleague)
        takers = User.objects.who_take_cases()
        seeing = {one.pk for one in takers if Complaint.objects.visible_to(one).filter(pk=complaint.pk).exists()}
        assert see(complaint) == seeing
