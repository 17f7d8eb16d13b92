"""What a sweep writes, by plain SQL: every row worked out beforehand, so that only the writing is timed. PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from complaints.models import ClockEvent, Firing
from complaints.sla import ladder
from complaints.sla.sweep import BATCH
from core.models import Notification, NotificationEvent, OutboxMessage, TrailEntry
from tests.bench.figures import Timing
from tests.bench.filling import insert_select

Offset = tuple[int, str, int, int]  # microseconds from the deadline, rung, addressees, hand over

STAGE = """
DROP TABLE IF EXISTS bare_due, bare_fired, bare_case, bare_mail;
CREATE UNLOGGED TABLE bare_due AS
    SELECT (row_number() OVER (ORDER BY next_at, clock.id) - 1) / %(size)s AS batch, clock.id, complaint_id, cycle,
           kind, due_at, %(at)s::timestamptz AS at, rungs, state = 'running' AND due_at < %(at)s AS late,
           (SELECT coalesce(jsonb_agg(one ORDER BY place), '[]') FROM jsonb_array_elements(rungs)
            WITH ORDINALITY rest (one, place) WHERE (one ->> 0)::bigint >= %(at_us)s) AS left_over
    FROM complaints_clock clock WHERE next_at < %(at)s;
CREATE UNLOGGED TABLE bare_fired AS
    SELECT due.*, 'epoch'::timestamptz + us * interval '1 microsecond' AS fell, rung = 'breach' AS breached,
           place = max(place) OVER side AS told, bit_or(tells) OVER side AS told_to
    FROM (SELECT batch, id, complaint_id, cycle, kind, due_at, at, place, (one ->> 0)::bigint AS us, one ->> 1 AS rung,
                 (one ->> 2)::int AS tells, (one ->> 3)::int = 1 AS hand_over
          FROM bare_due CROSS JOIN LATERAL jsonb_array_elements(rungs) WITH ORDINALITY rungs (one, place)
          WHERE (one ->> 0)::bigint < %(at_us)s) due
    WINDOW side AS (PARTITION BY id, starts_with(rung, 'late:'));
CREATE UNLOGGED TABLE bare_case AS
    SELECT fired.*, complaint.customer_id, sha256(fired.complaint_id::text::bytea) AS hash,
           (SELECT max(seq) FROM core_trailentry t
            WHERE t.subject_kind = 'complaint' AND t.subject_id = fired.complaint_id)
               + dense_rank() OVER (PARTITION BY fired.complaint_id ORDER BY batch) AS seq
    FROM (SELECT batch, complaint_id, at, bool_or(breached) AS breached,
                 coalesce(min(fell) FILTER (WHERE breached), min(fell)) AS fell,
                 '{"' || CASE WHEN bool_or(breached) THEN 'clocks' ELSE 'warned' END || '":[' || string_agg(
                     '{"clock":' || id || ',"cycle":' || cycle || ',"due_at":"2040-01-02T09:00:00+00:00","kind":"'
                     || kind || '"' || CASE WHEN breached THEN '' ELSE ',"rung":"' || rung || '"' END || '}', ',')
                 || ']}' AS body
          FROM bare_fired GROUP BY batch, complaint_id, at) fired
    JOIN complaints_complaint complaint ON complaint.id = fired.complaint_id;
CREATE UNLOGGED TABLE bare_mail AS
    SELECT batch, rung || ':' || fired.id || ':' || person.id AS key, rung || ':' || fired.id AS notice,
           person.id AS person_id, '/complaints/' || complaint.reference || '/' AS url,
           jsonb_build_object('what', split_part(rung, ':', 1), 'reference', complaint.reference, 'subject',
                              complaint.subject, 'clock', fired.kind, 'code', '') AS words,
           '<' || replace(rung, ':', '.') || '.' || fired.id || '.' || person.id || '@127.0.0.1>' AS message_id,
           person.email, fired.complaint_id, fired.at,
           CASE split_part(rung, ':', 1) WHEN 'breach' THEN 'sla_breach' WHEN 'warn' THEN 'sla_warning'
                ELSE 'sla_late' END AS template,
           jsonb_build_object('reference', complaint.reference, 'subject', complaint.subject, 'clock', fired.kind,
                              'clock_id', fired.id::text, 'rung', rung, 'due_us', '2208243600000000',
                              'time_zone', person.time_zone, 'name', person.name) AS context
    FROM bare_fired fired JOIN complaints_complaint complaint ON complaint.id = fired.complaint_id
    JOIN core_team team ON team.id = complaint.team_id
    JOIN core_user owner ON owner.id = complaint.owner_id
    JOIN core_user person ON person.is_active AND person.email <> '' AND (
        (told_to & {owner} > 0 AND person.id = owner.id) OR (told_to & {lead} > 0 AND person.id = team.lead_id)
        OR (told_to & {deputy} > 0 AND person.id = owner.deputy_id)
        OR (told_to & {manager} > 0 AND (person.id = team.manager_id OR team.manager_id IS NULL AND person.is_manager)))
    WHERE told;
CREATE INDEX ON bare_due (batch); CREATE INDEX ON bare_fired (batch);
CREATE INDEX ON bare_case (batch); CREATE INDEX ON bare_mail (batch);
ANALYZE bare_due; ANALYZE bare_fired; ANALYZE bare_case; ANALYZE bare_mail;
""".replace("{owner}", str(ladder.OWNER)).replace("{lead}", str(ladder.LEAD)).replace(
    "{deputy}", str(ladder.DEPUTY)
).replace("{manager}", str(ladder.MANAGER))  # fmt: skip

UPDATES = """
UPDATE complaints_clock c SET state = CASE WHEN d.late THEN 'breached' ELSE c.state END,
    breached_at = CASE WHEN d.late THEN d.due_at ELSE c.breached_at END,
    detected_at = CASE WHEN d.late THEN d.at ELSE c.detected_at END, rungs = d.left_over,
    next_at = 'epoch'::timestamptz + (d.left_over -> 0 ->> 0)::bigint * interval '1 microsecond'
    FROM bare_due d WHERE d.batch = %(batch)s AND c.id = d.id;
UPDATE complaints_complaint c SET updated_at = d.at FROM bare_case d
    WHERE d.batch = %(batch)s AND c.id = d.complaint_id"""


def lay(kind: str, policy: int, offsets: Sequence[Offset]) -> None:
    """The rungs of the running clocks of that kind and policy, each so far from the deadline."""
    made = ", ".join(
        f"jsonb_build_array((extract(epoch FROM due_at) * 1000000)::bigint + {us:d}, %s::text, {tells:d}, {over:d})"
        for us, _rung, tells, over in offsets
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE complaints_clock SET rungs = jsonb_build_array({made}), "
            f"next_at = due_at + interval '{offsets[0][0]:d} microseconds' "
            "WHERE next_at IS NOT NULL AND state = 'running' AND kind = %s AND policy_id = %s",
            [*(rung for _us, rung, _tells, _over in offsets), kind, policy],
        )


def run(at: datetime) -> tuple[Timing, int]:
    """Write what a sweep at `at` would; how long each batch took, and how many clocks there were."""
    import psycopg2

    with connection.cursor() as cursor:
        cursor.execute(STAGE, {"at": at, "at_us": int(at.timestamp()) * 1_000_000, "size": BATCH})
        cursor.execute("SELECT max(batch), count(*) FROM bare_due")
        last, clocks = cursor.fetchone()
    if not clocks:
        return Timing(0.0), 0
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
    return Timing(sum(each), each), clocks


def _writing() -> str:
    """What a batch writes, in seven statements; new columns of the tables get their fields' defaults."""
    event: dict[str, Any] = {
        "clock_id": "id", "kind": "CASE WHEN breached THEN 'breached' ELSE 'warned' END", "at": "fell",
        "recorded_at": "at",
        "data": "CASE WHEN breached THEN '{}'::jsonb ELSE jsonb_build_object('rung', rung) END",
    }  # fmt: skip
    firing = {
        "clock_id": "id", "rung": "rung", "due_at": "fell", "fired_at": "at", "collapsed": "NOT told",
        "hand_over": "hand_over",
    }  # fmt: skip
    entry = {
        "subject_kind": "'complaint'", "subject_id": "complaint_id", "seq": "seq",
        "kind": "CASE WHEN breached THEN 'sla.breached' ELSE 'sla.warned' END", "at": "fell", "recorded_at": "at",
        "actor_kind": "'system'", "actor_label": "'sweep'", "customer_id": "customer_id", "body": "body",
        "hash": "hash",
    }  # fmt: skip
    mail = {
        "key": "key", "message_id": "message_id", "channel": "'mail'", "recipient": "email", "language": "'en'",
        "template": "template", "context": "context", "subject_kind": "'complaint'", "subject_id": "complaint_id",
        "created_at": "at", "due_at": "at",
    }  # fmt: skip
    notice = {
        "user_id": "person_id", "key": "notice", "event": f"'{NotificationEvent.DEADLINE}'", "words": "words",
        "url": "url", "subject_kind": "'complaint'", "subject_id": "complaint_id", "at": "at",
    }  # fmt: skip
    batch = "WHERE batch = %(batch)s"
    return ";\n".join(
        (
            UPDATES,
            insert_select(ClockEvent, event, f"FROM bare_fired {batch}"),
            insert_select(Firing, firing, f"FROM bare_fired {batch}"),
            insert_select(TrailEntry, entry, f"FROM bare_case {batch}"),
            insert_select(OutboxMessage, mail, f"FROM bare_mail {batch}"),
            insert_select(Notification, notice, f"FROM bare_mail {batch}"),
        )
    )
