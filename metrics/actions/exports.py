"""Have a list written into a file, call it off, forget it (interface, exports). The writing is a job's (run_exports).

An export is its owner's alone: for anybody else it is not there. Each step is an entry on its trail.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import trail
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import User
from metrics.exporting.resources import RESOURCES, Listing, refuse_unknown_fields
from metrics.models import Export, ExportFormat, ExportState
from metrics.models.exports import AT_WORK

KEPT = timedelta(days=7)
MOST_WAITING = 5  # of one person
MOST_FIELDS, LONGEST_QUERY = 100, 4_000
Filters = Mapping[str, Sequence[str]]


class TooManyExports(DomainError):
    code = "too_many_exports"

    def __init__(self) -> None:
        said = _("%(n)d exports are being written already. Wait for one, or cancel it.")
        super().__init__(said % {"n": MOST_WAITING})


class AlreadyEnded(DomainError):
    code = "already_ended"
    message = gettext_lazy("This export has ended, and there is no file any more.")


@transaction.atomic
def start(
    resource: str,
    *,
    format: str,
    by: Actor,
    at: datetime,
    filters: Filters | None = None,
    fields: Sequence[str] = (),
) -> Export:
    """Have the list `resource` written as `format`, narrowed as the list itself is, with all or these fields.

    Raises NotAllowed, InvalidInput (unknown_resource, unknown_format, too_long), TooManyExports, and the Refusal 400 of
    the list for its filters and fields. Query cost: 4.
    """
    found = RESOURCES.get(resource)
    if found is None:
        said = _("This is not one of: %(known)s.") % {"known": ", ".join(RESOURCES)}
        raise InvalidInput(said, code="unknown_resource", field="resource")
    if format not in ExportFormat.values:
        said = _("This is not one of: %(known)s.") % {"known": ", ".join(ExportFormat.values)}
        raise InvalidInput(said, code="unknown_format", field="format")
    user = by.user
    if user is None or not found.permits(user):
        raise NotAllowed(_("Your role does not allow this."))
    fields = list(dict.fromkeys(fields))
    query = urlencode(filters or {}, doseq=True)
    if len(query) > LONGEST_QUERY or len(fields) > MOST_FIELDS:
        raise InvalidInput(_("This is too long."), code="too_long", field="filters")
    refuse_unknown_fields(found, fields)
    Listing(found, user, query).rows()
    User.objects.select_for_update().filter(pk=user.pk).first()  # two at once count each other
    if Export.objects.filter(by=user, state__in=AT_WORK).count() >= MOST_WAITING:
        raise TooManyExports
    stored = f"{secrets.token_hex(16)}.{format}"
    made = Export.objects.create(
        resource=resource, format=format, query=query, fields=fields, stored=stored, by=user, created_at=at
    )
    facts = {"resource": resource, "format": format, "filters": sorted(filters or {}), "fields": fields}
    trail.append(made, "export.requested", by=by, at=at, changes=facts)
    return made


@transaction.atomic
def cancel(export: Export, *, by: Actor, at: datetime) -> Export:
    """Call it off while it is written; throw its file away when it is ready. Raises AlreadyEnded. Query cost: 4."""
    export = Export.objects.select_for_update().get(pk=export.pk)
    if export.state not in (*AT_WORK, ExportState.DONE):
        raise AlreadyEnded
    before = export.state
    export.state = ExportState.CANCELLED
    export.finished_at, export.leased_until, export.expires_at = export.finished_at or at, None, None
    export.save(update_fields=["state", "finished_at", "leased_until", "expires_at"])
    trail.append(export, "export.cancelled", by=by, at=at, changes={"state": [before, export.state]})
    path = path_of(export)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return export


def forget_old(*, at: datetime) -> int:
    """Delete files whose time is over, and what is left of exports that came to nothing. Safe to repeat.

    Returns how many files went. Query cost: 1, and 1 for each.
    """
    gone = 0
    for export in Export.objects.filter(state=ExportState.DONE, expires_at__lte=at):
        path_of(export).unlink(missing_ok=True)
        gone += Export.objects.filter(pk=export.pk, state=ExportState.DONE).update(state=ExportState.EXPIRED)
    _sweep(at)
    return gone


def _sweep(at: datetime) -> None:
    """Files that no export needs, such as one whose worker wrote on while it was cancelled."""
    names = {path.name: path for path in folder().iterdir()}
    needed = Export.objects.filter(stored__in=names, state__in=(*AT_WORK, ExportState.DONE))
    for name in names.keys() - set(needed.values_list("stored", flat=True)):
        with suppress(FileNotFoundError):
            if at.timestamp() - names[name].stat().st_mtime > 3600:
                names[name].unlink()


def folder() -> Path:
    found = Path(settings.MEDIA_ROOT) / "exports"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def path_of(export: Export) -> Path:
    return folder() / export.stored


def opened(export: Export) -> IO[bytes]:
    """The finished file. Raises OSError without it."""
    return path_of(export).open("rb")


def is_ready(export: Export, *, at: datetime) -> bool:
    return export.state == ExportState.DONE and (export.expires_at is None or at < export.expires_at)
