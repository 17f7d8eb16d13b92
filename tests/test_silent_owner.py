"""A case whose owner is silent goes on with somebody else, once, never to nobody (domain, Complaint 2; SLA 7)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from complaints.actions import amend, converse, decide, handle, manage, silence
from complaints.models import Clock, Complaint, Firing
from complaints.sla.sweep import sweep
from core import clock, trail
from core.actor import Actor
from core.models import OutboxMessage, User
from tests.cast import MONDAY, Cast
from tests.silent import HALF, HOUR, THREE_QUARTERS, at_once, away, case, crew, late, owner_of, sound, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Iterator[Cast]:
    with crew() as found:
        yield found


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
