"""The sweep marks each passed deadline once, dated there, tells owner and lead (domain, SLA 5-7; A5, E1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from complaints.actions import decide, handle
from complaints.models import Clock, ClockEvent, ClockState, Complaint, Firing
from complaints.sla import firings, ladder
from complaints.sla.ladder import BREACH
from complaints.sla.sweep import Swept, sweep
from complaints.tasks import sweep_sla
from core import clock, trail
from core.actor import Actor
from core.models import Heartbeat, OutboxMessage, User
from tests import cast

MONDAY = cast.MONDAY
LATE = MONDAY + timedelta(days=60)


@pytest.fixture
def agent(db: None) -> User:
    cast.two_clocks_only()  # tests/test_ladder.py has what the others add
    return cast.make_agent(cast.make_team(), language="ru")


@pytest.fixture
def complaint(agent: User) -> Complaint:
    return filed(agent)


def filed(owner: User, **filing: Any) -> Complaint:
    with clock.frozen(MONDAY):
        return cast.make_complaint(owner=owner, at=MONDAY, **filing)


def clock_of(complaint: Complaint, kind: str = "acknowledge") -> Clock:
    return Clock.objects.get(complaint=complaint, kind=kind)


def swept_at(at: datetime, **how: Any) -> Swept:
    with clock.frozen(at):
        return sweep(**how)


def mails() -> list[str]:
    return sorted(OutboxMessage.objects.filter(template="sla_breach").values_list("recipient", flat=True))


def sound(complaint: Complaint) -> bool:
    return not list(trail.verify(trail.of(complaint)))


def test_a_breach_is_marked_once_and_dated_at_its_deadline(complaint: Complaint, agent: User) -> None:
    first = clock_of(complaint)
    before = Complaint.objects.get(pk=complaint.pk)
    noticed = first.due_at + timedelta(hours=3, microseconds=7)
    assert swept_at(noticed) == Swept(1, 1, 2)
    assert swept_at(noticed) == swept_at(noticed + timedelta(minutes=1)) == Swept()
    found = clock_of(complaint)
    assert (found.state, found.breached_at, found.detected_at) == ("breached", first.due_at, noticed)
    assert found.next_at is None and found.due_at == first.due_at and found.completed_at is None
    event = ClockEvent.objects.get(clock=found, kind="breached")
    assert (event.at, event.recorded_at, event.data) == (first.due_at, noticed, {})
    firing = Firing.objects.get(clock=found)
    assert (firing.rung, firing.due_at, firing.fired_at) == ("breach", first.due_at, noticed)
    entry = trail.of(complaint).last()
    assert (entry.kind, entry.at, entry.recorded_at) == ("sla.breached", first.due_at, noticed)
    assert (entry.actor_kind, entry.actor_label) == ("system", "sweep") and sound(complaint)
    assert json.loads(entry.body)["clocks"][0]["kind"] == "acknowledge"
    after = Complaint.objects.get(pk=complaint.pk)
    assert (after.updated_at, after.version, after.queue_at) == (noticed, before.version, before.queue_at)
    assert mails() == sorted([agent.email, agent.team.lead.email])
    mail = OutboxMessage.objects.get(recipient=agent.email, template="sla_breach")
    assert mail.language == "ru" and mail.context["reference"] == complaint.reference


def test_the_deadline_itself_is_not_late_a_microsecond_after_is(complaint: Complaint) -> None:
    deadline = clock_of(complaint).due_at
    assert swept_at(deadline) == Swept()
    assert swept_at(deadline + timedelta(microseconds=1)).clocks == 1


def test_a_deadline_with_microseconds_keeps_them(complaint: Complaint) -> None:
    deadline = MONDAY + timedelta(hours=2, microseconds=123_400)
    Clock.objects.filter(pk=clock_of(complaint).pk).update(due_at=deadline, next_at=deadline, rungs=[])
    swept_at(deadline + timedelta(microseconds=1))
    assert clock_of(complaint).breached_at == deadline and sound(complaint)
    assert json.loads(trail.of(complaint).last().body)["clocks"][0]["due_at"] == deadline.isoformat()
    assert {mail.context["due_us"] for mail in OutboxMessage.objects.filter(template="sla_breach")} == {
        str(int(deadline.timestamp()) * 1_000_000 + 123_400)
    }


def test_downtime_of_months_is_caught_up_with_one_entry_for_a_complaint(complaint: Complaint) -> None:
    assert swept_at(LATE) == Swept(2, 1, 4)
    entries = [entry for entry in trail.of(complaint) if entry.kind == "sla.breached"]
    assert [clock["kind"] for clock in json.loads(entries[0].body)["clocks"]] == ["acknowledge", "resolve"]
    assert len(entries) == 1 and sound(complaint)


def test_late_work_between_two_sweeps_is_a_breach_marked_once(complaint: Complaint, agent: User) -> None:
    deadline = clock_of(complaint).due_at
    late = deadline + timedelta(seconds=1)
    with clock.frozen(late):
        handle.acknowledge(complaint, by=Actor.person(agent), at=late)
    assert swept_at(late + timedelta(minutes=5)) == Swept()
    found = clock_of(complaint)
    assert (found.state, found.breached_at, found.completed_at) == ("breached", deadline, late)
    assert Firing.objects.filter(clock=found).count() == 1 and len(mails()) == 2
    kinds = [entry.kind for entry in trail.of(complaint)]
    assert kinds == ["complaint.filed", "sla.breached", "complaint.acknowledged"] and sound(complaint)


def test_late_work_after_the_sweep_leaves_one_firing_and_mail_each(complaint: Complaint, agent: User) -> None:
    deadline = clock_of(complaint).due_at
    late = deadline + timedelta(hours=1)
    swept_at(late)
    with clock.frozen(late + timedelta(minutes=1)):
        handle.acknowledge(complaint, by=Actor.person(agent), at=late + timedelta(minutes=1))
    found = clock_of(complaint)
    assert (found.state, found.breached_at, found.detected_at) == ("breached", deadline, late)
    assert Firing.objects.filter(clock=found).count() == 1 and len(mails()) == 2
    assert [e.kind for e in found.events.all()] == ["started", "breached", "completed"] and sound(complaint)


def test_a_late_reopened_case_is_not_marked_twice(complaint: Complaint, agent: User) -> None:
    by = Actor.person(agent)
    swept_at(LATE)
    with clock.frozen(LATE):
        decide.withdraw(complaint, by=by, at=LATE, reason="settled by phone")
        decide.reopen(complaint, by=by, at=LATE, reason="not settled after all")
    assert swept_at(LATE + timedelta(days=90)) == Swept()
    assert Firing.objects.count() == 2 and sound(complaint)


def _waiting(complaint: Complaint, by: Actor) -> None:
    handle.acknowledge(complaint, by=by, at=MONDAY)
    handle.wait(complaint, by=by, at=MONDAY, reason="the invoice")


def _withdrawn(complaint: Complaint, by: Actor) -> None:
    decide.withdraw(complaint, by=by, at=MONDAY, reason="settled")


def _resolved(complaint: Complaint, by: Actor) -> None:
    from complaints.reference import catalogue

    cause = catalogue().causes["people-mistake"]
    decide.resolve(complaint, by=by, at=MONDAY, outcome="upheld", root_cause=cause, summary="Sent the lamp.")


def _closed(complaint: Complaint, by: Actor) -> None:
    _resolved(complaint, by)
    decide.close(complaint, by=by, at=MONDAY)


def _out_of_queues(**fields: Any) -> Callable[[Complaint, Actor], None]:
    def change(complaint: Complaint, by: Actor) -> None:
        Complaint.objects.filter(pk=complaint.pk).update(in_queue=False, **fields)

    return change


@pytest.mark.parametrize(
    "state",
    [
        _waiting,
        _withdrawn,
        _resolved,
        _closed,
        _out_of_queues(is_quarantined=True),
        _out_of_queues(is_history=True),
    ],
    ids=["paused", "cancelled", "finished", "closed", "quarantined", "history"],
)
def test_what_does_not_run_never_fires(
    complaint: Complaint, agent: User, state: Callable[[Complaint, Actor], None]
) -> None:
    with clock.frozen(MONDAY):
        state(complaint, Actor.person(agent))
    assert swept_at(LATE) == Swept()
    assert not Firing.objects.exists() and not mails()


def test_a_quarantined_complaint_has_no_clock_to_miss(agent: User) -> None:
    with clock.frozen(MONDAY):
        cast.make_complaint(quarantine=True, at=MONDAY)
    assert not Clock.objects.exists() and swept_at(LATE) == Swept()


def test_only_the_running_clock_of_a_waiting_case_fires(complaint: Complaint, agent: User) -> None:
    with clock.frozen(MONDAY):
        handle.wait(complaint, by=Actor.person(agent), at=MONDAY, reason="the invoice")
    assert swept_at(LATE).clocks == 1
    assert clock_of(complaint, "resolve").state == ClockState.PAUSED


def test_an_owner_without_mail_address_is_passed_over(agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(email="")
    filed(agent)
    assert swept_at(LATE) == Swept(2, 1, 2) and set(mails()) == {agent.team.lead.email}


def test_somebody_inactive_gets_no_mail(agent: User) -> None:
    filed(agent)
    User.objects.filter(pk=agent.team.lead_id).update(is_active=False)
    assert swept_at(LATE) == Swept(2, 1, 2) and set(mails()) == {agent.email}


def test_a_lead_who_owns_the_case_gets_one_mail(agent: User) -> None:
    filed(agent.team.lead)
    assert swept_at(LATE) == Swept(2, 1, 2) and mails() == [agent.team.lead.email] * 2


@pytest.mark.parametrize("late_work", [False, True], ids=["sweep", "completion"])
def test_a_case_without_team_is_told_to_its_owner_alone(agent: User, late_work: bool) -> None:
    alone = cast.make_manager()
    cast.make_manager()
    complaint = filed(alone)
    assert complaint.team_id is None
    if late_work:
        with clock.frozen(LATE):
            decide.withdraw(complaint, by=Actor.person(alone), at=LATE, reason="settled")
    else:
        swept_at(LATE)
    assert mails() == [alone.email] * 2


def test_a_firing_or_mail_already_there_does_no_harm(complaint: Complaint, agent: User) -> None:
    found = clock_of(complaint)
    Firing.objects.create(clock=found, rung=BREACH, due_at=found.due_at, fired_at=MONDAY)
    fired = firings.Fired(found, BREACH, found.due_at, ladder.OWNER)
    rows = firings.mails(complaint, [fired], {ladder.OWNER: [agent]}, at=MONDAY)
    OutboxMessage.objects.bulk_create(rows)
    assert swept_at(found.due_at + timedelta(hours=1)) == Swept(1, 1, 1)
    assert Firing.objects.count() == 1 and len(mails()) == 2


def test_the_task_and_the_command_say_what_they_did(complaint: Complaint) -> None:
    deadline = clock_of(complaint).due_at
    with clock.frozen(deadline + timedelta(seconds=1)):
        assert sweep_sla.name == "complaints.sweep_sla"
        assert sweep_sla()["clocks"] == 1
        assert sweep_sla()["clocks"] == 0
    sign = Heartbeat.objects.get(name="sweep")
    assert sign.at == deadline + timedelta(seconds=1) and sign.detail["mails"] == 0
    out = StringIO()
    with clock.frozen(LATE):
        call_command("sweep_sla", once=True, json=True, stdout=out)
    assert json.loads(out.getvalue())["clocks"] == 1


def test_now_is_the_databases(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose own clock runs days fast marks nothing early."""
    asked: list[datetime] = []

    def database_now() -> datetime:
        asked.append(MONDAY)
        return MONDAY

    monkeypatch.setattr(clock, "database_now", database_now)
    monkeypatch.setattr(clock, "now", lambda: datetime(2099, 1, 1, tzinfo=UTC))
    assert sweep() == Swept() and asked
