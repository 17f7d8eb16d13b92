"""Give a statutory clock the longer time its rule allows in exceptional cases (domain, Regulated handling).

Once, while it runs, with a reason; the complainant is told why and until when, as the rules ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions import _base, handle, letters
from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Complaint, Message, Purpose
from complaints.sla import clocks as sla
from complaints.sla import pack_texts, packs, policies
from core import languages
from core.actor import Actor
from core.errors import DomainError, InvalidInput


class NotExtendable(DomainError):
    code = "not_extendable"
    message = gettext_lazy("The law knows no longer time for this deadline.")


class AlreadyExtended(DomainError):
    code = "already_extended"
    message = gettext_lazy("This deadline has been extended before. It can be extended once.")


class NotRunning(DomainError):
    code = "clock_not_running"
    message = gettext_lazy("Only a deadline that has not passed can be extended.")


@transaction.atomic
def extend(complaint: Complaint, *, by: Actor, at: datetime, clock: str, reason: str, tell: bool = True) -> Complaint:
    """Extend the statutory clock named `clock` ("eu-payment-services.reply"), counted from its start as before.

    `tell`: the rule's holding reply goes to the complainant, with `reason` and the new date; without it somebody has
    told them otherwise. Raises InvalidInput (reason_required, unknown_clock), NotExtendable, AlreadyExtended,
    NotRunning, or that the case is decided or ended; then nothing is written.
    """
    if not reason.strip():
        raise InvalidInput(_("Say why more time is needed."), code="reason_required", field="reason")
    complaint = _base.locked(complaint)
    _base.refuse_unless_undecided(complaint)
    clocks = _base.clocks_of(complaint)
    found = next((one for one in clocks if one.kind == ClockKind.STATUTORY and one.code == clock), None)
    if found is None or found.pack_id is None:
        raise InvalidInput(_("This case has no such deadline."), code="unknown_clock", field="clock")
    rule = packs.rule(found.pack_id, found.code)
    if rule.extended is None:
        raise NotExtendable
    events = list(found.events.order_by("pk"))
    if any(event.data.get("extended") for event in events):
        raise AlreadyExtended
    if found.state != ClockState.RUNNING or found.due_at is None or found.due_at < at:
        raise NotRunning
    before, version = found.due_at, found.calendar_version_id or rule.calendar_version_id
    said = {**sla.by_rule(rule, _because(events)), "extended": True}
    sla.change_terms(found, (rule.extended, version, said), at=at)
    sent = _holding_reply(complaint, found, rule, reason.strip(), by=by, at=at) if tell else []
    letter = [row for one in sent for row in letters.message(complaint, one, author=handle.signature(by), at=at)]
    fields = _answered(complaint, clocks, by=by, at=at) if sent else []
    return _base.finish(
        complaint,
        "complaint.extended",
        by=by,
        at=at,
        fields=fields,
        changes={
            "clock": found.code,
            "deadline": [before.isoformat(), found.due_at.isoformat() if found.due_at else None],
            "told": bool(sent),
        },
        private={"reason": reason.strip()},
        clocks=clocks,
        also=[*sent, *letter],
    )


def _because(events: Sequence[ClockEvent]) -> Sequence[str]:
    """The conditions that made the pack apply, as the clock was last set."""
    found: Sequence[str] = next(event.data.get("because", ()) for event in reversed(events) if "target" in event.data)
    return found


def _holding_reply(
    complaint: Complaint, clock: Clock, rule: packs.Rule, reason: str, *, by: Actor, at: datetime
) -> list[Message]:
    """The rule's own text with the reason and the new date, none where it has no text."""
    texts = (one for one in pack_texts.offered([clock], pack_texts.EXTEND))
    text = next((one for one in texts if one.definition["code"] == rule.extended_text), None)
    if text is None or clock.due_at is None:
        return []
    zone = policies.calendar_of(clock.calendar_version_id or rule.calendar_version_id).zone
    last_day = clock.due_at - timedelta(microseconds=1)  # calendar days end at midnight
    date = languages.sentence_day(last_day, language=complaint.language, zone=zone)
    body = text.body(complaint, reason=reason, date=date)
    return [handle.outgoing(complaint, body, purpose=Purpose.REPLY, by=by, at=at)]


def _answered(complaint: Complaint, clocks: list[Clock], *, by: Actor, at: datetime) -> list[str]:
    """The holding reply is a word of a person like any other. Returns the fields that changed."""
    if not by.is_person:
        return []
    fields = _base.acknowledge_in_passing(complaint, clocks, at=at, told=True)
    _base.informed(complaint, clocks, at=at, told=True)
    return fields
