"""An absence noted ahead hands the cases over when it begins, once (domain, Complaint 2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaints import routing
from complaints.actions import decide, staff
from complaints.reference import catalogue
from core import clock
from core.actor import Actor
from core.models import Absence
from tests.cast import MONDAY, make_cast

pytestmark = pytest.mark.django_db


def test_cases_move_when_the_absence_begins_and_not_before() -> None:
    with clock.frozen(MONDAY):
        cast = make_cast()
        cast.agent.deputy = cast.colleague
        cast.agent.save(update_fields=["deputy"])
        complaint = cast.complaint()
        begins = MONDAY + timedelta(days=1)
        by = Actor.person(cast.admin)
        assert staff.go_absent(cast.agent, by=by, at=MONDAY, from_at=begins, until_at=None) == 0
        assert staff.hand_over_absent(at=MONDAY + timedelta(hours=1)) == 0
    complaint.refresh_from_db()
    assert complaint.owner == cast.agent
    assert staff.hand_over_absent(at=begins) == 1
    complaint.refresh_from_db()
    assert complaint.owner == cast.colleague
    assert staff.hand_over_absent(at=begins) == 0
    assert not Absence.objects.filter(hand_over=True).exists()


def test_a_case_reopened_while_its_owner_is_away_goes_to_the_deputy() -> None:
    with clock.frozen(MONDAY):
        cast = make_cast()
        cast.agent.deputy = cast.colleague
        cast.agent.save(update_fields=["deputy"])
        complaint, by = cast.complaint(), Actor.person(cast.agent)
        cause = catalogue().causes["people-mistake"]
        decide.resolve(complaint, by=by, at=MONDAY, outcome="upheld", root_cause=cause, summary="Paid back.")
        decide.close(complaint, by=by, at=MONDAY)
        Absence.objects.create(user=cast.agent, from_at=MONDAY)
        reopened = decide.reopen(complaint, by=Actor.person(cast.manager), at=MONDAY, reason="came back")
    assert reopened.owner == cast.colleague
    assert routing.recount() == 0
