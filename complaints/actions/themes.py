"""Themes: what recurs across types and causes, as agents hear it (mission A11).

Administrators say which themes there are; whoever sees a case tags it, also after it has ended, as one often learns
later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings as house
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import _base
from complaints.models import CaseTheme, Complaint, Status, Theme
from complaints.reference import themes
from core import rows, trail
from core.actions import settings
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import InvalidInput

MOST = 20  # themes of one case
LONGEST = 160  # of a name


@transaction.atomic
def create(row: Theme, *, by: Actor, at: datetime) -> Theme:
    """A new theme, behind all others. Raises NotAllowed, InvalidInput (invalid, too_long)."""
    _check_names(row.names)
    last = Theme.objects.aggregate(last=Max("position"))["last"] or 0
    row.position = row.position or last + settings.STEP
    return settings.create(row, by=by, at=at)


@transaction.atomic
def change(row: Theme, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None) -> Theme:
    """Change names or use; cases keep a theme that is out of use. `version`: the state seen (`version_of`).

    Raises NotAllowed, Stale, InvalidInput.
    """
    settings.refuse_unless_admin(by)
    row = Theme.objects.select_for_update().get(pk=row.pk)
    if version is not None and version_of(row) != version:
        raise Stale
    if "names" in values:
        _check_names(values["names"])
    return settings.change(row, values, by=by, at=at)


def version_of(row: Theme) -> int:
    """How often it was changed, plus one: its ETag. Query cost: 1."""
    last = trail.of(row).order_by("-seq").values_list("seq", flat=True).first()
    return int(last or 0) + 1


@transaction.atomic
def move(row: Theme, *, up: bool, by: Actor, at: datetime) -> bool:
    """Change places with the neighbour. Raises NotAllowed."""
    return settings.move(row, Theme.objects.order_by("position", "name", "pk"), up=up, by=by, at=at)


@transaction.atomic
def tag(complaint: Complaint, *, by: Actor, at: datetime, theme: Theme) -> Complaint:
    """The complaint has this theme too; nothing happens when it has it already.

    Raises InvalidInput (unknown_theme, too_many), AlreadyEnded for a merged case.
    """
    had = _had(complaint)
    return complaint if theme.code in had else replace(complaint, [*had, theme.code], by=by, at=at)


@transaction.atomic
def untag(complaint: Complaint, *, by: Actor, at: datetime, code: str) -> Complaint:
    """It is not about this theme after all; nothing happens when it has it not. Raises AlreadyEnded."""
    had = _had(complaint)
    return replace(complaint, [one for one in had if one != code], by=by, at=at)


@transaction.atomic
def replace(complaint: Complaint, codes: Iterable[str], *, by: Actor, at: datetime) -> Complaint:
    """The complaint has exactly these themes. One that is out of use stays where it is, but is not given anew.

    Raises InvalidInput (unknown_theme, too_many), AlreadyEnded for a merged case. Query cost: 2, and 6 for a change.
    """
    complaint = _base.locked(complaint)
    if complaint.status == Status.MERGED:
        raise errors.AlreadyEnded
    known = {one.theme.code: one for one in CaseTheme.objects.filter(complaint=complaint).select_related("theme")}
    wanted = list(dict.fromkeys(codes))
    if len(wanted) > MOST:
        raise InvalidInput(_("At most %(n)d themes.") % {"n": MOST}, code="too_many", field="themes")
    added = [theme_by_code(code) for code in wanted if code not in known]
    removed = sorted(known.keys() - set(wanted))
    if not added and not removed:
        return complaint
    CaseTheme.objects.filter(pk__in=[known[code].pk for code in removed]).delete()
    rows.insert([CaseTheme(complaint=complaint, theme=one, by=by.user, at=at) for one in added])
    changes = {"added": sorted(one.code for one in added), "removed": removed}
    return _base.finish(complaint, "complaint.themes", by=by, at=at, changes=changes)


def theme_by_code(code: str) -> Theme:
    """The theme in use under `code`. Raises InvalidInput unknown_theme."""
    found = themes().get(code)
    if found is None or not found.is_active:
        raise InvalidInput(_("There is no theme with this code."), code="unknown_theme", field="theme")
    return found


def theme_by_words(words: str) -> Theme:
    """The theme in use that somebody names as they read it, in any of the languages, or by its code; one name of which
    it is the only beginning will do. Raises InvalidInput (required, unknown_theme)."""
    said = " ".join(words.split()).casefold()
    if not said:
        raise InvalidInput(_("Name a theme."), code="required", field="theme")
    used = [one for one in themes().values() if one.is_active]
    by_name = {name.casefold(): one for one in used for name in (one.code, one.name, *one.names.values()) if name}
    if said in by_name:
        return by_name[said]
    begun = {one.pk: one for name, one in by_name.items() if name.startswith(said)}
    if len(begun) != 1:
        raise InvalidInput(
            _("There is no such theme. Administrators can make one."), code="unknown_theme", field="theme"
        )
    return next(iter(begun.values()))


def _had(complaint: Complaint) -> list[str]:
    """The codes it has, its row locked."""
    _base.locked(complaint)
    return list(CaseTheme.objects.filter(complaint=complaint).order_by("pk").values_list("theme__code", flat=True))


def _check_names(names: Mapping[str, str]) -> None:
    if any(code not in dict(house.LANGUAGES) for code in names):
        raise InvalidInput(_("This is none of the languages."), code="unknown_language", field="names")
    if any(len(name) > LONGEST for name in names.values()):
        raise InvalidInput(_("At most %(n)d characters.") % {"n": LONGEST}, code="too_long", field="names")
