"""End a case and open it again: resolve, close, reopen, withdraw (domain, Complaint 4, 6, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors, routing
from complaints.actions import _base, _promised, handle, letters, promises
from complaints.models import (
    NEVER,
    Clock,
    ClockKind,
    ClockState,
    Complaint,
    LateReason,
    Message,
    Narrative,
    Outcome,
    Purpose,
    RootCause,
    Status,
)
from complaints.models.catalogue import UNCLASSIFIED
from complaints.playbooks import open_steps
from complaints.sla import clocks as sla
from complaints.sla import pack_texts, packs
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User

DECISIONS = (Outcome.UPHELD, Outcome.PARTLY, Outcome.NOT_UPHELD)


@transaction.atomic
def resolve(
    complaint: Complaint,
    *,
    by: Actor,
    at: datetime,
    outcome: str,
    root_cause: RootCause,
    summary: str,
    answer: str = "",
    late_reason: str = "",
    late_note: str = "",
    texts: Sequence[str] = (),
) -> Complaint:
    """Decide the case. `summary`: what was done, for us; `answer`: the final answer to the complainant, if one is sent.
    `late_reason`, `late_note`: why a deadline was missed; kept only if one was. `texts`: what rule packs say, to be
    added to the answer in the complainant's language ("fca-disp.referral").

    Raises InvalidInput (unknown outcome, reason or text, summary_required, required_by_pack), CauseRequired for
    `unclassified`, AlreadyResolved, AlreadyClosed, AlreadyEnded, or StepsOpen where the playbook holds it back; then
    nothing is written.
    """
    if outcome not in DECISIONS:
        raise InvalidInput(_("Choose upheld, partly upheld or not upheld."), code="invalid_choice", field="outcome")
    if root_cause.code == UNCLASSIFIED:
        raise errors.CauseRequired(field="root_cause")
    if late_reason and late_reason not in LateReason.values:
        raise InvalidInput(_("Choose one of the reasons."), code="invalid_choice", field="late_reason")
    if not summary.strip():
        raise InvalidInput(_("Say what was done."), code="summary_required", field="summary")
    complaint = _base.locked_to_decide(complaint, by=by, at=at)
    _base.refuse_unless_undecided(complaint)
    open_steps.refuse_while_open(complaint)
    before = complaint.status
    clocks = _base.clocks_of(complaint)
    answer = pack_texts.whole(complaint, clocks, pack_texts.RESOLVE, answer, texts)
    pack_texts.refuse_incomplete(complaint, clocks, answer=answer)
    fields = _base.acknowledge_in_passing(complaint, clocks, at=at) if by.is_person else []
    for clock in clocks:
        if sla.stopped_by(clock) == packs.RESOLVED:
            sla.complete(clock, at=at)
    late = any(clock.state == ClockState.BREACHED and not packs.is_window(clock) for clock in clocks)
    complaint.late_reason = late_reason if late else ""
    complaint.status, complaint.resolved_at = Status.RESOLVED, at
    complaint.outcome, complaint.root_cause = outcome, root_cause
    sent: list[Message] = []
    if answer.strip():
        if complaint.first_response_at is None and by.is_person:
            complaint.first_response_at = at
            fields.append("first_response_at")
        sent = [handle.outgoing(complaint, answer, purpose=Purpose.FINAL_ANSWER, by=by, at=at)]
    letter = [row for one in sent for row in letters.message(complaint, one, author=handle.signature(by), at=at)]
    note = late_note.strip() if late else ""
    Narrative.objects.filter(complaint=complaint).update(summary=summary.strip(), late_note=note)
    return _base.finish(
        complaint,
        "complaint.resolved",
        by=by,
        at=at,
        fields=[*fields, "status", "resolved_at", "outcome", "root_cause", "late_reason"],
        changes={
            "status": [str(before), str(Status.RESOLVED)],
            "outcome": str(outcome),
            "root_cause": root_cause.code,
            "answered": bool(sent),
            **({"late_reason": late_reason} if complaint.late_reason else {}),
        },
        private={"summary": summary.strip(), **({"late_note": note} if note else {})},
        clocks=clocks,
        also=[*sent, *letter],
    )


@transaction.atomic
def close(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """Close a resolved complaint and put it on the trail (domain, Complaint 7).

    The decision is shown on the status page, which counts as delivered. Raises AlreadyClosed, AlreadyEnded or
    NotResolved; then nothing is written.
    """
    complaint = _base.locked_to_decide(complaint, by=by, at=at)
    _base.refuse_unless_live(complaint)
    if complaint.status != Status.RESOLVED:
        raise errors.NotResolved
    promises.refuse_while_open(complaint)
    clocks = _base.clocks_of(complaint)
    for clock in clocks:
        sla.cancel(clock, at=at)
    _leave_queue(complaint)
    complaint.status, complaint.closed_at = Status.CLOSED, at
    return _base.finish(
        complaint,
        "complaint.closed",
        by=by,
        at=at,
        fields=["status", "closed_at", "in_queue"],
        changes={"status": [str(Status.RESOLVED), str(Status.CLOSED)]},
        clocks=clocks,
    )


@transaction.atomic
def reopen(complaint: Complaint, *, by: Actor, at: datetime, reason: str) -> Complaint:
    """Take up a resolved, closed or withdrawn case again. Raises InvalidInput reason_required or NotEnded."""
    if not reason.strip():
        raise InvalidInput(_("Say why it is opened again."), code="reason_required", field="reason")
    return reopen_locked(_base.locked(complaint), by=by, at=at, reason=reason.strip())


def reopen_locked(complaint: Complaint, *, by: Actor, at: datetime, reason: str) -> Complaint:
    """Reopen a complaint whose row the caller holds locked. The resolve clock resumes or starts a new cycle, by
    policy."""
    if complaint.is_open:
        raise errors.NotEnded
    if complaint.status == Status.MERGED or complaint.is_history:
        raise errors.AlreadyEnded
    before = complaint.status
    clocks = _reopened_clocks(complaint, at=at)
    if not complaint.in_queue:
        complaint.in_queue = True
        complaint.owner = _still_here(complaint, at)
        routing.take(complaint.owner, at=at)
    complaint.status, complaint.resolved_at, complaint.closed_at = Status.INVESTIGATING, None, None
    complaint.outcome, complaint.accepted, complaint.accepted_at = "", None, None
    _base.informed(complaint, clocks, at=at, told=True)
    return _base.finish(
        complaint,
        "complaint.reopened",
        by=by,
        at=at,
        fields=["status", "resolved_at", "closed_at", "outcome", "accepted", "accepted_at", "in_queue", "owner"],
        changes={"status": [str(before), str(Status.INVESTIGATING)], "owner": complaint.owner_id},
        private={"reason": reason},
        clocks=clocks,
    )


@transaction.atomic
def withdraw(complaint: Complaint, *, by: Actor, at: datetime, reason: str) -> Complaint:
    """The complainant takes it back: the case ends with the outcome withdrawn, its clocks are cancelled.

    Raises InvalidInput reason_required, AlreadyClosed or AlreadyEnded.
    """
    if not reason.strip():
        raise InvalidInput(_("Say why it is withdrawn."), code="reason_required", field="reason")
    complaint = _base.locked_to_decide(complaint, by=by, at=at)
    _base.refuse_unless_live(complaint)
    clocks = _base.clocks_of(complaint)
    for clock in clocks:
        sla.cancel(clock, at=at)
    promised = _promised.release_all(complaint, by=by, at=at, reason=reason.strip())
    before = complaint.status
    _leave_queue(complaint)
    complaint.status, complaint.outcome, complaint.closed_at = Status.WITHDRAWN, Outcome.WITHDRAWN, at
    return _base.finish(
        complaint,
        "complaint.withdrawn",
        by=by,
        at=at,
        fields=["status", "outcome", "closed_at", "in_queue", "promise_due_at"],
        changes={"status": [str(before), str(Status.WITHDRAWN)]},
        private={"reason": reason.strip()},
        clocks=clocks,
        also=promised,
    )


def _leave_queue(complaint: Complaint) -> None:
    if complaint.in_queue:
        complaint.in_queue = False
        routing.release(complaint.owner_id)
    complaint.queue_at = NEVER


def _still_here(complaint: Complaint, at: datetime) -> User:
    """The owner as before, unless that person has left or is away and somebody else can take it."""
    owner: User = complaint.owner
    able = routing.hold(owner)
    if able and not owner.absences.covering(at).exists():
        return owner
    try:
        return routing.successor(complaint, at=at)
    except routing.NobodyToOwnIt:
        if able:
            return owner
        raise


def _reopened_clocks(complaint: Complaint, *, at: datetime) -> list[Clock]:
    """All clocks of the case, the resolve clock running again (or a new cycle of it), statutory ones too."""
    clocks = _base.clocks_of(complaint)
    last = next((c for c in reversed(clocks) if c.kind == ClockKind.RESOLVE), None)
    if last is None or last.stated:
        return clocks
    tier = _base.tier_of(complaint)
    if last.policy is not None and last.policy.reopen_mode == "restart":
        clocks += sla.start(complaint, tier=tier, start_at=at, kinds=[ClockKind.RESOLVE], cycle=last.cycle + 1)
    else:
        sla.reopen(last, at=at)
    for clock in clocks:
        statutory = clock.kind == ClockKind.STATUTORY and sla.stopped_by(clock) == packs.RESOLVED
        if statutory and packs.governs(clock.pack_id, complaint, tier):
            sla.reopen(clock, at=at)
    return clocks
