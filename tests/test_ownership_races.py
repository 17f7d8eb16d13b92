"""Two people answering at once: one of them wins, nothing is half done (mission D3; PostgreSQL)."""

from __future__ import annotations

import pytest

from complaints.actions import escalate, hand_over, manage
from complaints.models import Complaint, Escalation, HandOver, HandOverState, Workload
from core import clock, trail
from core.actor import Actor
from core.models import Notification
from tests.cast import Cast, make_cast
from tests.test_merge_races import at_once

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def whole() -> None:
    for row in Workload.objects.all():
        assert row.open_count == Complaint.objects.filter(owner=row.agent_id, in_queue=True).count()
    for one in Complaint.objects.all():
        assert not list(trail.verify(trail.of(one)))


def test_accepted_while_it_is_taken_back(cast: Cast) -> None:
    agent, colleague = Actor.person(cast.agent), Actor.person(cast.colleague)
    for _round in range(6):
        complaint = cast.complaint()
        hand_over.offer(complaint, by=agent, at=clock.now(), to=cast.colleague)
        told = at_once(
            lambda one=complaint: hand_over.accept(one, by=colleague, at=clock.now()) and "accepted",
            lambda one=complaint: hand_over.withdraw(one, by=agent, at=clock.now()) and "withdrawn",
        )
        state, owner = HandOver.objects.get(complaint=complaint).state, Complaint.objects.get(pk=complaint.pk).owner
        assert sorted(told) in (["accepted", "not_offered"], ["not_offered", "withdrawn"]), told
        assert (state, owner) in ((HandOverState.ACCEPTED, cast.colleague), (HandOverState.WITHDRAWN, cast.agent))
    whole()


def test_accepted_while_the_lead_gives_it_to_another(cast: Cast) -> None:
    for _round in range(6):
        complaint = cast.complaint()
        hand_over.offer(complaint, by=Actor.person(cast.agent), at=clock.now(), to=cast.colleague)
        at_once(
            lambda one=complaint: hand_over.accept(one, by=Actor.person(cast.colleague), at=clock.now()),
            lambda one=complaint: manage.assign(one, by=Actor.person(cast.lead), at=clock.now(), owner=cast.stranger),
        )
        assert Complaint.objects.get(pk=complaint.pk).owner == cast.stranger
        assert HandOver.objects.get(complaint=complaint).state in (HandOverState.ACCEPTED, HandOverState.OVERTAKEN)
    whole()


def test_escalated_twice_at_once_asks_once(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    for _round in range(6):
        complaint = cast.complaint()
        told = at_once(
            *[lambda one=complaint: escalate.escalate(one, by=by, at=clock.now(), reason="Help", to=cast.lead).to_id]
            * 2
        )
        assert sorted(map(str, told)) == sorted(["already_escalated", str(cast.lead.pk)])
        assert Escalation.objects.filter(complaint=complaint).count() == 1
        assert Notification.objects.filter(event="escalated", subject_id=complaint.pk).count() == 1
    whole()


def test_two_workers_bundle_once(cast: Cast) -> None:
    from core import notify, rows
    from core.actions import notifications
    from core.models import OutboxMessage
    from tests.cast import MONDAY

    complaint = cast.complaint()
    for number in range(4):
        words = {"reference": complaint.reference, "who": "Ana"}
        url = complaint.get_absolute_url()
        rows.insert(
            notify.tell(
                [cast.colleague], "mentioned", key=f"k{number}", words=words, url=url, about=complaint, at=MONDAY
            )
        )
    later = clock.now()
    told = at_once(*[lambda: notifications.send_bundles(at=later)] * 2)
    assert sorted(told) == [0, 1]
    assert OutboxMessage.objects.filter(template="notifications").count() == 1
