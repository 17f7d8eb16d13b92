"""The sweep on PostgreSQL: a batch in two statements, whatever its size (performance.md, Sweep).

Two and not one, because a statement sees the rows as they were when it began, even those it had to lock
first: an action that commits between our reading and our locking would leave us with the end of the trail as
it was before. So `lock` takes the rows, and `mark`, a statement of its own, sees all that was committed until
then.

`mark` writes exactly what `complaints.sla.firings` would, the trail's hash included; a test compares every
column.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.urls import reverse

from complaints.sla import firings, ladder, packs
from core import notify, outbox
from core.actor import Actor
from core.instants import to_us
from core.models import NotificationEvent, TrailEntry
from core.webhooks import emit

# Locks never wait, so a sweep cannot be part of a deadlock. NO KEY: a new row that points at the case does
# not hide it from us, an action on it (FOR UPDATE) does.
LOCK = """
SELECT clock.id, complaint.id
FROM complaints_clock clock JOIN complaints_complaint complaint ON complaint.id = clock.complaint_id
WHERE clock.next_at < %(at)s AND complaint.in_queue
    AND NOT (clock.due_at < %(at)s AND clock.code = ANY(%(windows)s) AND clock.state = 'running')
ORDER BY clock.next_at, clock.id
LIMIT %(size)s
FOR NO KEY UPDATE OF clock, complaint SKIP LOCKED
"""

# Keys are given as arrays wherever a table is read: joined to a common table expression, whose size it cannot
# know, PostgreSQL reads the whole of it. Addressees are found one key at a time: given owner and lead together, it
# compares every clock with every user. `before`: up to the deadline, or behind it; the last rung of each is told.
MARK = """
WITH due AS MATERIALIZED (
    SELECT clock.id, clock.complaint_id, clock.kind, clock.code, clock.cycle, clock.due_at,
           (extract(epoch FROM clock.due_at) * 1000000)::bigint AS due_us,
           complaint.reference, complaint.subject, complaint.customer_id, complaint.owner_id,
           complaint.team_id, rungs.place, (rungs.one ->> 0)::bigint AS us, rungs.one ->> 1 AS rung,
           (rungs.one ->> 2)::int AS tells, (rungs.one ->> 3)::int AS hand_over
    FROM complaints_clock clock JOIN complaints_complaint complaint ON complaint.id = clock.complaint_id
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE WHEN clock.rungs <> '[]' THEN clock.rungs
             ELSE jsonb_build_array(jsonb_build_array(
                 (extract(epoch FROM clock.due_at) * 1000000)::bigint, %(breach)s::text, %(breach_tells)s, 0)) END
    ) WITH ORDINALITY rungs (one, place)
    WHERE clock.id = ANY(%(clocks)s) AND complaint.id = ANY(%(cases)s) AND (rungs.one ->> 0)::bigint < %(at_us)s
), fired AS MATERIALIZED (
    SELECT due.*, 'epoch'::timestamptz + us * interval '1 microsecond' AS at, rung = %(breach)s AS breached,
           place = max(place) OVER side AS told, bit_or(tells) OVER side AS told_to
    FROM due WINDOW side AS (PARTITION BY id, starts_with(rung, 'late:'))
), clocks AS (
    UPDATE complaints_clock SET
        state = CASE WHEN state = 'running' AND due_at < %(at)s THEN 'breached' ELSE state END,
        breached_at = CASE WHEN state = 'running' AND due_at < %(at)s THEN due_at ELSE breached_at END,
        detected_at = CASE WHEN state = 'running' AND due_at < %(at)s THEN %(at)s ELSE detected_at END,
        rungs = coalesce((SELECT jsonb_agg(one ORDER BY place) FROM jsonb_array_elements(rungs)
                          WITH ORDINALITY rest (one, place) WHERE (one ->> 0)::bigint >= %(at_us)s), '[]'),
        next_at = (SELECT 'epoch'::timestamptz + min((one ->> 0)::bigint) * interval '1 microsecond'
                   FROM jsonb_array_elements(rungs) rest (one) WHERE (one ->> 0)::bigint >= %(at_us)s)
    WHERE id = ANY(%(clocks)s)
), events AS (
    INSERT INTO complaints_clockevent (clock_id, kind, at, recorded_at, data)
    SELECT id, CASE WHEN breached THEN 'breached' ELSE 'warned' END, at, %(at)s,
           CASE WHEN breached THEN '{}'::jsonb ELSE jsonb_build_object('rung', rung) END
    FROM fired ORDER BY id, place
), firings AS (
    INSERT INTO complaints_firing (clock_id, rung, due_at, fired_at, collapsed, hand_over, look_at)
    SELECT id, rung, at, %(at)s, NOT told, hand_over = 1, CASE WHEN hand_over = 1 THEN %(at)s::timestamptz END
    FROM fired ORDER BY id, place
    ON CONFLICT (clock_id, rung) DO NOTHING
), facts AS (
    SELECT *, '{"clock":' || id || ',"cycle":' || cycle || ',"due_at":"'
              || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
              || CASE WHEN us %% 1000000 = 0 THEN '' ELSE to_char(at AT TIME ZONE 'UTC', '.US') END
              || '+00:00","kind":"' || kind || '"' AS fact,
           CASE WHEN breached THEN 100 ELSE split_part(rung, ':', 2)::int END AS percent
    FROM fired
), cases AS (
    SELECT complaint_id, max(customer_id) AS customer_id, bool_or(breached) AS breached,
           coalesce(min(at) FILTER (WHERE breached), min(at)) AS at,
           coalesce(min(us) FILTER (WHERE breached), min(us)) AS at_us,
           '{' || concat_ws(',',
               '"clocks":[' || string_agg(fact || '}', ',' ORDER BY at, id, percent) FILTER (WHERE breached) || ']',
               '"warned":[' || string_agg(fact || ',"rung":"' || rung || '"}', ',' ORDER BY at, id, percent)
                               FILTER (WHERE NOT breached) || ']') || '}' AS body
    FROM facts GROUP BY complaint_id
), complaints AS (
    UPDATE complaints_complaint SET updated_at = %(at)s, snoozed_until = least(snoozed_until, CASE
        WHEN snoozed_until IS NOT NULL THEN %(at)s END) WHERE id = ANY(%(cases)s)
), entries AS (
    INSERT INTO core_trailentry (subject_kind, subject_id, seq, kind, at, recorded_at, actor_kind,
                                 actor_label, customer_id, body, private, salt, private_digest, hash)
    SELECT 'complaint', complaint_id, chain.seq, named.kind, cases.at, %(at)s, %(actor_kind)s,
           %(actor_label)s, customer_id, body, '', '', '',
           sha256(chain.previous || convert_to(
               'complaint:' || complaint_id || '#' || chain.seq
               || E'\n' || named.kind || E'\n' || at_us
               || E'\n' || (extract(epoch FROM %(at)s::timestamptz) * 1000000)::bigint
               || E'\n' || %(actor_kind)s || '::' || %(actor_label)s
               || E'\n' || coalesce(customer_id::text, '') || E'\n\n' || body, 'UTF8'))
    FROM cases CROSS JOIN LATERAL (
        SELECT CASE WHEN cases.breached THEN %(noted_as)s ELSE %(warned_as)s END AS kind
    ) named CROSS JOIN LATERAL (
        SELECT coalesce(max(last.seq), 0) + 1 AS seq,
               coalesce((array_agg(last.hash))[1], %(genesis)s::bytea) AS previous
        FROM (
            SELECT seq, hash FROM core_trailentry
            WHERE subject_kind = 'complaint' AND subject_id = cases.complaint_id ORDER BY seq DESC LIMIT 1
        ) last
    ) chain
    ORDER BY complaint_id
), told AS MATERIALIZED (
    SELECT * FROM fired WHERE told
), addressed AS (
    SELECT told.*, owner_id AS person_id FROM told WHERE told_to & %(owner)s > 0
    UNION ALL
    SELECT told.*, team.lead_id FROM told JOIN core_team team ON team.id = told.team_id WHERE told_to & %(lead)s > 0
    UNION ALL
    SELECT told.*, team.manager_id FROM told JOIN core_team team ON team.id = told.team_id
    WHERE told_to & %(manager)s > 0
    UNION ALL
    SELECT told.*, manager.id
    FROM told LEFT JOIN core_team team ON team.id = told.team_id
    CROSS JOIN (SELECT id FROM core_user WHERE is_manager AND is_active) manager
    WHERE told_to & %(manager)s > 0 AND team.manager_id IS NULL
    UNION ALL
    SELECT told.*, owner.deputy_id FROM told JOIN core_user owner ON owner.id = told.owner_id
    WHERE told_to & %(deputy)s > 0
    UNION ALL
    SELECT told.*, CASE WHEN deputy.is_active AND NOT EXISTS (
        SELECT 1 FROM core_absence away WHERE away.user_id = deputy.id AND away.from_at <= %(at)s
        AND (away.until_at IS NULL OR away.until_at > %(at)s)) THEN deputy.id ELSE team.lead_id END
    FROM told JOIN core_user owner ON owner.id = told.owner_id LEFT JOIN core_user deputy ON deputy.id = owner.deputy_id
    LEFT JOIN core_team team ON team.id = told.team_id
    WHERE told_to & %(owner)s > 0 AND EXISTS (
        SELECT 1 FROM core_absence away WHERE away.user_id = owner.id AND away.from_at <= %(at)s
        AND (away.until_at IS NULL OR away.until_at > %(at)s))
), reached AS MATERIALIZED (
    SELECT addressed.*, person.email, coalesce(nullif(person.language, ''), %(language)s) AS language,
           person.time_zone, coalesce(nullif(person.time_zone, ''), %(zone)s) AS zone,
           coalesce(nullif(person.name, ''), person.username) AS name, coalesce(choice.mail, %(by_mail)s) AS by_mail
    FROM addressed JOIN core_user person ON person.id = addressed.person_id
    LEFT JOIN core_notificationchoice choice ON choice.user_id = person.id AND choice.event = %(event)s
    WHERE person.is_active
), notices AS (
    INSERT INTO core_notification (user_id, key, event, words, url, subject_kind, subject_id, at, in_inbox, mail_due_at)
    SELECT person_id, rung || ':' || id, %(event)s,
           jsonb_build_object('what', split_part(rung, ':', 1), 'reference', reference, 'subject', subject,
                              'clock', kind, 'code', code),
           %(before_url)s || reference || %(after_url)s, 'complaint', complaint_id, %(at)s, true,
           CASE WHEN email = '' THEN NULL
                WHEN by_mail = 'bundled' THEN date_trunc('hour', %(at)s::timestamptz, 'UTC') + interval '1 hour'
                WHEN by_mail = 'daily' THEN
                    (date_trunc('day', (%(at)s::timestamptz AT TIME ZONE zone) - interval '8 hours')
                     + interval '32 hours') AT TIME ZONE zone END
    FROM reached ORDER BY reached.at, id, person_id
    ON CONFLICT (user_id, key) DO NOTHING
), mails AS (
    INSERT INTO core_outboxmessage (key, message_id, channel, recipient, language, template, context,
                                    subject_kind, subject_id, created_at, due_at, attempts, error, suppressed)
    SELECT told.rung || ':' || told.id || ':' || person_id,
           %(before_key)s || replace(told.rung, ':', '.') || '.' || told.id || '.' || person_id || %(after_key)s,
           'mail', email, language,
           %(templates)s::jsonb ->> split_part(told.rung, ':', 1),
           jsonb_build_object('reference', told.reference, 'subject', told.subject, 'clock', told.kind,
                              'code', told.code, 'clock_id', told.id::text, 'rung', told.rung,
                              'due_us', told.due_us::text, 'time_zone', time_zone, 'name', name),
           'complaint', told.complaint_id, %(at)s, %(at)s, 0, '', ''
    FROM reached told WHERE email <> '' AND by_mail = 'at_once'
    ORDER BY told.at, told.id, person_id
    ON CONFLICT (key) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(DISTINCT id) FROM due), (SELECT count(*) FROM cases), (SELECT count(*) FROM mails)
"""


class Key(NamedTuple):
    """The primary keys of a clock and of its complaint."""

    clock: int
    complaint: int


def anything(*, at: datetime) -> bool:
    """Whether anything before `at` waits to be looked at. Query cost: 1."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM complaints_clock WHERE next_at < %s)", [at])
        return bool(cursor.fetchone()[0])


def lock(*, at: datetime, size: int) -> list[Key]:
    """At most `size` clocks with something due before `at`, they and their complaints locked.

    Those of complaints somebody works on are left out, and windows that have just ended.
    Reads the partial index `clock_next` from its start.
    Query cost: 1.
    """
    with connection.cursor() as cursor:
        shut = [code for _pack, code in packs.windows()]  # complaints.sla.windows ends them
        cursor.execute(LOCK, {"at": at, "size": size, "windows": shut})
        return [Key(*row) for row in cursor.fetchall()]


def mark(keys: Sequence[Key], *, by: Actor, at: datetime) -> tuple[int, int, int]:
    """Fire what is due of clocks that `lock` took, in the same transaction.

    Returns how many clocks, complaints and mails. Query cost: 1, and 3 more where webhooks listen.
    """
    before_key, _key, after_key = outbox.message_id("key").partition("key")
    before_url, _reference, after_url = reverse("case", args=["AM-0000-0000"]).partition("AM-0000-0000")
    parameters = {
        "clocks": [key.clock for key in keys],
        "cases": list({key.complaint for key in keys}),
        "at": at,
        "at_us": to_us(at),
        "breach": ladder.BREACH,
        "breach_tells": ladder.DEADLINE.to,
        "owner": ladder.OWNER,
        "lead": ladder.LEAD,
        "manager": ladder.MANAGER,
        "deputy": ladder.DEPUTY,
        "noted_as": firings.NOTED_AS,
        "warned_as": firings.WARNED_AS,
        "templates": json.dumps(firings.TEMPLATES),
        "actor_kind": by.kind,
        "actor_label": by.label,
        "genesis": bytes(32),
        "language": settings.LANGUAGE_CODE,
        "before_key": before_key,
        "after_key": after_key,
        "before_url": before_url,
        "after_url": after_url,
        "event": str(NotificationEvent.DEADLINE),
        "by_mail": notify.DEFAULTS[NotificationEvent.DEADLINE].mail,
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(MARK, parameters)
        clocks, complaints, mails = cursor.fetchone()
    written = TrailEntry.objects.filter(subject_kind="complaint", subject_id__in=parameters["cases"], recorded_at=at)
    emit.after(written)
    return clocks, complaints, mails
