"""Say something: messages to and from the complainant, notes among ourselves (mission A8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext as _

from complaints.actions import _base, handle, letters
from complaints.actions.decide import reopen_locked
from complaints.actions.file import preview
from complaints.models import Complaint, Message, Note, Purpose, Status
from complaints.models.conversation import IN
from complaints.sla import pack_texts
from core import outbox, rows, trail
from core.actor import Actor
from core.errors import InvalidInput

REOPENS_WITHIN = timedelta(days=30)  # an answer to a closed complaint reopens it (case F22)


@transaction.atomic
def message(complaint: Complaint, *, by: Actor, at: datetime, body: str, texts: Sequence[str] = ()) -> Message:
    """Write to the complainant. The first message of a person is the first response, and acknowledges the case.

    `texts`: what rule packs of the case say, added in the complainant's language ("fca-disp.eight_weeks").
    Raises InvalidInput (body_required, unknown_text), AlreadyClosed or AlreadyEnded.
    """
    _refuse_blank(body)
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    clocks = _base.clocks_of(complaint)
    body = pack_texts.whole(complaint, clocks, pack_texts.MESSAGE, body, texts)
    fields: list[str] = []
    if by.is_person:
        fields = _base.acknowledge_in_passing(complaint, clocks, at=at)
        if complaint.first_response_at is None:
            complaint.first_response_at = at
            fields.append("first_response_at")
        _base.informed(complaint, clocks, at=at, told=True)
    sent = handle.outgoing(complaint, body, purpose=Purpose.REPLY, by=by, at=at)
    letter = letters.message(complaint, sent, author=handle.signature(by), at=at)
    _base.finish(
        complaint,
        "complaint.message_sent",
        by=by,
        at=at,
        fields=fields,
        changes={"message": sent.pk, "by_mail": bool(letter)},
        clocks=clocks,
        also=[sent, *letter],
    )
    return sent


@transaction.atomic
def incoming(complaint: Complaint, *, by: Actor, at: datetime, body: str, channel: str = "") -> Message:
    """The complainant answered. It ends the waiting, reopens a case closed within 30 days, and is never dropped.

    The owner is told by mail. Raises InvalidInput body_required. On a case that ended otherwise it is only kept.
    """
    _refuse_blank(body)
    complaint = _base.locked(complaint)
    got = Message(
        complaint=complaint,
        direction=IN,
        channel=channel or complaint.channel,
        author=by.user,
        body=body.strip(),
        at=at,
        created_at=at,
    )
    rows.give_ids(got)
    complaint.preview = preview(got.body)
    fields, clocks, before = ["preview"], None, complaint.status
    if complaint.status == Status.WAITING:
        clocks = handle.resume_clocks(complaint, at=at)
        fields.append("status")
    ended_at = complaint.closed_at or complaint.resolved_at
    recent = ended_at is not None and at - ended_at <= REOPENS_WITHIN
    if complaint.status == Status.CLOSED and recent and not complaint.is_history:
        complaint = reopen_locked(complaint, by=by, at=at, reason="customer_answered")
    _base.finish(
        complaint,
        "complaint.message_received",
        by=by,
        at=at,
        fields=fields,
        changes={"message": got.pk, "status": [str(before), str(complaint.status)]},
        clocks=clocks,
        also=[got, *_tell_owner(complaint, got, at=at)],
    )
    return got


@transaction.atomic
def note(complaint: Complaint, *, by: Actor, at: datetime, body: str) -> Note:
    """Write an internal note; possible on ended cases too. Raises InvalidInput body_required."""
    _refuse_blank(body)
    complaint = _base.locked(complaint)
    written = Note(complaint=complaint, author=by.user, body=body.strip(), created_at=at)
    rows.give_ids(written)
    rows.insert([written])
    Complaint.objects.filter(pk=complaint.pk).update(updated_at=at)
    trail.append(complaint, "complaint.noted", by=by, at=at, changes={"note": written.pk})
    return written


def _tell_owner(complaint: Complaint, got: Message, *, at: datetime) -> list[models.Model]:
    owner = complaint.owner
    if not owner.email:
        return []
    context = {"reference": complaint.reference, "subject": complaint.subject, "body": got.body, "name": str(owner)}
    return [
        outbox.mail(
            f"answered:{got.pk}",
            to=owner.email,
            language=owner.language,
            template="customer_answered",
            context=context,
            about=complaint,
            at=at,
        )
    ]


def _refuse_blank(body: str) -> None:
    if not body.strip():
        raise InvalidInput(_("Write something first."), code="body_required", field="body")
