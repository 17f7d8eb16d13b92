"""Is everything this installation needs there and alive? Asked by `/readyz` and by `manage.py doctor`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from core import clock, watchdog
from core.actions.outbox import backlog
from core.blobs import store
from core.instants import iso
from core.models import Heartbeat

WATCH_AGE = timedelta(minutes=1)
OUTBOX_AGE = timedelta(minutes=2)
CLOCK_OFF = timedelta(seconds=2)
_PATIENCE = 1.0  # seconds for a broker that does not answer


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `detail` is for operators and names no secret."""

    name: str
    ok: bool
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def database() -> Finding:
    """The database answers. One query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Finding("database", False, f"{connection.vendor} does not answer ({type(error).__name__})")
    return Finding("database", True, connection.vendor)


def migrations() -> Finding:
    """Every migration has been applied."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Finding("migrations", False, f"{len(missing)} not applied: run `manage.py migrate`")
    return Finding("migrations", True)


def queue() -> Finding:
    """The broker takes messages: Redis answers within a second, or the folder can be written to."""
    if not settings.REDIS_URL:
        folder = Path(settings.BROKER_DIR)
        ok = os.access(folder if folder.exists() else folder.parent, os.W_OK)
        return Finding("queue", ok, "embedded" if ok else "the broker's folder cannot be written to")
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    once = Retry(NoBackoff(), 0)
    client = Redis.from_url(settings.REDIS_URL, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=once)
    try:
        client.ping()
    except (RedisError, OSError) as error:
        return Finding("queue", False, f"Redis does not answer ({type(error).__name__})")
    finally:
        client.close()
    return Finding("queue", True, "redis")


def pulse(signs: Mapping[str, watchdog.Sign] | None = None) -> list[Finding]:
    """Worker, beat and sweep have shown signs of life lately (`signs`, else read: one query)."""
    at = clock.now()
    found = signs if signs is not None else watchdog.signs(at)
    silent = {sign.part for sign in watchdog.silent(found, at)}
    return [_alive(found[part], at, ok=part not in silent) for part in watchdog.PARTS]


def watch() -> Finding:
    """Somebody would mail the administrators. Not a fault where `manage.py watch` has never run. One query."""
    at = clock.now()
    seen = Heartbeat.objects.filter(name=watchdog.WATCH).values_list("at", flat=True).first()
    if seen is None:
        return Finding("watch", True, "not running: nobody is told by mail when worker or beat is silent")
    age = at - seen
    return Finding("watch", age <= WATCH_AGE, f"seen {_seconds(age)} s ago")


def outbox() -> Finding:
    """No mail waits longer than it should. One query."""
    late = backlog(clock.now(), older_than=OUTBOX_AGE)
    return Finding("outbox", late == 0, f"{late} messages late" if late else "")


def mail() -> Finding:
    """The mail server lets us in. Sends nothing."""
    backend = get_connection()
    try:
        backend.open()
        backend.close()
    except Exception as error:  # noqa: BLE001 - each backend has its own
        return Finding("mail", False, f"{type(error).__name__}: {error}"[:200])
    return Finding("mail", True, str(settings.EMAIL_BACKEND).rsplit(".", 2)[-2])


def clocks() -> Finding:
    """This machine's clock agrees with the database's."""
    off = abs(clock.database_now() - datetime.now(UTC))
    return Finding("clock", off < CLOCK_OFF, f"{off.total_seconds():.3f} s apart")


def storage() -> Finding:
    """VAR_DIR, the media folder and the folder of attachments can be written to."""
    for folder in (Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT), Path(store().location)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder):
                pass
        except OSError as error:
            return Finding("storage", False, f"{folder}: {error.strerror}")
    return Finding("storage", True, str(settings.VAR_DIR))


def everything() -> list[Finding]:
    """All checks; those that need the database are left out when it does not answer."""
    found = [database(), queue(), mail(), storage()]
    if found[0].ok:
        found += [
            _guarded("migrations", migrations),
            *_guarded_list(pulse),
            _guarded("watch", watch),
            _guarded("outbox", outbox),
            clocks(),
        ]
    return found


def _alive(sign: watchdog.Sign, at: datetime, *, ok: bool) -> Finding:
    if sign.at is None:
        return Finding(sign.part, ok, "never seen")
    who = f", {sign.who}" if sign.who else ""
    said = f"seen {_seconds(at - sign.at)} s ago{who}"
    if not ok:
        return Finding(sign.part, ok, f"silent since {iso(sign.at)} ({said})")
    missing = [f"{one.who} since {iso(one.at or at)}" for one in sign.missing]
    return Finding(sign.part, ok, f"{said}; missing: {', '.join(missing)}" if missing else said)


def _seconds(age: timedelta) -> int:
    return max(0, int(age.total_seconds()))


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except DatabaseError as error:
        return Finding(name, False, type(error).__name__)


def _guarded_list(check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    except DatabaseError as error:
        return [Finding("worker", False, type(error).__name__)]
