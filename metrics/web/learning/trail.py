"""The trail of a corrective action in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from complaints.models import CorrectiveAction
from complaints.reference import catalogue
from complaints.web.names import name_of
from core import languages, trail
from core.clock import now
from core.models import TrailEntry
from core.web.parts import Entry

PAGE = 30
Body = dict[str, Any]
FIELDS = {
    "title": gettext_lazy("What is changed"),
    "description": gettext_lazy("How, and what it shall achieve"),
    "root_cause": gettext_lazy("Root cause"),
    "product": gettext_lazy("Product"),
    "lot": gettext_lazy("Lot"),
    "owner": gettext_lazy("Who sees to it"),
    "due_on": pgettext_lazy("corrective action", "Due on"),
    "window_days": gettext_lazy("Days to measure"),
}


def entries(action: CorrectiveAction, before: str = "") -> tuple[list[Entry], str]:
    """PAGE entries, the newest first, and the address of the older ones; `before`: older than this number of the trail.
    Query cost: 1."""
    found = trail.of(action)
    if before.isascii() and before.isdigit() and len(before) < 10:
        found = found.filter(seq__lt=int(before))
    listed = list(found.order_by("-seq")[: PAGE + 1])
    more = ""
    if len(listed) > PAGE:
        older = urlencode({"before": listed[PAGE - 1].seq})
        more = f"{reverse('learning_action', args=[action.pk])}?{older}#action_trail"
    return [_entry(one) for one in listed[:PAGE]], more


def _entry(one: TrailEntry) -> Entry:
    say = SAY.get(one.kind)
    icon, title = say(json.loads(one.body or "{}")) if say else ("info", one.kind)
    private = json.loads(one.private) if one.private else {}
    said = private.get("reason") or private.get("note") or ""
    who = _("by Amends") if one.actor_kind == "system" else _("by %(name)s") % {
        "name": name_of(one.actor_id) or one.actor_label
    }  # fmt: skip
    time = languages.short_moment(one.at, now=now())
    text = f"{who}: {said}" if said else who
    return Entry("event", text, time, one.at.isoformat(), icon=icon, title=title, key=f"trail-{one.seq}")


def _changed(body: Body) -> tuple[str, str]:
    said = []
    for name, (before, after) in sorted(body.items()):
        label = str(FIELDS.get(name, name))
        long = name == "description"
        said.append(label if long else f"{label} {_value(name, before)} → {_value(name, after)}")
    return "settings", _("Changed: %(what)s") % {"what": "; ".join(said)}


def _value(name: str, value: Any) -> str:
    if name == "owner":
        return name_of(value)
    if name == "root_cause":
        found = catalogue().causes.get(value)
        return found.path if found else str(value)
    if name == "due_on":
        return languages.day(date.fromisoformat(value))
    return str(value) if value != "" else languages.DASH


def _done(body: Body) -> tuple[str, str]:
    return "check", _("Done on %(day)s") % {"day": languages.day(date.fromisoformat(body["done_on"]))}


def _judged(body: Body) -> tuple[str, str]:
    if body["effective"]:
        return "met", pgettext("corrective action", "Effective")
    return "flag", pgettext("corrective action", "Not effective")


SAY: dict[str, Callable[[Body], tuple[str, str]]] = {
    "corrective.created": lambda _body: ("plus", pgettext("corrective action", "Planned")),
    "corrective.changed": _changed,
    "corrective.begun": lambda _body: ("clock", _("Work on it has begun")),
    "corrective.done": _done,
    "corrective.taken_up": lambda _body: ("undo", _("Under way again")),
    "corrective.dropped": lambda _body: ("close", pgettext("corrective action", "Dropped")),
    "corrective.judged": _judged,
    "corrective.linked": lambda body: ("plus", _("Answers %(reference)s") % {"reference": body["complaint"]}),
    "corrective.unlinked": lambda body: (
        "undo",
        _("No longer answers %(reference)s") % {"reference": body["complaint"]},
    ),
}
