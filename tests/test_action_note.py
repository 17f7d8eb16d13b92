"""Notes through every door."""

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


def test_a_note_changes_nothing_but_the_story(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "notes", body="Look at the log").status == 200
    assert door(cast.agent, complaint, "notes", body="").status == 422
    before = complaint.version
    complaint.refresh_from_db()
    assert complaint.version == before and complaint.status == Status.NEW
    assert [note.body for note in complaint.notes.all()] == ["Look at the log"]
    assert kinds(complaint) == ["complaint.noted"]


def test_an_ended_case_takes_notes(door: Door, cast):
    complaint = cast.complaint()
    door(cast.agent, complaint, "withdrawal", reason="solved")
    assert door(cast.agent, complaint, "notes", body="After all").status == 200
