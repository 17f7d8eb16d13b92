"""A case whose owner is silent goes on with somebody else, once, never to nobody (domain, Complaint 2; SLA 7)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from complaints.actions import amend, converse, decide, handle, manage, silence
from complaints.models import Clock, Complaint, Firing, SlaPolicy
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.models import Absence, OutboxMessage, User
from tests.cast import MONDAY, Cast
from tests.silent import (
    HALF,
    HOUR,
    THREE_QUARTERS,
    at_once,
    away,
    case,
    crew,
    late,
    looked_at_from,
    owner_of,
    sound,
    waiting,
)

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


def test_an_acknowledgement_stops_the_clock_and_its_marks(cast: Cast) -> None:
    complaint = case(cast)
    handle.acknowledge(complaint, by=Actor.person(cast.agent), at=MONDAY + HOUR)
    for at in (HALF, THREE_QUARTERS):
        assert late(at) == 0
    assert owner_of(complaint) == cast.agent
    assert waiting() == 0
    assert looked_at_from() == []


@pytest.mark.parametrize(
    "act",
    [
        lambda c, by, at: handle.investigate(c, by=by, at=at),
        lambda c, by, at: converse.note(c, by=by, at=at, body="I rang them."),
    ],
    ids=["investigated", "noted"],
)
def test_whoever_does_something_keeps_it_for_a_span(cast: Cast, act: Callable[..., Any]) -> None:
    """The span of the rung at 50 % is two hours, that of the rung at 75 % one: no act holds a case for ever."""
    complaint, by = case(cast), Actor.person(cast.agent)
    act(complaint, by, MONDAY + HOUR)
    assert late(HALF) == 0
    assert looked_at_from() == [MONDAY + 3 * HOUR]
    converse.note(complaint, by=by, at=HALF + HOUR / 2, body="They call back.")
    assert late(THREE_QUARTERS) == 0
    assert looked_at_from() == [MONDAY + 3.5 * HOUR, MONDAY + 4.5 * HOUR]
    assert late(MONDAY + 3.25 * HOUR) == 0
    assert owner_of(complaint) == cast.agent
    assert late(MONDAY + 3.5 * HOUR) == 1
    assert owner_of(complaint) == cast.colleague
    assert late(MONDAY + 4.5 * HOUR) == 0, "the deputy has a span too"
    assert late(MONDAY + 5.5 * HOUR) == 1
    assert owner_of(complaint) == cast.lead
    assert late(MONDAY + 30 * HOUR) == 0
    assert looked_at_from() == [], "each mark moves it once"
    sound()


def test_a_note_before_the_last_rung_holds_nothing(cast: Cast) -> None:
    """The ladder a new installation has: handed over at 150 %, half a target after the deadline."""
    ladder = [{"percent": 100, "to": ["owner"]}, {"percent": 150, "to": ["lead"], "hand_over": True}]
    SlaPolicy.objects.update(ladder=ladder)
    cached.clear_all()
    complaint, other = case(cast), case(cast)
    by = Actor.person(cast.agent)
    converse.note(complaint, by=by, at=MONDAY + HOUR / 4, body="Looking into it.")
    converse.note(other, by=by, at=MONDAY + 5 * HOUR, body="Looking into it.")
    assert late(MONDAY + 6 * HOUR) == 1
    assert (owner_of(complaint), owner_of(other)) == (cast.colleague, cast.agent)
    assert looked_at_from() == [MONDAY + 7 * HOUR]
    assert late(MONDAY + 7 * HOUR) == 1
    assert owner_of(other) == cast.colleague


def test_an_acknowledged_case_that_lies_for_days_goes_on(cast: Cast) -> None:
    """The rung of the clock to resolve: half of its 45 hours, in working time."""
    complaint = case(cast)
    handle.acknowledge(complaint, by=Actor.person(cast.agent), at=MONDAY + HOUR)
    found = {day: late(MONDAY + timedelta(days=day)) for day in range(1, 8)}
    assert {day for day, moved in found.items() if moved} == {3}
    assert owner_of(complaint) == cast.colleague
    sound()


def test_of_an_owner_who_is_away_counts_only_what_they_did_since(cast: Cast) -> None:
    kept, left = case(cast), case(cast)
    by = Actor.person(cast.agent)
    for complaint in (kept, left):
        converse.note(complaint, by=by, at=MONDAY + HOUR, body="I rang them.")
    Absence.objects.create(user=cast.agent, from_at=MONDAY + 1.25 * HOUR)
    converse.note(kept, by=by, at=MONDAY + 1.5 * HOUR, body="From home.")
    assert late(HALF) == 1
    assert (owner_of(kept), owner_of(left)) == (cast.agent, cast.colleague)


def test_a_pause_is_no_silence(cast: Cast) -> None:
    complaint, at = case(cast), MONDAY + HOUR
    by = Actor.person(cast.agent)
    handle.acknowledge(complaint, by=by, at=at)
    mark = Firing.objects.create(
        clock=Clock.objects.get(kind="resolve"), rung="warn:50", due_at=at, fired_at=at, hand_over=True, look_at=at
    )
    handle.wait(complaint, by=by, at=at, reason="the receipt")
    for days in range(1, 20):
        assert silence.hand_over_silent(at=at + timedelta(days=days)) == 0
    assert looked_at_from() == [at + timedelta(days=19) + silence.RETRY]
    back = at + timedelta(days=20)
    handle.resume(complaint, by=Actor.person(cast.colleague), at=back)
    assert silence.hand_over_silent(at=back + timedelta(hours=1)) == 0
    assert back < looked_at_from()[0] < back + timedelta(days=7), "half of 45 working hours"
    assert silence.hand_over_silent(at=looked_at_from()[0]) == 1
    mark.refresh_from_db()
    assert mark.handled_at is not None
    assert owner_of(complaint) == cast.colleague


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
    assert looked_at_from() == [at + 2 * HOUR]
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
    assert looked_at_from() == [at + 2 * HOUR]
    assert late(at + 2 * HOUR) == 1
    assert owner_of(complaint) == cast.other_team.lead


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
    """After downtime both rungs are found together: the deputy is not silent yet, and has the second one's hour."""
    complaint = case(cast)
    assert late(THREE_QUARTERS) == 1
    assert owner_of(complaint) == cast.colleague
    assert waiting() == 0
    assert looked_at_from() == [THREE_QUARTERS + HOUR + timedelta(seconds=1)]


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


def test_with_nobody_there_it_stays_and_goes_on_once_somebody_is(cast: Cast) -> None:
    complaint = case(cast)
    for user in User.objects.exclude(pk=cast.agent.pk):
        away(user)
    assert late(HALF) == 0
    assert owner_of(complaint) == cast.agent
    assert looked_at_from() == [HALF + timedelta(seconds=1) + silence.RETRY]
    assert silence.hand_over_silent(at=HALF + silence.RETRY) == 0, "not before it is due again"
    back = HALF + HOUR / 2
    Absence.objects.filter(user=cast.lead).update(until_at=back)
    assert silence.hand_over_silent(at=back) == 1
    assert owner_of(complaint) == cast.lead
    assert silence.hand_over_silent(at=back) == 0


def test_waiting_on_the_customer_and_decided_cases_stay(cast: Cast) -> None:
    """Marks of the clock to resolve; the colleague works, the owner does nothing. One that waits is looked at again."""
    by = Actor.person(cast.colleague)
    paused, gone, at = case(cast), case(cast), MONDAY + HOUR
    for complaint in (paused, gone):
        handle.acknowledge(complaint, by=by, at=MONDAY)
    marks = [
        Firing.objects.create(clock=one, rung="warn:50", due_at=at, fired_at=at, hand_over=True, look_at=at)
        for one in Clock.objects.filter(kind="resolve")
    ]
    handle.wait(paused, by=by, at=MONDAY + HOUR, reason="the receipt")
    decide.withdraw(gone, by=by, at=MONDAY + HOUR, reason="settled")
    assert silence.hand_over_silent(at=MONDAY + 2 * HOUR) == 0
    assert [owner_of(one) for one in (paused, gone)] == [cast.agent] * 2
    assert [bool(Firing.objects.get(pk=one.pk).handled_at) for one in marks] == [False, True]
    assert looked_at_from() == [MONDAY + 2 * HOUR + silence.RETRY]


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


def test_idle_it_asks_twice(cast: Cast, django_assert_num_queries: Any) -> None:
    """Also while marks wait for their time; once more while somebody is away."""
    for _ in range(3):
        converse.note(case(cast), by=Actor.person(cast.agent), at=MONDAY + HOUR, body="On it.")
    assert late(HALF) == 0
    assert len(looked_at_from()) == 3
    with django_assert_num_queries(2):
        assert silence.hand_over_silent(at=HALF + HOUR / 2) == 0
    away(cast.agent)
    with django_assert_num_queries(3):
        assert silence.hand_over_silent(at=HALF + HOUR / 2) == 0


def test_marks_that_wait_are_found_by_their_index(cast: Cast) -> None:
    plan = silence._waiting([], HALF).explain()
    assert "firing_to_look_at" in plan or connection.vendor == "postgresql", plan


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
