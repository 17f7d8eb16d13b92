"""Two cases become one and two again: people, messages, chains, refusals (domain, Complaint 9; case F22)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import converse, decide, handle
from complaints.actions import merge as merging
from complaints.models import Complaint, Merge, Message, Watch, Workload
from core import clock
from core.actor import Actor
from core.errors import DomainError
from core.models import Notification
from core.references import status_token
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_customer
from tests.merged import DAY, HOUR, cause, due, filed, merged, parted, same, state, swept, whole

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return Actor.person(cast.agent)


def test_people_follow_and_are_told(cast: Cast, by: Actor) -> None:
    source, target = filed(cast, owner=cast.colleague), filed(cast, owner=cast.stranger)
    Watch.objects.create(complaint=source, user=cast.manager)
    manager = Actor.person(cast.manager)
    load = Workload.objects.get(agent=cast.colleague).open_count
    merged(source, target, manager, MONDAY + HOUR)
    followers = set(Watch.objects.filter(complaint=target).values_list("user", flat=True))
    assert followers == {cast.colleague.pk, cast.manager.pk}
    assert Workload.objects.get(agent=cast.colleague).open_count == load - 1
    told = Notification.objects.filter(key__startswith="merged:").values_list("user", flat=True)
    assert set(told) == {cast.colleague.pk, cast.stranger.pk}
    assert Complaint.objects.visible_to(cast.colleague).filter(pk=target.pk).exists()
    parted(source, manager, MONDAY + 2 * HOUR)
    assert not Watch.objects.filter(complaint=target).exists()
    assert Workload.objects.get(agent=cast.colleague).open_count == load


def test_an_owner_who_left_is_followed_by_another(cast: Cast, by: Actor) -> None:
    from complaints.actions import staff

    leaver = make_agent(cast.team)
    source, target = filed(cast, owner=leaver), filed(cast)
    merged(source, target, by, MONDAY + HOUR)
    with clock.frozen(MONDAY + 2 * HOUR):
        staff.deactivate(leaver, by=Actor.person(cast.admin), at=MONDAY + 2 * HOUR)
    source = parted(source, Actor.person(cast.manager), MONDAY + 3 * HOUR)
    assert source.owner_id == cast.lead.pk and source.in_queue


def test_what_the_customer_writes_through_the_merged_case_acts_on_the_joint_one(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast, owner=cast.colleague)
    merged(source, target, by, MONDAY + HOUR)
    with clock.frozen(MONDAY + 2 * HOUR):
        handle.wait(target, by=by, at=MONDAY + 2 * HOUR, reason="A photo")
    with clock.frozen(MONDAY + 3 * HOUR):
        token = status_token(source.reference)
        assert Client().post(f"/status/{token}/", {"body": "Here is the photo."}).status_code == 302
    target.refresh_from_db()
    got = Message.objects.get(direction="in", body="Here is the photo.")
    assert got.complaint == source and target.status == "investigating"
    assert Notification.objects.filter(key=f"answered:{got.pk}").values_list("user", flat=True)[0] == cast.colleague.pk
    with clock.frozen(MONDAY + 4 * HOUR):
        parted(source, by, MONDAY + 4 * HOUR)
    source.refresh_from_db()
    assert list(source.messages.filter(direction="in")) == [got] and not target.messages.filter(pk=got.pk).exists()
    whole()


def test_an_answer_through_the_merged_case_ends_its_own_waiting_too(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    with clock.frozen(MONDAY + HOUR):
        handle.wait(source, by=by, at=MONDAY + HOUR, reason="A photo")
    merged(source, target, by, MONDAY + 2 * HOUR)
    with clock.frozen(MONDAY + 3 * HOUR):
        converse.incoming(source, by=Actor.customer(), at=MONDAY + 3 * HOUR, body="Here it is.")
    source = parted(source, by, MONDAY + 4 * HOUR)
    assert source.status == "investigating" and due(source) is not None
    whole()


def test_an_answer_reopens_the_closed_joint_case(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    merged(source, target, by, MONDAY + HOUR)
    with clock.frozen(MONDAY + 2 * HOUR):
        decide.resolve(target, by=by, at=MONDAY + 2 * HOUR, outcome="upheld", root_cause=cause(), summary="Done.")
        decide.close(target, by=by, at=MONDAY + 2 * HOUR)
    with clock.frozen(MONDAY + DAY):
        converse.incoming(source, by=Actor.customer(), at=MONDAY + DAY, body="It broke again.")
    target.refresh_from_db()
    assert target.status == "investigating" and target.in_queue
    whole()


def test_a_chain_leads_to_its_head_and_is_undone_from_there(cast: Cast, by: Actor) -> None:
    first, second, third = filed(cast), filed(cast), filed(cast)
    merged(first, second, by, MONDAY + HOUR)
    merged(second, third, by, MONDAY + 2 * HOUR)
    first.refresh_from_db()
    assert first.merged_into == third
    with pytest.raises(merging.MergedFurther):
        parted(first, by, MONDAY + 3 * HOUR)
    fourth = filed(cast)
    assert merged(fourth, first, by, MONDAY + 3 * HOUR).merged_into == third
    parted(second, by, MONDAY + 4 * HOUR)
    first.refresh_from_db()
    assert first.merged_into == second
    parted(first, by, MONDAY + 5 * HOUR)
    whole()


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("merge_self", lambda cast, by: (lambda one: (one, one))(filed(cast))),
        ("already_merged", lambda cast, by: (_merged_one(cast, by), filed(cast))),
        ("merge_cycle", lambda cast, by: _cycle(cast, by)),
        ("already_ended", lambda cast, by: (filed(cast), _withdrawn(cast, by))),
        ("already_ended", lambda cast, by: (_withdrawn(cast, by), filed(cast))),
        ("already_resolved", lambda cast, by: (filed(cast), _resolved(cast, by))),
        ("already_closed", lambda cast, by: (_closed(cast, by), filed(cast))),
        ("different_customer", lambda cast, by: (filed(cast), filed(cast, customer=make_customer("Somebody else")))),
        ("different_kind", lambda cast, by: (filed(cast), filed(cast, kind="enquiry"))),
        ("not_live", lambda cast, by: (filed(cast, quarantine=True), filed(cast))),
        ("other_not_visible", lambda cast, by: (filed(cast), filed(cast, owner=cast.stranger))),
    ],
)
def test_what_is_refused_and_writes_nothing(code: str, make: Any, cast: Cast, by: Actor) -> None:
    with clock.frozen(MONDAY + HOUR):
        source, target = make(cast, by)
        merges, versions = Merge.objects.count(), list(Complaint.objects.order_by("pk").values_list("version"))
        with pytest.raises(DomainError) as refused:
            merging.merge(source, into=target, by=by, at=MONDAY + HOUR)
    assert refused.value.code == code
    assert (Merge.objects.count(), list(Complaint.objects.order_by("pk").values_list("version"))) == (merges, versions)


def test_different_customers_when_confirmed(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast, customer=make_customer("Somebody else"))
    assert merged(source, target, by, MONDAY + HOUR, confirm=True).merged_into == target


def test_figures_leave_the_merged_one_out_and_count_it_again(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    assert Complaint.objects.counted().count() == 2
    merged(source, target, by, MONDAY + HOUR)
    assert list(Complaint.objects.counted()) == [target]
    parted(source, by, MONDAY + 2 * HOUR)
    assert Complaint.objects.counted().count() == 2


def test_merged_twice(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast, MONDAY + DAY)
    swept(MONDAY + DAY)
    before = state(source), state(target)
    for number in range(3):
        merged(source, target, by, MONDAY + DAY + (2 * number + 1) * timedelta(minutes=1))
        parted(source, by, MONDAY + DAY + (2 * number + 2) * timedelta(minutes=1))
    same((state(source), state(target)), before)
    with pytest.raises(merging.NotMerged):
        parted(source, by, MONDAY + 2 * DAY)
    whole()


def _merged_one(cast: Cast, by: Actor) -> Complaint:
    source = filed(cast)
    return merging.merge(source, into=filed(cast), by=by, at=MONDAY + HOUR)


def _cycle(cast: Cast, by: Actor) -> tuple[Complaint, Complaint]:
    target = filed(cast)
    return target, merging.merge(filed(cast), into=target, by=by, at=MONDAY + HOUR)


def _withdrawn(cast: Cast, by: Actor) -> Complaint:
    return decide.withdraw(filed(cast), by=by, at=MONDAY + HOUR, reason="It came after all.")


def _resolved(cast: Cast, by: Actor) -> Complaint:
    return decide.resolve(
        filed(cast), by=by, at=MONDAY + HOUR, outcome="upheld", root_cause=cause(), summary="Sent again."
    )


def _closed(cast: Cast, by: Actor) -> Complaint:
    return decide.close(_resolved(cast, by), by=by, at=MONDAY + HOUR)
