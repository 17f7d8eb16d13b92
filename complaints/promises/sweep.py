"""Watch the hour of promises: warn who answers for one before it falls due, and say so when it was not kept (A12).

Part of the same sweep as the deadlines (`complaints.sla.sweep`) and as robust: a partial index on `Promise.next_at`
makes an idle sweep cost nothing, batches are transactions of their own, what somebody works on is passed over, the rows
themselves say what was done. After downtime a promise whose hour has passed is only told as broken. A case that was put
aside comes back (`actions.snooze.wake_due`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Case, F, Value, When

from complaints.models import Complaint, Promise
from complaints.promises import breaking, states
from core import clock as clocks_time
from core import notify, rows, trail
from core.actor import Actor
from core.models import NotificationEvent as Event
from core.models import Team

BATCH = 200  # promises
BREATH = 0.11  # seconds between batches on SQLite, as in the sweep of deadlines
SWEEPER = Actor.system("sweep")
# The case that answers is locked with the promise and with the case it was given on: neither can be merged, parted or
# settled meanwhile. Nothing waits. SQLite has one writer, and needs no locks.
LOCK = """
SELECT promise.id, head.id
FROM complaints_promise promise
JOIN complaints_complaint own ON own.id = promise.complaint_id
JOIN complaints_complaint head ON head.id = coalesce(own.merged_into_id, own.id)
WHERE promise.next_at < %s
ORDER BY promise.next_at, promise.id
LIMIT %s
"""
PASSING_OVER = "FOR NO KEY UPDATE SKIP LOCKED"


@dataclass(frozen=True, slots=True)
class Looked:
    """How many owners were warned, and how many promises were found broken."""

    warned: int = 0
    broken: int = 0

    def __add__(self, other: Looked) -> Looked:
        return Looked(self.warned + other.warned, self.broken + other.broken)


def sweep(*, at: datetime | None = None, batch: int = BATCH, seconds: float | None = None) -> Looked:
    """Deal with every promise that is due before `at` (UTC; default: the database's now, anew for each batch).

    `seconds`: begin no further batch after that long; what is left stays due. Query cost: 1 idle (2 where the
    database's clock is asked), at most 14 a batch, whatever its size.
    """
    end = None if seconds is None else time.monotonic() + seconds
    total = Looked()
    while True:
        done = _batch(at, batch)
        total += done
        if done.warned + done.broken < batch or (end is not None and time.monotonic() >= end):
            return total
        if connection.vendor == "sqlite":
            time.sleep(BREATH)


def _batch(at: datetime | None, size: int) -> Looked:
    if not Promise.objects.filter(next_at__lt=at or clocks_time.database_now()).exists():
        return Looked()
    with transaction.atomic():
        moment = at or clocks_time.database_now()
        keys = _lock(at=moment, size=size)
        return _deal(keys, at=moment) if keys else Looked()


def _lock(*, at: datetime, size: int) -> dict[int, int]:
    """Due promises by primary key, with the case that answers for each; all locked. Query cost: 1."""
    lock = PASSING_OVER if connection.features.has_select_for_update_skip_locked else ""
    with connection.cursor() as cursor:
        cursor.execute(LOCK + lock, [connection.ops.adapt_datetimefield_value(at), size])
        return dict(cursor.fetchall())


def _deal(heads: dict[int, int], *, at: datetime) -> Looked:
    """Warn or tell, in bulk. A statement of its own reads the rows: it sees all that was committed before they were
    locked."""
    found = list(Promise.objects.filter(pk__in=heads, next_at__lt=at).order_by("due_at", "pk"))
    cases = Complaint.objects.in_bulk(set(heads.values()))
    leads = _leads(cases.values())
    broken = [one for one in found if breaking.break_if_late(one, at=at, detected_at=at)]
    late = {one.pk for one in broken}
    near = [one for one in found if one.pk not in late]
    for one in near:
        one.warned_at = at
        one.next_at = states.look_again(one)
    for one in found:
        one.updated_at = at
    news = []
    for one in found:
        head = cases[heads[one.pk]]
        if one.pk in late:
            users = {one.owner_id, head.owner_id, *leads.get(head.team_id or 0, ())}
            news.append(breaking.news(one, breaking.BROKEN, head, users))
        else:
            news.append(breaking.news(one, breaking.NEAR, head, [one.owner_id]))
    told = notify.tell_many(news, Event.PROMISE, at=at)
    Promise.objects.bulk_update(found, ["broken_at", "detected_at", "warned_at", "next_at", "updated_at"])
    roused = Case(When(snoozed_until__gt=at, then=Value(at)), default=F("snoozed_until"))
    Complaint.objects.filter(pk__in=cases).update(updated_at=at, snoozed_until=roused)
    rows.insert([*_entries(found, cases, heads, late, at=at), *told])
    return Looked(warned=len(near), broken=len(broken))


def _leads(cases: Any) -> dict[int, list[int]]:
    """Who leads the team of each case, by team. Query cost: 1."""
    teams = Team.objects.filter(pk__in={case.team_id for case in cases if case.team_id is not None})
    return {key: [lead] for key, lead in teams.values_list("pk", "lead_id") if lead is not None}


def _entries(
    found: Sequence[Promise], cases: dict[int, Complaint], heads: dict[int, int], late: set[int], *, at: datetime
) -> list[models.Model]:
    """One trail entry for each, in the order of the hours; a broken one is dated at its hour. Query cost: 1."""
    ends = trail.ends("complaint", cases)
    entries: list[models.Model] = []
    for one in found:
        head = cases[heads[one.pk]]
        seq, previous = ends.get(head.pk, (0, trail.GENESIS))
        kind, moment = (breaking.BROKEN_AS, one.due_at) if one.pk in late else (breaking.WARNED_AS, at)
        entry = trail.build(
            head,
            kind,
            by=SWEEPER,
            at=moment,
            changes=states.facts(one),
            private={"text": one.text},
            seq=seq + 1,
            previous=previous,
        )
        ends[head.pk] = entry.seq, bytes(entry.hash)
        entries.append(entry)
    return entries
