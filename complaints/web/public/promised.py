"""What the complainant reads of what we promised them: what is owed and by when, and what was kept (mission A8, A12).

What was promised to somebody else by name is not for this page, and no more is what was agreed anew or released.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from complaints.actions import merge
from complaints.models import Complaint, Promise
from complaints.models.promises import PromiseEnd
from complaints.promises import states
from core import languages
from core.web.parts import Part


@dataclass(frozen=True, slots=True)
class Shown(Part):
    """One promise. `state`: kept, broken, or empty for one that is open; `by`: when, or what became of it."""

    state: str
    text: str
    by: str


def shown(complaint: Complaint, *, at: datetime) -> list[Shown]:
    """What is owed first, then what was done. In the language of the moment, in its zone. Query cost: 1."""
    found = Promise.objects.filter(complaint__in=merge.of_same_customer(complaint), to_whom="")
    rows = list(found.filter(settled_as__in=("", PromiseEnd.KEPT)).order_by("due_at", "pk"))
    return [_one(row, at) for row in sorted(rows, key=lambda row: row.settled_at is not None)]


def _one(row: Promise, at: datetime) -> Shown:
    state = states.state_of(row, at=at)
    due = {"date": languages.sentence_day(languages.local(row.due_at)), "time": languages.clock_time(row.due_at)}
    if row.settled_at is None:
        if state == states.BROKEN:
            return Shown(state, row.text, _("We did not do it by %(date)s, %(time)s. We still owe it to you.") % due)
        return Shown("", row.text, _("By %(date)s, %(time)s") % due)
    done = {"date": languages.sentence_day(languages.local(row.settled_at))}
    if state == states.BROKEN:
        return Shown(state, row.text, _("Done on %(date)s, later than we promised. We are sorry.") % done)
    return Shown(state, row.text, _("Kept: done on %(date)s") % done)
