"""How far the trail is complete: up to which entry nothing can be written in between any more (interface, events).

Keys of entries come from a sequence when they are inserted, but entries are seen when their transaction commits: a
transaction that took key 7 may commit after another that took 8. Whoever has read up to 8 by then would never see 7.
On PostgreSQL a transaction that took a key holds a lock on the table or on its sequence until it ends (ROW EXCLUSIVE,
which blocks no other writer); so: look at the newest key, then at who holds such a lock, and wait until those have
ended. Later writers get greater keys and are waited for by later readers. No lock is taken and nobody is held up.

Where one of them goes on for longer than a reader should wait (an import), the answer is the newest anchor of the trail
(TrailAnchor) made before it began: what was written before is older than anything it may still bring.

On SQLite there is one writer at a time, who takes its keys within its turn: whatever is committed is complete.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection

from core.models import TrailAnchor, TrailEntry

PATIENCE = 0.5  # seconds; an action of ours takes some milliseconds
_LOOK_EVERY = 0.005
_SURELY_BEFORE = timedelta(minutes=1)  # an anchor names the instant its making began

# Whoever has written to the trail, or taken keys for it, and has not ended; when that began, if we may know.
_WRITERS = """
SELECT held.virtualtransaction, running.xact_start
FROM pg_locks held LEFT JOIN pg_stat_activity running ON running.pid = held.pid
WHERE held.locktype = 'relation' AND held.mode = 'RowExclusiveLock'
AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND held.relation IN (%s::regclass, pg_get_serial_sequence(%s, %s)::regclass)
AND held.pid IS DISTINCT FROM pg_backend_pid()
"""


def newest() -> int:
    """The key of the newest entry that can be seen; 0 without one. Query cost: 1."""
    return TrailEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def up_to(top: int, *, patience: float = PATIENCE) -> int:
    """The key up to which the trail is complete, `top` (what `newest` said before) at most.

    Waits up to `patience` seconds for transactions under way. Query cost: 1 on PostgreSQL, a few while it waits.
    """
    if connection.vendor != "postgresql":
        return top
    until = time.monotonic() + patience
    waited_for = _writers()
    while waited_for and time.monotonic() < until:
        time.sleep(_LOOK_EVERY)
        running = _writers()
        waited_for = {one: since for one, since in waited_for.items() if one in running}
    return min(top, _anchored(list(waited_for.values()))) if waited_for else top


def _anchored(begun: list[datetime | None]) -> int:
    """The newest entry surely written before any of the transactions that `begun` then; 0 if one does not say when."""
    known = [since for since in begun if since is not None]
    if len(known) < len(begun):
        return 0
    before = TrailAnchor.objects.filter(at__lt=min(known) - _SURELY_BEFORE)
    return before.order_by("-pk").values_list("last_id", flat=True).first() or 0


def _writers() -> dict[str, datetime | None]:
    table = TrailEntry._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [table, table, TrailEntry._meta.pk.column])
        found: dict[str, datetime | None] = dict(cursor.fetchall())
    return found
