"""The sweep in bulk: batches, what a batch costs, SQL equal to Python, several at once (domain, SLA 6; performance)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from complaints.actions import handle
from complaints.models import Clock, ClockEvent, ClockState, Complaint, Firing, SlaPolicy
from complaints.sla import sweep as sweeping
from complaints.sla import sweep_sql
from complaints.sla.sweep import Swept, due, mark, sweep
from core import cached, clock, trail
from core.actor import Actor
from core.models import Notification, OutboxMessage, TrailEntry, User
from tests import cast

MONDAY = cast.MONDAY
LATE = MONDAY + timedelta(days=60)


@pytest.fixture
def agent(db: None) -> User:
    cast.two_clocks_only()
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
    assert queries() == one <= (3 if connection.vendor == "postgresql" else 15)  # with what inboxes are told
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
            cursor.execute("EXPLAIN " + sweep_sql.LOCK, {"at": LATE, "size": 200, "windows": []})
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
        "inbox": rows(Notification, "id"),
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
    SlaPolicy.objects.update(targets={"acknowledge": {"kind": "working_seconds", "value": 3600}}, ladder=[])
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
