"""An absence noted ahead hands the cases over when it begins, once (domain, Complaint 2)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from complaints import routing
from complaints.actions import converse, decide, handle, manage, silence, staff
from complaints.models import Complaint, Firing
from complaints.reference import catalogue
from complaints.sla.sweep import sweep
from core import clock, trail
from core.actor import Actor
from core.models import Absence, Notification, OutboxMessage, User
from retention.models import FollowUp
from tests.cast import MONDAY, Cast, make_cast
from tests.silent import at_once, away, case, crew, owner_of, sound

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


DAY = timedelta(days=1)


def gone(user: User, *, hand_over: bool = True, until_at: datetime | None = None) -> Absence:
    return Absence.objects.create(user=user, from_at=MONDAY, until_at=until_at, hand_over=hand_over)


def all_gone(*handing_over: User) -> None:
    for user in User.objects.active():
        gone(user, hand_over=user in handing_over)


def minutes(count: int) -> list[int]:
    """How many cases moved in each of so many runs, a minute apart."""
    return [staff.hand_over_absent(at=MONDAY + timedelta(minutes=minute)) for minute in range(1, count + 1)]


def told(complaint: Complaint) -> int:
    return OutboxMessage.objects.filter(subject_kind="complaint", subject_id=complaint.pk, template="assigned").count()


def test_two_who_stand_in_for_each_other_and_are_both_away_pass_nothing_to_and_fro() -> None:
    with crew() as cast:
        cast.colleague.deputy = cast.agent
        cast.colleague.save(update_fields=["deputy"])
        found = [case(cast), case(cast, owner=cast.colleague), case(cast)]
        before = [told(one) for one in found]
        all_gone(cast.agent, cast.colleague)
        owners = [owner_of(one) for one in found]
        assert minutes(5) == [0, 0, 0, 0, 0]
        assert [owner_of(one) for one in found] == owners
        assert [told(one) for one in found] == before
        assert not trail.TrailEntry.objects.filter(kind="complaint.handed_over").exists()
        Absence.objects.filter(user=cast.colleague).update(until_at=MONDAY + DAY)
        assert staff.hand_over_absent(at=MONDAY + DAY) == 2, "somebody is back"
        assert {owner_of(one) for one in found} == {cast.colleague}
        assert staff.hand_over_absent(at=MONDAY + DAY) == 0
        sound()


def test_that_nobody_is_there_is_told_once_to_who_leads_the_team() -> None:
    with crew() as cast:
        for _ in range(3):
            case(cast)
        case(cast, owner=cast.stranger)
        all_gone(cast.agent)
        assert minutes(5) == [0, 0, 0, 0, 0]
        found = Notification.objects.filter(event="hand_over")
        assert [(one.user, one.words["what"], one.words["who"]) for one in found] == [
            (cast.lead, "nobody_here", str(cast.agent))
        ]
        assert OutboxMessage.objects.filter(template="notification", recipient=cast.lead.email).count() == 1
        assert found.get().url == "/team/absences/"


def test_what_has_to_wait_as_nobody_is_there_moves_once_somebody_is() -> None:
    with crew() as cast:
        complaint = case(cast, owner=cast.lead)
        call = FollowUp.objects.create(
            customer=cast.customer, owner=cast.lead, due_on=MONDAY.date(), created_at=MONDAY, updated_at=MONDAY
        )
        all_gone()
        Absence.objects.filter(user=cast.lead).delete()
        by = Actor.person(cast.lead)
        assert staff.go_absent(cast.lead, by=by, at=MONDAY, from_at=MONDAY, until_at=None) == 0, "nobody is refused"
        assert minutes(2) == [0, 0]
        Absence.objects.filter(user=cast.agent).update(until_at=MONDAY + DAY)
        assert staff.hand_over_absent(at=MONDAY + DAY) == 1
        call.refresh_from_db()
        assert owner_of(complaint) == call.owner == cast.agent
        assert staff.hand_over_absent(at=MONDAY + DAY) == 0
        assert not Absence.objects.filter(hand_over=True).exists()


@pytest.fixture
def acknowledged() -> tuple[Cast, Complaint]:
    """A case taken up on Monday by an agent with a deputy, with the policies of a new installation."""
    with clock.frozen(MONDAY):
        cast = make_cast()
        cast.agent.deputy = cast.colleague
        cast.agent.save(update_fields=["deputy"])
        complaint = cast.complaint(channel="email", at=MONDAY)
        handle.acknowledge(complaint, by=Actor.person(cast.agent), at=MONDAY, message="We have your complaint.")
    return cast, complaint


def day(number: float) -> int:
    """The jobs on that day after MONDAY; how many cases moved."""
    at = MONDAY + number * DAY
    with clock.frozen(at):
        sweep()
        return silence.hand_over_silent(at=at) + staff.hand_over_absent(at=at)


def warned(user: User) -> set[str]:
    found = OutboxMessage.objects.filter(template__in=["sla_warning", "sla_breach"], recipient=user.email)
    return {one.template for one in found}


def test_a_late_case_of_somebody_away_goes_to_the_deputy(acknowledged: tuple[Cast, Complaint]) -> None:
    """Taken up, then three weeks of absence without handing over: the first deadline that passes is the limit."""
    cast, complaint = acknowledged
    gone(cast.agent, hand_over=False, until_at=MONDAY + 21 * DAY)
    moved = [number for number in range(1, 15) if day(number)]
    breached = Firing.objects.filter(rung="breach", clock__complaint=complaint).order_by("due_at")[0].due_at
    assert moved == [(breached - MONDAY).days + 1]
    assert owner_of(complaint) == cast.colleague
    entry = trail.of(complaint).filter(kind="complaint.handed_over").get()
    assert '"reason":"absent"' in entry.body
    mail = OutboxMessage.objects.get(template="handed_over", recipient=cast.agent.email)
    assert mail.context["because"] == "absent"
    assert OutboxMessage.objects.filter(template="assigned", recipient=cast.colleague.email).exists()
    assert Notification.objects.filter(user=cast.lead, event="hand_over").count() == 1
    sound()


def test_warnings_for_somebody_away_reach_who_stands_in(acknowledged: tuple[Cast, Complaint]) -> None:
    cast, _complaint = acknowledged
    gone(cast.agent, hand_over=False)
    for number in range(1, 10):
        with clock.frozen(MONDAY + number * DAY):
            sweep()
    assert warned(cast.agent) == warned(cast.colleague) == {"sla_warning", "sla_breach"}
    keys = list(Notification.objects.filter(user=cast.colleague, event="deadline").values_list("key", flat=True))
    assert keys
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("why", ["none", "away", "inactive"])
def test_without_a_deputy_who_is_there_warnings_reach_the_lead(acknowledged: tuple[Cast, Complaint], why: str) -> None:
    cast, _complaint = acknowledged
    gone(cast.agent, hand_over=False)
    if why == "none":
        User.objects.filter(pk=cast.agent.pk).update(deputy=None)
    elif why == "away":
        gone(cast.colleague, hand_over=False)
    else:
        User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    for number in range(1, 10):
        with clock.frozen(MONDAY + number * DAY):
            sweep()
    assert warned(cast.lead) == {"sla_warning", "sla_breach"}
    assert warned(cast.colleague) == set()


def test_who_is_here_has_no_stand_in(acknowledged: tuple[Cast, Complaint]) -> None:
    cast, _complaint = acknowledged
    gone(cast.agent, hand_over=False, until_at=MONDAY + DAY / 24)
    for number in range(1, 10):
        with clock.frozen(MONDAY + number * DAY):
            sweep()
    assert warned(cast.agent) == {"sla_warning", "sla_breach"}
    assert warned(cast.colleague) == set()


def test_a_case_that_is_not_late_stays_with_who_is_away(acknowledged: tuple[Cast, Complaint]) -> None:
    cast, complaint = acknowledged
    gone(cast.agent, hand_over=False)
    assert [day(number) for number in (1, 2)] == [0, 0]
    assert owner_of(complaint) == cast.agent


def test_who_works_on_a_late_case_while_away_keeps_it_for_a_day(acknowledged: tuple[Cast, Complaint]) -> None:
    cast, complaint = acknowledged
    gone(cast.agent, hand_over=False)
    with clock.frozen(MONDAY + 9 * DAY):
        sweep()
        converse.note(complaint, by=Actor.person(cast.agent), at=MONDAY + 9 * DAY, body="From home.")
    assert [day(9.5), day(9.9), day(10)] == [0, 0, 1]


def test_who_is_given_a_late_case_while_away_keeps_it_for_a_day(acknowledged: tuple[Cast, Complaint]) -> None:
    cast, complaint = acknowledged
    gone(cast.stranger, hand_over=False)
    with clock.frozen(MONDAY + 9 * DAY):
        sweep()
        manage.assign(complaint, by=Actor.person(cast.lead), at=MONDAY + 9 * DAY, owner=cast.stranger)
    assert [day(9.5), day(10)] == [0, 1]
    assert owner_of(complaint) == cast.other_team.lead


def test_with_nobody_there_a_late_case_goes_once_somebody_is(acknowledged: tuple[Cast, Complaint]) -> None:
    cast, complaint = acknowledged
    for user in User.objects.active():
        gone(user, hand_over=False)
    assert [day(9), day(10)] == [0, 0]
    Absence.objects.filter(user=cast.lead).update(until_at=MONDAY + 10.5 * DAY)
    assert [day(11), day(12)] == [1, 0]
    assert owner_of(complaint) == cast.lead


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_workers_take_each_late_case_once() -> None:
    with crew() as cast:
        found = [case(cast) for _ in range(12)]
        at = MONDAY + 9 * DAY
        with clock.frozen(at):
            sweep()
            Firing.objects.update(handled_at=at)
        away(cast.agent)
        moved: list[int] = []
        assert not at_once(*[lambda: moved.append(silence.hand_over_silent(at=at))] * 4)
        assert sum(moved) == 12
        assert {owner_of(one) for one in found} == {cast.colleague}
        assert trail.TrailEntry.objects.filter(kind="complaint.handed_over").count() == 12
        sound()
