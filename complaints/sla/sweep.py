"""The sweep: find every rung of the ladder that is due, deadlines above all, and fire it once (domain, SLA 5-7).

It reads, by the partial index on `Clock.next_at`, only what is due, so that a million running clocks cost an
idle sweep nothing. Each batch is a transaction of its own: killed half-way, it loses nothing and the next
sweep goes on. Any number may run at once; rows that another sweep or a person's action holds locked are
passed over and found next time.

What rings on a snoozed case ends the snooze: its hour becomes now, and `actions.snooze.wake_due` does the rest.

A breach moves `Complaint.updated_at`, so that live queues fetch the row again, but not `version`: that counts
what people changed, and nobody's half-written answer shall be refused as stale because a deadline passed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Case, F, Value, When

from complaints.models import Clock, ClockState, Complaint, Firing
from complaints.promises import sweep as promises
from complaints.sla import firings, ladder, sweep_sql, windows
from complaints.sla.ladder import BREACH
from core import clock as clocks_time
from core import rows, trail
from core.actions import upkeep
from core.actor import Actor
from core.models import OutboxMessage

BATCH = 500  # clocks; some 0.15 s of writing, and two workers hardly meet
SMALL_BATCH = 100  # SQLite has one writer: nobody shall wait longer than 0.3 s for us
BREATH = 0.11  # seconds between batches there: who waits for SQLite looks every 0.1 s, and gets in
HEARTBEAT = "sweep"
SWEEPER = Actor.system("sweep")


@dataclass(frozen=True, slots=True)
class Swept:
    """How many clocks were marked, on how many complaints (once a batch), and how many mails were written."""

    clocks: int = 0
    complaints: int = 0
    mails: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(self.clocks + other.clocks, self.complaints + other.complaints, self.mails + other.mails)


def sweep(*, at: datetime | None = None, batch: int = BATCH, seconds: float | None = None) -> Swept:
    """Mark every breach there is at `at` (UTC; default: the database's now, anew for each batch), until dry.

    `seconds`: begin no further batch after that long; what is left stays due. On SQLite a batch is at most
    SMALL_BATCH. Raises what the database raises; batches done until then stay. Query cost of a batch of any
    size: 5 on PostgreSQL, 14 on SQLite; idle: 2.
    """
    postgresql = connection.vendor == "postgresql"
    size = batch if postgresql else min(batch, SMALL_BATCH)
    end = None if seconds is None else time.monotonic() + seconds
    total = Swept()
    windows.shut_due(at=at, size=size)
    while True:
        done = _batch(at, size) if postgresql else _small_batch(at, size)
        total += done
        if done.clocks < size or (end is not None and time.monotonic() >= end):
            return total
        if not postgresql:
            time.sleep(BREATH)


def sweep_and_tell(*, seconds: float | None = None) -> dict[str, float]:
    """Sweep deadlines and promises, and leave a sign of life for `/readyz`.

    Figures: `clocks`, `complaints`, `mails`, `warned` and `broken` (promises), `seconds`.
    """
    started = time.monotonic()
    done = sweep(seconds=seconds)
    looked = promises.sweep(seconds=seconds)
    figures = {**asdict(done), **asdict(looked), "seconds": round(time.monotonic() - started, 4)}
    upkeep.alive(HEARTBEAT, at=clocks_time.database_now(), detail=figures)
    return figures


def _batch(at: datetime | None, size: int) -> Swept:
    """One batch on PostgreSQL."""
    if not sweep_sql.anything(at=at or clocks_time.database_now()):
        return Swept()  # half the cost of a transaction that finds nothing
    with transaction.atomic():
        moment = at or clocks_time.database_now()
        keys = sweep_sql.lock(at=moment, size=size)
        return Swept(*sweep_sql.mark(keys, by=SWEEPER, at=moment)) if keys else Swept()


def _small_batch(at: datetime | None, size: int) -> Swept:
    """One batch on SQLite; its transaction (IMMEDIATE) shuts out writers, so only if something is due."""
    if not Clock.objects.filter(next_at__lt=at or clocks_time.database_now()).exists():
        return Swept()
    with transaction.atomic():
        moment = at or clocks_time.database_now()
        return mark(due(at=moment, size=size), at=moment)


def due(*, at: datetime, size: int) -> list[Clock]:
    """At most `size` clocks of live complaints with something due before `at`, longest due first. Query cost: 1."""
    found = Clock.objects.filter(next_at__lt=at, complaint__in_queue=True)
    if over := windows.ended(at):  # one that has just ended waits for the next time
        found = found.exclude(over)
    return list(found.select_related("complaint").order_by("next_at", "pk")[:size])


def mark(clocks: Sequence[Clock], *, at: datetime) -> Swept:
    """Fire what is due of clocks that nobody else can touch meanwhile, in bulk: `sweep_sql.mark` in Python.

    Query cost: 12, whatever the number.
    """
    if not clocks:
        return Swept()
    cases = list(firings.by_case(clocks))
    people = firings.people_of([case for case, _clocks in cases], at=at)
    ends = trail.ends("complaint", [case.pk for case, _clocks in cases])
    marks, events, entries, notices, mails = [], [], [], [], []
    for case, own in cases:
        fired = [one for clock in own for one in firings.due(clock, at=at)]
        marks += [firings.mark(one, at=at) for one in fired]
        events += [firings.event(one, at=at) for one in fired]
        entries.append(firings.noted(case, fired, by=SWEEPER, at=at, last=ends.get(case.pk)))
        notices += firings.notices(case, fired, people[case.pk], at=at)
        mails += firings.mails(case, fired, people[case.pk], at=at)
        for clock in own:
            _move_on(clock, {one.rung for one in fired if one.clock is clock}, at=at)
    Clock.objects.bulk_update(clocks, ["state", "breached_at", "detected_at", "rungs", "next_at"])
    roused = Case(When(snoozed_until__gt=at, then=Value(at)), default=F("snoozed_until"))
    Complaint.objects.filter(pk__in=[case.pk for case, _clocks in cases]).update(updated_at=at, snoozed_until=roused)
    mails = _without_twins(mails)
    marks = _without_fired(marks)
    new = {f"{mark.rung}:{mark.clock_id}" for mark in marks}
    rows.insert([*events, *marks, *entries, *(one for one in notices if one.key in new), *mails])
    return Swept(len(clocks), len(cases), len(mails))


def _move_on(clock: Clock, fired: set[str], *, at: datetime) -> None:
    """The clock's row behind the rungs that fired, in memory."""
    if BREACH in fired and clock.state == ClockState.RUNNING:
        clock.state, clock.breached_at, clock.detected_at = ClockState.BREACHED, clock.due_at, at
    clock.rungs = [one for one in clock.rungs if one[1] not in fired]
    clock.next_at = ladder.next_at(clock.rungs)


def _without_fired(marks: Sequence[Firing]) -> list[Firing]:
    """Those not written before: SQL says ON CONFLICT DO NOTHING. Query cost: 1."""
    written = Firing.objects.filter(clock__in={one.clock_id for one in marks})
    known = set(written.values_list("clock_id", "rung"))
    return [one for one in marks if (one.clock_id, one.rung) not in known]


def _without_twins(mails: Sequence[OutboxMessage]) -> list[OutboxMessage]:
    """The same for mails, by their keys. Query cost: 1."""
    written = OutboxMessage.objects.filter(key__in=[mail.key for mail in mails])
    known = set(written.values_list("key", flat=True))
    return [mail for mail in mails if mail.key not in known]
