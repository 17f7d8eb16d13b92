"""Remedies as the timeline says it: (icon, tone, title) from the body of an entry."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models import RemedyKind
from core import languages

Body = dict[str, Any]
Said = tuple[str, str, str]
ICONS = {"apology": "heart", "other": "plus"}  # the others are called as their kind


def named(body: Body) -> str:
    """ "Refund, 12.30 €", "Goodwill points, 500 points", "Apology"."""
    kind = str(RemedyKind(body["kind"]).label)
    if "amount" in body:
        return f"{kind}, {languages.money(Decimal(body['amount']), body['currency'])}"
    if "points" in body:
        count = int(body["points"])
        words = {"count": languages.number(count)}
        return f"{kind}, {ngettext('%(count)s point', '%(count)s points', count) % words}"
    return kind


def _say(tone: str, sentence: Callable[[], str], icon: str = "") -> Callable[[Body], Said]:
    def say(body: Body) -> Said:
        kind = str(body["kind"])
        return icon or ICONS.get(kind, kind), tone, sentence() % {"remedy": named(body)}

    return say


SAY: dict[str, Callable[[Body], Said]] = {
    "complaint.remedy_granted": _say("met", lambda: _("Granted: %(remedy)s")),
    "complaint.remedy_requested": _say("", lambda: _("Asked for approval: %(remedy)s")),
    "complaint.remedy_approved": _say("met", lambda: _("Approved and granted: %(remedy)s")),
    "complaint.remedy_rejected": _say("risk", lambda: _("Not approved: %(remedy)s"), "close"),
    "complaint.remedy_withdrawn": _say("", lambda: _("Request withdrawn: %(remedy)s"), "undo"),
    "complaint.payout_exported": _say("", lambda: _("With finance: %(remedy)s"), "send"),
    "complaint.payout_paid": _say("met", lambda: _("Paid: %(remedy)s"), "credit"),
    "complaint.payout_failed": _say("breach", lambda: _("Could not be paid: %(remedy)s"), "breached"),
    "complaint.payout_returned": _say("breach", lambda: _("The bank sent it back: %(remedy)s"), "breached"),
    "complaint.remedy_revoked": _say("risk", lambda: _("Taken back: %(remedy)s"), "undo"),
}
