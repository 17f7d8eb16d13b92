"""Beginning the investigation through every door."""

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
    assert door(cast.agent, complaint, "investigation").status == 200
    assert door(cast.agent, complaint, "investigation").status == 409
    complaint.refresh_from_db()
    assert complaint.status == Status.INVESTIGATING
    assert kinds(complaint) == ["complaint.investigating"]


def test_the_lead_and_the_manager_may_and_the_administrator_may_not(door: Door, cast):
    for person, status in ((cast.lead, 200), (cast.manager, 200), (cast.stranger, 404)):
        assert door(person, cast.complaint(), "investigation").status == status
    assert door(cast.admin, cast.complaint(), "investigation").status in (403, 404)
