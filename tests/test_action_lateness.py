"""Why a case came late: asked in the browser, owed where nobody was asked, and said afterwards by every door."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import bulk_acts, decide, lateness
from complaints.actions.lateness import NotLate
from complaints.errors import NotResolved
from complaints.models import Complaint
from complaints.reference import catalogue
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from tests import doors
from tests.cast import MONDAY, Cast, make_cast
from tests.doors import API, BROWSER
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
LATE = MONDAY + timedelta(days=30)
CAUSE = "people-mistake"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def filed(cast: Cast) -> Complaint:
    with clock.frozen(MONDAY):
        return cast.complaint(channel="email", at=MONDAY)


def resolved(cast: Cast, at: Any = LATE, **values: Any) -> Complaint:
    case, cause = filed(cast), catalogue().causes[CAUSE]
    with clock.frozen(at):
        return decide.resolve(
            case, by=Actor.person(cast.agent), at=at, outcome="upheld", root_cause=cause, summary="Sent one.", **values
        )


def page(cast: Cast, case: Complaint) -> str:
    client = Client()
    client.force_login(cast.agent)
    return client.get(f"/complaints/{case.reference}/").content.decode()


def said(case: Complaint, kind: str) -> Any:
    return json.loads(trail.of(case).get(kind=kind).body)["late_reason"]


def not_given(cast: Cast) -> Any:
    client = Client(headers=bearer(cast.manager))
    told = client.get("/api/v1/metrics/late-reasons/?from=2026-03-01&to=2026-03-31&group_by=late_reason").json()
    return {one["key"]: one["value"] for one in told["groups"]}


def test_resolved_late_without_a_reason_it_is_owed_and_said_so(cast: Cast) -> None:
    case = filed(cast)
    with clock.frozen(LATE):
        answer = API(cast.agent, case, "resolution", outcome="upheld", root_cause=CAUSE, summary="Sent one.")
        assert answer.status in (200, 201), answer.text
        assert json.loads(answer.text)["late_reason"] is None
        assert said(case, "complaint.resolved") == "not_stated"
        text = page(cast, case)
        assert "reason not given" in text and 'id="act-explain_lateness"' in text
        assert not_given(cast) == {"-": 1}


def test_many_at_once_owe_it_too(cast: Cast) -> None:
    case = filed(cast)
    values = bulk_acts.ACTS["resolve"].read({"outcome": "upheld", "root_cause": CAUSE, "summary": "Sent one."})
    with clock.frozen(LATE):
        bulk_acts.ACTS["resolve"].run(case, values, by=Actor.person(cast.agent), at=LATE)
        assert said(case, "complaint.resolved") == "not_stated"
        assert 'id="act-explain_lateness"' in page(cast, case)


@pytest.mark.parametrize("door", [BROWSER, API])
@pytest.mark.parametrize("closed", [False, True])
def test_every_door_says_it_afterwards(cast: Cast, door: Any, closed: bool) -> None:
    case = resolved(cast)
    with clock.frozen(LATE):
        if closed:
            decide.close(case, by=Actor.person(cast.agent), at=LATE)
        told = door(cast.agent, case, "resolution/lateness", late_reason="supplier", late_note="their ledger was shut")
        assert told.status in (200, 201, 302), told.text
        case.refresh_from_db()
        assert (case.late_reason, case.narrative.late_note) == ("supplier", "their ledger was shut")
        assert said(case, "complaint.lateness_explained") == ["not_stated", "supplier"]
        text = page(cast, case)
        assert "Waiting for a supplier or partner: their ledger was shut" in text
        assert 'id="act-explain_lateness"' not in text
        assert not_given(cast) == {"supplier": 1}
    assert not list(trail.verify(trail.of(case)))


def test_the_same_again_changes_nothing_and_better_words_do(cast: Cast) -> None:
    case, by = resolved(cast, late_reason="workload"), Actor.person(cast.agent)
    with clock.frozen(LATE):
        lateness.explain(case, by=by, at=LATE, late_reason="workload")
        assert not trail.of(case).filter(kind="complaint.lateness_explained").exists()
        lateness.explain(case, by=by, at=LATE, late_reason="complex", late_note="two banks")
    assert said(case, "complaint.lateness_explained") == ["workload", "complex"]


@pytest.mark.parametrize(
    ("make", "reason", "refusal"),
    [
        (filed, "workload", NotResolved),
        (lambda cast: resolved(cast, MONDAY + timedelta(minutes=5)), "workload", NotLate),
        (resolved, "mood", InvalidInput),
        (resolved, "not_stated", InvalidInput),
        (resolved, "", InvalidInput),
    ],
    ids=["open", "in time", "unknown", "none of the reasons", "blank"],
)
def test_what_makes_no_sense_is_refused(cast: Cast, make: Any, reason: str, refusal: type[DomainError]) -> None:
    case = make(cast)
    entries = trail.of(case).count()
    with clock.frozen(LATE), pytest.raises(refusal):
        lateness.explain(case, by=Actor.person(cast.agent), at=LATE, late_reason=reason)
    assert trail.of(case).count() == entries


def test_a_case_in_time_owes_nothing(cast: Cast) -> None:
    case = resolved(cast, MONDAY + timedelta(minutes=5))
    assert "late_reason" not in json.loads(trail.of(case).get(kind="complaint.resolved").body)
    assert 'id="act-explain_lateness"' not in page(cast, case)
    assert doors.API(cast.agent, case, "resolution/lateness", late_reason="complex").status == 409
