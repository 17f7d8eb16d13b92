"""Demo complaints by the hundred thousand, written as rows (performance.md, load): for measuring, and to see it full.

What each row says follows the actions: the same trail entries, clock events and states, as far as a list, a case
page, a figure or the sweep can tell. Committed in chunks; cut off half-way, `purge_demo` and begin again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from django.db import connection, models, transaction

from complaints import routing
from complaints.demo import bulk_customers, cast
from complaints.demo.bulk_rows import Generator, Load
from complaints.models import Clock, ClockEvent, Complaint, Firing, Message, Narrative
from complaints.models import Workload as WorkloadModel
from core import bulk, cached
from core.models import TrailEntry
from retention.models import ContactPoint, Customer, ExternalId, Tenure

CHUNK = 5_000
WRITTEN: tuple[type[models.Model], ...] = (
    Customer, ContactPoint, ExternalId, Tenure, Complaint, Narrative, Clock, ClockEvent, Firing, Message, TrailEntry,
    WorkloadModel,
)  # fmt: skip


def seed(
    count: int,
    *,
    customers: int | None = None,
    open_share: float,
    seed: int,
    now: datetime,
    after_chunk: Callable[[int], None] = lambda done: None,
) -> int:
    """Write `count` complaints of the two years before `now`, `open_share` of them open; returns `count`.

    On PostgreSQL the rows of one chunk are copied while the next is being thought of. The cast has to be there.
    """
    cached.clear_all()
    draw = random.Random(seed + 1)  # noqa: S311  (believable, not secret)
    with _Writer() as writer:
        known = bulk_customers.seed(max(customers or count // 3, 1), draw=draw, now=now, write=writer.write)
        generator = Generator(draw=draw, now=now, open_share=open_share, customers=known, members=cast.users())
        for done, size in _sizes(count):
            writer.write(generator.chunk(size))
            after_chunk(done)
    bulk.analyze(*WRITTEN)
    if broken := bulk.broken_references(*WRITTEN):
        raise RuntimeError(f"something the demo stands on was deleted meanwhile: {', '.join(broken)}; purge_demo")
    routing.recount()
    return count


def _sizes(count: int) -> Iterator[tuple[int, int]]:
    """(done behind it, size) of every chunk."""
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        yield start + size, size


def write(load: Load) -> None:
    """All tables of a chunk in one transaction, parents first."""
    with transaction.atomic(), bulk.references_checked_later():
        for model, columns, rows in load:
            bulk.load(model, columns, rows)


class _Writer:
    """Writes chunks: on PostgreSQL in a thread with a connection of its own, one chunk behind; else right away.

    Inside a transaction (tests) always right away, since another connection would not see what it stands on.
    """

    def __init__(self) -> None:
        beside = connection.vendor == "postgresql" and not connection.in_atomic_block
        self._thread = ThreadPoolExecutor(1) if beside else None
        self._last: Future[None] | None = None

    def write(self, load: Load) -> None:
        if self._thread is None:
            write(load)
            return
        self._wait()
        self._last = self._thread.submit(write, load)

    def _wait(self) -> None:
        if self._last is not None:
            self._last.result()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if self._thread is not None:
            if kind is None:
                self._wait()
            self._thread.submit(connection.close)
            self._thread.shutdown()
