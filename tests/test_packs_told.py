"""Statutory clocks go by what happened: whether the complainant was told, and whether they were answered at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaints.actions import converse, decide, handle, manage, merge, pending
from complaints.models import ClockState, Complaint
from complaints.reference import catalogue
from complaints.sla import rebuild
from complaints.sla.sweep import sweep
from core import cached, clock
from core.actor import Actor
from core.models import OutboxMessage
from tests import packed
from tests.cast import MONDAY, Cast, make_cast, type_of
from tests.packed import DISP, LGSCO

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACKNOWLEDGE, ANSWER, FINAL = f"{LGSCO}.acknowledge", f"{LGSCO}.answer", f"{DISP}.final"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def case(cast: Cast) -> Complaint:
    """To be acknowledged in five working days, and answered ten after that."""
    with clock.frozen(MONDAY):
        packed.install(LGSCO, cast.admin, MONDAY)
        return cast.complaint(channel="email", at=MONDAY)


def codes(case: Complaint) -> set[str]:
    return set(case.clocks.filter(kind="statutory").values_list("code", flat=True))


def taken_up(case: Complaint, cast: Cast, **said: Any) -> None:
    with clock.frozen(MONDAY + HOUR):
        handle.acknowledge(case, by=Actor.person(cast.agent), at=MONDAY + HOUR, **said)


def same_as_events() -> None:
    assert rebuild.rebuild(mend=False)["different"] == 0


# --- told or not ------------------------------------------------------------------------------------------------------


def test_taken_up_without_a_word_the_law_still_waits(case: Complaint, cast: Cast) -> None:
    mails = OutboxMessage.objects.count()
    taken_up(case, cast)
    assert OutboxMessage.objects.count() == mails, "nobody was told"
    own = packed.clock(case, ACKNOWLEDGE)
    assert (own.state, own.completed_at) == (ClockState.RUNNING, None) and ANSWER not in codes(case)
    assert case.clocks.get(kind="acknowledge").state == ClockState.MET, "that one is ours"
    same_as_events()


def told_by_message(case: Complaint, cast: Cast, at: Any) -> None:
    converse.message(case, by=Actor.person(cast.agent), at=at, body="We have your complaint.")


def told_on_the_phone(case: Complaint, cast: Cast, at: Any) -> None:
    converse.said(case, by=Actor.person(cast.agent), at=at, body="We have your complaint.", channel="phone")


@pytest.mark.parametrize("tell", [told_by_message, told_on_the_phone])
@pytest.mark.parametrize("quietly_before", [False, True])
def test_the_first_word_meets_it_and_begins_the_next(
    case: Complaint, cast: Cast, tell: Any, quietly_before: bool
) -> None:
    if quietly_before:
        taken_up(case, cast)
    at = MONDAY + DAY
    with clock.frozen(at):
        tell(case, cast, at)
    own = packed.clock(case, ACKNOWLEDGE)
    assert (own.state, own.completed_at) == (ClockState.MET, at)
    assert packed.clock(case, ANSWER).started_at == at
    case.refresh_from_db()
    assert case.first_response_at == at
    same_as_events()
    with clock.frozen(at + HOUR):
        told_by_message(case, cast, at + HOUR)
    assert packed.clock(case, ANSWER).started_at == at, "once"


def test_with_a_message_it_is_met_at_once(case: Complaint, cast: Cast) -> None:
    taken_up(case, cast, message="We have your complaint.")
    assert packed.clock(case, ACKNOWLEDGE).completed_at == MONDAY + HOUR
    assert packed.clock(case, ANSWER).started_at == MONDAY + HOUR


def test_what_was_never_said_is_a_breach_at_its_deadline(case: Complaint, cast: Cast) -> None:
    taken_up(case, cast)
    own = packed.clock(case, ACKNOWLEDGE)
    with clock.frozen(own.due_at + HOUR):
        sweep()
    assert packed.clock(case, ACKNOWLEDGE).breached_at == own.due_at
    same_as_events()


def test_a_message_that_waits_to_leave_still_knows_what_it_would_meet(case: Complaint, cast: Cast) -> None:
    taken_up(case, cast)
    case.refresh_from_db()
    due_at = packed.clock(case, ACKNOWLEDGE).due_at
    assert due_at in pending.deadlines(case, after=MONDAY + DAY)


def test_sorted_in_after_a_quiet_beginning_it_still_has_to_be_acknowledged(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(LGSCO, cast.admin, MONDAY, conditions={"types": ["billing"]})
        quiet, told = (cast.complaint(channel="email", at=MONDAY, type="delivery") for _ in range(2))
    taken_up(quiet, cast)
    taken_up(told, cast, message="We have your complaint.")
    with clock.frozen(MONDAY + DAY):
        for one in (quiet, told):
            manage.classify(one, by=Actor.person(cast.agent), at=MONDAY + DAY, reason="a bill", type=type_of("billing"))
    assert codes(quiet) == {ACKNOWLEDGE} and packed.clock(quiet, ACKNOWLEDGE).started_at == MONDAY
    assert codes(told) == {ANSWER} and packed.clock(told, ANSWER).started_at == MONDAY + HOUR
    same_as_events()


def test_merged_into_a_case_taken_up_quietly_the_deadline_comes_along(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        joint = cast.complaint(channel="email", at=MONDAY)
        packed.install(LGSCO, cast.admin, MONDAY)
        case = cast.complaint(channel="email", at=MONDAY)
    taken_up(joint, cast)
    with clock.frozen(MONDAY + DAY):
        merge.merge(case, by=Actor.person(cast.lead), at=MONDAY + DAY, into=joint)
    assert packed.clock(joint, ACKNOWLEDGE).state == ClockState.RUNNING
    same_as_events()


# --- late, sorted away and back ---------------------------------------------------------------------------------------


def sort(case: Complaint, cast: Cast, code: str, at: Any) -> None:
    with clock.frozen(at):
        manage.classify(case, by=Actor.person(cast.agent), at=at, reason="sorted", type=type_of(code))


def test_late_by_law_sorted_away_and_back_it_is_late_until_it_is_answered(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(DISP, cast.admin, MONDAY, conditions={"types": ["billing"]})
        case = cast.complaint(channel="email", at=MONDAY, type="billing")
    at = MONDAY + 60 * DAY
    with clock.frozen(at):
        sweep()
    due_at = packed.clock(case, FINAL).breached_at
    sort(case, cast, "delivery", at)
    away = packed.clock(case, FINAL)
    assert (away.state, away.completed_at, away.overrun_seconds) == (ClockState.BREACHED, at, None)
    sort(case, cast, "billing", at + 30 * DAY)
    back = packed.clock(case, FINAL)
    assert (back.state, back.breached_at, back.completed_at) == (ClockState.BREACHED, due_at, None)
    same_as_events()
    answered_at = at + 31 * DAY
    cause = catalogue().causes["people-mistake"]
    texts = [f"{DISP}.referral"]
    with clock.frozen(answered_at):
        decide.resolve(
            case, by=Actor.person(cast.agent), at=answered_at, outcome="upheld", root_cause=cause, summary="Paid back.",
            answer="We paid it back.", texts=texts, late_reason="workload",
        )  # fmt: skip
    done = packed.clock(case, FINAL)
    assert done.completed_at == answered_at and done.breached_at == due_at
    assert done.overrun_seconds and done.overrun_seconds > 20 * 8 * 3600, "the days away count: nobody was answered"
    same_as_events()
    sort_twice = packed.clock(case, FINAL).events.filter(kind="reopened").count()
    assert sort_twice == 1


def test_what_was_answered_late_stays_done_when_it_is_sorted_back(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(LGSCO, cast.admin, MONDAY, conditions={"types": ["billing"]})
        case = cast.complaint(channel="email", at=MONDAY, type="billing")
    late = MONDAY + 20 * DAY
    with clock.frozen(late):
        told_by_message(case, cast, late)
    assert packed.clock(case, ACKNOWLEDGE).state == ClockState.BREACHED
    sort(case, cast, "delivery", late + DAY)
    sort(case, cast, "billing", late + 2 * DAY)
    own = packed.clock(case, ACKNOWLEDGE)
    assert own.completed_at == late and own.overrun_seconds
    assert packed.clock(case, ANSWER).state == ClockState.RUNNING
    same_as_events()
