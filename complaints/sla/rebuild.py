"""The rows of clocks recomputed from their events and compared with what is stored (domain, SLA 2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from django.db import transaction

from complaints.models import Clock, ClockEvent, Complaint
from complaints.sla import clocks as sla
from complaints.sla import replay, standing
from complaints.sla.recount import READ
from core import bulk_update, cached

AT_ONCE = 500  # complaints read at a time
COLUMNS = (*READ, "queue_at", "promise_due_at")


def rebuild(*, mend: bool = True, seen: Callable[[int], None] = lambda count: None) -> dict[str, Any]:
    """Derive every clock's row afresh, some hundred complaints at a time, each lot in a transaction of its own.

    Returns {"clocks": looked at, "different": how many differed, "columns": {name: how many}}. `mend`: write what
    differs, with what the complaint keeps of its clocks; the trail and the events are not touched. Clocks that state an
    imported verdict have no story to derive from and are left alone. Query cost: 3 for each lot, and 3 where something
    differs.
    """
    cached.clear_all()
    columns, looked, different, last = Counter[str](), 0, 0, 0
    while True:
        with transaction.atomic():
            rows = Complaint.objects.filter(pk__gt=last, is_history=False).order_by("pk")
            complaints = list((rows.select_for_update(of=("self",)) if mend else rows).only(*COLUMNS)[:AT_ONCE])
            if not complaints:
                return {"clocks": looked, "different": different, "columns": dict(sorted(columns.items()))}
            last = complaints[-1].pk
            count, found = _lot(complaints, columns, mend=mend)
        looked, different = looked + count, different + found
        seen(looked)


def _lot(complaints: list[Complaint], columns: Counter[str], *, mend: bool) -> tuple[int, int]:
    clocks: dict[int, list[Clock]] = defaultdict(list)
    for clock in Clock.objects.filter(complaint__in=complaints).order_by("pk"):
        clocks[clock.complaint_id].append(clock)
    stories: dict[int, list[ClockEvent]] = defaultdict(list)
    for event in ClockEvent.objects.filter(clock__complaint__in=complaints).order_by("pk"):
        stories[event.clock_id].append(event)
    told = [clock for own in clocks.values() for clock in own if clock.pk in stories and not clock.stated]
    wrong: list[Clock] = []
    for clock in told:
        said = replay.row(clock.kind, stories[clock.pk])
        names = [name for name, value in said.items() if getattr(clock, name) != value]
        if names:
            columns.update(names)
            wrong.append(clock)
            for name in names:
                setattr(clock, name, said[name])
    if mend and wrong:
        bulk_update.update(wrong, [name.removesuffix("_id") for name in said])
        behind = {clock.complaint_id for clock in wrong}
        owners = [one for one in complaints if one.pk in behind]
        for one in owners:
            one.queue_at = sla.queue_at(clocks[one.pk], one)
            standing.refresh(one, clocks[one.pk])
        bulk_update.update(owners, ["queue_at", *standing.FIELDS])
    return len(told), len(wrong)
