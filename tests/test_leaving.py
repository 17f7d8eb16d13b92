"""Cases of somebody deactivated, absent or without a role go on with somebody else, each once, never to nobody
(domain, Complaint 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from complaints import errors, routing
from complaints.actions import manage, staff
from complaints.models import Complaint, RoutingRule, Workload
from core import cached, clock, trail
from core.actor import Actor
from core.models import Absence, OutboxMessage, Team, User
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_complaint, make_manager, make_team
from tests.silent import at_once, away, case, crew, owner_of, sound

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Iterator[Cast]:
    with crew() as found:
        yield found


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
