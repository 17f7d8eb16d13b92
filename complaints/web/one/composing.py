"""The composer: a box for a reply or a note, with what was typed there before (ux, Agent's desk 4, 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.errors import AnsweredMeanwhile
from complaints.models import Complaint, Status
from complaints.models.conversation import IN
from complaints.web.many import strip
from complaints.web.names import person_of
from complaints.web.one import act_table, acts, forms, macro_items, presence, promise_forms, replying
from complaints.web.one.story import draft_place
from complaints.web.one.told import Story, Typed
from core import languages
from core.clock import now
from core.web.once import fresh
from core.web.parts import Part, Person
from retention.models.customers import EMAIL

ENDED = (Status.CLOSED, Status.WITHDRAWN, Status.MERGED)
ACTS = ("thanks", "apology")
WORDS = ("cannot", "because", "instead")
PROMISE = ("promise_text", "promise_due_at", "promise_due_on")


@dataclass(slots=True)
class Refused:
    """A form that came back: the action's key and the form with what was typed."""

    key: str = ""
    form: forms.ActForm | None = None
    mode: str = "reply"
    bound: dict[str, forms.ActForm] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer(Part):
    """What somebody else wrote meanwhile. `leaving`: a colleague is sending it at this moment."""

    who: Person
    text: str
    time: str
    at: str
    leaving: bool = False


def composer(request: HttpRequest, complaint: Complaint, refused: Refused | None, told: Story) -> dict[str, Any]:
    """The box, with what was typed when it was refused, else the reader's draft. No query but a macro's."""
    refused = refused or Refused()
    typed = refused.form if refused.key in ("message", "note") else None
    query = strip.list_query(request)
    replied = told.typed.get("reply")
    kept = replied.fields if replied and typed is None else {}
    macro = macro_items.chosen(request, complaint, typed, kept)
    mode = "note" if refused.key == "note" or macro["note"] else "reply"
    draft = told.typed.get("reply" if may_reply(complaint) and mode == "reply" else "note")
    meanwhile = _meanwhile(complaint, typed)
    address = next((one for one in told.contacts if one.kind == EMAIL), None)
    body = typed.data.get("body", "") if typed else macro["body"] or (draft.body if draft else "")
    return {
        "draft": complaint.reference,
        "drafts": json.dumps({mode: _kept(one) for mode, one in told.typed.items()}),
        "drafts_url": reverse("draft", args=["MODE:" + complaint.reference]),
        "keep_url": f"{complaint.get_absolute_url()}draft/{query}",
        "presence_url": f"{complaint.get_absolute_url()}presence/",
        "macro": macro,
        "reply_url": acts.address(act_table.ACTS["message"], complaint, query),
        "note_url": acts.address(act_table.ACTS["note"], complaint, query),
        "to_name": str(complaint.customer) if complaint.customer and complaint.customer.name else "",
        "to": _("by e-mail, %(address)s") % {"address": address.value} if address else _("on the status page"),
        "mode": mode,
        "body": body,
        "typed": typed is not None or bool(macro["body"]),
        "errors": _errors(typed) if not meanwhile else [],
        "meanwhile": meanwhile,
        "seen": _seen(typed, draft, told, mode, shown=bool(meanwhile)),
        "texts": acts.texts(complaint, typed, kept),
        "given": _given(typed, draft),
        "later": replying.later(complaint, typed, kept),
        "hours": promise_forms.hours(now()),
        "can_reply": may_reply(complaint),
        "why_not": _why_not(complaint),
        "writers": presence.of_story(told.here, at=now())[1],
        "nonce": fresh(),
    }


def _why_not(complaint: Complaint) -> str:
    if complaint.status == Status.MERGED:
        return _("write in the joint case")
    return _("reopen the case to reply") if complaint.status in ENDED else _("release the case to reply")


def may_reply(complaint: Complaint) -> bool:
    """Whether the composer offers a reply; what is ended is reopened first, what is kept apart released."""
    return complaint.status not in ENDED and not complaint.is_quarantined


def _errors(typed: forms.ActForm | None) -> list[tuple[str, str]]:
    if typed is None:
        return []
    known = (*WORDS, *PROMISE, "send_on")
    return [
        (f"composer_{name}" if name in known else "body", str(message))
        for name, found in typed.errors.items()
        for message in found
    ]


def _meanwhile(complaint: Complaint, typed: forms.ActForm | None) -> list[Answer]:
    """What was written while the reader was writing, oldest first."""
    refusal = typed.refusal if typed is not None else None
    if not isinstance(refusal, AnsweredMeanwhile):
        return []
    found = []
    for one in refusal.answers:
        who = _customer(complaint) if one.direction == IN else person_of(one.author_id) or Person.of(0, "Amends")
        found.append(Answer(who, one.body, languages.clock_time(one.at), one.at.isoformat()))
    for waits in refusal.leaving:
        who = person_of(waits.author_id) or Person.of(0, "Amends")
        found.append(Answer(who, waits.body, "", waits.created_at.isoformat(), leaving=True))
    return found


def _customer(complaint: Complaint) -> Person:
    if complaint.customer is None:
        return Person(_("Customer unknown"), "", 1)
    return Person.of(complaint.customer.pk, str(complaint.customer))


def _seen(typed: forms.ActForm | None, draft: Typed | None, told: Story, mode: str, *, shown: bool) -> int:
    """The newest message the writer knew when the text was begun: an answer that came since shall be noticed."""
    if typed is not None and not shown:
        kept = str(typed.data.get("seen", ""))
    elif typed is None and draft is not None and draft.body.strip() and mode == "reply":
        kept = str(draft.fields.get("seen", ""))
    else:
        kept = ""
    return int(kept) if kept.isascii() and kept.isdigit() and len(kept) < 19 else told.newest


def _given(typed: forms.ActForm | None, draft: Typed | None) -> dict[str, Any]:
    """What comes with the reply, as it was chosen. `refusal`: its fields are open."""
    source: Mapping[str, Any] = typed.data if typed is not None else draft.fields if draft is not None else {}
    found: dict[str, Any] = {name: bool(source.get(name)) for name in ACTS}
    found |= {name: str(source.get(name) or "") for name in (*WORDS, *PROMISE)}
    found["refusal"] = any(found[name] for name in WORDS)
    found["promise"] = any(found[name] for name in PROMISE)
    return found


def _kept(one: Typed) -> dict[str, Any]:
    """A draft for the page's script."""
    return {
        "body": one.body,
        "fields": one.fields,
        "revision": one.revision,
        "when": languages.near(one.at, now()),
    }


__all__: Sequence[str] = ("Answer", "Refused", "composer", "draft_place", "may_reply")
