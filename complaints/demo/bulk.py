"""Demo complaints by the hundred thousand, written as rows (performance.md, load): for measuring, and to see it full.

What each row says follows the actions: the same trail entries, clock events and states, as far as a list, a case
page, a figure or the sweep can tell.

Into a database that holds little, PostgreSQL takes it all in one transaction and builds the indexes afterwards, in a
third of the time: nobody can read complaints meanwhile, and cut off half-way it leaves nothing. Otherwise it is
committed in chunks beside everybody's work; cut off half-way, `purge_demo` and begin again.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from typing import Any

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
MANY = 20_000  # from here on dropping and building indexes pays
LOADED: tuple[type[models.Model], ...] = (
    Customer, ContactPoint, ExternalId, Tenure, Complaint, Narrative, Clock, ClockEvent, Firing, Message, TrailEntry,
)  # fmt: skip
WRITTEN = (*LOADED, WorkloadModel)
LARGE = (TrailEntry, ClockEvent, Clock)  # as much work to analyze as all the rest


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
    with _Writer(whole=count >= MANY and Complaint.objects.count() <= count) as writer:
        known = bulk_customers.seed(max(customers or count // 3, 1), draw=draw, now=now, write=writer.write)
        generator = Generator(draw=draw, now=now, open_share=open_share, customers=known, members=cast.users())
        for done, size in _sizes(count):
            writer.write(generator.chunk(size))
            after_chunk(done)
    trusted = LOADED if writer.whole else ()
    if broken := bulk.broken_references(*LOADED, trusted=trusted):
        raise RuntimeError(f"something the demo stands on was deleted meanwhile: {', '.join(broken)}; purge_demo")
    routing.recount()
    _analyze()
    return count


def _analyze() -> None:
    """Half of the tables by a second connection, where there may be one."""
    if not _may_write_beside():
        bulk.analyze(*WRITTEN)
        return
    with ThreadPoolExecutor(1) as thread:
        beside = thread.submit(bulk.analyze, *LARGE)
        bulk.analyze(*(model for model in WRITTEN if model not in LARGE))
        thread.submit(connection.close)
        beside.result()


def _may_write_beside() -> bool:
    """Within a transaction (tests) another connection would not see what it stands on."""
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def _sizes(count: int) -> Iterator[tuple[int, int]]:
    """(done behind it, size) of every chunk."""
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        yield start + size, size


def write(load: Load) -> None:
    """All tables of a chunk in one transaction, parents first."""
    with transaction.atomic(), bulk.references_checked_later():
        copy(load)


def copy(load: Load) -> None:
    """All tables of a chunk, in the transaction that is open."""
    for model, columns, rows in load:
        bulk.load(model, columns, rows)


class _Writer:
    """Writes chunks: on PostgreSQL in a thread with a connection of its own, one chunk behind; else right away.

    `whole`: all chunks in one transaction, indexes built at its end; only beside.
    """

    def __init__(self, *, whole: bool = False) -> None:
        beside = _may_write_beside()
        self.whole = whole and beside
        self._thread = ThreadPoolExecutor(1) if beside else None
        self._last: Future[None] | None = None
        self._open = ExitStack()

    def write(self, load: Load) -> None:
        if self._thread is None:
            write(load)
            return
        self._wait()
        self._last = self._thread.submit(copy if self.whole else write, load)

    def _wait(self) -> None:
        if self._last is not None:
            self._last.result()

    def _begin(self) -> None:
        self._open.enter_context(transaction.atomic())
        self._open.enter_context(bulk.references_checked_later())
        self._open.enter_context(bulk.indexes_built_afterwards(*LOADED))

    def __enter__(self) -> _Writer:
        if self._thread is not None and self.whole:
            self._thread.submit(self._begin).result()
        return self

    def __exit__(self, *raised: Any) -> None:
        if self._thread is None:
            return
        try:
            if raised[0] is None:
                self._wait()
        except BaseException:
            raised = sys.exc_info()
            raise
        finally:
            ended = self._thread.submit(self._open.__exit__, *raised)
            self._thread.submit(connection.close)
            self._thread.shutdown()
            if raised[0] is None:
                ended.result()
