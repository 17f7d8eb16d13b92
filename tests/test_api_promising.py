"""Over the API as in the browser: what is asked for with a complaint, what is promised with a message (A3, A7, A12)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints import decisions
from complaints.actions import pending
from complaints.models import Complaint, Message, Promise
from core import clock, trail
from tests.asking import code, read, send
from tests.cast import Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
NEW = {"channel": "email", "subject": "Lamp broken", "description": "It came in pieces."}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def hours(count: float) -> str:
    return (clock.now() + timedelta(hours=count)).isoformat().replace("+00:00", "Z")


def test_a_complaint_says_what_is_asked_for(cast: Cast) -> None:
    status, told = send(cast.manager, "complaints/", {**NEW, "demands": [" A second lamp ", "The postage back"]})
    assert status == 201, told
    case = Complaint.objects.get()
    assert [one.text for one in decisions.demands(case)] == ["A second lamp", "The postage back"]
    assert told["version"] == case.version == 3 and not list(trail.verify(trail.of(case)))
    assert told == read(cast.manager, f"complaints/{case.reference}/")[1]
    assert [one.kind for one in trail.of(case)][-2:] == ["complaint.demand_added"] * 2
    assert send(cast.manager, "complaints/", NEW)[1]["version"] == 1


@pytest.mark.parametrize("demands", [["x" * 501], [" "], [1], "A lamp", ["A lamp"] * 31])
def test_what_is_no_list_of_lines_is_refused(cast: Cast, demands: Any) -> None:
    status, told = send(cast.manager, "complaints/", {**NEW, "demands": demands})
    assert status == 400 and told["errors"][0]["pointer"].startswith("/demands"), told
    assert not Complaint.objects.exists()


def test_with_a_message_something_is_promised(cast: Cast) -> None:
    case = cast.complaint()
    path, due = f"complaints/{case.reference}/messages/", hours(5)
    assert read(cast.agent, f"complaints/{case.reference}/")[1]["promise_due_at"] is None
    said = {"body": "We call you.", "direction": "out", "promise": {"text": "A call", "due_at": due}}
    status, told = send(cast.agent, path, said)
    assert status == 201, told
    made = Promise.objects.get()
    assert (made.text, made.complaint, made.owner, str(made.message_id)) == ("A call", case, case.owner, told["id"])
    assert read(cast.agent, f"complaints/{case.reference}/")[1]["promise_due_at"] == due
    assert read(cast.agent, f"complaints/{case.reference}/promises/")[1]["results"][0]["message"] == told["id"]


@pytest.mark.parametrize(
    ("promise", "pointer"),
    [
        ({"text": "A call", "due_at": "2020-01-01T00:00:00Z"}, "/promise/due_at"),
        ({"text": "A call", "due_at": "2200-01-01T00:00:00Z"}, "/promise/due_at"),
        ({"text": "A call", "due_at": "soon"}, "/promise/due_at"),
        ({"text": "A call"}, "/promise/due_at"),
        ({"text": " ", "due_at": "2026-12-01T00:00:00Z"}, "/promise/text"),
        ({"due_at": "2026-12-01T00:00:00Z"}, "/promise/text"),
        ({"text": "A call", "due_at": "2026-12-01T00:00:00Z", "by": "me"}, "/promise/by"),
    ],
)
def test_half_a_promise_is_none_and_nothing_is_sent(cast: Cast, promise: dict[str, str], pointer: str) -> None:
    case = cast.complaint()
    said = {"body": "We call you.", "direction": "out", "promise": promise}
    status, told = send(cast.agent, f"complaints/{case.reference}/messages/", said)
    assert status == 400 and told["errors"][0]["pointer"] == pointer, told
    assert not Message.objects.filter(complaint=case).exists() and not Promise.objects.exists()


def test_what_comes_in_promises_nothing(cast: Cast) -> None:
    case = cast.complaint()
    said = {"body": "I call you.", "direction": "in", "promise": {"text": "A call", "due_at": hours(5)}}
    assert code(send(cast.agent, f"complaints/{case.reference}/messages/", said)) == "only_outgoing"


def test_later_the_promise_is_made_when_the_message_goes(cast: Cast) -> None:
    case = cast.complaint()
    path = f"complaints/{case.reference}/messages/"
    said = {"body": "We call you.", "direction": "out", "send_at": hours(2)}
    early = send(cast.agent, path, {**said, "promise": {"text": "A call", "due_at": hours(1)}})
    assert early[0] == 400 and early[1]["errors"][0]["pointer"] == "/promise/due_at"
    answer = Client(headers=bearer(cast.agent)).post(
        f"/api/v1/{path}", json.dumps({**said, "promise": {"text": "A call", "due_at": hours(5)}}), "application/json"
    )
    assert answer.status_code == 201 and not Promise.objects.exists()
    with clock.frozen(clock.now() + timedelta(hours=3)):
        pending.send_due(at=clock.now())
    assert Promise.objects.get().text == "A call"
