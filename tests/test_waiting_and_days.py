"""What waits on the customer, in working time and in days, whatever the terms become meanwhile (domain, SLA 2-4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.actions import handle, manage
from complaints.models import Clock, ClockState, Complaint, SlaPolicy
from complaints.sla import clocks as sla
from complaints.sla import rebuild
from complaints.sla.sweep import sweep
from core import cached, clock
from core.actor import Actor
from core.working_time import Target
from tests.cast import MONDAY, Cast, make_cast, two_clocks_only

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def cast() -> Cast:
    two_clocks_only()
    return make_cast()


def resolve_of(case: Complaint) -> Clock:
    return case.clocks.get(kind="resolve")


def waiting(cast: Cast, at: datetime = MONDAY + HOUR, **filing: Any) -> Complaint:
    with clock.frozen(MONDAY):
        case = cast.complaint(channel="email", at=MONDAY, **filing)
    with clock.frozen(at):
        handle.acknowledge(case, by=Actor.person(cast.agent), at=at)
        handle.wait(case, by=Actor.person(cast.agent), at=at, reason="a photo")
    return case


def set_terms(case: Complaint, target: Target, at: datetime) -> Clock:
    own = resolve_of(case)
    with clock.frozen(at):
        sla.change_terms(own, (target, own.calendar_version_id, {"policy": own.policy_id, "because": []}), at=at)
        sla.save(case, [own], at=at)
    return resolve_of(case)


def go_on(case: Complaint, cast: Cast, at: datetime) -> Clock:
    with clock.frozen(at):
        handle.resume(case, by=Actor.person(cast.agent), at=at)
    return resolve_of(case)


def same_as_events() -> None:
    assert rebuild.rebuild(mend=False)["different"] == 0


def test_days_go_on_while_we_wait_and_are_missed_at_their_end(cast: Cast) -> None:
    given = {"acknowledge": ("working_seconds", 14_400), "resolve": ("working_days", 2)}
    SlaPolicy.objects.update(targets={name: {"kind": kind, "value": value} for name, (kind, value) in given.items()})
    cached.clear_all()
    case = waiting(cast)
    own = resolve_of(case)
    assert own.state == ClockState.RUNNING and own.due_at and own.paused_since is None and own.next_at
    same_as_events()
    with clock.frozen(MONDAY + 5 * DAY):
        sweep()
    assert resolve_of(case).breached_at == own.due_at
    same_as_events()
    go_on(case, cast, MONDAY + 6 * DAY)
    same_as_events()


def test_a_clock_that_stood_still_runs_as_soon_as_it_counts_days(cast: Cast) -> None:
    """It used to stay paused, and to be late the moment the customer answered."""
    case = waiting(cast)
    own = set_terms(case, Target("working_days", 5), MONDAY + 2 * HOUR)
    assert own.state == ClockState.RUNNING and own.due_at > MONDAY + 4 * DAY and own.paused_since is None
    assert own.rungs and own.next_at
    same_as_events()
    due_at = own.due_at
    own = go_on(case, cast, MONDAY + DAY)
    assert (own.state, own.due_at) == (ClockState.RUNNING, due_at)
    same_as_events()


def test_a_target_of_days_that_ends_in_the_past_is_due_at_the_change_and_not_before(cast: Cast) -> None:
    case = waiting(cast)
    at = MONDAY + 10 * DAY
    own = set_terms(case, Target("working_days", 2), at)
    assert own.due_at == at and own.state == ClockState.RUNNING
    same_as_events()


@pytest.mark.parametrize("late", [False, True], ids=["still waiting", "answered"])
def test_back_in_working_time_the_whole_wait_counts_as_one(cast: Cast, late: bool) -> None:
    """As if it had counted working time all along: what was worked, and what was waited, are kept."""
    plain, case = waiting(cast), waiting(cast)
    seconds = Target.seconds(resolve_of(case).target_value)
    set_terms(case, Target("working_days", 30), MONDAY + 2 * HOUR)
    if late:
        for one in (plain, case):
            go_on(one, cast, MONDAY + 2 * DAY)
    own = set_terms(case, seconds, MONDAY + 3 * DAY)
    if not late:
        assert (own.state, own.paused_since, own.due_at) == (ClockState.PAUSED, MONDAY + HOUR, None)
        same_as_events()
        for one in (plain, case):
            go_on(one, cast, MONDAY + 4 * DAY)
    assert resolve_of(case).due_at == resolve_of(plain).due_at
    same_as_events()


def test_days_that_began_waiting_stand_still_once_they_count_working_time(cast: Cast) -> None:
    case = waiting(cast)
    seconds = Target.seconds(resolve_of(case).target_value)
    set_terms(case, Target("working_days", 30), MONDAY + 2 * HOUR)
    go_on(case, cast, MONDAY + 3 * HOUR)
    with clock.frozen(MONDAY + 4 * HOUR):
        handle.wait(case, by=Actor.person(cast.agent), at=MONDAY + 4 * HOUR, reason="the receipt")
    own = set_terms(case, seconds, MONDAY + 5 * HOUR)
    assert (own.state, own.paused_since) == (ClockState.PAUSED, MONDAY + 4 * HOUR)
    same_as_events()


def acknowledge_only() -> None:
    """Minor things need no more than an acknowledgement."""
    last = SlaPolicy.objects.order_by("position").last()
    last.pk, last.name, last.severity, last.position = None, "Minor", "minor", 0
    last.targets = {"acknowledge": last.targets["acknowledge"]}
    last._state.adding = True
    last.save()
    cached.clear_all()


@pytest.mark.parametrize("at", [MONDAY + 2 * HOUR, MONDAY + 40 * DAY], ids=["soon", "after its deadline"])
def test_a_resolve_clock_that_begins_while_we_wait_stands_still_from_the_beginning(cast: Cast, at: datetime) -> None:
    acknowledge_only()
    case = waiting(cast, severity="minor")
    assert not case.clocks.filter(kind="resolve").exists()
    with clock.frozen(at):
        case = manage.classify(case, by=Actor.person(cast.agent), at=at, reason="worse", severity="serious")
    own = resolve_of(case)
    assert (case.status, own.state, own.paused_since, own.due_at) == (
        "waiting_on_customer",
        ClockState.PAUSED,
        at,
        None,
    )
    same_as_events()
    later = at + 5 * DAY
    own = go_on(case, cast, later)
    assert own.state == ClockState.RUNNING and own.due_at > later
    same_as_events()
