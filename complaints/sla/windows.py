"""Windows that end: how long an easier way stays open (`packs`). Nobody is late by one, so nothing fires (SLA 5-6).

The sweep shuts them before it looks for breaches. Their clocks end as cancelled, at their own instants.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from complaints.models import Clock, ClockState
from complaints.sla import clocks as sla
from complaints.sla import packs, standing
from core import bulk_update, rows
from core import clock as time

COLUMNS = ("state", "completed_at", "next_at", "rungs")


def ended(at: datetime) -> Q | None:
    """Clocks that are windows which have ended before `at`; None where no pack in force or removed has any."""
    known = packs.windows()
    if not known:
        return None
    which = Q()
    for pack_id, code in sorted(known):
        which |= Q(pack=pack_id, code=code)
    return which & Q(state=ClockState.RUNNING, due_at__lt=at)


def shut_due(*, at: datetime | None = None, size: int) -> int:
    """Shut windows of live complaints that have ended, `size` a transaction, until dry; how many. Those of complaints
    that somebody works on wait for the next time.

    Query cost: none where there are no windows, else 1, and 6 a batch.
    """
    total = 0
    while packs.windows():
        done = _batch(at or time.database_now(), size)
        total += done
        if done < size:
            break
    return total


def _batch(at: datetime, size: int) -> int:
    which = ended(at)
    due = Clock.objects.filter(which or Q(), next_at__lt=at, complaint__in_queue=True)
    if which is None or not due.exists():
        return 0
    with transaction.atomic():
        locked = due.order_by("next_at", "pk").select_related("complaint")
        if connection.features.has_select_for_update_skip_locked:
            locked = locked.select_for_update(skip_locked=True, of=("self", "complaint"))
        over = list(locked[:size])
        for clock in over:
            sla.shut(clock, recorded_at=at)
        cases = {clock.complaint_id: clock.complaint for clock in over}
        known: dict[int, list[Clock]] = defaultdict(list)
        shut = {clock.pk: clock for clock in over}
        for clock in Clock.objects.filter(complaint__in=cases).order_by("pk"):
            known[clock.complaint_id].append(shut.get(clock.pk, clock))
        for case in cases.values():
            case.queue_at = sla.queue_at(known[case.pk], case)
            case.updated_at = at
            standing.refresh(case, known[case.pk])
        bulk_update.update(over, COLUMNS)
        bulk_update.update(list(cases.values()), ["queue_at", "updated_at", *standing.FIELDS])
        rows.insert([event for clock in over for event in clock.fresh_events])  # type: ignore[attr-defined]
    return len(over)
