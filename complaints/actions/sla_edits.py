"""Publish an edited calendar or list of policies: first what it would change, then the change (domain, SLA 3).

Nothing moves silently: `preview` counts which deadlines of open complaints would move and by how much, `apply`
publishes the draft and lets `advance` (a job; the first chunk at once) take the open complaints along, every move an
event on its clock and an entry on the complaint's trail. A crash loses nothing: each chunk is a transaction that moves
`cursor`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Clock, ClockEvent, Complaint, SlaEdit, SlaPolicy, SlaVersion
from complaints.sla import clocks as sla
from complaints.sla import policies, recompute, standing
from complaints.sla.recompute import Move
from core import bulk, bulk_update, cached, clock, trail
from core.actions.settings import refuse_unless_admin
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import CalendarVersion

CHUNK = {"postgresql": 500, "sqlite": 100}
EXAMPLES = 20
AT_ONCE = 0.5  # seconds of counting within the request; the job does the rest
SETTLED = timedelta(seconds=2 * cached.SECONDS)  # until then another process may still file by the old version
Mode, Status = SlaEdit.Mode, SlaEdit.Status


class EditRunning(DomainError):
    """One edit at a time goes through the open complaints."""

    code = "edit_running"
    message = gettext_lazy("Another change is still being applied to the open complaints. Wait until it is done.")


class DraftChanged(DomainError):
    """What was counted is no longer what would be published."""

    code = "draft_changed"
    message = gettext_lazy("The draft has changed since it was previewed. Look at the changes again.")


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
    is required, not_a_draft).
    """
    refuse_unless_admin(by)
    if mode not in Mode.values or (sla_version is not None and mode == Mode.RETROACTIVE):
        raise InvalidInput(_("Choose from when the change holds."), code="invalid_choice", field="mode")
    draft: CalendarVersion | SlaVersion | None = calendar_version or sla_version
    if draft is None or (calendar_version is not None and sla_version is not None):
        raise InvalidInput(_("Say which draft is meant."), code="required", field="draft")
    if draft.published_at is not None:
        raise InvalidInput(_("This version is in force already."), code="not_a_draft", field="draft")
    _of_draft(calendar_version, sla_version).filter(status__in=(Status.COUNTING, Status.COUNTED)).update(
        status=Status.DROPPED, finished_at=at
    )
    edit = SlaEdit(
        calendar_version=calendar_version, sla_version=sla_version, mode=mode, created_at=at, created_by=by.user
    )
    edit.total = _open_complaints().count()
    edit.found = {**_NOTHING, "fingerprint": _fingerprint(edit)}
    edit.save()
    cached.clear_all()
    _advance(edit, at=at, seconds=AT_ONCE)
    return edit


@transaction.atomic
def apply(edit: SlaEdit, *, by: Actor, at: datetime) -> SlaEdit:
    """Publish the draft as of `at` and begin to take the open complaints along, as the edit's mode says.

    Raises NotAllowed, NotReady, DraftChanged or EditRunning; then nothing is published.
    """
    refuse_unless_admin(by)
    edit = SlaEdit.objects.select_for_update().get(pk=edit.pk)
    if edit.status != Status.COUNTED:
        raise NotReady
    if edit.found["fingerprint"] != _fingerprint(edit):
        raise DraftChanged
    if SlaEdit.objects.filter(status=Status.APPLYING).exists():
        raise EditRunning
    _publish(edit, by=by, at=at)
    edit.status, edit.at, edit.cursor, edit.looked = Status.APPLYING, at, 0, 0
    edit.total = _open_complaints().count()
    edit.found = {**_NOTHING, "fingerprint": edit.found["fingerprint"], "by": by.user_id}
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
    shown = {name: value for name, value in edit.found.items() if name in (*_NOTHING, "examples")}
    return {"status": edit.status, "looked": edit.looked, "total": edit.total, "percent": share, **shown}


_NOTHING: dict[str, Any] = {"open": 0, "moved": 0, "earlier": 0, "later": 0, "late_at_once": 0, "examples": []}


def _of_draft(calendar_version: CalendarVersion | None, sla_version: SlaVersion | None) -> QuerySet[SlaEdit]:
    return SlaEdit.objects.filter(calendar_version=calendar_version, sla_version=sla_version)


def _open_complaints() -> QuerySet[Complaint]:
    return Complaint.objects.filter(in_queue=True)


def _fingerprint(edit: SlaEdit) -> str:
    """What would be published, as one word. Query cost: 1."""
    if edit.calendar_version_id is not None:
        content: Any = CalendarVersion.objects.values_list("definition", flat=True).get(pk=edit.calendar_version_id)
    else:
        names = [field.attname for field in SlaPolicy._meta.concrete_fields if field.attname != "id"]
        content = list(SlaPolicy.objects.filter(version=edit.sla_version_id).order_by("position").values(*names))
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:24]


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
    rows = _open_complaints().filter(pk__gt=edit.cursor).order_by("pk").select_related("customer")
    if applying:
        rows = rows.select_for_update(of=("self",))
    complaints = list(rows[: CHUNK[connection.vendor]]) if edit.mode != Mode.NEW_ONLY else []
    if not complaints:
        _dry(edit, at=at)
        return
    clocks: dict[int, list[Clock]] = defaultdict(list)
    for one in Clock.objects.filter(complaint__in=complaints).order_by("pk"):
        clocks[one.complaint_id].append(one)
    moves = _moves(edit, complaints, clocks, moment)
    _note(edit, complaints, moves, moment)
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


def _moves(
    edit: SlaEdit, complaints: Sequence[Complaint], clocks: dict[int, list[Clock]], at: datetime
) -> dict[int, list[Move]]:
    """What the edit does to the clocks of each complaint. Query cost: 2."""
    movable = {one.pk: recompute.open_clocks(clocks[one.pk], at) for one in complaints}
    stories: dict[int, list[ClockEvent]] = defaultdict(list)
    keys = [one.pk for found in movable.values() for one in found]
    for event in ClockEvent.objects.filter(clock__in=keys).order_by("pk"):
        stories[event.clock_id].append(event)
    if edit.calendar_version is not None:
        version = edit.calendar_version
        others = CalendarVersion.objects.filter(calendar=version.calendar_id).exclude(pk=version.pk)
        siblings = frozenset(others.values_list("pk", flat=True))
        with policies.previewing(version):
            return {
                key: recompute.by_calendar(version, siblings, found, stories, mode=edit.mode, at=at)
                for key, found in movable.items()
            }
    book = policies.book_of(edit.sla_version)
    return {
        one.pk: recompute.by_policies(
            book, one, one.customer.tier if one.customer else "", movable[one.pk], stories, at=at
        )
        for one in complaints
    }


def _note(edit: SlaEdit, complaints: Sequence[Complaint], moves: dict[int, list[Move]], at: datetime) -> None:
    """Add to the counts, and keep the examples that move most."""
    found = {**edit.found, "open": edit.found["open"] + (0 if edit.found.get("settled") else len(complaints))}
    examples = list(found["examples"])
    for complaint in complaints:
        for move in moves[complaint.pk]:
            due = move.row["due_at"]
            if not move.seconds:
                continue
            found["moved"] += 1
            found["later" if move.seconds > 0 else "earlier"] += 1
            found["late_at_once"] += int(due is not None and due <= at)
            examples.append(
                {
                    "reference": complaint.reference,
                    "clock": move.clock.code or str(move.clock.kind),
                    "from": _iso(move.clock.due_at),
                    "to": _iso(due),
                    "seconds": move.seconds,
                }
            )
    examples.sort(key=lambda one: -abs(one["seconds"]))
    edit.found = {**found, "examples": examples[:EXAMPLES]}


def _move(
    edit: SlaEdit,
    complaints: Sequence[Complaint],
    clocks: dict[int, list[Clock]],
    moves: dict[int, list[Move]],
    *,
    at: datetime,
) -> None:
    """Write the events, the rows and the trail of a chunk. Query cost: 6, whatever the number."""
    changed = [one for one in complaints if moves[one.pk]]
    if not changed:
        return
    ends = trail.ends("complaint", [one.pk for one in changed])
    by = Actor.system(f"sla edit {edit.pk}")
    events, entries, moved = [], [], []
    for complaint in changed:
        own = moves[complaint.pk]
        shifts = {
            one.clock.code or str(one.clock.kind): [_iso(one.clock.due_at), _iso(one.row["due_at"])]
            for one in own
            if one.seconds
        }
        events += [one.event for one in own]
        moved += [one.make() for one in own]
        complaint.queue_at = sla.queue_at(clocks[complaint.pk], complaint)
        complaint.updated_at = clock.now()
        standing.refresh(complaint, clocks[complaint.pk])
        if shifts:
            seq, previous = ends.get(complaint.pk, (0, trail.GENESIS))
            changes = {"edit": edit.pk, "mode": edit.mode, "deadlines": shifts}
            entries.append(
                trail.build(complaint, "sla.moved", by=by, at=at, changes=changes, seq=seq + 1, previous=previous)
            )
    bulk_update.update(moved, recompute.COLUMNS)
    bulk_update.update(changed, ["queue_at", "updated_at", *standing.FIELDS])
    bulk.insert([*events, *entries])


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
