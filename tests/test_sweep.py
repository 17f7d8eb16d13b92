"""The sweep marks each passed deadline once, dated there, tells owner and lead (domain, SLA 5-7; A5, E1)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from complaints.actions import decide, handle
from complaints.models import Clock, ClockEvent, ClockState, Complaint, Firing, SlaPolicy
from complaints.sla import breaches, sweep_sql
from complaints.sla import sweep as sweeping
from complaints.sla.sweep import Swept, due, mark, sweep
from complaints.tasks import sweep_sla
from core import cached, clock, trail
from core.actor import Actor
from core.models import Heartbeat, OutboxMessage, TrailEntry, User
from tests import cast

MONDAY = cast.MONDAY
LATE = MONDAY + timedelta(days=60)


@pytest.fixture
def agent(db: None) -> User:
    cached.clear_all()
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
    Clock.objects.filter(pk=clock_of(complaint).pk).update(due_at=deadline, next_at=deadline)
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
    Firing.objects.create(clock=found, rung=breaches.BREACH, due_at=found.due_at, fired_at=MONDAY)
    rows = breaches.mails(complaint, [found], [agent], at=MONDAY)
    OutboxMessage.objects.bulk_create(rows)
    assert swept_at(found.due_at + timedelta(hours=1)) == Swept(1, 1, 1)
    assert Firing.objects.count() == 1 and len(mails()) == 2


def test_batches_go_on_until_nothing_is_due(agent: User) -> None:
    for number in range(7):
        filed(agent, subject=f"Complaint {number}")
    assert swept_at(LATE, batch=3).clocks == 14
    assert Firing.objects.count() == 14 and len(mails()) == 28
    assert all(sound(complaint) for complaint in Complaint.objects.all())


def test_the_number_of_queries_does_not_grow_with_the_batch(agent: User) -> None:
    def queries() -> int:
        with clock.frozen(LATE), CaptureQueriesContext(connection) as seen, transaction.atomic():
            sweep(batch=100)
        return len([q for q in seen if "SAVEPOINT" not in q["sql"] and "BEGIN" not in q["sql"]])

    filed(agent)
    one = queries()
    for _ in range(20):
        filed(agent)
    assert queries() == one <= (2 if connection.vendor == "postgresql" else 14)
    assert queries() == 1  # idle


def test_what_is_due_is_read_by_the_partial_index(complaint: Complaint) -> None:
    deadlines = [LATE + timedelta(seconds=number) for number in range(-1500, 1500)]
    Clock.objects.bulk_create(
        Clock(complaint=complaint, kind="resolve", cycle=number, started_at=MONDAY, due_at=at, next_at=at)
        for number, at in enumerate(deadlines, start=2)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("EXPLAIN " + sweep_sql.LOCK, {"at": LATE, "size": 200})
        else:
            with CaptureQueriesContext(connection) as seen:
                due(at=LATE, size=200)
            cursor.execute("EXPLAIN QUERY PLAN " + seen[-1]["sql"])
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "clock_next" in plan and "Sort" not in plan and "TEMP B-TREE" not in plan, plan


def written() -> dict[str, list[tuple[Any, ...]]]:
    """Every row a sweep touches, without keys that a sequence hands out, in a fixed order."""

    def rows(model: Any, *skipped: str) -> list[tuple[Any, ...]]:
        names = [f.attname for f in model._meta.concrete_fields if f.attname not in skipped]
        found = [tuple(plain(value) for value in row) for row in model.objects.values_list(*names)]
        return sorted(found, key=repr)

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, sort_keys=True)
        return bytes(value) if isinstance(value, memoryview) else value

    return {
        "clocks": rows(Clock),
        "complaints": rows(Complaint),
        "events": rows(ClockEvent, "id"),
        "firings": rows(Firing, "id"),
        "trail": rows(TrailEntry, "id"),
        "outbox": rows(OutboxMessage, "id"),
    }


@pytest.mark.postgresql
def test_sql_writes_the_very_rows_that_python_writes(agent: User) -> None:
    odd = cast.make_agent(agent.team, 'Zoë «Лена» "O\'Hara" \\ ☎', language="pt", time_zone="Asia/Kolkata")
    nameless = cast.make_agent(agent.team)
    User.objects.filter(pk=nameless.pk).update(name="")
    filed(agent, subject='Quote " back \\ slash, line\nbreak, tab\t, Кириллица 🙂 {"a": [1]}')
    filed(odd, customer=cast.make_customer())
    filed(nameless)
    filed(cast.make_manager())
    filed(agent.team.lead)
    silent = filed(agent)
    for number, micro in enumerate((0, 1, 10, 999_999, 500_000)):
        at = MONDAY + timedelta(days=number, microseconds=micro)
        Clock.objects.filter(pk=Clock.objects.order_by("pk")[number].pk).update(due_at=at, next_at=at)
    TrailEntry.objects.filter(subject_id=silent.pk, subject_kind="complaint").delete()  # a chain to begin
    results = []
    at = LATE + timedelta(microseconds=70_001)
    for way in ("sql", "python"):
        with transaction.atomic():
            if way == "sql":
                found = Swept(*sweep_sql.mark(sweep_sql.lock(at=at, size=1000), by=sweeping.SWEEPER, at=at))
            else:
                with clock.frozen(at):
                    found = mark(due(at=at, size=1000), at=at)
            results.append((found, written()))
            transaction.set_rollback(True)
    (by_sql, sql_rows), (by_python, python_rows) = results
    assert by_sql == by_python and by_sql.clocks == 12
    for table, rows in sql_rows.items():
        assert rows == python_rows[table], table


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


def test_the_time_given_ends_it_between_two_batches(agent: User) -> None:
    for _ in range(3):
        filed(agent)
    assert swept_at(LATE, batch=2, seconds=0) == Swept(2, 2, 4)
    assert swept_at(LATE, batch=2).clocks == 4


# --- Several at once: real transactions, real threads ---------------------------------------------------


def many_due(count: int) -> list[Complaint]:
    """`count` complaints whose acknowledge deadline passed; agent and lead are told of each."""
    cached.clear_all()
    owner = cast.make_agent(cast.make_team())
    SlaPolicy.objects.update(targets={"acknowledge": {"kind": "working_seconds", "value": 3600}})
    cached.clear_all()
    return [filed(owner) for _ in range(count)]


def together(*works: Callable[[], Any]) -> list[BaseException]:
    """Run all at the same time, each with a connection of its own; what they raised."""
    raised: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        try:
            gate.wait(20)
            work()
        except BaseException as error:  # noqa: BLE001
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return raised


@contextmanager
def held(complaint: Complaint) -> Iterator[None]:
    """Somebody works on the complaint: another transaction has it locked until the block ends."""
    locked, done = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            Complaint.objects.select_for_update().get(pk=complaint.pk)
            locked.set()
            done.wait(20)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    assert locked.wait(20)
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.postgresql
@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_sweeps_at_once_mark_a_thousand_breaches_once_each() -> None:
    many_due(1000)
    results: list[Swept] = []
    assert not together(*[lambda: results.append(sweep(at=LATE, batch=50))] * 4)
    assert sum(result.clocks for result in results) == 1000
    assert Firing.objects.count() == ClockEvent.objects.filter(kind="breached").count() == 1000
    assert OutboxMessage.objects.filter(template="sla_breach").count() == 2000
    assert TrailEntry.objects.filter(kind="sla.breached").count() == 1000
    entries = TrailEntry.objects.filter(subject_kind="complaint").order_by("subject_id", "seq")
    assert not list(trail.verify(entries))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_complaint_somebody_works_on_is_found_next_time() -> None:
    first, second, third = many_due(3)
    with held(second):
        assert sweep(at=LATE).clocks == 2
        assert clock_of(second).state == ClockState.RUNNING
    assert sweep(at=LATE).clocks == 1
    assert {clock_of(c).state for c in (first, second, third)} == {ClockState.BREACHED}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_actions_and_sweeps_at_once_neither_fail_nor_mark_twice() -> None:
    complaints = many_due(60)
    by = Actor.person(complaints[0].owner)

    def work() -> None:
        for complaint in complaints:
            handle.acknowledge(complaint, by=by, at=LATE)

    def sweep_often() -> None:
        for _ in range(30):
            sweep(at=LATE, batch=7)

    raised = together(work, sweep_often, sweep_often)
    assert not raised, raised
    assert Firing.objects.count() == 60
    assert OutboxMessage.objects.filter(template="sla_breach").count() == 120
    assert TrailEntry.objects.filter(kind="sla.breached").count() == 60
    assert set(Clock.objects.values_list("state", flat=True)) == {ClockState.BREACHED}
    entries = TrailEntry.objects.filter(subject_kind="complaint").order_by("subject_id", "seq")
    assert not list(trail.verify(entries))


def test_now_is_the_databases(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose own clock runs days fast marks nothing early."""
    asked: list[datetime] = []

    def database_now() -> datetime:
        asked.append(MONDAY)
        return MONDAY

    monkeypatch.setattr(clock, "database_now", database_now)
    monkeypatch.setattr(clock, "now", lambda: datetime(2099, 1, 1, tzinfo=UTC))
    assert sweep() == Swept() and asked


@pytest.mark.sqlite
@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_batch_on_sqlite_is_small_and_lets_others_write_between() -> None:
    """Somebody who writes while 400 breaches are marked never meets a locked database."""
    complaints = many_due(400)
    turns: list[int] = []

    def write() -> None:
        while not turns or Firing.objects.count() < 400:
            with transaction.atomic():
                Complaint.objects.filter(pk=complaints[0].pk).update(product=f"lamp {len(turns)}")
            turns.append(Firing.objects.count())

    assert not together(lambda: sweep(at=LATE), write)
    assert Firing.objects.count() == 400
    assert len(set(turns)) >= 3, "other writers got in only before or after"
