"""Calendars over the API: the same actions, the same refusals, and an ETag on what two people may edit (interface)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from complaints import routing
from complaints.models import RoutingRule, SlaPolicy
from complaints.sla.policies import calendar_in
from core import cached, clock, trail
from core.actions import calendars as actions
from core.actor import Actor
from core.models import Calendar, CalendarVersion, User
from core.working_time import Target, due_at
from tests.cast import Cast, make_cast
from tests.conftest import ROOT
from tests.test_calendars import EVE, SUMMER, XMAS, source
from tests.test_settings_people import count
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
LIST = "/api/v1/calendars/"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def send(user: User, method: str, path: str, body: Any = None, *, etag: str = "", scopes: tuple[str, ...] = ()) -> Any:
    headers = {**bearer(user, *scopes), **({"If-Match": etag} if etag else {})}
    text = "" if body is None else json.dumps(body)
    return Client(headers=headers).generic(method, path, text, content_type="application/json")


def made(cast: Cast, **more: Any) -> Calendar:
    return actions.create_calendar("Madrid", source(**more), by=Actor.person(cast.admin), at=clock.now())


def one(row: Calendar, place: str = "") -> str:
    return f"{LIST}{row.pk}/{place}"


def test_a_calendar_is_made_read_edited_and_listed(cast: Cast) -> None:
    answer = send(cast.admin, "POST", LIST, {"name": "Madrid", "source": source(holidays=[EVE])})
    assert answer.status_code == 201
    row = Calendar.objects.get(name="Madrid")
    assert answer["Location"].endswith(one(row))
    told = answer.json()
    assert (told["id"], told["time_zone"], told["in_force"]) == (str(row.pk), "Europe/Madrid", None)
    assert (told["draft"]["number"], told["draft"]["effective_at"]) == (1, None)
    (version,) = told["versions"]
    assert version["source"]["holidays"] == [EVE] and version["created_by"]["name"] == "Ada Admin"
    assert {each["date"] for each in version["definition"]["exceptions"]} == {"2026-12-24"}

    answer = send(cast.admin, "PUT", one(row, "draft/"), {"source": source(seasons=[SUMMER])}, etag=answer["ETag"])
    assert answer.status_code == 200 and answer.json()["versions"][0]["source"]["seasons"] == [SUMMER]
    got = send(cast.agent, "GET", one(row))
    assert got["ETag"] == answer["ETag"] and got.json() == answer.json()
    assert Client(headers={**bearer(cast.agent), "If-None-Match": got["ETag"]}).get(one(row)).status_code == 304
    listed = send(cast.agent, "GET", f"{LIST}?name=Madrid").json()["results"]
    assert [each["id"] for each in listed] == [str(row.pk)] and "versions" not in listed[0]
    assert send(cast.agent, "GET", f"{LIST}?colour=red").status_code == 400

    answer = send(cast.admin, "DELETE", one(row, "draft/"), etag=got["ETag"])
    assert answer.status_code == 200 and answer.json()["versions"] == []
    assert send(cast.admin, "DELETE", one(row, "draft/"), etag=answer["ETag"]).json()["code"] == "no_draft"


def test_what_was_written_before_there_was_an_editor_has_a_source_too(cast: Cast) -> None:
    version = CalendarVersion.objects.filter(source={}).order_by("pk")[0]
    told = send(cast.manager, "GET", one(version.calendar)).json()
    assert told["in_force"]["number"] == version.number
    assert told["versions"][0]["source"]["weekly"] == version.definition["weekly"]


def test_two_who_edit_at_once(cast: Cast) -> None:
    row = made(cast)
    etag = send(cast.admin, "GET", one(row))["ETag"]
    assert (
        send(cast.admin, "PUT", one(row, "draft/"), {"source": source(holidays=[XMAS])}, etag=etag).status_code == 200
    )
    for method, place, body in (
        ("PUT", "draft/", {"source": source(holidays=[EVE])}), ("DELETE", "draft/", None), ("PATCH", "", {"name": "X"}),
    ):  # fmt: skip
        assert send(cast.admin, method, one(row, place), body).status_code == 428
        assert send(cast.admin, method, one(row, place), body, etag=etag).status_code == 412
    draft = actions.draft_of(row)
    assert draft is not None and draft.closed_names == {"2026-12-25": "Christmas"}


@pytest.mark.parametrize(
    ("bad", "code", "pointer"),
    [
        (source(weekly={}), "never_opens", "/source/weekly"),
        (source(tz="Mars/Olympus"), "unknown_zone", "/source/tz"),
        (source(weekly={"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}), "overlap", "/source/weekly/mon"),
        (source(holidays=[XMAS, XMAS]), "duplicate_date", "/source/holidays/1/date"),
        (source(seasons=[{**SUMMER, "closed": True}]), "unknown_field", "/source/seasons/0/closed"),
        ([1], "bad_calendar", "/source"),
        ("x", "bad_calendar", "/source"),
        (None, "bad_calendar", "/source"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_pointer(cast: Cast, bad: Any, code: str, pointer: str) -> None:
    row = made(cast)
    etag = send(cast.admin, "GET", one(row))["ETag"]
    for answer in (
        send(cast.admin, "POST", LIST, {"name": "New", "source": bad}),
        send(cast.admin, "PUT", one(row, "draft/"), {"source": bad}, etag=etag),
    ):
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert (error["code"], error["pointer"]) == (code, pointer) and error["message"]
    assert not Calendar.objects.filter(name="New").exists()


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "X"}, {"name": "", "source": source()}, {"name": 1, "source": source()},
     {"name": "x" * 81, "source": source()}, {"name": "X", "source": source(), "definition": {}}],
)  # fmt: skip
def test_a_body_is_read_strictly(cast: Cast, body: Any) -> None:
    assert send(cast.admin, "POST", LIST, body).status_code == 400


def test_a_name_is_taken_once(cast: Cast) -> None:
    made(cast)
    answer = send(cast.admin, "POST", LIST, {"name": "Madrid", "source": source()})
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == "/name"


def test_what_counts_by_it_keeps_it_in_use(cast: Cast) -> None:
    used = SlaPolicy.objects.order_by("-position")[0].calendar
    etag = send(cast.admin, "GET", one(used))["ETag"]
    answer = send(cast.admin, "PATCH", one(used), {"is_active": False}, etag=etag)
    assert (answer.status_code, answer.json()["code"]) == (409, "calendar_in_use")
    row = made(cast)
    etag = send(cast.admin, "GET", one(row))["ETag"]
    answer = send(cast.admin, "PATCH", one(row), {"is_active": False, "name": "Rests"}, etag=etag)
    assert (answer.json()["is_active"], answer.json()["name"]) == (False, "Rests")
    assert [each.kind for each in trail.of(row)][-1] == "calendar.changed"


def test_scopes_and_roles(cast: Cast) -> None:
    row = made(cast)
    etag = send(cast.admin, "GET", one(row))["ETag"]
    assert Client().get(LIST).status_code == 401
    assert send(cast.admin, "GET", LIST, scopes=("sla-policies:read",)).status_code == 403
    assert send(cast.admin, "GET", LIST, scopes=("calendars:read",)).status_code == 200
    new = {"name": "New", "source": source()}
    assert send(cast.admin, "POST", LIST, new, scopes=("calendars:read",)).status_code == 403
    for user in (cast.agent, cast.lead, cast.manager):
        assert send(user, "GET", one(row)).status_code == 200
        for method, path, body in (
            ("POST", LIST, new), ("PATCH", one(row), {"name": "X"}), ("PUT", one(row, "draft/"), {"source": source()}),
            ("DELETE", one(row, "draft/"), None),
        ):  # fmt: skip
            answer = send(user, method, path, body, etag=etag)
            assert (answer.status_code, answer.json()["code"]) == (403, "admin_only"), (method, path)
    assert send(cast.admin, "POST", LIST, new, scopes=("calendars:write",)).status_code == 201
    assert send(cast.admin, "GET", f"{LIST}999999/").status_code == 404


def test_the_list_costs_the_same_for_many(cast: Cast) -> None:
    client = Client(headers=bearer(cast.agent))
    few = count(client, LIST)
    for n in range(5):
        actions.create_calendar(f"Desk {n}", source(), by=Actor.person(cast.admin), at=clock.now())
    assert count(client, LIST) == few


def test_a_calendar_is_tried(cast: Cast) -> None:
    row, start = made(cast), "2027-03-05T15:00:00Z"  # a Friday, 16:00 in Madrid
    path = one(row, "trial/")
    asked = {"working_seconds": 4 * 3600, "start": start}
    found = send(cast.agent, "POST", path, asked, scopes=("calendars:read",)).json()
    chosen = row.versions.latest("number")
    calendar = calendar_in(chosen)
    begun = datetime(2027, 3, 5, 15, tzinfo=UTC)
    due = due_at(calendar, begun, Target.seconds(4 * 3600))
    assert due is not None and found["due_at"] == due.isoformat().replace("+00:00", "Z")
    assert found["days"][0]["date"] == "2027-03-05" and sum(day["working_seconds"] for day in found["days"]) == 4 * 3600
    assert {"date": "2027-03-06", "working_seconds": 0} in found["days"]
    assert (found["version"], found["time_zone"], found["more_days"]) == (chosen.number, str(calendar.zone), 0)
    long = send(cast.agent, "POST", path, {**asked, "working_seconds": 400 * 3600}).json()
    assert len(long["days"]) == 14 and long["more_days"] > 0
    for bad, code in (({"version": 99}, "unknown_version"), ({"working_seconds": -1}, None), ({"extra": 1}, None)):
        answer = send(cast.agent, "POST", path, {**asked, **bad})
        assert answer.status_code == 400 and code in (None, answer.json()["code"])
    assert send(cast.agent, "POST", path, asked, scopes=("sla-policies:read",)).status_code == 403
    assert Client().post(path).status_code == 401
    assert send(cast.agent, "POST", f"{LIST}999999/trial/", asked).status_code == 404
    assert row.versions.count() == 1


def test_routing_and_policies_are_tried_with_the_right_to_read(cast: Cast) -> None:
    asked = {"type": "delivery", "channel": "web", "language": "en", "severity": "moderate"}
    path = LIST.replace("calendars", "routing-rules") + "trial/"
    RoutingRule.objects.all().delete()
    cached.clear_all()
    assert send(cast.agent, "POST", path, asked).json()["rule"] is None
    rule = RoutingRule.objects.create(team=cast.other_team, channel="web", position=1)
    cached.clear_all()
    found = send(cast.agent, "POST", path, asked, scopes=("routing-rules:read",)).json()
    person, because = routing.foresee(team=cast.other_team, language="en", at=clock.now())
    assert (found["rule"], found["team"]["name"]) == (str(rule.pk), cast.other_team.name)
    assert (found["owner"]["id"], found["because"]) == (str(person.pk), because)
    assert send(cast.agent, "POST", path, {**asked, "channel": "phone"}).json()["rule"] is None
    assert send(cast.agent, "POST", path, {**asked, "type": "nothing"}).status_code == 400
    assert send(cast.agent, "POST", path, asked, scopes=("calendars:read",)).status_code == 403
    simulate = LIST.replace("calendars", "sla-policies") + "simulate/"
    question = {"type": "delivery", "channel": "web"}
    assert send(cast.manager, "POST", simulate, question, scopes=("sla-policies:read",)).status_code == 200
    assert send(cast.manager, "POST", simulate, question, scopes=("calendars:read",)).status_code == 403


def test_the_document_says_what_a_source_is() -> None:
    document = json.loads((ROOT / "docs" / "api" / "openapi.json").read_text())  # another test: it is what is served
    put = document["paths"]["/api/v1/calendars/{id}/draft/"]["put"]
    ref = put["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    body = document["components"]["schemas"][ref]["properties"]["source"]
    assert "past midnight" in body["description"] and set(body["properties"]) == {"tz", "weekly", "seasons", "holidays"}
    assert "If-Match" in [one["name"] for one in put["parameters"]]
