"""Asking somebody above for help with a case (mission D3), through browser and API alike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaints import errors
from complaints.actions import decide, escalate
from complaints.models import Complaint, Escalation
from core import clock, trail
from core.actor import Actor
from core.models import Absence, Notification, OutboxMessage, Team, User
from tests.cast import MONDAY, Cast, make_cast
from tests.doors import DOORS, Door

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def heard(user: User) -> list[str]:
    return [row.words["what"] for row in Notification.objects.filter(user=user, event="escalated").order_by("pk")]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_lead_is_asked_first_and_the_case_stays(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    answer = door(cast.agent, complaint, "escalation", reason="The courier denies it")
    assert answer.status == 200, answer.text
    asked = Escalation.objects.get()
    assert (asked.to, asked.by, asked.reason) == (cast.lead, cast.agent, "The courier denies it")
    now = Complaint.objects.get(pk=complaint.pk)
    assert now.owner == cast.agent and now.escalated_at == asked.at and now.version == complaint.version
    assert heard(cast.lead) == ["asked"] and heard(cast.agent) == []
    entry = trail.of(complaint).get(kind="complaint.escalated")
    assert "courier" not in entry.body and "courier" in entry.private


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_then_the_manager_and_nobody_twice(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "escalation", reason="Help").status == 200
    first = Complaint.objects.get(pk=complaint.pk).escalated_at
    assert door(cast.agent, complaint, "escalation", reason="Help again").status == 200
    assert set(Escalation.objects.values_list("to", flat=True)) == {cast.lead.pk, cast.manager.pk}
    assert Complaint.objects.get(pk=complaint.pk).escalated_at == first
    assert door(cast.agent, complaint, "escalation", reason="And again", to=str(cast.lead.pk)).status == 409
    assert door(cast.agent, complaint, "escalation", reason="And again").status == 409  # nobody is left above
    assert Escalation.objects.count() == 2


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_what_it_needs(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "escalation", reason="  ").status == 422
    assert door(cast.agent, complaint, "escalation", reason="Help", to=str(cast.agent.pk)).status == 422
    assert door(cast.agent, complaint, "escalation", reason="Help", to="99999").status in (200, 422)
    assert door(cast.agent, complaint, "escalation", reason="Help", to=str(cast.admin.pk)).status == 409
    assert door(cast.stranger, complaint, "escalation", reason="Help").status == 404


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_one_asked_answers_with_words(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    door(cast.agent, complaint, "escalation", reason="Help")
    refused = door(cast.colleague, complaint, "escalation/answer", answer="I would refund")
    assert refused.status == 403 and "Only the one who was asked can answer." in refused.text
    assert door(cast.lead, complaint, "escalation/answer", answer=" ").status == 422
    assert door(cast.lead, complaint, "escalation/answer", answer="Refund it, I vouch for it").status == 200
    found = Escalation.objects.get()
    assert found.answer == "Refund it, I vouch for it" and not found.withdrawn
    assert Complaint.objects.get(pk=complaint.pk).owner == cast.agent
    assert heard(cast.agent) == ["answered"]
    assert door(cast.lead, complaint, "escalation/answer", answer="Once more").status == 409


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_the_one_asked_takes_it_over(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    door(cast.agent, complaint, "escalation", reason="Help")
    fields = {"take_over": True} if str(door) == "api" else {"take_over": "on"}
    assert door(cast.lead, complaint, "escalation/answer", answer="Leave it to me", **fields).status == 200
    assert Complaint.objects.get(pk=complaint.pk).owner == cast.lead
    assert heard(cast.agent) == ["taken"]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_taking_it_back(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    door(cast.colleague, complaint, "escalation", reason="Help")
    refused = door(cast.lead, complaint, "escalation", undo=True)
    assert refused.status == 403 and "Only who escalated it, or the owner, can take that back." in refused.text
    assert door(cast.agent, complaint, "escalation", undo=True).status == 200  # the owner may
    assert door(cast.agent, complaint, "escalation", undo=True).status == 409  # none is open any more
    assert Escalation.objects.get().withdrawn
    assert Complaint.objects.get(pk=complaint.pk).escalated_at is not None  # it was escalated once


def test_a_lead_asks_the_manager_and_who_is_away_comes_last(cast: Cast) -> None:
    own = cast.complaint(owner=cast.lead)
    Complaint.objects.filter(pk=own.pk).update(team=cast.team)
    own.refresh_from_db()
    assert escalate.above(own, Actor.person(cast.lead), at=MONDAY, without=set()) == cast.manager
    complaint = cast.complaint()
    Absence.objects.create(user=cast.lead, from_at=MONDAY, until_at=MONDAY + timedelta(days=1))
    assert escalate.above(complaint, Actor.person(cast.agent), at=MONDAY, without=set()) == cast.manager
    Team.objects.filter(pk=cast.team.pk).update(manager=cast.manager)
    assert escalate.above(complaint, Actor.person(cast.agent), at=MONDAY, without={cast.manager.pk}) == cast.lead


def test_who_would_not_see_the_case_does_from_then_on(cast: Cast) -> None:
    complaint = cast.complaint()
    escalate.escalate(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="Help", to=cast.stranger)
    assert Complaint.objects.visible_to(cast.stranger).filter(pk=complaint.pk).exists()


def test_an_ended_case_needs_no_help(cast: Cast) -> None:
    complaint = cast.complaint()
    escalate.escalate(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="Help")
    decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="Found it")
    assert Escalation.objects.get().withdrawn
    with pytest.raises(errors.AlreadyEnded):
        escalate.escalate(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="Help")


def test_the_mail_carries_the_words(cast: Cast) -> None:
    complaint = cast.complaint()
    escalate.escalate(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="The courier denies it")
    mail = OutboxMessage.objects.get(template="notification", recipient=cast.lead.email)
    from core.mail import compose

    composed = compose(mail)
    assert composed.subject == f"Ana Agent asks for your help with {complaint.reference}: {complaint.subject}"
    assert "The courier denies it" in composed.body and complaint.get_absolute_url() in composed.body


def test_the_page_shows_it_and_the_timeline_tells_it(client, cast: Cast) -> None:
    complaint = cast.complaint()
    escalate.escalate(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="The courier denies it")
    client.force_login(cast.lead)
    page = client.get(complaint.get_absolute_url()).content.decode()
    assert "Ana Agent asks for your help" in page and "The courier denies it" in page
    assert 'id="act-answer_escalation"' in page and "Escalated to Lena Lead" in page
