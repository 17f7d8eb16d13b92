"""The trail of an incident in words: who opened, changed, closed it, what was sent to all and what was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.models import Incident
from complaints.web.names import name_of
from core import languages, trail
from core.clock import now
from core.models import TrailEntry
from core.web.parts import Entry

PAGE = 30
Body = dict[str, Any]
FIELDS = {
    "title": gettext_lazy("What happened"),
    "description": gettext_lazy("What is known"),
    "root_cause": gettext_lazy("Root cause"),
    "product": gettext_lazy("Product"),
    "lot": gettext_lazy("Lot"),
    "owner": gettext_lazy("Who looks after it"),
}


def entries(incident: Incident, before: str = "") -> tuple[list[Entry], str]:
    """PAGE entries, the newest first, and the address of the older ones; `before`: older than this number of the trail.
    Query cost: 1."""
    found = trail.of(incident)
    if before.isascii() and before.isdigit() and len(before) < 10:
        found = found.filter(seq__lt=int(before))
    listed = list(found.order_by("-seq")[: PAGE + 1])
    more = ""
    if len(listed) > PAGE:
        older = urlencode({"before": listed[PAGE - 1].seq})
        more = f"{reverse('incident', args=[incident.reference])}?{older}#incident_trail"
    return [_entry(one) for one in listed[:PAGE]], more


def _entry(one: TrailEntry) -> Entry:
    say = SAY.get(one.kind)
    icon, title = say(json.loads(one.body or "{}")) if say else ("info", one.kind)
    time = languages.short_moment(one.at, now=now())
    return Entry("event", _who(one), time, one.at.isoformat(), icon=icon, title=title, key=f"trail-{one.seq}")


def _who(one: TrailEntry) -> str:
    if one.actor_kind == "system":
        return _("by Amends")
    return _("by %(name)s") % {"name": name_of(one.actor_id) or one.actor_label}


def _changed(body: Body) -> tuple[str, str]:
    names = ", ".join(str(FIELDS.get(name, name)) for name in body.get("fields", ()))
    return "settings", _("Changed: %(what)s") % {"what": names}


def _sent(body: Body) -> tuple[str, str]:
    n = body["cases"]
    return "send", ngettext("An update goes to %(n)d case", "An update goes to %(n)d cases", n) % {"n": n}


def _stopped(body: Body) -> tuple[str, str]:
    n = body["stopped"]
    return "close", ngettext("Update stopped: %(n)d case gets none", "Update stopped: %(n)d cases get none", n) % {
        "n": n
    }


SAY: dict[str, Callable[[Body], tuple[str, str]]] = {
    "incident.opened": lambda _body: ("flag", _("Incident opened")),
    "incident.changed": _changed,
    "incident.closed": lambda _body: ("check", _("Incident closed")),
    "incident.reopened": lambda _body: ("undo", _("Open again")),
    "incident.update_sent": _sent,
    "incident.update_stopped": _stopped,
}
