"""Make, rename and rest calendars, and keep the draft of each one's next version (domain, SLA 3; mission E3).

A version in force is never touched: an edit is a draft beside it, one for each calendar, which governs nothing.
Publishing shows first what it changes: `complaints.actions.sla_edits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import cached, calendar_uses, trail
from core.actions import settings
from core.actor import Actor
from core.calendar_source import Source, SourceError, differences
from core.errors import DomainError, InvalidInput
from core.models import Calendar, CalendarVersion, TrailEntry
from core.week_calendar import CalendarError
from core.working_time import next_opening

WORDS: dict[str, Promise] = {
    "unknown_zone": gettext_lazy("There is no time zone %(value)s."),
    "bad_reading": gettext_lazy("These are no hours: %(value)s. Write them as 09:00-12:00, 13:00-18:00."),
    "empty_interval": gettext_lazy("Opening and closing are both %(value)s. For a whole day write 00:00-24:00."),
    "overlap": gettext_lazy("%(one)s and %(other)s overlap."),
    "too_many_rows": gettext_lazy("At most %(limit)s intervals a day."),
    "too_many_seasons": gettext_lazy("At most %(limit)s seasons."),
    "too_many_holidays": gettext_lazy("At most %(limit)s holidays. Remove those long past."),
    "seasons_too_long": gettext_lazy("Seasons last ten years at most, all of them together."),
    "backwards": gettext_lazy("The season ends before it begins."),
    "seasons_overlap": gettext_lazy("Two seasons hold on %(day)s."),
    "duplicate_date": gettext_lazy("%(day)s is in the list twice."),
    "bad_date": gettext_lazy("Not a date from 1900 to 2499: %(value)s."),
    "bad_name": gettext_lazy("A name is one line of at most %(limit)s characters."),
    "unknown_field": gettext_lazy("There is no such field."),
    "never_opens": gettext_lazy(
        "This calendar never opens, so no deadline would ever come. Give at least one weekday its hours."
    ),
}


class StillUsed(DomainError):
    """Something counts by the calendar."""

    code = "calendar_in_use"


class NoDraft(DomainError):
    """There is no draft to discard."""

    code = "no_draft"
    message = gettext_lazy("This calendar has no draft.")


@transaction.atomic
def create_calendar(name: str, source: Any, *, by: Actor, at: datetime) -> Calendar:
    """A new calendar whose hours are a draft until they are published.

    Raises NotAllowed or InvalidInput (`field` name, or the place in the source: source.weekly.mon).
    """
    settings.refuse_unless_admin(by)
    read = read_source(source, at=at)
    calendar = settings.create(Calendar(name=_name(name)), by=by, at=at)
    _write_draft(calendar, read, None, by=by, at=at)
    return calendar


@transaction.atomic
def change_calendar(
    calendar: Calendar, values: Mapping[str, Any], *, by: Actor, at: datetime, expected: int | None = None
) -> Calendar:
    """Rename it (`name`), or let it rest and take it up again (`is_active`).

    Raises NotAllowed, InvalidInput, Stale (`expected`: see version_of) or StillUsed: a policy in force or a rule pack
    counts by it.
    """
    settings.refuse_unless_admin(by)
    current = _lock(calendar, expected)
    values = dict(values)
    if "name" in values:
        values["name"] = _name(values["name"])
    if current.is_active and values.get("is_active") is False and (found := calendar_uses.of(current.pk)):
        said = _("Still counted by: %(names)s. Give them another calendar first.")
        raise StillUsed(said % {"names": ", ".join(found[:5])}, field="is_active")
    return settings.change(current, values, by=by, at=at)


@transaction.atomic
def save_draft(
    calendar: Calendar, source: Any, *, by: Actor, at: datetime, expected: int | None = None
) -> CalendarVersion:
    """Write the one open draft of a calendar, making it if there is none; nothing happens when nothing changes.

    Raises NotAllowed, InvalidInput (`field` as in create_calendar) or Stale: somebody changed the calendar since
    `expected` (see version_of) was read. Query cost: 8.
    """
    settings.refuse_unless_admin(by)
    read = read_source(source, at=at)
    _lock(calendar, expected)
    draft = draft_of(calendar)
    if draft is not None and draft.source == read.as_json():
        return draft
    return _write_draft(calendar, read, draft, by=by, at=at)


@transaction.atomic
def discard_draft(calendar: Calendar, *, by: Actor, at: datetime, expected: int | None = None) -> None:
    """Throw the draft away; what is in force stays. A calendar that was never published is left without hours.

    Raises NotAllowed, Stale or NoDraft.
    """
    settings.refuse_unless_admin(by)
    _lock(calendar, expected)
    draft = draft_of(calendar)
    if draft is None:
        raise NoDraft
    calendar_uses.release(draft.pk)
    draft.delete()
    trail.append(calendar, "calendar.draft_discarded", by=by, at=at, changes={"number": draft.number})
    _forget()


def draft_of(calendar: Calendar) -> CalendarVersion | None:
    """The open draft, if there is one. Query cost: 1."""
    return CalendarVersion.objects.filter(calendar=calendar, published_at__isnull=True).order_by("-number").first()


def version_of(calendar: Calendar) -> int:
    """Counts up with every change of the calendar, its draft and what is in force: its last entry on the trail.
    Query cost: 1."""
    kind, key = trail.subject_of(calendar)
    return TrailEntry.objects.filter(subject_kind=kind, subject_id=key).aggregate(last=Max("seq"))["last"] or 0


def source_of(version: CalendarVersion) -> Source:
    """What the editor shows of a version; one that was written as a definition is read from that. No query."""
    if version.source:
        return Source.parse(version.source)
    return Source.of_definition(version.definition, version.closed_names or {})


def read_source(source: Any, *, at: datetime) -> Source:
    """A source that makes sense and opens again after `at`. Raises InvalidInput in the reader's language."""
    try:
        read = Source.parse(source)
        if next_opening(read.calendar(), at) is None:
            raise SourceError("never_opens", "weekly", "it does not open any more")
    except SourceError as error:
        raise InvalidInput(words_of(error), code=error.code, field=f"source.{error.place}".strip(".")) from error
    except CalendarError as error:
        raise InvalidInput(error.message, code=error.code, field="source") from error
    return read


def words_of(error: SourceError) -> str:
    """What is wrong, in the reader's language."""
    said = WORDS.get(error.code)
    return str(said) % error.about if said else _("This cannot be read as a calendar.")


def _name(name: str) -> str:
    return " ".join(name.split())


def _lock(calendar: Calendar, expected: int | None) -> Calendar:
    """The calendar's row, held. Raises Stale unless it is as `expected` says."""
    current = Calendar.objects.select_for_update().get(pk=calendar.pk)
    if expected is not None and version_of(current) != expected:
        raise settings.Stale
    return current


def _write_draft(
    calendar: Calendar, read: Source, draft: CalendarVersion | None, *, by: Actor, at: datetime
) -> CalendarVersion:
    newest = CalendarVersion.objects.filter(calendar=calendar).order_by("-number").first()
    before = source_of(newest) if newest is not None else None
    if draft is None:
        draft = CalendarVersion(calendar=calendar, number=newest.number + 1 if newest else 1)
    draft.source, draft.definition, draft.closed_names = read.as_json(), read.definition(), read.closed_names()
    draft.effective_at = draft.created_at = at
    draft.created_by = by.user
    draft.save()
    changes: dict[str, Any] = {place: [old, new] for place, old, new in differences(before, read)}
    trail.append(calendar, "calendar.draft_saved", by=by, at=at, changes={"number": draft.number, **changes})
    _forget()
    return draft


def _forget() -> None:
    transaction.on_commit(cached.clear_all)
    cached.clear_all()
