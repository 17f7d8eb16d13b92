"""Write exports, pulled by a job from rows (interface, exports): in pieces by key, in little memory, going on after a
crash.

After each piece the file is synced and the row says how many bytes of it count and which row was the last. A worker
that dies loses its lease; the next one cuts the file off at those bytes and goes on behind that row, so that nothing is
in it twice. One that only seemed dead still holds the lock on the file, and the row no longer takes its word.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Max, Q
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from core import clock, sheets, trail
from core.actor import Actor
from core.api.rendering import to_json
from core.errors import DomainError, NotAllowed
from metrics.actions.exports import KEPT, path_of
from metrics.exporting.resources import RESOURCES, Column, Listing, columns
from metrics.models import Export, ExportFormat, ExportState
from metrics.models.exports import AT_WORK

log = logging.getLogger(__name__)
JOB = "metrics.run_exports"
LEASE = timedelta(seconds=60)  # renewed with every piece
CHUNK = 500  # rows
SLICE = 20.0  # seconds, then another export has its turn


class _Over(Exception):
    """The export was cancelled, or another worker has it."""


def run_exports(*, seconds: float = SLICE) -> int:
    """Work on exports that wait, for `seconds`; returns how many were finished. Query cost: 1 when there is none."""
    until, done = time.monotonic() + seconds, 0
    while (export := take(at=clock.database_now())) is not None:
        done += _work(export, until)
        if time.monotonic() >= until:
            break
    return done


@transaction.atomic
def take(*, at: datetime) -> Export | None:
    """An export that no living worker has, now ours for LEASE; those that waited longest first. Query cost: 2."""
    free = Export.objects.filter(state__in=AT_WORK).filter(Q(leased_until__isnull=True) | Q(leased_until__lt=at))
    locked = free.select_for_update(skip_locked=True, of=("self",)).select_related("by")
    export = locked.order_by("attempt", "pk").first()
    if export is not None:
        export.state, export.attempt = ExportState.RUNNING, export.attempt + 1
        export.leased_until, export.begun_at = at + LEASE, export.begun_at or at
        export.save(update_fields=["state", "attempt", "leased_until", "begun_at"])
    return export


def _work(export: Export, until: float) -> bool:
    """Write on until it is finished (true) or the time is over."""
    with translation.override(export.by.language or None):
        try:
            resource = RESOURCES[export.resource]
            if not resource.permits(export.by):
                raise NotAllowed(_("Your role does not allow this."))
            return _write(export, Listing(resource, export.by, export.query), until)
        except _Over:
            return False
        except (OperationalError, InterfaceError):
            raise  # the database is away or busy: the lease runs out, and another worker goes on
        except OSError:
            log.exception("export %s cannot be written", export.pk)
            return _finish(export, ExportState.FAILED, failure=_("The file could not be written."))
        except (DomainError, APIException) as problem:
            return _finish(export, ExportState.FAILED, failure=str(problem))
        except Exception:
            log.exception("export %s failed", export.pk)
            return _finish(export, ExportState.FAILED, failure=_("Something went wrong on our side."))


def _write(export: Export, listing: Listing, until: float) -> bool:
    rows = listing.rows().order_by("pk")
    _measure(export, rows)
    line = _liner(export, listing)
    with path_of(export).open("ab") as file:
        _ours(file)
        _cut(export, file, line)
        while True:
            piece = list(rows.filter(pk__gt=export.last_key, pk__lte=export.until_key)[:CHUNK])
            if not piece:
                break
            shown = listing.dicts(piece)
            _append(file, line(shown))
            export.last_key, export.position = piece[-1].pk, export.position + len(piece)
            export.lines += len(shown)
            _note(export, file)
            if time.monotonic() >= until:
                _note(export, file, leave=True)
                return False
        return _finish(export, ExportState.DONE)


def _measure(export: Export, rows: Any) -> None:
    """How many rows there are about, and where they end, once. What comes later is not part of it."""
    if export.until_key is None:
        export.until_key = rows.order_by().aggregate(end=Max("pk"))["end"] or 0
        export.total = rows.order_by().count()
        _save(export, "until_key", "total")


def _liner(export: Export, listing: Listing) -> Callable[[list[dict[str, Any]]], Iterable[str]]:
    """What makes the lines of some rows; without rows the line at the top, if there is one."""
    if export.format == ExportFormat.JSONL:
        wanted = export.fields

        def objects(shown: list[dict[str, Any]]) -> Iterable[str]:
            for one in shown:
                yield to_json({name: one[name] for name in wanted} if wanted else one).decode() + "\n"

        return objects
    paths = columns(listing.resource, export.fields)

    def cells(shown: list[dict[str, Any]]) -> Iterable[str]:
        if not shown:
            return sheets.lines([[".".join(path) for path in paths]])
        return sheets.lines([_value(one, path) for path in paths] for one in shown)

    return cells


def _value(row: Any, path: Column) -> Any:
    for name in path:
        row = row.get(name) if isinstance(row, dict) else None
    return to_json(row).decode() if isinstance(row, dict | list | tuple) else row


def _ours(file: IO[bytes]) -> None:
    """Lock the file for as long as this process lives and works on it. Raises _Over if another one does."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _Over from None


def _cut(export: Export, file: IO[bytes], line: Callable[[list[dict[str, Any]]], Iterable[str]]) -> None:
    """Take off what was written and never counted. A file that lost what counts is begun anew."""
    if file.seek(0, os.SEEK_END) < export.written or not export.written:
        export.last_key = export.position = export.lines = export.written = 0
    file.truncate(export.written)
    file.seek(0, os.SEEK_END)
    if not export.written:
        _append(file, line([]))
        _note(export, file)


def _append(file: IO[bytes], lines: Iterable[str]) -> None:
    file.write("".join(lines).encode())


def _note(export: Export, file: IO[bytes], *, leave: bool = False) -> None:
    """Say what counts from now on, once it is on the disk. `leave`: another worker may go on at once."""
    file.flush()
    os.fsync(file.fileno())
    export.written = file.tell()
    export.leased_until = None if leave else clock.database_now() + LEASE
    _save(export, "last_key", "position", "lines", "written", "leased_until")


def _save(export: Export, *names: str) -> None:
    """Raises _Over when the row is no longer ours."""
    mine = Export.objects.filter(pk=export.pk, state=ExportState.RUNNING, attempt=export.attempt)
    if not mine.update(**{name: getattr(export, name) for name in names}):
        raise _Over


def _finish(export: Export, state: ExportState, *, failure: str = "") -> bool:
    """Ready (true), or failed; neither when the row is no longer ours."""
    path, seal = path_of(export), ""
    if state == ExportState.DONE:
        with path.open("rb") as file:
            seal = hashlib.file_digest(file, "sha256").hexdigest()
    with transaction.atomic():
        current = Export.objects.select_for_update().get(pk=export.pk)
        if (current.state, current.attempt) != (ExportState.RUNNING, export.attempt):
            return False
        at = clock.database_now()
        current.state, current.failure, current.finished_at, current.leased_until = state, failure[:500], at, None
        if state == ExportState.DONE:
            current.size, current.sha256, current.expires_at = path.stat().st_size, seal, at + KEPT
        current.save()
        facts = {"state": state, "rows": current.lines, "size": current.size, "sha256": seal}
        trail.append(current, "export.finished", by=Actor.system(JOB), at=at, changes=facts)
    if state == ExportState.FAILED:
        path.unlink(missing_ok=True)
    return state == ExportState.DONE
