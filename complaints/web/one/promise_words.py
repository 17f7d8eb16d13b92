"""Promises as the timeline says it: (icon, tone, title) from the body of an entry; the text of the promise from what
stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.web.names import name_of
from core import languages

Body = dict[str, Any]
Said = tuple[str, str, str]
ICON, KEPT, BROKEN = "promise", "promise-kept", "promise-broken"


def said(private: dict[str, Any]) -> str:
    """What was promised, and to whom: behind the words of an entry that names a promise."""
    text = languages.quoted(private["text"]) if private.get("text") else ""
    if before := private.get("before"):
        text = _("%(before)s became %(text)s") % {"before": languages.quoted(before), "text": text}
    if to_whom := private.get("to_whom"):
        text = _("%(text)s, to %(name)s") % {"text": text, "name": to_whom}
    if note := private.get("reason") or private.get("note"):
        text = f"{text}: {note}" if text else note
    return text


def _when(text: str) -> str:
    return languages.short_moment(datetime.fromisoformat(text))


def _renegotiated(body: Body) -> Said:
    before, after = body["due_at"]
    words = {"before": _when(before), "after": _when(after)}
    return ICON, "risk", _("Agreed anew: by %(after)s instead of %(before)s") % words


def _kept(body: Body) -> Said:
    if body.get("late"):
        return BROKEN, "risk", _("Done late, it was due %(when)s") % {"when": _when(body["due_at"])}
    return KEPT, "met", _("Promise kept")


def _passed_on(body: Body) -> Said:
    count = int(body["promises"])
    words = {"n": count, "name": name_of(body["owner_of_promises"][1])}
    title = ngettext("%(n)s promise is now for %(name)s to keep", "%(n)s promises are now for %(name)s to keep", count)
    return ICON, "", title % words


SAY: dict[str, Callable[[Body], Said]] = {
    "complaint.promised": lambda body: (ICON, "", _("Promised by %(when)s") % {"when": _when(body["due_at"])}),
    "complaint.promise_kept": _kept,
    "complaint.promise_renegotiated": _renegotiated,
    "complaint.promise_released": lambda body: (ICON, "", _("Promise no longer wanted")),
    "complaint.promise_warned": lambda body: (
        "clock",
        "risk",
        _("Promise near, due %(when)s") % {"when": _when(body["due_at"])},
    ),
    "complaint.promise_broken": lambda body: (
        BROKEN,
        "breach",
        _("Promise not kept by %(when)s") % {"when": _when(body["due_at"])},
    ),
    "complaint.promises_passed_on": _passed_on,
}
