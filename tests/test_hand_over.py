"""Handing a case over with acceptance (mission D3), through browser and API alike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaints.actions import decide, hand_over, manage, staff
from complaints.models import Complaint, HandOver, HandOverState, RootCause, Watch
from core import clock, trail
from core.actor import Actor
from core.models import Notification, OutboxMessage, User
from tests.cast import MONDAY, Cast, make_cast
from tests.doors import DOORS, Door

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def heard(user: User) -> list[str]:
    """What somebody was told of offers, oldest first."""
    rows = Notification.objects.filter(user=user, event="hand_over").order_by("pk")
    return [row.words["what"] for row in rows]


def owner_of(complaint: Complaint) -> User:
    return Complaint.objects.get(pk=complaint.pk).owner


def state_of(complaint: Complaint) -> str:
    return str(HandOver.objects.get(complaint=complaint).state)


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_an_offered_case_stays_until_it_is_accepted(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    answer = door(cast.agent, complaint, "hand-over", to=str(cast.colleague.pk), reason="I am away from Thursday")
    assert answer.status == 200, answer.text
    assert owner_of(complaint) == cast.agent
    assert heard(cast.colleague) == ["offered"]
    assert heard(cast.agent) == []
    assert door(cast.colleague, complaint, "hand-over/acceptance").status == 200
    assert owner_of(complaint) == cast.colleague
    assert state_of(complaint) == HandOverState.ACCEPTED
    assert heard(cast.agent) == ["accepted"]
    entry = trail.of(complaint).filter(kind="complaint.handed_over").get()
    assert entry.actor_id == cast.colleague.pk
    assert cast.agent.workload.__class__.objects.get(agent=cast.agent).open_count == 0
    assert cast.agent.workload.__class__.objects.get(agent=cast.colleague).open_count == 1


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_declining_needs_words_and_leaves_the_case(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    door(cast.agent, complaint, "hand-over", to=str(cast.colleague.pk))
    assert door(cast.colleague, complaint, "hand-over/refusal", answer=" ").status == 422
    assert door(cast.colleague, complaint, "hand-over/refusal", answer="I know nothing of lamps").status == 200
    assert owner_of(complaint) == cast.agent
    assert state_of(complaint) == HandOverState.DECLINED
    told = Notification.objects.get(user=cast.agent, event="hand_over")
    assert told.words["text"] == "I know nothing of lamps"
    assert door(cast.colleague, complaint, "hand-over/acceptance").status == 409


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_taking_an_offer_back(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    door(cast.agent, complaint, "hand-over", to=str(cast.colleague.pk))
    assert door(cast.colleague, complaint, "hand-over", undo=True).status == 403 or str(door) != "api"
    assert door(cast.agent, complaint, "hand-over", undo=True).status == 200
    assert state_of(complaint) == HandOverState.WITHDRAWN
    assert heard(cast.colleague) == ["offered", "withdrawn"]
    assert door(cast.colleague, complaint, "hand-over/acceptance").status == 409


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_only_one_offer_at_a_time_and_never_to_the_owner(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "hand-over", to=str(cast.agent.pk)).status == 409
    assert door(cast.agent, complaint, "hand-over", to=str(cast.admin.pk)).status == 409
    assert door(cast.agent, complaint, "hand-over", to="999999").status == 422
    assert door(cast.agent, complaint, "hand-over", to=str(cast.colleague.pk)).status == 200
    assert door(cast.agent, complaint, "hand-over", to=str(cast.stranger.pk)).status == 409
    assert HandOver.objects.count() == 1


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_who_may_offer(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    assert door(cast.colleague, complaint, "hand-over", to=str(cast.lead.pk)).status == 403
    assert door(cast.stranger, complaint, "hand-over", to=str(cast.lead.pk)).status == 404
    assert door(cast.lead, complaint, "hand-over", to=str(cast.colleague.pk)).status == 200
    offer = HandOver.objects.get()
    assert (offer.from_user, offer.offered_by) == (cast.agent, cast.lead)
    hand_over.accept(complaint, by=Actor.person(cast.colleague), at=clock.now())
    assert heard(cast.agent) == ["accepted"]
    assert heard(cast.lead) == ["accepted"]


def test_somebody_of_another_team_sees_the_case_while_the_offer_stands(cast: Cast) -> None:
    complaint = cast.complaint()
    seen = Complaint.objects.visible_to(cast.stranger).filter(pk=complaint.pk)
    hand_over.offer(complaint, by=Actor.person(cast.agent), at=clock.now(), to=cast.stranger)
    assert seen.exists()
    hand_over.decline(complaint, by=Actor.person(cast.stranger), at=clock.now(), answer="Not ours")
    assert not seen.exists()
    Watch.objects.create(complaint=complaint, user=cast.stranger)  # who followed it before goes on
    hand_over.offer(complaint, by=Actor.person(cast.agent), at=clock.now(), to=cast.stranger)
    hand_over.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now())
    assert seen.exists()


def test_an_offer_is_overtaken_when_the_case_changes_hands_or_ends(cast: Cast) -> None:
    complaint, other = cast.complaint(), cast.complaint()
    for one in (complaint, other):
        hand_over.offer(one, by=Actor.person(cast.agent), at=clock.now(), to=cast.colleague)
    manage.assign(complaint, by=Actor.person(cast.lead), at=clock.now(), owner=cast.stranger)
    assert state_of(complaint) == HandOverState.OVERTAKEN
    decide.withdraw(other, by=Actor.person(cast.agent), at=clock.now(), reason="Found the parcel")
    assert state_of(other) == HandOverState.OVERTAKEN
    assert heard(cast.colleague) == ["offered", "offered", "overtaken", "overtaken"]


def test_an_offer_to_somebody_who_leaves_is_overtaken_and_may_be_made_again(cast: Cast) -> None:
    complaint = cast.complaint()
    hand_over.offer(complaint, by=Actor.person(cast.manager), at=clock.now(), to=cast.colleague)
    staff.deactivate(cast.colleague, by=Actor.person(cast.admin), at=clock.now())
    assert state_of(complaint) == HandOverState.OVERTAKEN and owner_of(complaint) == cast.agent
    assert heard(cast.agent) == ["overtaken"] and heard(cast.manager) == ["overtaken"]
    hand_over.offer(complaint, by=Actor.person(cast.manager), at=clock.now(), to=cast.stranger)
    assert not list(trail.verify(trail.of(complaint)))


def test_given_to_the_one_who_was_asked_says_so_once(cast: Cast) -> None:
    complaint = cast.complaint()
    hand_over.offer(complaint, by=Actor.person(cast.agent), at=clock.now(), to=cast.colleague)
    manage.assign(complaint, by=Actor.person(cast.lead), at=clock.now(), owner=cast.colleague)
    assert heard(cast.colleague) == ["offered"]
    assert Notification.objects.filter(user=cast.colleague, event="assigned").count() == 1


def test_an_ended_case_is_offered_to_nobody(cast: Cast) -> None:
    complaint = cast.complaint()
    decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="Found the parcel")
    with pytest.raises(Exception, match="withdrawn"):
        hand_over.offer(complaint, by=Actor.person(cast.agent), at=clock.now(), to=cast.colleague)
    assert RootCause.objects.exists()


def test_an_offer_left_lying_is_said_once_more(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        complaint = cast.complaint()
        hand_over.offer(complaint, by=Actor.person(cast.agent), at=MONDAY, to=cast.colleague)
    assert hand_over.remind(at=MONDAY + timedelta(hours=3, minutes=59)) == 0
    assert hand_over.remind(at=MONDAY + timedelta(hours=4)) == 1
    assert hand_over.remind(at=MONDAY + timedelta(hours=9)) == 0
    assert heard(cast.colleague) == ["offered", "waiting"]
    assert OutboxMessage.objects.filter(template="notification", recipient=cast.colleague.email).count() == 2


def test_balancing_offers_those_with_most_time_left(cast: Cast) -> None:
    cases = []
    for hours in range(4):
        with clock.frozen(MONDAY + timedelta(hours=hours)):
            cases.append(cast.complaint(subject=f"Case {hours}"))
    lead = Actor.person(cast.lead)
    made = hand_over.balance(cast.agent, cast.colleague, by=lead, at=clock.now(), count=2, reason="Even it out")
    assert [offer.complaint_id for offer in made] == [cases[3].pk, cases[2].pk]
    again = hand_over.balance(cast.agent, cast.colleague, by=lead, at=clock.now(), count=9)
    assert {offer.complaint_id for offer in again} == {cases[0].pk, cases[1].pk}
    assert all(owner_of(one) == cast.agent for one in cases)


def test_the_page_says_who_is_asked(client, cast: Cast) -> None:
    complaint = cast.complaint()
    hand_over.offer(
        complaint, by=Actor.person(cast.agent), at=clock.now(), to=cast.colleague, reason="You know the courier"
    )
    client.force_login(cast.colleague)
    page = client.get(complaint.get_absolute_url()).content.decode()
    assert "Ana Agent asks you to take this case over" in page
    assert "You know the courier" in page
    assert f'action="{complaint.get_absolute_url()}hand-over/acceptance/"' in page
    client.force_login(cast.agent)
    page = client.get(complaint.get_absolute_url()).content.decode()
    assert "Offered to Cole Colleague by Ana Agent, not answered yet" in page
    assert 'id="act-accept_offer"' not in page
