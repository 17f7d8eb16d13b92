"""What figures read of a complaint, recomputed from its clocks and compared with what is stored (domain, Figures)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction

from complaints.models import Clock, Complaint
from complaints.sla import standing

AT_ONCE = 1000  # complaints read at a time
READ = (
    "pk", "type", "channel", "severity", "team", "received_at", "first_response_at", "resolved_at", "closed_at",
    "is_history", *standing.FIELDS,
)  # fmt: skip


def recount(*, mend: bool = True, seen: Callable[[int], None] = lambda count: None) -> dict[str, Any]:
    """Recompute all complaints, a thousand at a time, each thousand in a transaction of its own.

    Returns {"complaints": looked at, "different": how many differed, "columns": {name: how many}}. `mend`: write what
    differs. Query cost: 2 a thousand, and 1 where something differs.
    """
    found, columns, looked = 0, Counter[str](), 0
    for last, first in _ranges():
        with transaction.atomic():
            different = _differing(first, last, lock=mend)
            for _complaint, names in different:
                columns.update(names)
            if mend and different:
                Complaint.objects.bulk_update([one for one, _names in different], standing.FIELDS)
        found += len(different)
        looked += Complaint.objects.filter(pk__gt=first, pk__lte=last).count()
        seen(looked)
    return {"complaints": looked, "different": found, "columns": dict(sorted(columns.items()))}


def _ranges() -> Iterator[tuple[int, int]]:
    """Last and first key (the first one excluded) of each thousand."""
    first = 0
    while True:
        keys = Complaint.objects.filter(pk__gt=first).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
        last = max(keys, default=None)
        if last is None:
            return
        yield last, first
        first = last


def _differing(first: int, last: int, *, lock: bool) -> list[tuple[Complaint, list[str]]]:
    """Complaints whose columns are not what their clocks say, with the names of those columns, recomputed."""
    rows = Complaint.objects.filter(pk__gt=first, pk__lte=last).only(*READ).order_by("pk")
    if lock:
        rows = rows.select_for_update(of=("self",))
    complaints = list(rows)
    clocks: dict[int, list[Clock]] = defaultdict(list)
    for clock in Clock.objects.filter(complaint__gt=first, complaint__lte=last).order_by("pk"):
        clocks[clock.complaint_id].append(clock)
    different = []
    for complaint in complaints:
        before = {name: getattr(complaint, name) for name in standing.FIELDS}
        standing.refresh(complaint, clocks[complaint.pk])
        if names := [name for name, value in before.items() if getattr(complaint, name) != value]:
            different.append((complaint, names))
    return different
