"""Waiting on the customer, and going on, through every door."""

import pytest

from complaints.models import Complaint, Status
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


def test_waiting_stops_the_resolve_clock_and_going_on_lets_it_run(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "pause", reason="the invoice").status == 200
    assert door(cast.agent, complaint, "pause", reason="again").status == 409
    complaint.refresh_from_db()
    assert complaint.status == Status.WAITING and complaint.clocks.get(kind="resolve").state == "paused"
    assert door(cast.agent, complaint, "pause", undo=True).status == 200
    assert door(cast.agent, complaint, "pause", undo=True).status == 409
    complaint.refresh_from_db()
    assert complaint.status == Status.INVESTIGATING and complaint.clocks.get(kind="resolve").state == "running"
    assert kinds(complaint) == ["complaint.paused", "complaint.resumed"]


def test_a_reason_is_due(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "pause", reason=" ").status == 422
    assert kinds(complaint) == []
