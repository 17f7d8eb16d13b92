"""Publish an edited calendar or list of policies: first what it would change, then the change (domain, SLA 3).

Nothing moves silently: `preview` counts which deadlines of open complaints would move and by how much, `apply`
publishes the draft and lets `advance` (a job; the first chunk at once) take the open complaints along, every move an
event on its clock and an entry on the complaint's trail. A crash loses nothing: each chunk is a transaction that moves
`cursor`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Clock, Complaint, SlaEdit, SlaEditRow, SlaVersion
from complaints.sla import clocks as sla
from complaints.sla import edit_moves, previews, recompute, standing, tally
from complaints.sla.recompute import Move
from core import bulk, bulk_update, cached, clock, rows, trail
from core.actions.settings import refuse_unless_admin
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import CalendarVersion

CHUNK = {"postgresql": 500, "sqlite": 100}
AT_ONCE = 0.5  # seconds of counting within the request; the job does the rest
SETTLED = timedelta(seconds=2 * cached.SECONDS)  # until then another process may still file by the old version
Mode, Status = SlaEdit.Mode, SlaEdit.Status


class EditRunning(DomainError):
    """One edit at a time goes through the open complaints."""

    code = "edit_running"
    message = gettext_lazy("Another change is still being applied to the open complaints. Wait until it is done.")


class DraftChanged(DomainError):
    """What was counted is no longer what would be published."""

    code = previews.DRAFT_CHANGED
    message = gettext_lazy("The draft has changed since it was previewed. Look at the changes again.")


class InForceChanged(DomainError):
    """What was counted compares with policies or hours that are in force no longer."""

    code = previews.IN_FORCE_CHANGED
    message = gettext_lazy("The policies or hours in force have changed since this was previewed. Preview it again.")


class PreviewOutdated(DomainError):
    """Open complaints would fare otherwise than was counted, or nobody has counted for an hour."""

    code = previews.OLD
    message = gettext_lazy("Open complaints have changed since this was counted. Preview it again, then apply it.")


class CalendarRests(InvalidInput):
    """A policy of the draft counts by a calendar that is not in use."""

    code = "calendar_not_active"


REFUSALS: dict[str, type[DomainError]] = {one.code: one for one in (DraftChanged, InForceChanged, PreviewOutdated)}


class NotReady(DomainError):
    """The edit is not in a state in which this is possible."""

    code = "edit_not_ready"
    message = gettext_lazy("This change has not been previewed completely, or it has been dropped or applied.")


@transaction.atomic
def preview(
    *,
    by: Actor,
    at: datetime,
    mode: str,
    calendar_version: CalendarVersion | None = None,
    sla_version: SlaVersion | None = None,
) -> SlaEdit:
    """Begin to count what publishing the draft would do to open complaints; earlier previews of it are dropped.

    Small numbers are counted at once, the job counts the rest. Raises NotAllowed, InvalidInput (unknown mode, one draft
    is required, not_a_draft) or CalendarRests.
    """
    refuse_unless_admin(by)
    if mode not in Mode.values:
        raise InvalidInput(_("Choose from when the change holds."), code="invalid_choice", field="mode")
    if sla_version is not None and mode == Mode.RETROACTIVE:
        said = _("Policies have no such choice: for open complaints they always count from receipt.")
        raise InvalidInput(said, code="invalid_choice", field="mode")
    draft: CalendarVersion | SlaVersion | None = calendar_version or sla_version
    if draft is None or (calendar_version is not None and sla_version is not None):
        raise InvalidInput(_("Say which draft is meant."), code="required", field="draft")
    if draft.published_at is not None:
        raise InvalidInput(_("This version is in force already."), code="not_a_draft", field="draft")
    before = _of_draft(calendar_version, sla_version).filter(status__in=(Status.COUNTING, Status.COUNTED))
    SlaEditRow.objects.filter(edit__in=list(before.values_list("pk", flat=True))).delete()
    before.update(status=Status.DROPPED, finished_at=at)
    edit = SlaEdit(
        calendar_version=calendar_version, sla_version=sla_version, mode=mode, created_at=at, created_by=by.user
    )
    edit.total = _open_complaints().count()
    _refuse_resting(edit)
    edit.found = {**tally.nothing(), **previews.marks(edit)}
    edit.save()
    cached.clear_all()
    _advance(edit, at=at, seconds=AT_ONCE)
    return edit


@transaction.atomic
def apply(edit: SlaEdit, *, by: Actor, at: datetime) -> SlaEdit:
    """Publish the draft as of `at` and begin to take the open complaints along, as the edit's mode says.

    What is applied is what was counted: a quick look says whether it still holds. Raises NotAllowed, NotReady,
    EditRunning, DraftChanged, InForceChanged, PreviewOutdated or CalendarRests; then nothing is published.
    """
    refuse_unless_admin(by)
    edit = SlaEdit.objects.select_for_update().get(pk=edit.pk)
    if edit.status != Status.COUNTED:
        raise NotReady
    if SlaEdit.objects.filter(status=Status.APPLYING).exists():
        raise EditRunning
    _refuse_resting(edit, lock=True)
    cached.clear_all()
    if why := previews.outdated(edit, at):
        raise REFUSALS[why]
    if previews.drifted(edit, _open_complaints(), at, most=CHUNK[connection.vendor]):
        raise PreviewOutdated
    SlaEditRow.objects.filter(edit=edit).delete()
    _publish(edit, by=by, at=at)
    edit.status, edit.at, edit.cursor, edit.looked = Status.APPLYING, at, 0, 0
    edit.total = _open_complaints().count()
    edit.found = {**tally.nothing(), "by": by.user_id}
    if edit.mode == Mode.NEW_ONLY:
        edit.status, edit.finished_at, edit.looked = Status.DONE, at, edit.total
    edit.save()
    transaction.on_commit(cached.clear_all)
    cached.clear_all()
    if edit.status == Status.APPLYING:
        _chunk(edit, at=at)
    return edit


@transaction.atomic
def drop(edit: SlaEdit, *, by: Actor, at: datetime) -> SlaEdit:
    """Give up a preview; the draft stays. Raises NotAllowed or NotReady."""
    refuse_unless_admin(by)
    edit = SlaEdit.objects.select_for_update().get(pk=edit.pk)
    if edit.status not in (Status.COUNTING, Status.COUNTED):
        raise NotReady
    edit.status, edit.finished_at = Status.DROPPED, at
    edit.save(update_fields=["status", "finished_at"])
    SlaEditRow.objects.filter(edit=edit).delete()
    return edit


def advance(*, seconds: float = 30.0) -> int:
    """Go on with every edit at work, for about `seconds`; how many complaints were looked at. For the job.

    Two workers never work on one edit; each chunk is a transaction of its own.
    """
    end, looked = time.monotonic() + seconds, 0
    for key in SlaEdit.objects.filter(status__in=(Status.COUNTING, Status.APPLYING)).values_list("pk", flat=True):
        while time.monotonic() < end:
            with transaction.atomic():
                skip = connection.features.has_select_for_update_skip_locked
                edit = SlaEdit.objects.select_for_update(skip_locked=skip).filter(pk=key).first()
                if edit is None or edit.status not in (Status.COUNTING, Status.APPLYING):
                    break
                before, seen = (edit.status, edit.cursor, edit.found.get("settled")), edit.looked
                cached.clear_all()
                _chunk(edit, at=clock.database_now())
                looked += edit.looked - seen
                if before == (edit.status, edit.cursor, edit.found.get("settled")):
                    break  # nothing left but to wait until every process knows the new version
    return looked


def progress(edit: SlaEdit) -> dict[str, Any]:
    """How far it is: {"status", "looked", "total", "percent"} and the counts found so far. No query."""
    share = 100 if edit.finished_at or not edit.total else min(100, edit.looked * 100 // edit.total)
    found = tally.shown(edit.found)
    return {"status": edit.status, "looked": edit.looked, "total": edit.total, "percent": share, **found}


def _of_draft(calendar_version: CalendarVersion | None, sla_version: SlaVersion | None) -> QuerySet[SlaEdit]:
    return SlaEdit.objects.filter(calendar_version=calendar_version, sla_version=sla_version)


def _open_complaints() -> QuerySet[Complaint]:
    return Complaint.objects.filter(in_queue=True)


def _refuse_resting(edit: SlaEdit, *, lock: bool = False) -> None:
    """Raises CalendarRests."""
    if names := previews.resting(edit, lock=lock):
        said = _("Not in use: the calendar %(names)s. Take it up again, or give its policies another one.")
        raise CalendarRests(said % {"names": ", ".join(names)})


def _publish(edit: SlaEdit, *, by: Actor, at: datetime) -> None:
    changes = {"mode": edit.mode, "edit": edit.pk}
    if edit.calendar_version is not None:
        version = CalendarVersion.objects.select_for_update().get(pk=edit.calendar_version.pk)
        version.published_at = version.effective_at = at
        version.save(update_fields=["published_at", "effective_at"])
        changes["number"] = version.number
        trail.append(version.calendar, "calendar.published", by=by, at=at, changes=changes)
    elif edit.sla_version is not None:
        listed = SlaVersion.objects.select_for_update().get(pk=edit.sla_version.pk)
        listed.published_at = at
        listed.save(update_fields=["published_at"])
        trail.append(listed, "slaversion.published", by=by, at=at, changes={**changes, "number": listed.number})


def _advance(edit: SlaEdit, *, at: datetime, seconds: float) -> None:
    end = time.monotonic() + seconds
    _chunk(edit, at=at)
    while edit.status == Status.COUNTING and time.monotonic() < end:
        _chunk(edit, at=at)


def _chunk(edit: SlaEdit, *, at: datetime) -> None:
    """Count or move the next complaints behind `cursor`; the edit's row is held locked."""
    applying = edit.status == Status.APPLYING
    moment = edit.at if applying and edit.at is not None else at
    found = _open_complaints().filter(pk__gt=edit.cursor).order_by("pk").select_related("customer")
    if applying:
        found = found.select_for_update(of=("self",))
    complaints = list(found[: CHUNK[connection.vendor]]) if edit.mode != Mode.NEW_ONLY else []
    if not complaints:
        _dry(edit, at=at)
        return
    clocks = edit_moves.clocks_of(complaints)
    moves = edit_moves.moves_of(edit, complaints, clocks, moment)
    pairs = [(one, moves[one.pk]) for one in complaints]
    edit.found = tally.add(edit.found, pairs, moment)
    if not edit.found.get("settled"):
        edit.found["open"] += len(complaints)
    tally.rows(edit.pk, pairs, moment)
    if applying:
        _move(edit, complaints, clocks, moves, at=moment)
    edit.cursor = complaints[-1].pk
    if not edit.found.get("settled"):
        edit.looked += len(complaints)
    edit.save(update_fields=["cursor", "looked", "found"])
    if len(complaints) < CHUNK[connection.vendor]:
        _dry(edit, at=at)


def _dry(edit: SlaEdit, *, at: datetime) -> None:
    """Nothing behind `cursor`. An edit that was applied looks once more when every process knows the new version."""
    if edit.status == Status.COUNTING:
        edit.status, edit.looked = Status.COUNTED, edit.total
        edit.save(update_fields=["status", "looked"])
    elif edit.at is not None and at < edit.at + SETTLED:
        return
    elif not edit.found.get("settled"):
        edit.found["settled"], edit.cursor = True, 0
        edit.save(update_fields=["found", "cursor"])
    else:
        edit.status, edit.finished_at, edit.looked = Status.DONE, at, edit.total
        edit.save(update_fields=["status", "finished_at", "looked"])


def _move(
    edit: SlaEdit,
    complaints: Sequence[Complaint],
    clocks: Mapping[int, list[Clock]],
    moves: Mapping[int, list[Move]],
    *,
    at: datetime,
) -> None:
    """Write the events, the rows and the trail of a chunk. Query cost: 6, whatever the number, and 1 for new clocks."""
    changed = [one for one in complaints if moves[one.pk]]
    if not changed:
        return
    ends = trail.ends("complaint", [one.pk for one in changed])
    by = Actor.system(f"sla edit {edit.pk}")
    moved, entries = [], []
    for complaint in changed:
        own = moves[complaint.pk]
        told = tally.on_trail(own)
        moved += [one.make() for one in own]
        clocks[complaint.pk].extend(one.clock for one in own if one.clock.pk is None)
        complaint.queue_at = sla.queue_at(clocks[complaint.pk], complaint)
        complaint.updated_at = clock.now()
        standing.refresh(complaint, clocks[complaint.pk])
        if told:
            seq, previous = ends.get(complaint.pk, (0, trail.GENESIS))
            changes = {"edit": edit.pk, "mode": edit.mode, **told}
            entries.append(
                trail.build(complaint, "sla.moved", by=by, at=at, changes=changes, seq=seq + 1, previous=previous)
            )
    fresh, known = [one for one in moved if one.pk is None], [one for one in moved if one.pk is not None]
    rows.give_ids(*fresh)
    events = [event for one in changed for move in moves[one.pk] for event in move.events]
    for event in events:
        event.clock_id = event.clock.pk
    bulk_update.update(known, recompute.COLUMNS)
    bulk_update.update(changed, ["queue_at", "updated_at", *standing.FIELDS])
    bulk.insert([*fresh, *events, *entries])
