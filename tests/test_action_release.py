"""Releasing from quarantine through every door."""

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


def test_a_real_complaint_gets_owner_clocks_and_receipt(door: Door, cast):
    from core.models import OutboxMessage
    from tests.cast import make_complaint

    complaint = make_complaint(quarantine=True, customer=cast.customer)
    assert door(cast.manager, complaint, "release").status == 200
    assert door(cast.manager, complaint, "release").status == 409
    complaint.refresh_from_db()
    assert complaint.in_queue and not complaint.is_quarantined and complaint.clocks.count() == 2
    assert OutboxMessage.objects.filter(key=f"receipt:{complaint.reference}").count() == 1
    assert kinds(complaint) == ["complaint.released"]
