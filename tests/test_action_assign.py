"""Giving a case to somebody through every door (mission D3)."""

import pytest

from complaints.models import Complaint
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


def test_the_new_owner_is_told_and_the_team_follows(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "owner", owner=cast.stranger.pk, reason="knows Oslo").status == 200
    complaint.refresh_from_db()
    assert complaint.owner == cast.stranger and complaint.team == cast.other_team
    assert kinds(complaint) == ["complaint.assigned"]
    assert door(cast.agent, complaint, "notes", body="x").status == 404


def test_nobody_gets_what_they_have(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.lead, complaint, "owner", owner=cast.agent.pk).status == 409


def test_who_takes_no_cases_cannot_own_one(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "owner", owner=cast.admin.pk).status in (409, 422)
    complaint.refresh_from_db()
    assert complaint.owner == cast.agent
