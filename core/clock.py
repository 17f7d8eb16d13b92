"""The one source of "now": the database's clock, which tests can set (domain, SLA 6).

A worker's own clock may be wrong by minutes; the database's is the same for everybody. To keep `now()` free of a round
trip, the difference between the two is measured once a minute per process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db import connection

_frozen: ContextVar[datetime | None] = ContextVar("frozen_now", default=None)
_MEASURE_EVERY = 60.0
_offset = timedelta(0)
_measured_at = -_MEASURE_EVERY


def now() -> datetime:
    """The present instant, UTC, microseconds. No query, but one a minute per process."""
    if (frozen := _frozen.get()) is not None:
        return frozen
    global _offset, _measured_at
    if connection.vendor != "sqlite" and time.monotonic() - _measured_at >= _MEASURE_EVERY:
        _offset = database_now() - datetime.now(UTC)
        _measured_at = time.monotonic()
    return datetime.now(UTC) + _offset


def database_now() -> datetime:
    """The database's own reading, UTC. One query; SQLite lives in our process, so its clock is ours."""
    if (frozen := _frozen.get()) is not None:
        return frozen
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at.astimezone(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[datetime]:
    """For tests: within the block it is `at` (an aware datetime)."""
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield at
    finally:
        _frozen.reset(token)
