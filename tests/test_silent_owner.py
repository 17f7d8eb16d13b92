"""Cases of somebody silent, absent or gone go on with somebody else, each once, never to nobody (domain, Complaint 2;
SLA 7)."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from complaints import errors, routing
from complaints.actions import amend, converse, decide, handle, manage, silence, staff
from complaints.models import Clock, Complaint, Firing, RoutingRule, SlaPolicy, Workload
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.models import Absence, OutboxMessage, Team, User
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_complaint, make_manager, make_team

pytestmark = pytest.mark.django_db
LADDER = [
    {"percent": 50, "to": ["owner"], "hand_over": True, "clocks": ["acknowledge"]},
    {"percent": 75, "to": ["owner"], "hand_over": True, "clocks": ["acknowledge"]},
    {"percent": 50, "to": ["owner"], "hand_over": True, "clocks": ["resolve"]},
]
HOUR = timedelta(hours=1)
HALF, THREE_QUARTERS = MONDAY + 2 * HOUR, MONDAY + 3 * HOUR  # of the four hours to acknowledge


@pytest.fixture
def cast() -> Iterator[Cast]:
    """Everybody at work; `agent` has `colleague` for a deputy, their team's lead is Lena."""
    SlaPolicy.objects.update(ladder=LADDER)
    cached.clear_all()
    with clock.frozen(MONDAY):
        found = make_cast()
        found.agent.deputy = found.colleague
        found.agent.save(update_fields=["deputy"])
        yield found


def case(cast: Cast, **filing: Any) -> Complaint:
    """Routed to the agent by mail, who has four working hours to acknowledge it."""
    return cast.complaint(channel="email", by=Actor.system("routing"), at=MONDAY, **filing)


def late(at: datetime) -> int:
    """The sweep, then the hand-over, a second past `at`; how many cases moved."""
    at += timedelta(seconds=1)
    with clock.frozen(at):
        sweep()
        return silence.hand_over_silent(at=at)


def owner_of(complaint: Complaint) -> User:
    return Complaint.objects.get(pk=complaint.pk).owner


def away(user: User) -> None:
    Absence.objects.create(user=user, from_at=MONDAY)


def waiting() -> int:
    return Firing.objects.filter(hand_over=True, handled_at=None).count()


def sound() -> None:
    """Nobody gone owns a case in hand, counts are true, every trail holds."""
    assert not Complaint.objects.filter(in_queue=True, owner__is_active=False).exists()
    assert routing.recount() == 0
    for complaint in Complaint.objects.all():
        assert not list(trail.verify(trail.of(complaint)))


def test_a_silent_owner_loses_the_case_to_the_deputy_once(cast: Cast) -> None:
    complaint = case(cast)
    assert late(MONDAY + HOUR) == 0
    assert late(HALF) == 1
    assert owner_of(complaint) == cast.colleague
    assert late(HALF + timedelta(minutes=1)) == 0
    entry = trail.of(complaint).filter(kind="complaint.handed_over").get()
    body = json.loads(entry.body)
    assert (entry.actor_kind, body["reason"], body["rung"]) == ("system", "silent", "warn:50")
    assert body["owner"] == [cast.agent.pk, cast.colleague.pk]
    mails = OutboxMessage.objects.filter(subject_id=complaint.pk)
    assert set(mails.filter(template="handed_over").values_list("recipient", flat=True)) == {
        cast.agent.email,
        cast.lead.email,
    }
    assert mails.filter(template="assigned", recipient=cast.colleague.email).count() == 1
    mark = Firing.objects.get(hand_over=True)
    assert mark.handled_at == HALF + timedelta(seconds=1)
    sound()


@pytest.mark.parametrize(
    "act",
    [
        lambda c, by, at: handle.acknowledge(c, by=by, at=at),
        lambda c, by, at: handle.investigate(c, by=by, at=at),
        lambda c, by, at: converse.note(c, by=by, at=at, body="I rang them."),
    ],
    ids=["acknowledged", "investigated", "noted"],
)
def test_whoever_took_it_up_keeps_it(cast: Cast, act: Callable[..., Any]) -> None:
    complaint = case(cast)
    act(complaint, Actor.person(cast.agent), MONDAY + HOUR)
    for at in (HALF, THREE_QUARTERS):
        assert late(at) == 0
    assert owner_of(complaint) == cast.agent
    assert waiting() == 0


def test_what_others_do_is_not_taking_it_up(cast: Cast) -> None:
    complaint = case(cast)
    converse.note(complaint, by=Actor.person(cast.lead), at=MONDAY + HOUR, body="Whose is this?")
    amend.amend(complaint, {"product": "Lamp"}, by=Actor.person(cast.colleague), at=MONDAY + HOUR)
    assert late(HALF) == 1


def test_an_acknowledgement_by_a_colleague_stops_the_clock(cast: Cast) -> None:
    complaint = case(cast)
    handle.acknowledge(complaint, by=Actor.person(cast.colleague), at=MONDAY + HOUR)
    assert late(HALF) == 0
    assert owner_of(complaint) == cast.agent


def test_work_between_the_sweep_and_the_look_counts(cast: Cast) -> None:
    complaint, at = case(cast), HALF + timedelta(seconds=1)
    with clock.frozen(at):
        sweep()
        assert waiting() == 1
        converse.note(complaint, by=Actor.person(cast.agent), at=at, body="On it.")
        assert silence.hand_over_silent(at=at) == 0
    assert waiting() == 0
    assert owner_of(complaint) == cast.agent


def test_what_the_new_owner_did_before_is_not_taking_it_up(cast: Cast) -> None:
    """Only what an owner does since the case became theirs."""
    complaint = case(cast)
    converse.note(complaint, by=Actor.person(cast.stranger), at=MONDAY, body="Seen it.")
    by = Actor.person(cast.lead)
    manage.assign(complaint, by=by, at=MONDAY + HOUR, owner=cast.stranger)
    assert late(HALF) == 1
    assert owner_of(complaint) == cast.other_team.lead


def test_who_got_it_after_the_limit_is_given_time(cast: Cast) -> None:
    complaint, at = case(cast), HALF + timedelta(seconds=1)
    with clock.frozen(at):
        sweep()
        manage.assign(complaint, by=Actor.person(cast.lead), at=at, owner=cast.stranger)
        assert silence.hand_over_silent(at=at) == 0
    assert owner_of(complaint) == cast.stranger
    assert waiting() == 0


def test_it_never_comes_back_to_who_was_silent(cast: Cast) -> None:
    """The deputy is silent too, and names the first owner as deputy."""
    cast.colleague.deputy = cast.agent
    cast.colleague.save(update_fields=["deputy"])
    complaint = case(cast)
    assert late(HALF) == 1
    assert late(THREE_QUARTERS) == 1
    assert owner_of(complaint) == cast.lead
    sound()


def test_two_marks_at_once_move_it_once(cast: Cast) -> None:
    """After downtime both rungs are found together: the deputy is not silent yet."""
    complaint = case(cast)
    assert late(THREE_QUARTERS) == 1
    assert owner_of(complaint) == cast.colleague
    assert waiting() == 0


def test_those_away_are_passed_over(cast: Cast) -> None:
    complaints = [case(cast)]
    away(cast.colleague)
    assert late(HALF) == 1
    assert owner_of(complaints[0]) == cast.lead


def test_deputy_and_lead_away_the_default_owner_takes_it(cast: Cast) -> None:
    complaint = case(cast)
    User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    away(cast.lead)
    assert late(HALF) == 1
    assert owner_of(complaint) == cast.manager


def test_with_nobody_there_it_stays_and_is_looked_at_once(cast: Cast) -> None:
    complaint = case(cast)
    for user in User.objects.exclude(pk=cast.agent.pk):
        away(user)
    assert late(HALF) == 0
    assert owner_of(complaint) == cast.agent
    assert waiting() == 0


def test_waiting_on_the_customer_and_decided_cases_stay(cast: Cast) -> None:
    """Marks of the clock to resolve; the colleague works, the owner does nothing."""
    by = Actor.person(cast.colleague)
    paused, gone = case(cast), case(cast)
    for complaint in (paused, gone):
        handle.acknowledge(complaint, by=by, at=MONDAY)
    marks = [
        Firing.objects.create(clock=one, rung="warn:50", due_at=MONDAY + HOUR, fired_at=MONDAY + HOUR, hand_over=True)
        for one in Clock.objects.filter(kind="resolve")
    ]
    handle.wait(paused, by=by, at=MONDAY + HOUR, reason="the receipt")
    decide.withdraw(gone, by=by, at=MONDAY + HOUR, reason="settled")
    assert silence.hand_over_silent(at=MONDAY + 2 * HOUR) == 0
    assert [owner_of(one) for one in (paused, gone)] == [cast.agent] * 2
    assert all(Firing.objects.get(pk=one.pk).handled_at for one in marks)


def test_one_that_breaks_holds_up_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = case(cast), case(cast)
    real = silence.tenure_of

    def breaks(complaint: Complaint) -> silence.Tenure:
        if complaint.pk == first.pk:
            raise RuntimeError
        return real(complaint)

    monkeypatch.setattr(silence, "tenure_of", breaks)
    assert late(HALF) == 1
    assert (owner_of(first), owner_of(second)) == (cast.agent, cast.colleague)
    assert waiting() == 1
    monkeypatch.setattr(silence, "tenure_of", real)
    assert silence.hand_over_silent(at=HALF + HOUR / 2) == 1


def test_idle_it_asks_once(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert silence.hand_over_silent(at=HALF) == 0


# --- whoever leaves ---------------------------------------------------------------------------------------------------


def fifty(cast: Cast) -> list[Complaint]:
    """Fifty open cases of the agent, every tenth of them with the other team, some resolved."""
    found = [case(cast) for _ in range(50)]
    Complaint.objects.filter(pk__in=[one.pk for one in found[::10]]).update(team=cast.other_team)
    return found


def test_fifty_cases_of_somebody_deactivated_leave_no_orphan(cast: Cast) -> None:
    found = fifty(cast)
    closed = case(cast)
    Complaint.objects.filter(pk=closed.pk).update(in_queue=False, status="closed")
    routing.recount()
    _user, moved = staff.deactivate(cast.agent, by=Actor.person(cast.admin), at=MONDAY)
    assert moved == 50
    assert {owner_of(one) for one in found} == {cast.colleague}
    assert Workload.objects.get(agent=cast.colleague).open_count == 50
    assert OutboxMessage.objects.filter(template="assigned", recipient=cast.colleague.email).count() == 50
    assert owner_of(closed) == cast.agent, "who settled it stays on record"
    sound()


@pytest.mark.parametrize("how", ["deactivated", "no role", "absent"])
def test_the_deputy_away_each_goes_to_its_teams_lead(cast: Cast, how: str) -> None:
    found, by = fifty(cast), Actor.person(cast.admin)
    away(cast.colleague)
    if how == "deactivated":
        staff.deactivate(cast.agent, by=by, at=MONDAY)
    elif how == "no role":
        assert staff.change_user(cast.agent, {"is_agent": False}, by=by, at=MONDAY)[1] == 50
    else:
        assert staff.go_absent(cast.agent, by=by, at=MONDAY, from_at=MONDAY, until_at=None) == 50
    assert Counter(owner_of(one) for one in found) == {cast.lead: 45, cast.other_team.lead: 5}
    sound()


def test_deputy_and_leads_away_the_default_owner_takes_all(cast: Cast) -> None:
    found = fifty(cast)
    for user in (cast.colleague, cast.lead, cast.other_team.lead):
        away(user)
    staff.deactivate(cast.agent, by=Actor.person(cast.admin), at=MONDAY)
    assert {owner_of(one) for one in found} == {cast.manager}
    sound()


def test_everybody_away_somebody_who_works_here_takes_all(cast: Cast) -> None:
    found = fifty(cast)
    for user in User.objects.all():
        away(user)
    staff.deactivate(cast.agent, by=Actor.person(cast.admin), at=MONDAY)
    assert {owner_of(one) for one in found} == {cast.colleague}
    sound()


def test_it_is_all_or_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    found, calls = fifty(cast), iter(range(50))
    real = manage.change_owner

    def breaks(*args: Any, **kwargs: Any) -> Complaint:
        if next(calls) == 30:
            raise RuntimeError
        return real(*args, **kwargs)

    monkeypatch.setattr(manage, "change_owner", breaks)
    with pytest.raises(RuntimeError):
        staff.deactivate(cast.agent, by=Actor.person(cast.admin), at=MONDAY)
    assert {owner_of(one) for one in found} == {cast.agent}
    assert User.objects.get(pk=cast.agent.pk).is_active
    assert not OutboxMessage.objects.filter(template="assigned").exists()
    sound()


def test_the_last_one_cannot_leave_with_cases(cast: Cast) -> None:
    found = case(cast)
    User.objects.exclude(pk__in=[cast.agent.pk, cast.admin.pk]).update(is_active=False)
    cached.clear_all()
    with pytest.raises(routing.NobodyToOwnIt):
        staff.deactivate(cast.agent, by=Actor.person(cast.admin), at=MONDAY)
    assert User.objects.get(pk=cast.agent.pk).is_active
    assert owner_of(found) == cast.agent


def test_what_was_routed_at_the_moment_of_leaving_goes_soon_after(cast: Cast) -> None:
    staff.go_absent(cast.agent, by=Actor.person(cast.admin), at=MONDAY, from_at=MONDAY, until_at=None)
    complaint = case(cast)  # as if routed by somebody who still saw the agent here
    assert staff.hand_over_absent(at=MONDAY + timedelta(minutes=1)) == 1
    assert owner_of(complaint) == cast.colleague
    assert staff.hand_over_absent(at=MONDAY + timedelta(minutes=2)) == 0
    assert not Absence.objects.filter(hand_over=True).exists()


def test_one_absence_that_cannot_be_handed_over_holds_up_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = case(cast), case(cast, owner=cast.stranger)
    for user in (cast.agent, cast.stranger):
        Absence.objects.create(user=user, from_at=MONDAY, hand_over=True)
    real = routing.successor

    def nobody(complaint: Complaint, **options: Any) -> User:
        if complaint.owner_id == cast.agent.pk:
            raise routing.NobodyToOwnIt
        return real(complaint, **options)

    monkeypatch.setattr(routing, "successor", nobody)
    assert staff.hand_over_absent(at=MONDAY) == 1
    assert (owner_of(mine), owner_of(theirs)) == (cast.agent, cast.other_team.lead)
    assert Absence.objects.filter(hand_over=True).count() == 2  # looked at again; only one still has cases


def test_nobody_is_given_a_case_after_leaving(cast: Cast) -> None:
    complaint, known = case(cast), User.objects.get(pk=cast.stranger.pk)
    assert known.sees_cases, "as somebody saw it a moment before"
    staff.deactivate(cast.stranger, by=Actor.person(cast.admin), at=MONDAY)
    with pytest.raises(errors.OwnerUnavailable):
        manage.assign(complaint, by=Actor.person(cast.lead), at=MONDAY, owner=known)
    with pytest.raises(errors.OwnerUnavailable):
        case(cast, owner=known)


def test_a_team_whose_manager_leaves_tells_all_managers(cast: Cast) -> None:
    other = make_manager()
    Team.objects.filter(pk=cast.team.pk).update(manager=other)
    Team.objects.filter(pk=cast.other_team.pk).update(manager=cast.manager)
    staff.deactivate(other, by=Actor.person(cast.admin), at=MONDAY)
    staff.change_user(cast.manager, {"is_manager": False, "is_agent": True}, by=Actor.person(cast.admin), at=MONDAY)
    assert set(Team.objects.values_list("manager", flat=True)) == {None}
    assert trail.of(cast.team).filter(kind="team.changed").exists()


# --- many at once -----------------------------------------------------------------------------------------------------


def at_once(*works: Callable[[], Any]) -> list[BaseException]:
    """Run all at the same time, each on a connection of its own; what went wrong."""
    start, troubles = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            troubles.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_workers_hand_over_each_case_once(cast: Cast) -> None:
    found, at = [case(cast) for _ in range(20)], HALF + timedelta(seconds=1)
    with clock.frozen(at):
        sweep()
    assert waiting() == 20
    moved: list[int] = []
    assert not at_once(*[lambda: moved.append(silence.hand_over_silent(at=at))] * 4)
    assert sum(moved) == 20
    assert {owner_of(one) for one in found} == {cast.colleague}
    assert trail.TrailEntry.objects.filter(kind="complaint.handed_over").count() == 20
    assert OutboxMessage.objects.filter(template="assigned").count() == 20
    sound()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("turn", range(4))
def test_leaving_while_cases_come_in_leaves_no_orphan(turn: int) -> None:
    """New complaints are routed to the leaver, others assigned to and away from, while the account is switched off."""
    cast = make_cast()
    team = make_team("Desk", lead=cast.lead)
    leaver, deputy = make_agent(team), make_agent(team)
    leaver.deputy = deputy
    leaver.save(update_fields=["deputy"])
    RoutingRule.objects.create(position=1, team=team)
    Workload.objects.update_or_create(agent=deputy, defaults={"open_count": 1000})  # routing prefers the leaver
    cached.clear_all()
    mine = [make_complaint(owner=leaver) for _ in range(5)]
    theirs = [make_complaint(owner=cast.stranger) for _ in range(5)]
    by = Actor.person(cast.manager)

    def come_in() -> None:
        for _ in range(6):
            make_complaint(owner=None)

    def give() -> None:
        for one in theirs:
            manage.assign(one, by=by, at=clock.now(), owner=leaver)

    def take() -> None:
        for one in mine:
            manage.assign(one, by=by, at=clock.now(), owner=cast.stranger)

    def leave() -> None:
        staff.deactivate(leaver, by=Actor.person(cast.admin), at=clock.now())

    troubles = at_once(come_in, come_in, give, take, leave)
    assert all(isinstance(one, errors.OwnerUnavailable) for one in troubles), troubles
    assert not User.objects.get(pk=leaver.pk).is_active
    Workload.objects.filter(agent=deputy).update(
        open_count=Complaint.objects.filter(owner=deputy, in_queue=True).count()
    )
    sound()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_who_stand_in_for_each_other_leave_at_once(cast: Cast) -> None:
    cast.colleague.deputy = cast.agent
    cast.colleague.save(update_fields=["deputy"])
    found = [case(cast) for _ in range(5)] + [case(cast, owner=cast.colleague) for _ in range(5)]
    by = Actor.person(cast.admin)
    leaving = [lambda one=one: staff.deactivate(one, by=by, at=MONDAY) for one in (cast.agent, cast.colleague)]  # type: ignore[misc]
    assert not at_once(*leaving)
    assert all(owner_of(one).is_active for one in found)
    sound()
