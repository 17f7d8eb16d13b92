"""Demands, and how the complainant learned of a decision, as the timeline says it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.models import ToldHow
from core import languages


def _told(body: dict[str, Any]) -> str:
    how = body["how"][1]
    words = {
        "how": str(ToldHow(how).label) if how in ToldHow.values else how,
        "when": languages.short_moment(datetime.fromisoformat(body["told_at"])),
    }
    return _("Told the customer the decision %(how)s, %(when)s") % words


SAY: dict[str, Callable[[dict[str, Any]], tuple[str, str, str]]] = {
    "complaint.demand_added": lambda body: ("flag", "", _("Written down what they ask for")),
    "complaint.demand_changed": lambda body: ("flag", "", _("What they ask for, in other words")),
    "complaint.demand_removed": lambda body: ("undo", "", _("No longer asked for")),
    "complaint.decision_seen": lambda body: ("eye", "met", _("The status page showed the decision")),
    "complaint.lateness_explained": lambda body: ("clock", "", _("Why it came late was said")),
    "complaint.decision_told": lambda body: ("call", "met", _told(body)),
}
