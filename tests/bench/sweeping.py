"""The sweep of many overdue clocks by one and by two workers, against plain set-based SQL that writes the same rows.

"Bare": one psycopg2 connection, batches of 1,000, one transaction each; hashes, mail texts and everything else worked
out beforehand into unlogged tables, so that only the writing is timed. No locks, no look-ups.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

from django.db import connection, transaction

from complaints.models import Clock, ClockEvent, Firing
from complaints.sla import sweep_sql
from complaints.sla.sweep import BATCH, sweep
from core.models import OutboxMessage, TrailEntry
from tests.bench.figures import Timing, median
from tests.bench.filling import insert_select
from tests.bench.seed import FIRST_DUE
from tests.bench.web import ROOT

MOST = 100_000
PARTS = 6
IDLE = 300

STAGE = """
DROP TABLE IF EXISTS bare_due, bare_case, bare_mail;
CREATE UNLOGGED TABLE bare_due AS
    SELECT (row_number() OVER (ORDER BY next_at, id) - 1) / 1000 AS batch, id, complaint_id, due_at, %(at)s AS at
    FROM complaints_clock WHERE next_at < %(at)s;
CREATE UNLOGGED TABLE bare_case AS
    SELECT batch, due.complaint_id AS id, complaint.customer_id, min(due.due_at) AS due_at, %(at)s AS at,
           (SELECT max(seq) + 1 FROM core_trailentry t
            WHERE t.subject_kind = 'complaint' AND t.subject_id = due.complaint_id) + (dense_rank() OVER (
                PARTITION BY due.complaint_id ORDER BY batch) - 1) AS seq,
           '{"clocks":[{"clock":' || min(due.id) || ',"cycle":1,"due_at":"2040-01-02T09:00:00+00:00",'
               || '"kind":"resolve"}]}' AS body,
           sha256(due.complaint_id::text::bytea) AS hash
    FROM bare_due due JOIN complaints_complaint complaint ON complaint.id = due.complaint_id
    GROUP BY batch, due.complaint_id, complaint.customer_id;
CREATE UNLOGGED TABLE bare_mail AS
    SELECT batch, 'breach:' || due.id || ':' || person.id AS key,
           '<breach.' || due.id || '.' || person.id || '@127.0.0.1>' AS message_id, person.email,
           due.complaint_id, due.at,
           jsonb_build_object('reference', complaint.reference, 'subject', complaint.subject, 'clock', 'resolve',
                              'due_us', '2208243600000000', 'time_zone', person.time_zone,
                              'name', person.name) AS context
    FROM bare_due due JOIN complaints_complaint complaint ON complaint.id = due.complaint_id
    JOIN core_team team ON team.id = complaint.team_id
    JOIN core_user person ON person.id IN (team.lead_id, complaint.owner_id);
CREATE INDEX ON bare_due (batch); CREATE INDEX ON bare_case (batch); CREATE INDEX ON bare_mail (batch);
ANALYZE bare_due; ANALYZE bare_case; ANALYZE bare_mail;
"""


def _writing() -> str:
    """What a batch writes, in five statements; new columns of the tables get their fields' defaults."""
    event = {"clock_id": "id", "kind": "'breached'", "at": "due_at", "recorded_at": "at"}
    firing = {"clock_id": "id", "rung": "'breach'", "due_at": "due_at", "fired_at": "at"}
    entry = {
        "subject_kind": "'complaint'", "subject_id": "id", "seq": "seq", "kind": "'sla.breached'", "at": "due_at",
        "recorded_at": "at", "actor_kind": "'system'", "actor_label": "'sweep'", "customer_id": "customer_id",
        "body": "body", "hash": "hash",
    }  # fmt: skip
    mail = {
        "key": "key", "message_id": "message_id", "channel": "'mail'", "recipient": "email", "language": "'en'",
        "template": "'sla_breach'", "context": "context", "subject_kind": "'complaint'", "subject_id": "complaint_id",
        "created_at": "at", "due_at": "at",
    }  # fmt: skip
    batch = "WHERE batch = %(batch)s"
    return ";\n".join(
        (
            UPDATES,
            insert_select(ClockEvent, event, f"FROM bare_due {batch}"),
            insert_select(Firing, firing, f"FROM bare_due {batch}"),
            insert_select(TrailEntry, entry, f"FROM bare_case {batch}"),
            insert_select(OutboxMessage, mail, f"FROM bare_mail {batch}"),
        )
    )


UPDATES = """
UPDATE complaints_clock c SET state = 'breached', breached_at = d.due_at, detected_at = d.at, next_at = NULL
    FROM bare_due d WHERE d.batch = %(batch)s AND c.id = d.id;
UPDATE complaints_complaint c SET updated_at = d.at FROM bare_case d WHERE d.batch = %(batch)s AND c.id = d.id"""


def measure() -> dict[str, Any]:
    """Rows a second of one worker, two workers and bare, in turns; idle sweeps before; the plan of the lock."""
    at_rest = idle()
    bare = connection.vendor == "postgresql"
    kinds = ("one", "bare", "two") if bare else ("one", "two")
    sweep(at=FIRST_DUE)  # what other measurements left behind; it must not be counted
    running = Clock.objects.filter(next_at__isnull=False).count()
    part = min(MOST, running // len(kinds)) // PARTS
    found: dict[str, Any] = {"running": running, "due": part * PARTS, "idle": at_rest}
    taken: dict[str, list[Timing]] = {kind: [] for kind in kinds}
    at = FIRST_DUE
    turns = list(permutations(kinds))  # whoever comes first after a checkpoint writes whole pages to the log
    for turn in range(PARTS):
        for kind in turns[turn % len(turns)]:
            at += timedelta(seconds=part)
            taken[kind].append(_bare(at) if kind == "bare" else workers(at, 1 if kind == "one" else 2))
    for kind, timings in taken.items():
        whole = sum(timings, Timing(0.0))
        rate = part * PARTS / whole.seconds
        found[kind] = {
            "rows": part * PARTS,
            "per_second": round(rate, 1),
            "longest_batch_ms": round(max(whole.each) * 1000, 1),
            "p50_batch_ms": round(median(whole.each) * 1000, 1),
        }
        if bare and kind != "bare":
            ratios = [other.seconds / own.seconds for own, other in zip(timings, taken["bare"], strict=True)]
            found[kind]["ratio"] = round(median(ratios), 3)
    if bare:
        found["plan"] = plan(at + timedelta(seconds=part))
    return found


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
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sweep_sql.LOCK, {"at": at, "size": BATCH})
        return "\n".join(line for (line,) in cursor.fetchall())


def workers(at: datetime, count: int) -> Timing:
    """`count` processes sweep what is due at `at`, begun together; `each` is the duration of a batch."""
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
    return Timing(seconds, [one for answer in answers for one in answer["each"]])


def _bare(at: datetime) -> Timing:
    import psycopg2

    with connection.cursor() as cursor:
        cursor.execute(STAGE, {"at": at})
        cursor.execute("SELECT max(batch) FROM bare_due")
        (last,) = cursor.fetchone()
    settings = connection.get_connection_params()
    link = psycopg2.connect(**{key: settings[key] for key in ("dbname", "user", "host", "port") if key in settings})
    each, writing = [], _writing()
    with link.cursor() as cursor:
        for batch in range(last + 1):
            started = time.perf_counter()
            cursor.execute(writing, {"batch": batch})
            link.commit()
            each.append(time.perf_counter() - started)
    link.close()
    return Timing(sum(each), each)
