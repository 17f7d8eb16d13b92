"""Events in the forms of the API: ids, instants, who it was; one by one, and page by page backwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints.actions import converse
from core import cached, clock, trail
from core.actor import Actor
from core.api import entries
from core.models import ApiToken, TrailEntry
from metrics import events as reading
from retention.actions import customers
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_team
from tests.followed import STREAM, ask, client_of, shown
from tests.tokens import make_token

ROOT = Path(__file__).resolve().parent.parent
KEYS = re.compile(r'"([a-z_]+)": (?:\[[^\]]*?|[a-z_.]*)(?:\.pk|_id)\b')
NO_KEYS = {"about", "customer_id", "ended", "external_id", "token", "messages"}  # texts, or never in `changes`
SETTINGS = (
    "core.User", "core.Team", "core.Organisation", "core.Calendar", "complaints.ComplaintType", "complaints.RootCause",
    "complaints.RoutingRule", "complaints.Theme", "complaints.Channel",
)  # fmt: skip


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def test_ids_are_text_and_instants_end_with_z(cast: Cast) -> None:
    case = cast.complaint()
    filed = shown(cast.agent, types="complaint.filed")[-1]
    assert filed["changes"]["owner"] == str(cast.agent.pk) and filed["changes"]["team"] == str(cast.team.pk)
    assert filed["changes"]["received_at"] == case.received_at.isoformat().replace("+00:00", "Z")
    below = shown(cast.agent, f"/api/v1/complaints/{case.reference}/events/")[0]
    assert below == {**filed, "kind": "complaint.filed"}
    stored = json.loads(trail.of(case)[0].body)
    assert stored["owner"] == cast.agent.pk and stored["received_at"].endswith("+00:00"), "what is sealed stays"


def test_changes_of_any_depth_are_told_in_the_forms_of_the_api(cast: Cast) -> None:
    case = cast.complaint()
    at = MONDAY.isoformat()
    said = {
        "owner": [None, 5], "followers": [3, 4], "clocks": [{"clock": 7, "cycle": 1, "due_at": at, "percent": 100}],
        "limit": {"person": 4, "amount": "12.30"}, "lead": True, "position": [1, 2], "score": 0, "size": 1045,
        "told_at": str(MONDAY), "deadlines": {"resolve": [at, None]}, "due_on": "2026-03-24", "from": 6,
        "note": "2026-03-24 it was", "pause": "2026-03-24T09:00",
    }  # fmt: skip
    entry = trail.append(case, "complaint.amended", by=Actor.system("tests"), at=MONDAY, changes=said)
    instant = at.replace("+00:00", "Z")
    assert entries.changes_of(entry, {}) == {
        **said,
        "owner": [None, "5"], "followers": ["3", "4"], "from": "6",
        "clocks": [{"clock": "7", "cycle": 1, "due_at": instant, "percent": 100}],
        "limit": {"person": "4", "amount": "12.30"}, "told_at": instant, "deadlines": {"resolve": [instant, None]},
    }  # fmt: skip
    draft = TrailEntry(subject_kind="slaversion", body='{"from":6,"number":7}')
    assert entries.changes_of(draft, {}) == {"from": 6, "number": 7}, "numbers of versions"


def test_a_complaint_that_another_record_tells_of_goes_by_its_reference(cast: Cast) -> None:
    case, hidden = cast.complaint(), cast.complaint(owner=cast.stranger)
    customer = customers.create(customers.Details(name="Zoë"), by=Actor.person(cast.agent), at=MONDAY)
    for one in (case, hidden):
        trail.append(customer, "customer.points", by=Actor.person(cast.agent), at=MONDAY, changes={"complaint": one.pk})
    told_of = [one["changes"]["complaint"] for one in shown(cast.agent, types="customer.points_changed")]
    assert told_of == [case.reference, None], "of what the caller does not see, nothing"


@pytest.mark.sqlite
def test_every_key_that_an_action_puts_on_the_trail_is_known_as_one() -> None:
    """Names under which actions write keys, read out of the code; and the references of settings, written by name."""
    found = {
        name
        for app in ("core", "complaints", "retention", "metrics")
        for folder in ("actions", "sla", "promises", "authority")
        for path in (ROOT / app / folder).rglob("*.py")
        for name in KEYS.findall(path.read_text())
    }
    models = [apps.get_model(name) for name in SETTINGS]
    found |= {field.name for model in models for field in model._meta.concrete_fields if field.is_relation}
    assert {"owner", "watcher", "deputy", "default_owner", "message"} <= found
    assert sorted(found - entries.IDS - NO_KEYS - {entries.COMPLAINT}) == []


# One event, and the pages before


def test_a_single_event_is_read_by_its_id_by_those_who_may_see_it(cast: Cast) -> None:
    case = cast.complaint()
    listed = shown(cast.agent, types="complaint.filed")[-1]
    one = ask(cast.agent, f"{STREAM}{listed['id']}/")
    assert one.json() == listed and listed["subject"]["id"] == case.reference
    stranger = make_agent(make_team())
    assert ask(stranger, f"{STREAM}{listed['id']}/").status_code == 404
    assert ask(cast.admin, f"{STREAM}{listed['id']}/").status_code == 404
    trail.append(cast.agent, "user.renamed", by=Actor.person(cast.agent), at=MONDAY)
    theirs = TrailEntry.objects.get(kind="user.renamed")
    assert ask(cast.admin, f"{STREAM}{theirs.pk}/").status_code == 200
    assert ask(cast.manager, f"{STREAM}{theirs.pk}/").status_code == 404
    assert ask(cast.agent, f"{STREAM}{10**17}/").status_code == 404
    assert Client().get(f"{STREAM}{listed['id']}/").status_code == 401


def test_pages_are_read_back_to_the_beginning(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WINDOW", 4)
    case = cast.complaint()
    for _n in range(9):
        trail.append(case, "complaint.watched", by=Actor.person(cast.agent), at=MONDAY)
    first = ask(cast.manager, page_size="4").json()
    assert first["previous"] is None and first["next"]
    forward, pages, page = [], [], first
    while True:
        pages.append(page["results"])
        forward += page["results"]
        if page["end_of_stream"]:
            break
        page = client_of(cast.manager).get(page["next"]).json()
    back: list[dict[str, Any]] = []
    last = ask(cast.manager, after="latest").json()
    assert (last["results"], last["end_of_stream"]) == ([], True)
    page = last
    while page["previous"]:
        page = client_of(cast.manager).get(page["previous"]).json()
        back = page["results"] + back
    assert back == forward and len(pages) > 2
    again = client_of(cast.manager).get(last["previous"]).json()
    assert again["end_of_stream"] and again["cursor"] == last["cursor"], "forward from there nothing is left"
    rare = ask(cast.manager, after="latest", types="complaint.filed", page_size="1").json()
    while not rare["results"]:
        rare = client_of(cast.manager).get(rare["previous"]).json()
    assert [one["type"] for one in rare["results"]] == ["complaint.filed"]
    with CaptureQueriesContext(connection) as asked:
        reading.read_back(cast.manager, before=int(forward[-1]["id"]), most=200)
    assert len(asked) <= 2 + 3 * reading.WINDOWS


# Who it was


def test_two_tokens_of_one_name_are_told_apart(cast: Cast) -> None:
    made = [make_token(cast.agent, name="idem") for _n in range(2)]
    assert ApiToken.objects.filter(name="idem", revoked_at=None).count() == 2
    case = cast.complaint()
    for _token, plain in made:
        answer = Client().post(
            f"/api/v1/complaints/{case.reference}/messages/",
            {"direction": "in", "body": "Any news?"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {plain}"},
        )
        assert answer.status_code == 201, answer.content
    wrote = shown(cast.agent, types="complaint.message_received")
    assert [(one["actor"], one["user"], one["token"]) for one in wrote] == [
        ("integration:idem", str(cast.agent.pk), str(token.pk)) for token, _plain in made
    ]
    filed = shown(cast.agent, types="complaint.filed")[-1]
    assert filed["token"] is None, "people have none"
    assert not list(trail.verify(trail.of(case)))
    TrailEntry.objects.filter(pk=wrote[0]["id"]).update(token_id=made[1][0].pk)
    assert [fault.code for fault in trail.verify(trail.of(case))] == ["altered"], "which token it was is sealed too"


def test_what_comes_in_is_the_customers_whoever_noted_it_down(cast: Cast) -> None:
    case, nobody = cast.complaint(), cast.complaint(customer=None)
    by = Actor.person(cast.agent)
    path = f"/api/v1/complaints/{case.reference}/messages/"
    customer = {"kind": "customer", "id": str(case.customer_id), "name": case.customer.name}
    us = {"id": str(cast.agent.pk), "name": str(cast.agent)}
    written = client_of(cast.agent).post(path, {"direction": "in", "body": "Hello?"}, content_type="application/json")
    assert (written.json()["author"], written.json()["recorded_by"]) == (customer, us)
    converse.incoming(case, by=Actor.customer(), at=clock.now(), body="By mail")
    converse.message(case, by=by, at=clock.now(), body="We look into it.")
    told_of = [(one["direction"], one["author"], one["recorded_by"]) for one in shown(cast.agent, path)]
    assert told_of == [
        ("in", customer, us),
        ("in", customer, None),
        ("out", {"kind": "user", **us}, None),
    ]
    converse.incoming(nobody, by=by, at=clock.now(), body="Who are you?")
    (unknown,) = shown(cast.agent, f"/api/v1/complaints/{nobody.reference}/messages/")
    assert (unknown["author"], unknown["recorded_by"]) == (None, us)


def test_many_messages_cost_no_query_more_than_few(cast: Cast) -> None:
    case = cast.complaint()
    path = f"/api/v1/complaints/{case.reference}/messages/"

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            shown(cast.agent, path)
        return len(asked)

    converse.incoming(case, by=Actor.person(cast.agent), at=clock.now(), body="One")
    few = cost()
    for number in range(20):
        converse.incoming(case, by=Actor.person(cast.agent), at=clock.now(), body=f"More {number}")
    assert cost() == few
