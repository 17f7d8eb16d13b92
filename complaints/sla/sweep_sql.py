"""The sweep on PostgreSQL: a batch in two statements, whatever its size (performance.md, Sweep).

Two and not one, because a statement sees the rows as they were when it began, even those it had to lock
first: an action that commits between our reading and our locking would leave us with the end of the trail as
it was before. So `lock` takes the rows, and `mark`, a statement of its own, sees all that was committed until
then.

`mark` writes exactly what `complaints.sla.breaches` would, the trail's hash included; a test compares every
column.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from complaints.sla import breaches
from core import outbox
from core.actor import Actor

# Locks never wait, so a sweep cannot be part of a deadlock. NO KEY: a new row that points at the case does
# not hide it from us, an action on it (FOR UPDATE) does. `greatest` keeps the planner from multiplying two
# guesses about the same thing, finding almost nothing due and choosing to sort.
LOCK = """
SELECT clock.id, complaint.id
FROM complaints_clock clock JOIN complaints_complaint complaint ON complaint.id = clock.complaint_id
WHERE clock.next_at < %(at)s AND greatest(clock.next_at, clock.due_at) < %(at)s AND complaint.in_queue
ORDER BY clock.next_at, clock.id
LIMIT %(size)s
FOR NO KEY UPDATE OF clock, complaint SKIP LOCKED
"""

# Keys are given as arrays wherever a table is read: joined to a common table expression, whose size it cannot
# know, PostgreSQL reads the whole of it. Addressees are found one key at a time: given owner and lead together, it
# compares every clock with every user.
MARK = """
WITH due AS MATERIALIZED (
    SELECT clock.id, clock.complaint_id, clock.kind, clock.cycle, clock.due_at,
           (extract(epoch FROM clock.due_at) * 1000000)::bigint AS due_us,
           complaint.reference, complaint.subject, complaint.customer_id, complaint.owner_id,
           complaint.team_id
    FROM complaints_clock clock JOIN complaints_complaint complaint ON complaint.id = clock.complaint_id
    WHERE clock.id = ANY(%(clocks)s) AND complaint.id = ANY(%(cases)s)
), clocks AS (
    UPDATE complaints_clock SET state = 'breached', breached_at = due_at, detected_at = %(at)s, next_at = NULL
    WHERE id = ANY(%(clocks)s)
), events AS (
    INSERT INTO complaints_clockevent (clock_id, kind, at, recorded_at, data)
    SELECT id, 'breached', due_at, %(at)s, '{}'::jsonb FROM due ORDER BY due_at, id
), firings AS (
    INSERT INTO complaints_firing (clock_id, rung, due_at, fired_at)
    SELECT id, %(rung)s, due_at, %(at)s FROM due ORDER BY due_at, id
    ON CONFLICT (clock_id, rung) DO NOTHING
), cases AS (
    SELECT complaint_id, max(customer_id) AS customer_id, min(due_at) AS at, min(due_us) AS at_us,
           '{"clocks":[' || string_agg(
               '{"clock":' || id || ',"cycle":' || cycle || ',"due_at":"'
               || to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
               || CASE WHEN due_us %% 1000000 = 0 THEN '' ELSE to_char(due_at AT TIME ZONE 'UTC', '.US') END
               || '+00:00","kind":"' || kind || '"}', ',' ORDER BY due_at, id) || ']}' AS body
    FROM due GROUP BY complaint_id
), complaints AS (
    UPDATE complaints_complaint SET updated_at = %(at)s WHERE id = ANY(%(cases)s)
), entries AS (
    INSERT INTO core_trailentry (subject_kind, subject_id, seq, kind, at, recorded_at, actor_kind,
                                 actor_label, customer_id, body, private, salt, private_digest, hash)
    SELECT 'complaint', complaint_id, chain.seq, %(noted_as)s, cases.at, %(at)s, %(actor_kind)s,
           %(actor_label)s, customer_id, body, '', '', '',
           sha256(chain.previous || convert_to(
               'complaint:' || complaint_id || '#' || chain.seq
               || E'\n' || %(noted_as)s || E'\n' || at_us
               || E'\n' || (extract(epoch FROM %(at)s::timestamptz) * 1000000)::bigint
               || E'\n' || %(actor_kind)s || '::' || %(actor_label)s
               || E'\n' || coalesce(customer_id::text, '') || E'\n\n' || body, 'UTF8'))
    FROM cases CROSS JOIN LATERAL (
        SELECT coalesce(max(last.seq), 0) + 1 AS seq,
               coalesce((array_agg(last.hash))[1], %(genesis)s::bytea) AS previous
        FROM (
            SELECT seq, hash FROM core_trailentry
            WHERE subject_kind = 'complaint' AND subject_id = cases.complaint_id ORDER BY seq DESC LIMIT 1
        ) last
    ) chain
    ORDER BY complaint_id
), addressed AS (
    SELECT due.*, due.owner_id AS person_id FROM due
    UNION ALL
    SELECT due.*, team.lead_id FROM due JOIN core_team team ON team.id = due.team_id
    WHERE team.lead_id <> due.owner_id
), mails AS (
    INSERT INTO core_outboxmessage (key, message_id, channel, recipient, language, template, context,
                                    subject_kind, subject_id, created_at, due_at, attempts, error)
    SELECT 'breach:' || due.id || ':' || person.id,
           %(before_key)s || 'breach.' || due.id || '.' || person.id || %(after_key)s,
           'mail', person.email, coalesce(nullif(person.language, ''), %(language)s), %(template)s,
           jsonb_build_object('reference', due.reference, 'subject', due.subject, 'clock', due.kind,
                              'due_us', due.due_us::text, 'time_zone', person.time_zone,
                              'name', coalesce(nullif(person.name, ''), person.username)),
           'complaint', due.complaint_id, %(at)s, %(at)s, 0, ''
    FROM addressed due JOIN core_user person ON person.id = due.person_id
    WHERE person.is_active AND person.email <> ''
    ORDER BY due.due_at, due.id, person.id
    ON CONFLICT (key) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM cases), (SELECT count(*) FROM mails)
"""


class Key(NamedTuple):
    """The primary keys of a clock and of its complaint."""

    clock: int
    complaint: int


def anything(*, at: datetime) -> bool:
    """Whether a deadline before `at` waits to be looked at. Query cost: 1."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM complaints_clock WHERE next_at < %s)", [at])
        return bool(cursor.fetchone()[0])


def lock(*, at: datetime, size: int) -> list[Key]:
    """At most `size` clocks overdue at `at`, they and their complaints locked.

    Those of complaints somebody works on are left out. Reads the partial index `clock_next` from its start.
    Query cost: 1.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"at": at, "size": size})
        return [Key(*row) for row in cursor.fetchall()]


def mark(keys: Sequence[Key], *, by: Actor, at: datetime) -> tuple[int, int, int]:
    """Write the breaches of clocks that `lock` took, in the same transaction.

    Returns how many clocks, complaints and mails. Query cost: 1.
    """
    before_key, _key, after_key = outbox.message_id("key").partition("key")
    parameters = {
        "clocks": [key.clock for key in keys],
        "cases": list({key.complaint for key in keys}),
        "at": at,
        "rung": breaches.BREACH,
        "noted_as": breaches.NOTED_AS,
        "template": breaches.TEMPLATE,
        "actor_kind": by.kind,
        "actor_label": by.label,
        "genesis": bytes(32),
        "language": settings.LANGUAGE_CODE,
        "before_key": before_key,
        "after_key": after_key,
    }
    with connection.cursor() as cursor:
        cursor.execute(MARK, parameters)
        clocks, complaints, mails = cursor.fetchone()
    return clocks, complaints, mails
