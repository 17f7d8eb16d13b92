"""Sorting a case differently through every door (domain, SLA 4)."""

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


def test_type_and_severity_move_with_a_reason(door: Door, cast):
    complaint = cast.complaint()
    values = {"type": "billing-overcharged", "severity": "serious", "reason": "read the invoice"}
    assert door(cast.agent, complaint, "classification", **values).status == 200
    assert door(cast.agent, complaint, "classification", **values).status == 409
    complaint.refresh_from_db()
    assert (complaint.type.code, complaint.severity) == ("billing-overcharged", "serious")
    assert kinds(complaint) == ["complaint.classified"]


@pytest.mark.parametrize("wrong", [{"type": "no-such"}, {"severity": "huge"}, {"severity": "serious", "reason": " "}])
def test_wrong_input_changes_nothing(door: Door, wrong, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "classification", **{"reason": "x", **wrong}).status == 422
    assert kinds(complaint) == []
