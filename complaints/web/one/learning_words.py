"""The trail of themes and corrective actions on a case in words: (icon, tone, title) from the body of an entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from complaints.reference import themes

Body = dict[str, Any]
Said = tuple[str, str, str]


def names(codes: list[str]) -> str:
    known = themes()
    return ", ".join(known[code].label if code in known else code for code in codes)


def _themes(body: Body) -> Said:
    said = []
    if body["added"]:
        said.append(_("Themes added: %(names)s") % {"names": names(body["added"])})
    if body["removed"]:
        said.append(_("Themes taken away: %(names)s") % {"names": names(body["removed"])})
    return "filter", "", ". ".join(said)


def _linked(body: Body) -> Said:
    return "check", "", _("Answered by the corrective action %(title)s") % {"title": body["title"]}


def _unlinked(body: Body) -> Said:
    return "undo", "", _("No longer answered by the corrective action %(title)s") % {"title": body["title"]}


SAY: dict[str, Callable[[Body], Said]] = {
    "complaint.themes": _themes,
    "complaint.corrective_linked": _linked,
    "complaint.corrective_unlinked": _unlinked,
}
