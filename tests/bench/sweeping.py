"""The sweep of many clocks with warnings and ladder by one, two and four workers, against plain set-based SQL that
writes the same rows.

"Bare": one psycopg2 connection, batches of the same size, one transaction each; hashes, mail texts and everything else
worked out beforehand into unlogged tables, so that only the writing is timed. No locks, no look-ups.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from django.db import connection, transaction

from complaints.models import Clock, ClockEvent, Firing, SlaPolicy
from complaints.sla import ladder, policies, sweep_sql
from complaints.sla.sweep import BATCH, sweep
from core.models import Notification, OutboxMessage, TrailEntry
from core.week_calendar import WeekCalendar
from core.working_time import Target
from tests.bench import bare_sweep
from tests.bench.figures import Timing, median
from tests.bench.seed import FIRST_DUE, settle
from tests.bench.web import ROOT

MOST = 33_000  # seconds of deadlines for each kind: some 100,000 clocks to look at
PARTS = 6
IDLE = 300
LONG = 0.2  # of all the seconds in which deadlines fall: how long the target of every clock is
WORKERS = {"one": 1, "two": 2, "four": 4}
WRITTEN = {"clock events": ClockEvent, "firings": Firing, "trail entries": TrailEntry, "mails": OutboxMessage}
WRITTEN["rows of inboxes"] = Notification
ALWAYS = WeekCalendar("UTC", (((0, 1440),),) * 7)


def measure() -> dict[str, Any]:
    """Clocks a second of one, two and four workers and of bare, in turns; idle sweeps before; the plan of the lock."""
    at_rest = idle()
    bare = connection.vendor == "postgresql"
    kinds = ("one", "two", "four", "bare") if bare else ("one", "two")
    # Not those that other measurements filed: their deadlines are near, and all behind us at FIRST_DUE.
    running = Clock.objects.filter(next_at__isnull=False, due_at__gte=FIRST_DUE).count()
    length = lay_ladders(running)
    # Behind the last deadline nothing new comes; before it, as long as the first warning is ahead, it comes evenly.
    part = max(int(min(MOST, running * (1 - LONG / 2) // len(kinds)) // PARTS), 1)
    sweep(at=FIRST_DUE)  # what other measurements left behind, and the warnings of the first: not counted
    found: dict[str, Any] = {"running": running, "ladder_seconds": length, "idle": at_rest}
    taken: dict[str, list[Timing]] = {kind: [] for kind in kinds}
    looked: Counter[str] = Counter()
    before = _counts()
    at = FIRST_DUE
    turns = list(permutations(kinds))  # whoever comes first after a checkpoint writes whole pages to the log
    for turn in range(PARTS):
        for kind in turns[turn * 5 % len(turns)]:
            at += timedelta(seconds=part)
            timing, clocks = bare_sweep.run(at) if kind == "bare" else workers(at, WORKERS[kind])
            taken[kind].append(timing)
            if not clocks:
                raise RuntimeError(f"nothing due at {at}: too few complaints to sweep")
            looked[kind] += clocks
            timing.rows = clocks
    found["written"] = {name: count - before[name] for name, count in _counts().items()}
    for kind, timings in taken.items():
        whole = sum(timings, Timing(0.0))
        found[kind] = {
            "rows": looked[kind],
            "per_second": round(looked[kind] / whole.seconds, 1),
            "longest_batch_ms": round(max(whole.each) * 1000, 1),
            "p50_batch_ms": round(median(whole.each) * 1000, 1),
        }
        if bare and kind != "bare":
            ratios = [own.rate / other.rate for own, other in zip(timings, taken["bare"], strict=True)]
            found[kind]["ratio"] = round(median(ratios), 3)
    if bare:
        found["plan"] = plan(at + timedelta(seconds=part))
    return found


def _counts() -> dict[str, int]:
    return {name: model._default_manager.count() for name, model in WRITTEN.items()}


def lay_ladders(running: int) -> int:
    """Give every running clock the rungs of its policy, and let it be looked at when the first is due.

    The deadlines of `seed` lie one second apart, whatever the targets: so every target is as many seconds long, of a
    calendar that never closes, and warnings and deadlines fall due all the time. Returns those seconds.
    """
    length = max(20, int(running * LONG))
    start = datetime(2030, 1, 1, tzinfo=UTC)
    due = start + timedelta(seconds=length)
    for policy in SlaPolicy.objects.filter(pk__in=Clock.objects.filter(next_at__isnull=False).values("policy")):
        for kind in ("acknowledge", "resolve"):
            steps = policies.steps_of(policy, kind)
            rungs = ladder.first_rungs(steps, ALWAYS, start, Target.seconds(length), due)
            bare_sweep.lay(kind, policy.pk, [(us - _us(due), *rest) for us, *rest in rungs])
    settle()
    return length


def _us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def idle() -> dict[str, Any]:
    """A sweep that finds nothing."""
    each = []
    for _ in range(IDLE):
        started = time.perf_counter()
        done = sweep()
        each.append(time.perf_counter() - started)
        if done.clocks:
            raise RuntimeError("an idle sweep found something")
    return Timing(sum(each), each).summary()


def plan(at: datetime) -> str:
    """How PostgreSQL finds a batch among what is due at `at`."""
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sweep_sql.LOCK, {"at": at, "size": BATCH, "windows": []})
        return "\n".join(line for (line,) in cursor.fetchall())


def workers(at: datetime, count: int) -> tuple[Timing, int]:
    """`count` processes sweep what is due at `at`, begun together; `each` is the duration of a batch. And how many
    clocks they looked at."""
    command = [sys.executable, "-m", "tests.bench.worker", at.isoformat()]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()  # ready
    started = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = []
    for process in processes:
        assert process.stdout is not None
        answers.append(json.loads(process.stdout.readline()))
    seconds = time.perf_counter() - started
    for process in processes:
        process.communicate()
    each = [one for answer in answers for one in answer["each"]]
    return Timing(seconds, each), sum(answer["clocks"] for answer in answers)
