"""Messages out and in through every door (domain, Complaint 8)."""

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


def test_the_first_message_of_a_person_acknowledges_too(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "messages", body="Hello", direction="out").status == 200
    complaint.refresh_from_db()
    assert complaint.status == Status.ACKNOWLEDGED and complaint.first_response_at is not None
    assert [one.direction for one in complaint.messages.all()] == ["out"]


def test_the_customers_words_noted_by_the_agent_end_the_waiting(door: Door, cast):
    complaint = cast.complaint()
    door(cast.agent, complaint, "pause", reason="a photo")
    assert door(cast.agent, complaint, "messages", body="Here it is", direction="in").status == 200
    complaint.refresh_from_db()
    assert complaint.status == Status.INVESTIGATING
    assert complaint.messages.get().author == cast.agent


def test_nothing_is_no_message(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "messages", body="  ", direction="out").status == 422
    assert not complaint.messages.exists() and kinds(complaint) == []


def test_a_closed_case_takes_no_message_out(door: Door, cast):
    complaint = cast.complaint()
    door(cast.agent, complaint, "withdrawal", reason="solved")
    assert door(cast.agent, complaint, "messages", body="Bye", direction="out").status == 409
