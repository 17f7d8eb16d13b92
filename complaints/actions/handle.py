"""The agent's work on a case: acknowledge, investigate, wait, resume (domain, Complaint 4 and 8)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import _base, letters, words
from complaints.models import ChannelCode, Clock, Complaint, Message, Purpose, Status
from complaints.models.conversation import OUT
from complaints.sla import clocks as sla
from core import rows
from core.actor import Actor
from core.clock import now
from core.errors import InvalidInput


@transaction.atomic
def acknowledge(complaint: Complaint, *, by: Actor, at: datetime, message: str = "") -> Complaint:
    """A person confirms that the complaint is in good hands; with a message it is the first response as well, and what
    the law calls acknowledged: statutory clocks go on without one.

    Raises AlreadyAcknowledged, AlreadyResolved, AlreadyClosed or AlreadyEnded; then nothing is written.
    """
    complaint = _base.locked(complaint)
    _base.refuse_unless_undecided(complaint)
    if complaint.acknowledged_at is not None:
        raise errors.AlreadyAcknowledged
    before = complaint.status
    clocks = _base.clocks_of(complaint)
    fields = _base.acknowledge_in_passing(complaint, clocks, at=at, told=bool(message.strip()))
    also = []
    if message.strip():
        sent = outgoing(complaint, message, purpose=Purpose.ACKNOWLEDGEMENT, by=by, at=at)
        also = [sent, *letters.message(complaint, sent, author=signature(by), at=at)]
    _base.informed(complaint, clocks, at=at, told=bool(also))
    return _base.finish(
        complaint,
        "complaint.acknowledged",
        by=by,
        at=at,
        fields=fields,
        changes={"status": [str(before), str(complaint.status)], "with_message": bool(also)},
        clocks=clocks,
        also=also,
    )


@transaction.atomic
def investigate(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """Work on the case has begun. Raises AlreadyInvestigating, AlreadyWaiting, or that it is decided or ended."""
    complaint = _base.locked(complaint)
    _base.refuse_unless_undecided(complaint)
    if complaint.status == Status.INVESTIGATING:
        raise errors.AlreadyInvestigating
    if complaint.status == Status.WAITING:
        raise errors.AlreadyWaiting
    before, complaint.status = complaint.status, Status.INVESTIGATING
    return _base.finish(
        complaint,
        "complaint.investigating",
        by=by,
        at=at,
        fields=["status"],
        changes={"status": [str(before), str(complaint.status)]},
    )


@transaction.atomic
def wait(complaint: Complaint, *, by: Actor, at: datetime, reason: str) -> Complaint:
    """Wait on the customer: the resolve clock stands still, no other. `reason` says what for.

    Raises InvalidInput reason_required, AlreadyWaiting, or that it is decided or ended.
    """
    if not reason.strip():
        raise InvalidInput(_("Say what you are waiting for."), code="reason_required", field="reason")
    complaint = _base.locked(complaint)
    _base.refuse_unless_undecided(complaint)
    if complaint.status == Status.WAITING:
        raise errors.AlreadyWaiting
    clocks = _base.clocks_of(complaint)
    for clock in clocks:
        sla.pause(clock, at=at, because=str(Status.WAITING))
    before, complaint.status = complaint.status, Status.WAITING
    return _base.finish(
        complaint,
        "complaint.paused",
        by=by,
        at=at,
        fields=["status"],
        changes={"status": [str(before), str(complaint.status)]},
        private={"reason": reason.strip()},
        clocks=clocks,
    )


@transaction.atomic
def resume(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """Go on after waiting on the customer; back to investigating. Raises NotWaiting."""
    complaint = _base.locked(complaint)
    if complaint.status != Status.WAITING:
        raise errors.NotWaiting
    clocks = resume_clocks(complaint, at=at)
    return _base.finish(
        complaint,
        "complaint.resumed",
        by=by,
        at=at,
        fields=["status"],
        changes={"status": [str(Status.WAITING), str(Status.INVESTIGATING)]},
        clocks=clocks,
    )


def resume_clocks(complaint: Complaint, *, at: datetime) -> list[Clock]:
    """Set the status back to investigating and let paused clocks go on; returns all clocks, not yet saved."""
    clocks = _base.clocks_of(complaint)
    for clock in clocks:
        sla.resume(clock, at=at)
    complaint.status = Status.INVESTIGATING
    return clocks


def outgoing(complaint: Complaint, body: str, *, purpose: str, by: Actor, at: datetime, channel: str = "") -> Message:
    """A message to the complainant with its key, not yet written: by mail if we have an address, else on the status
    page; with another channel it was said there already and no mail goes. Raises InvalidInput variable_missing, and
    no_address for a mail to nowhere."""
    words.refuse_unfinished(body)
    to = letters.address(complaint.customer) if channel in ("", ChannelCode.EMAIL) else ""
    if channel == ChannelCode.EMAIL and not to:
        raise InvalidInput(_("No e-mail address of the customer is known."), code="no_address", field="channel")
    sent = Message(
        complaint=complaint,
        direction=OUT,
        purpose=purpose,
        channel=channel or (ChannelCode.EMAIL if to else ChannelCode.WEB),
        author=by.user,
        body=body.strip(),
        at=at,
        created_at=now(),
        by_mail_to=to,
    )
    rows.give_ids(sent)
    return sent


def signature(by: Actor) -> str:
    """How a person signs; blank for the system."""
    return str(by.user) if by.user is not None else ""
