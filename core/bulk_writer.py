"""Write what is thought up chunk by chunk, while the next chunk is being thought of (performance.md, load).

On PostgreSQL chunks are copied in a thread with a connection of its own; elsewhere, and within a transaction (tests),
where another connection would not see what they stand on, right away.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

from django.db import connection, models, transaction

from core import bulk

Load = list[tuple[type[models.Model], tuple[str, ...], Sequence[Any]]]


def may_write_beside() -> bool:
    """Whether a second connection would see what is there."""
    return connection.vendor == "postgresql" and not connection.in_atomic_block


Around = Callable[[bool], AbstractContextManager[object]]


def _plain(whole: bool) -> AbstractContextManager[object]:
    return nullcontext()


def write(load: Load, around: Around = _plain) -> None:
    """All tables of a chunk in one transaction, parents first."""
    with transaction.atomic(), around(False), bulk.references_checked_later():
        copy(load)


def copy(load: Load) -> None:
    """All tables of a chunk, in the transaction that is open."""
    for model, columns, rows in load:
        if rows:
            bulk.load(model, columns, rows)


def analyze(*written: type[models.Model], large: Sequence[type[models.Model]] = ()) -> None:
    """Count the tables anew for the planner; `large` ones by a second connection, where there may be one."""
    if not may_write_beside():
        bulk.analyze(*written)
        return
    with ThreadPoolExecutor(1) as thread:
        beside = thread.submit(bulk.analyze, *large)
        bulk.analyze(*(model for model in written if model not in large))
        thread.submit(connection.close)
        beside.result()


class Writer:
    """Writes chunks one behind.

    `whole`: all chunks in one transaction, the indexes of `tables` built at its end; only beside. Otherwise each chunk
    is committed by itself. `around(whole)`: what stands around each transaction, and ends when its rows and indexes
    are there.
    """

    def __init__(
        self, *, whole: bool = False, tables: Sequence[type[models.Model]] = (), around: Around = _plain
    ) -> None:
        self._around = around
        beside = may_write_beside()
        self.whole, self.tables = whole and beside, tables
        self._thread = ThreadPoolExecutor(1) if beside else None
        self._last: Future[None] | None = None
        self._open = ExitStack()

    @property
    def is_beside(self) -> bool:
        return self._thread is not None

    def write(self, load: Load) -> None:
        if self._thread is None:
            write(load, self._around)
            return
        self._wait()
        self._last = self._thread.submit(copy, load) if self.whole else self._thread.submit(write, load, self._around)

    def _wait(self) -> None:
        if self._last is not None:
            self._last.result()

    def _begin(self) -> None:
        self._open.enter_context(transaction.atomic())
        self._open.enter_context(self._around(True))
        self._open.enter_context(bulk.references_checked_later())
        self._open.enter_context(bulk.indexes_built_afterwards(*self.tables))

    def __enter__(self) -> Writer:
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
