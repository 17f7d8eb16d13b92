"""Whether a preview of an edit still tells what applying it would do (domain, SLA 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from complaints.models import Complaint, SlaEdit, SlaEditRow, SlaPolicy, SlaVersion
from complaints.sla import edit_moves, tally, told
from complaints.sla.recompute import STILL
from core.models import Calendar, CalendarVersion

HOLDS = timedelta(hours=1)
TOLERATED = 100  # one complaint in so many may fare otherwise than was counted
DRAFT_CHANGED, IN_FORCE_CHANGED, OLD = "draft_changed", "in_force_changed", "preview_outdated"


def marks(edit: SlaEdit) -> dict[str, str]:
    """What the counts rest on, a word each: {"draft": what would be published, "in_force": what it would replace}.

    Query cost: 3.
    """
    in_force = SlaVersion.objects.filter(published_at__isnull=False).order_by("-number").values_list("pk", flat=True)
    if edit.calendar_version is not None:
        content: Any = CalendarVersion.objects.values_list("definition", flat=True).get(pk=edit.calendar_version.pk)
        calendars = [edit.calendar_version.calendar_id]
    else:
        names = [field.attname for field in SlaPolicy._meta.concrete_fields if field.attname != "id"]
        content = list(SlaPolicy.objects.filter(version=edit.sla_version_id).order_by("position").values(*names))
        calendars = sorted({one["calendar_id"] for one in content})
    published = CalendarVersion.objects.filter(calendar__in=calendars, published_at__isnull=False)
    versions = dict(published.order_by("number").values_list("calendar", "pk"))
    return {"draft": _word(content), "in_force": _word([in_force.first(), sorted(versions.items())])}


def outdated(edit: SlaEdit, at: datetime) -> str:
    """Why a preview must be counted anew before it can be applied: DRAFT_CHANGED, IN_FORCE_CHANGED or OLD; else empty.

    Query cost: 3; none of an edit that is no preview (any more).
    """
    if edit.status not in (SlaEdit.Status.COUNTING, SlaEdit.Status.COUNTED):
        return ""
    if edit.calendar_version_id is None and edit.sla_version_id is None:
        return DRAFT_CHANGED
    now = marks(edit)
    if edit.found.get("draft") != now["draft"]:
        return DRAFT_CHANGED
    if edit.found.get("in_force") != now["in_force"]:
        return IN_FORCE_CHANGED
    return OLD if at - edit.created_at > HOLDS else ""


def drifted(edit: SlaEdit, open_complaints: Any, at: datetime, *, most: int) -> bool:
    """Whether open complaints would now fare otherwise than was counted, but for one in a hundred.

    Counted anew are all of them if they are at most `most`, else those that somebody has touched since; more than
    `most` of these are too many to tell. Query cost: at most 9.
    """
    if edit.mode == SlaEdit.Mode.NEW_ONLY:
        return False
    looked: Any = open_complaints.select_related("customer").order_by("pk")
    then = SlaEditRow.objects.filter(edit=edit)
    complaints: list[Complaint] = list(looked[: most + 1])
    if len(complaints) > most:
        touched = Complaint.objects.filter(updated_at__gte=edit.created_at).values_list("pk", flat=True)
        keys = list(touched[: most + 1])
        if len(keys) > most:
            return True
        complaints, then = list(looked.filter(pk__in=keys)), then.filter(complaint__in=keys)
    now = edit_moves.moves_of(edit, complaints, edit_moves.clocks_of(complaints), at)
    fates_now = {
        (key, told.name_of(move.clock), move.what, _sign(move.seconds), tally.is_late(move, at))
        for key, moves in now.items()
        for move in moves
        if move.what != STILL
    }
    kept = then.values_list("complaint", "clock", "what", "seconds", "late")
    fates_then = {(key, name, what, _sign(seconds), late) for key, name, what, seconds, late in kept}
    differing = {fate[0] for fate in fates_now ^ fates_then}
    return len(differing) > int(edit.found.get("complaints", 0)) // TOLERATED


def resting(edit: SlaEdit, *, lock: bool = False) -> list[str]:
    """The names of calendars that policies of the draft count by and that are not in use, or never were published.

    `lock`: nobody puts one to rest before the transaction ends. Query cost: 2, none for a calendar's edit.
    """
    if edit.sla_version_id is None:
        return []
    named = SlaPolicy.objects.filter(version=edit.sla_version_id).values_list("calendar", flat=True)
    found = Calendar.objects.filter(pk__in=set(named)).order_by("pk")
    used = list(found.select_for_update() if lock else found)
    published = set(_published(one.pk for one in used))
    return [one.name for one in used if not one.is_active or one.pk not in published]


def _published(calendars: Iterable[int]) -> Iterable[int]:
    rows = CalendarVersion.objects.filter(calendar__in=list(calendars), published_at__isnull=False)
    return rows.values_list("calendar", flat=True)


def _sign(seconds: int | None) -> int:
    return 0 if not seconds else 1 if seconds > 0 else -1


def _word(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:24]
