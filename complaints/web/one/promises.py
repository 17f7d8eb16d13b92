"""The promises of a case as its page shows them: what is owed, what was kept or broken, and the forms (mission A12)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from complaints.models import Complaint
from complaints.promises import states, vague
from complaints.web.names import name_of
from complaints.web.one.promise_forms import ReleaseForm, RenegotiationForm
from complaints.web.one.told import Promised, Story
from core import languages
from core.web.once import fresh
from core.web.parts import CaseForm, Part

KEY = "promise"  # of the action that gives a new one
SETTLED_SHOWN = 5
REFUSED = "promise_refused"  # where a case keeps the form of a promise that came back
ICONS = {states.KEPT: "promise-kept", states.BROKEN: "promise-broken"}


@dataclass(frozen=True, slots=True)
class Refused:
    """A form about one promise that came back. `kind`: fulfilment, renegotiation, release."""

    key: int
    kind: str
    form: Any


@dataclass(frozen=True, slots=True)
class Line(Part):
    """One promise. `tone`: kept, broken or empty; `when`: by when, or what became of it; `who`: of ours, to whom;
    `vague`: words of it that name no hour."""

    key: int
    icon: str
    tone: str
    text: str
    when: str
    due: str
    who: str
    owed: bool
    base: str
    renew: Any = None
    drop: Any = None
    errors: Sequence[str] = ()
    vague: str = ""


@dataclass(frozen=True, slots=True)
class Panel(Part):
    """What `complaints/_promises.html` takes. `act`: the form of a new one, None where nothing can be promised."""

    owed: Sequence[Line]
    settled: Sequence[Line]
    more: int
    act: CaseForm | None
    words: str
    marks: str  # how the script quotes: {} between the marks
    nonce: str
    query: str


def panel(
    request: HttpRequest, complaint: Complaint, told: Story, offered: Sequence[CaseForm], *, query: str, at: datetime
) -> Panel:
    """`offered`: the actions of the case, a new promise perhaps among them. No query: the story has read them."""
    refused: Refused | None = complaint.__dict__.get(REFUSED)
    owed = [one for one in told.promises if one.row.settled_at is None]
    done = [one for one in told.promises if one.row.settled_at is not None]
    return Panel(
        owed=[_line(complaint, one, refused, at=at) for one in owed],
        settled=[_line(complaint, one, refused, at=at) for one in reversed(done[-SETTLED_SHOWN:])],
        more=max(0, len(done) - SETTLED_SHOWN),
        act=next((one for one in offered if one.key == KEY), None),
        words=hints(complaint),
        marks=languages.quoted("{}"),
        nonce=fresh(),
        query=query,
    )


def hints(complaint: Complaint) -> str:
    """The words to point out while typing, in the writer's language and in the complaint's, as JSON for the page."""
    return json.dumps(vague.lists([get_language() or "", complaint.language]), ensure_ascii=False)


def _line(complaint: Complaint, one: Promised, refused: Refused | None, *, at: datetime) -> Line:
    row = one.row
    state = states.state_of(row, at=at)
    back = refused if refused is not None and refused.key == row.pk else None
    owed = row.settled_at is None
    who = [_("for %(name)s to keep") % {"name": name_of(row.owner_id)}] if owed else []
    if row.to_whom:
        who.insert(0, _("to %(name)s") % {"name": row.to_whom})
    if one.of != complaint.reference:
        who.append(_("in %(reference)s") % {"reference": one.of})
    if not owed and row.settled_note:
        who.append(row.settled_note)
    forms = {
        kind: back.form if back is not None and back.kind == kind else form(auto_id=f"id_{kind}_{row.pk}_%s")
        for kind, form in (("renegotiation", RenegotiationForm), ("release", ReleaseForm))
        if owed
    }
    return Line(
        key=row.pk,
        icon=ICONS.get(state, "promise"),
        tone=state if state in ICONS else "",
        text=row.text,
        when=_became(one, state, at),
        due=row.due_at.isoformat(),
        who=" · ".join(who),
        owed=owed,
        base=f"/complaints/{complaint.reference}/promises/{row.pk}/",
        renew=forms.get("renegotiation"),
        drop=forms.get("release"),
        vague=_vague(complaint, row.text) if owed else "",
        errors=[str(text) for text in back.form.non_field_errors()] if back is not None else (),
    )


def _vague(complaint: Complaint, text: str) -> str:
    """What of the text names no hour, in the reader's language and the complaint's; a hint."""
    words = vague.words(text, [get_language() or "", complaint.language])
    return ", ".join(languages.quoted(one) for one in words)


def _became(one: Promised, state: str, at: datetime) -> str:
    """By when, or what became of it."""
    row = one.row
    due = {"when": languages.near(row.due_at, at)}
    if row.settled_at is None:
        return _("was due %(when)s, still owed") % due if state == states.BROKEN else _("due %(when)s") % due
    done = {"when": languages.short_moment(row.settled_at, now=at), "due": languages.near(row.due_at, at)}
    if state == states.KEPT:
        return _("kept %(when)s") % done
    if row.settled_as == states.RENEGOTIATED:
        return _("agreed anew %(when)s, was due %(due)s") % done
    if row.settled_as == states.RELEASED:
        return _("no longer wanted since %(when)s") % done
    return _("broken: due %(due)s, done %(when)s") % done
