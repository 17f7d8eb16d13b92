"""Bring a file in: take it, match its columns, try it, record it (ux, Everywhere). The work itself is a job's.

Nothing but administrators and managers; each step is an entry on the upload's trail. The records come in by the same
imports as from the command line (core.importing), so a repeat changes nothing and a killed worker loses nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from core import trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.importing.reader import Rows, Unreadable, examine
from core.models.people import ADMIN, MANAGER
from retention.models import Upload, UploadState
from retention.models.uploads import AT_WORK

ENCODINGS = ("utf-8", "latin-1", "cp1252", "utf-16")
LEASE = timedelta(minutes=2)  # renewed with every chunk
KEPT = timedelta(days=30)
MOST_COLUMNS = 300
FORGOTTEN = 3600  # seconds; nothing younger is swept, its upload may not be committed yet


class Sent(Protocol):
    """A file as Django hands it over."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]: ...


class WrongStep(DomainError):
    code = "wrong_step"

    def __init__(self, upload: Upload) -> None:
        super().__init__(_("The import has gone on meanwhile: %(state)s.") % {"state": upload.get_state_display()})


def refuse_unless_in_charge(by: Actor) -> None:
    """Raises NotAllowed."""
    if by.user is None or not by.user.roles & {ADMIN, MANAGER}:
        raise NotAllowed(code="manager_only")


def folder() -> Path:
    found = Path(settings.MEDIA_ROOT) / "imports"
    found.mkdir(parents=True, exist_ok=True)
    return found


def path_of(upload: Upload) -> Path:
    return folder() / upload.stored


def rejects_of(upload: Upload) -> Path:
    """Where the rejected records of the last trial or import lie, with line and reason."""
    return folder() / f"{upload.stored}.rejects"


@transaction.atomic
def receive(
    file: Sent,
    *,
    kind: str,
    preset: str,
    source: str,
    encoding: str,
    by: Actor,
    at: datetime,
) -> Upload:
    """Keep the file and read its header. Raises NotAllowed, InvalidInput (unreadable, too_long, invalid_choice, empty).

    The caller has checked kind and preset. Reads the file once. Query cost: 3.
    """
    refuse_unless_in_charge(by)
    source = source.strip() or preset
    if len(source) > 40:
        raise InvalidInput(_("At most %(most)s characters.") % {"most": 40}, code="too_long", field="source")
    if encoding not in ENCODINGS:
        raise InvalidInput(_("Choose one of the encodings."), code="invalid_choice", field="encoding")
    stored = f"{secrets.token_hex(16)}.csv"
    path = folder() / stored
    try:
        with path.open("wb") as kept:
            for block in file.chunks():
                kept.write(block)
        examine(path, encoding)
        with Rows(path, encoding) as rows:
            header = rows.header
        if len(header) > MOST_COLUMNS:
            raise Unreadable(_("At most %(most)s columns.") % {"most": MOST_COLUMNS})
    except Unreadable as problem:
        path.unlink(missing_ok=True)
        raise InvalidInput(str(problem).replace("--encoding ", ""), code="unreadable", field="file") from problem
    made = Upload.objects.create(
        kind=kind,
        preset=preset,
        source=source,
        file_name=Path(file.name or "file.csv").name[-200:],
        stored=stored,
        size=path.stat().st_size,
        encoding=encoding,
        header=header,
        by=by.user,
        created_at=at,
    )
    facts = {"kind": kind, "preset": preset, "source": source, "size": made.size}
    trail.append(made, "upload.received", by=by, at=at, changes=facts, private={"file": made.file_name})
    return made


@transaction.atomic
def match(upload: Upload, mapping: Mapping[str, str], *, required: Sequence[str], by: Actor, at: datetime) -> Upload:
    """Settle what the columns mean, and have it tried. `mapping`: their column -> ours, blank to leave it out.

    Raises NotAllowed, WrongStep, InvalidInput (unknown_column, column_twice, column_missing). Query cost: 4.
    """
    refuse_unless_in_charge(by)
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    if upload.state not in (UploadState.NEW, UploadState.TRIED, UploadState.FAILED):
        raise WrongStep(upload)
    if unknown := sorted(set(mapping) - set(upload.header)):
        message = _("The file has no column %(names)s.") % {"names": ", ".join(unknown)}
        raise InvalidInput(message, code="unknown_column", field="mapping")
    ours = [name for name in mapping.values() if name]
    if twice := sorted({name for name in ours if ours.count(name) > 1}):
        message = _("Two columns cannot both be %(names)s.") % {"names": ", ".join(twice)}
        raise InvalidInput(message, code="column_twice", field="mapping")
    if missing := [name for name in required if name not in ours]:
        message = _("No column is matched to: %(names)s.") % {"names": ", ".join(missing)}
        raise InvalidInput(message, code="column_missing", field="mapping")
    upload.mapping = {name: mapping.get(name, "") for name in upload.header}
    _begin(upload, UploadState.TRYING)
    trail.append(upload, "upload.matched", by=by, at=at, changes={"mapping": upload.mapping})
    return upload


@transaction.atomic
def receive_matched(
    file: Sent,
    mapping: Callable[[Sequence[str]], Mapping[str, str]],
    *,
    kind: str,
    preset: str,
    source: str,
    encoding: str,
    required: Sequence[str],
    by: Actor,
    at: datetime,
) -> Upload:
    """Both at once, or neither: what is refused leaves no file. `mapping`: of a header. Raises what they raise. Query
    cost: 7."""
    made = receive(file, kind=kind, preset=preset, source=source, encoding=encoding, by=by, at=at)
    try:
        return match(made, mapping(made.header), required=required, by=by, at=at)
    except Exception:
        path_of(made).unlink(missing_ok=True)
        raise


@transaction.atomic
def commit(upload: Upload, *, by: Actor, at: datetime) -> Upload:
    """Have what was tried recorded. Raises NotAllowed, WrongStep. Query cost: 4."""
    refuse_unless_in_charge(by)
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    if upload.state != UploadState.TRIED:
        raise WrongStep(upload)
    _begin(upload, UploadState.IMPORTING)
    trail.append(upload, "upload.committed", by=by, at=at, changes={"records": upload.total})
    return upload


@transaction.atomic
def cancel(upload: Upload, *, by: Actor, at: datetime) -> Upload:
    """Call it off, and delete the file. What a running import has recorded by then stays: a chunk is done whole.

    Raises NotAllowed, WrongStep once it is done or called off. Query cost: 4.
    """
    refuse_unless_in_charge(by)
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    if upload.state in (UploadState.DONE, UploadState.CANCELLED):
        raise WrongStep(upload)
    before = upload.state
    upload.state, upload.size, upload.finished_at, upload.leased_until = UploadState.CANCELLED, 0, at, None
    upload.save(update_fields=["state", "size", "finished_at", "leased_until"])
    trail.append(upload, "upload.cancelled", by=by, at=at, changes={"state": [before, upload.state]})
    for path in (path_of(upload), rejects_of(upload)):
        transaction.on_commit(partial(path.unlink, missing_ok=True))
    return upload


def _begin(upload: Upload, state: UploadState) -> None:
    upload.state, upload.failure, upload.problems = state, "", []
    upload.position = upload.created = upload.updated = upload.unchanged = upload.rejected = 0
    upload.begun_at = upload.finished_at = upload.leased_until = None
    upload.save()


@transaction.atomic
def take(*, at: datetime) -> Upload | None:
    """An upload that is to be tried or recorded and that no living worker has, now ours for LEASE. Query cost: 2."""
    free = Upload.objects.filter(state__in=AT_WORK).filter(Q(leased_until__isnull=True) | Q(leased_until__lt=at))
    upload = free.select_for_update(skip_locked=True).order_by("pk").first()
    if upload is not None:
        upload.leased_until = at + LEASE
        upload.begun_at = upload.begun_at or at
        upload.save(update_fields=["leased_until", "begun_at"])
    return upload


def forget_old(*, at: datetime) -> int:
    """Delete files (not what is known of them) of uploads older than KEPT, and those that no upload names. Safe to
    repeat. Returns how many went."""
    gone = 0
    for upload in Upload.objects.filter(created_at__lt=at - KEPT, size__gt=0).exclude(state__in=AT_WORK):
        path_of(upload).unlink(missing_ok=True)
        rejects_of(upload).unlink(missing_ok=True)
        Upload.objects.filter(pk=upload.pk).update(size=0, leased_until=F("leased_until"))
        gone += 1
    return gone + _sweep(at)


def _sweep(at: datetime) -> int:
    """Files whose upload was undone, by a twin under the same Idempotency-Key that was faster or by a crash."""
    names = {path.name: path for path in folder().iterdir()}
    uploads = {name.removesuffix(".rejects") for name in names}
    needed = set(Upload.objects.filter(stored__in=uploads).values_list("stored", flat=True))
    gone = 0
    for name, path in names.items():
        with suppress(FileNotFoundError):
            if name.removesuffix(".rejects") not in needed and at.timestamp() - path.stat().st_mtime > FORGOTTEN:
                path.unlink()
                gone += 1
    return gone
