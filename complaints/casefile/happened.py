"""What happened, in order of time: messages, notes, calls, mails, and the entries of the trail in words.

The complainant's edition has the messages and the turns of the case that their status page tells, without names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from complaints.casefile.collect import Rows
from complaints.models import Complaint, Message
from complaints.models.conversation import IN
from complaints.web.names import name_of
from complaints.web.one.timeline import MAILS
from complaints.web.one.trail_words import QUIET, SAY, actor_of, words_of
from core.models import OutboxMessage, TrailEntry

Facts = dict[str, Any]
Mails = Mapping[str, OutboxMessage]
MESSAGE, NOTE, CALL, MAIL, EVENT = "message", "note", "call", "mail", "event"


def timeline(rows: Rows, mails: Mails, *, internal: bool) -> list[Facts]:
    """Oldest first. No query but what names cost every few seconds."""
    attached: dict[tuple[str, int], list[str]] = {}
    for file in rows.files:
        key = ("message", file.message_id) if file.message_id else ("note", file.note_id or 0)
        attached.setdefault(key, []).append(file.name)
    found = [_opening(case, internal) for case in rows.cases[1:]]
    found += [
        _message(one, rows, mails, attached.get(("message", one.pk), []), internal=internal) for one in rows.messages
    ]
    if internal:
        found += [_note(one, rows, attached.get(("note", one.pk), [])) for one in rows.notes]
        found += list(_calls(rows))
        found += [_mail(one) for one in rows.mails if not one.key.startswith("message:")]
        found += [told for entry in rows.entries if (told := _event(entry, rows)) is not None]
    else:
        found += [told for entry in rows.entries if (told := _turn(entry, rows)) is not None]
    found.sort(key=lambda one: (one["at"], _rank(one)))
    return found


def _rank(one: Facts) -> int:
    """Of what happened in one moment: that it came in, what was said, what followed."""
    if one["kind"] == EVENT:
        return 0 if one["what"] == "complaint.filed" else 2
    return 3 if one["kind"] == MAIL else 1


def _opening(case: Complaint, internal: bool) -> Facts:
    """How a case began that is part of this one now."""
    told = f"{case.subject}\n\n{case.narrative.description}"
    customer = case.customer.name if case.customer else ""
    return {
        "at": case.received_at,
        "kind": MESSAGE,
        "direction": IN,
        "purpose": "complaint",
        "channel": case.channel,
        "who": customer,
        "text": told,
        "attachments": [],
        "complaint": case.reference,
        "delivery": None,
    }


def _message(one: Message, rows: Rows, mails: Mails, files: list[str], *, internal: bool) -> Facts:
    case = rows.by_id[one.complaint_id]
    customer = case.customer.name if case.customer else ""
    found: Facts = {
        "at": one.at,
        "kind": MESSAGE,
        "direction": one.direction,
        "purpose": one.purpose,
        "channel": one.channel,
        "who": customer if one.direction == IN else name_of(one.author_id),
        "text": one.body,
        "attachments": files,
        "complaint": case.reference,
        "delivery": fate_of(mails.get(f"message:{one.pk}")) if one.by_mail_to else None,
    }
    if internal:
        found["noted_by"] = name_of(one.author_id) if one.direction == IN else ""
    return found


def _note(one: Any, rows: Rows, files: list[str]) -> Facts:
    return {
        "at": one.created_at,
        "kind": NOTE,
        "who": name_of(one.author_id),
        "text": one.body,
        "attachments": files,
        "complaint": rows.by_id[one.complaint_id].reference,
    }


def _calls(rows: Rows) -> Iterator[Facts]:
    for one in rows.calls:
        yield {
            "at": one.done_at or one.created_at,
            "kind": CALL,
            "who": name_of(one.done_by_id or one.owner_id),
            "text": one.note,
            "about": one.about,
            "reason": one.reason,
            "outcome": one.outcome or None,
            "due_on": one.due_on,
            "attempts": one.attempts,
            "complaint": one.complaint_reference,
        }


def _mail(one: OutboxMessage) -> Facts:
    """A mail that is no message of the conversation: receipts, warnings, surveys."""
    title = str(MAILS.get(one.template) or _("Mail"))
    return {"at": one.created_at, "kind": MAIL, "title": title, "template": one.template, "delivery": fate_of(one)}


def fate_of(mail: OutboxMessage | None) -> Facts | None:
    """To whom a mail went and what became of it: sent, failed, held_back or waiting."""
    if mail is None:
        return None
    state = "sent" if mail.sent_at else "held_back" if mail.suppressed else "failed" if mail.failed_at else "waiting"
    return {"to": mail.recipient, "state": state, "at": mail.sent_at or mail.failed_at}


def _event(entry: TrailEntry, rows: Rows) -> Facts | None:
    """An entry of the trail in words; with `changes` as they stand there. None for what is told otherwise."""
    told = words_of(entry)
    if told is None and entry.kind in QUIET and entry.kind != "complaint.filed":
        return None
    _icon, tone, title, text = told or ("", "", _("Received"), actor_of(entry))
    return {
        "at": entry.at,
        "kind": EVENT,
        "what": entry.kind,
        "title": title,
        "text": text,
        "tone": tone,
        "entry": entry.seq,
        "recorded_at": entry.recorded_at,
        "changes": json.loads(entry.body),
        "erased": bool(entry.private_digest and not entry.private),
        "complaint": rows.by_id[entry.subject_id].reference,
    }


def _turn(entry: TrailEntry, rows: Rows) -> Facts | None:
    """A turn of the case as the complainant may read it: what, never who or why."""
    title = _public(entry, rows)
    if not title:
        return None
    reference = rows.by_id[entry.subject_id].reference
    return {"at": entry.at, "kind": EVENT, "what": entry.kind, "title": title, "complaint": reference}


def _public(entry: TrailEntry, rows: Rows) -> str:
    """Only these kinds are told, each in words of its own; the sentences are those of the status page."""
    words = {
        "complaint.filed": _("We have received your complaint %(ref)s."),
        "complaint.acknowledged": _("A person has taken up your complaint."),
        "complaint.investigating": _("We are looking into it."),
        "complaint.paused": _("We are waiting for your answer."),
        "complaint.resolved": _("We have decided."),
        "complaint.reopened": _("%(ref)s is open again."),
        "complaint.closed": _("Your complaint is closed."),
        "complaint.withdrawn": _("Your complaint is withdrawn."),
        "complaint.merged_here": _("We handle your complaint together with another one."),
    }
    if entry.kind in words and not (entry.kind == "complaint.merged_here" and len(rows.cases) == 1):
        return words[entry.kind] % {"ref": rows.by_id[entry.subject_id].reference}
    if entry.kind in ("complaint.accepted", "complaint.extended"):
        body = json.loads(entry.body)
        if entry.kind == "complaint.extended":
            return str(SAY[entry.kind](body)[2])
        accepts = body["accepted"][1]
        return _("You accepted our decision.") if accepts else _("You did not accept our decision.")
    return ""
