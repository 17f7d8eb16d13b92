"""The trail of merges and incidents in words: (icon, tone, title) from the body of an entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.models import ClockKind
from complaints.web.one import learning_words
from core import languages

Body = dict[str, Any]
Said = tuple[str, str, str]


def _deadlines(body: Body) -> str:
    """ "Resolve 5 March 10:00 → 3 March 12:00; ..."."""
    said = []
    for kind, (before, after) in sorted(body.get("deadlines", {}).items()):
        label = str(ClockKind(kind).label) if kind in ClockKind.values else kind
        said.append(f"{label} {_moment(before)} → {_moment(after)}")
    return "; ".join(said)


def _moment(text: str | None) -> str:
    return languages.short_moment(datetime.fromisoformat(text)) if text else languages.DASH


def _merged_here(body: Body) -> Said:
    icon, tone, said = _part_of_this(body)
    if codes := body.get("themes"):
        said = f"{said}. {_('Themes added: %(names)s') % {'names': learning_words.names(codes)}}"
    return icon, tone, said


def _part_of_this(body: Body) -> Said:
    if moved := _deadlines(body):
        words = {"reference": body["from"], "deadlines": moved}
        return "merge", "", _("Part of this case now: %(reference)s. Deadlines: %(deadlines)s") % words
    return "merge", "", _("Part of this case now: %(reference)s") % {"reference": body["from"]}


def _unmerged_here(body: Body) -> Said:
    said = _("A case of its own again: %(reference)s") % {"reference": body["complaint"]}
    if moved := _deadlines(body):
        said = f"{said}. {_('Deadlines: %(deadlines)s') % {'deadlines': moved}}"
    if kept := body.get("kept"):
        names = ", ".join(str(ClockKind(one).label) if one in ClockKind.values else one for one in kept)
        said = f"{said}. {_('Changed since, and kept: %(clocks)s') % {'clocks': names}}"
    if codes := body.get("themes"):
        said = f"{said}. {_('Themes taken away: %(names)s') % {'names': learning_words.names(codes)}}"
    return "undo", "", said


SAY: dict[str, Callable[[Body], Said]] = {
    "complaint.merged": lambda body: ("merge", "", _("Became part of %(reference)s") % {"reference": body["into"]}),
    "complaint.merged_here": _merged_here,
    "complaint.unmerged": lambda body: (
        "undo",
        "",
        _("No longer part of %(reference)s") % {"reference": body["from"]},
    ),
    "complaint.unmerged_here": _unmerged_here,
    "complaint.not_duplicate": lambda body: (
        "check",
        "",
        _("Not the same matter as %(reference)s") % {"reference": body["other"]},
    ),
    "complaint.incident_linked": lambda body: (
        "flag",
        "",
        _("Part of the incident %(reference)s") % {"reference": body["incident"][1]},
    ),
    "complaint.incident_unlinked": lambda body: (
        "flag",
        "",
        _("No longer part of the incident %(reference)s") % {"reference": body["incident"][0]},
    ),
}
