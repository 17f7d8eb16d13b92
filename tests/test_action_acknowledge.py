"""Acknowledging through every door: once, with or without a message (domain, Complaint 8)."""

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


def test_it_happens_once_and_leaves_one_entry(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "acknowledgement").status == 200
    refused = door(cast.agent, complaint, "acknowledgement")
    assert refused.status == 409 and "already" in refused.text
    complaint.refresh_from_db()
    assert complaint.status == Status.ACKNOWLEDGED and complaint.first_response_at is None
    assert kinds(complaint) == ["complaint.acknowledged"]
    assert complaint.clocks.get(kind="acknowledge").state == "met"


def test_with_a_message_it_is_the_first_response_and_goes_by_mail(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "acknowledgement", message="We have it.").status == 200
    complaint.refresh_from_db()
    assert complaint.first_response_at == complaint.acknowledged_at
    assert complaint.messages.get().by_mail_to == "dana@mail.example"


def test_a_stranger_finds_nothing(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.stranger, complaint, "acknowledgement").status == 404
    assert kinds(complaint) == []
