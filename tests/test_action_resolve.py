"""Resolving, closing, reopening, withdrawing through every door (domain, Complaint 4, 7)."""

import pytest

from complaints.models import Complaint, Status
from complaints.sla import rebuild
from core import cached, trail
from tests.cast import Cast, make_cast
from tests.doors import DOORS, Door

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("door", DOORS, ids=str)]


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def kinds(complaint: Complaint) -> list[str]:
    return [entry.kind for entry in trail.of(complaint)][1:]


DECISION = {"outcome": "partly_upheld", "root_cause": "people-mistake", "summary": "sent the second lamp"}


def test_a_case_goes_from_decided_to_closed_and_back(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "closure").status == 409
    assert door(cast.agent, complaint, "resolution", **DECISION).status == 200
    assert door(cast.agent, complaint, "resolution", **DECISION).status == 409
    assert door(cast.agent, complaint, "closure").status == 200
    assert door(cast.agent, complaint, "closure").status == 409
    complaint.refresh_from_db()
    assert complaint.status == Status.CLOSED and not complaint.in_queue
    assert door(cast.agent, complaint, "reopening", reason="it broke again").status == 200
    complaint.refresh_from_db()
    assert complaint.status == Status.INVESTIGATING and complaint.in_queue and complaint.outcome == ""
    assert kinds(complaint) == ["complaint.resolved", "complaint.closed", "complaint.reopened"]


@pytest.mark.parametrize(
    "wrong", [{"outcome": "withdrawn"}, {"root_cause": "unclassified"}, {"root_cause": "none"}, {"summary": " "}]
)
def test_nothing_is_resolved_without_outcome_cause_and_summary(door: Door, wrong, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "resolution", **{**DECISION, **wrong}).status == 422
    complaint.refresh_from_db()
    assert complaint.status == Status.NEW and kinds(complaint) == []


def test_a_withdrawn_case_is_over_until_reopened(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "withdrawal", reason="").status == 422
    assert door(cast.agent, complaint, "withdrawal", reason="they found it").status == 200
    assert door(cast.agent, complaint, "withdrawal", reason="twice").status == 409
    assert door(cast.agent, complaint, "investigation").status == 409
    complaint.refresh_from_db()
    assert complaint.status == Status.WITHDRAWN and complaint.outcome == "withdrawn"
    assert not complaint.clocks.filter(state="running").exists()


def test_withdrawn_before_anybody_answered_it_still_owes_the_acknowledgement(door: Door, cast):
    complaint = cast.complaint()
    door(cast.agent, complaint, "withdrawal", reason="they found it")
    assert door(cast.agent, complaint, "reopening", reason="it was another one").status == 200
    owed = complaint.clocks.get(kind="acknowledge")
    assert owed.state == "running" and owed.due_at is not None
    assert door(cast.agent, complaint, "acknowledgement", message="We look for it").status == 200
    owed.refresh_from_db()
    assert owed.state == "met"
    assert rebuild.rebuild(mend=False)["different"] == 0
