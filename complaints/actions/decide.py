"""End a case and open it again: resolve, close, reopen, withdraw (domain, Complaint 4, 6, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import decisions, errors, routing
from complaints.actions import _base, _promised, _requested, handle, letters, promises, words
from complaints.actions import demands as asked_for
from complaints.actions.delivery import told
from complaints.actions.demands import DemandAnswer, demand
from complaints.actions.lateness import NOT_STATED, is_late
from complaints.models import (
    NEVER,
    Clock,
    ClockKind,
    ClockState,
    Complaint,
    Decision,
    LateReason,
    MacroVersion,
    Message,
    Narrative,
    Outcome,
    Purpose,
    RootCause,
    Status,
)
from complaints.models.catalogue import UNCLASSIFIED
from complaints.models.words import FINAL
from complaints.playbooks import open_steps
from complaints.sla import asked, pack_texts, packs
from complaints.sla import clocks as sla
from complaints.sla import told as moves
from core import rows
from core.actor import Actor
from core.errors import InvalidInput
from core.models import User

__all__ = ["DECISIONS", "DemandAnswer", "close", "demand", "reopen", "reopen_locked", "resolve", "told", "withdraw"]

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
    findings: str = "",
    demands: Sequence[DemandAnswer] = (),
    macro: MacroVersion | None = None,
) -> Complaint:
    """Decide the case. `summary`: what was done, `findings`: what the investigation found, both for us; `answer`: the
    final answer to the complainant, if one is sent, begun with `macro`. `demands`: what is decided about each thing
    they ask for. `late_reason`, `late_note`: why a deadline was missed; kept only if one was, and owed without a reason
    (`lateness.explain`): the trail says that it was not stated. `texts`: what rule packs say, to be added to the answer
    in the complainant's language ("fca-disp.referral").

    Raises InvalidInput (unknown outcome, reason, text, demand or remedy, summary_required, required_by_pack,
    variable_missing, personal_part_missing), CauseRequired for `unclassified`, AlreadyResolved, AlreadyClosed,
    AlreadyEnded, DemandOpen while a demand is undecided, or StepsOpen where the playbook holds it back; then nothing is
    written.
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
    if macro is not None:
        words.refuse_foreign(macro, by=by, purpose=FINAL)
        words.refuse_unfinished(answer, macro=macro, field="answer")
    decided = asked_for.decide(complaint, demands, at=at)
    before = complaint.status
    clocks = _base.clocks_of(complaint)
    answer = pack_texts.whole(complaint, clocks, pack_texts.RESOLVE, answer, texts)
    pack_texts.refuse_incomplete(complaint, clocks, answer=answer)
    fields: list[str] = []
    if by.is_person:
        fields = _base.acknowledge_in_passing(complaint, clocks, at=at, told=bool(answer.strip()))
    for clock in clocks:
        if sla.stopped_by(clock) == packs.RESOLVED:
            sla.complete(clock, at=at)
    late = is_late(clocks)
    complaint.late_reason = late_reason if late else ""
    complaint.status, complaint.resolved_at = Status.RESOLVED, at
    complaint.outcome, complaint.root_cause = outcome, root_cause
    sent: list[Message] = []
    if answer.strip():
        sent = [handle.outgoing(complaint, answer, purpose=Purpose.FINAL_ANSWER, by=by, at=at)]
        sent[0].macro = macro
    letter = [row for one in sent for row in letters.message(complaint, one, author=handle.signature(by), at=at)]
    decision = Decision(
        complaint=complaint,
        number=Decision.objects.filter(complaint=complaint).count() + 1,
        outcome=outcome,
        findings=findings.strip(),
        decided_by=by.user,
        decided_at=at,
        answer=sent[0] if sent else None,
    )
    rows.give_ids(decision)
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
            **({"late_reason": late_reason or NOT_STATED} if late else {}),
            **({"demands": {str(one.pk): str(one.outcome) for one in decided}} if decided else {}),
        },
        private={
            "summary": summary.strip(),
            **({"late_note": note} if note else {}),
            **({"findings": decision.findings} if decision.findings else {}),
            **({"demands": {str(one.pk): [one.text, one.answer] for one in decided}} if decided else {}),
        },
        clocks=clocks,
        also=[*sent, *letter, decision],
    )


@transaction.atomic
def close(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """Close a resolved complaint and put it on the trail (domain, Complaint 7).

    Raises AlreadyClosed, AlreadyEnded, NotResolved, OpenPromise while something is owed, RemedyAwaiting while one waits
    for approval, or UndeliveredAnswer where the final answer reached nobody: its mail failed for good, the status page
    never showed it, and nobody told them. Then nothing is written.
    """
    complaint = _base.locked_to_decide(complaint, by=by, at=at)
    _base.refuse_unless_live(complaint)
    if complaint.status != Status.RESOLVED:
        raise errors.NotResolved
    _refuse_unfulfilled(complaint)
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


def _refuse_unfulfilled(complaint: Complaint) -> None:
    """What is owed to the complainant holds the closing back. Query cost: 3, 1 more where the answer went by mail."""
    promises.refuse_while_open(complaint)
    if _requested.awaiting(complaint).exists():
        raise errors.RemedyAwaiting
    if decisions.delivery(decisions.current(complaint)).lost:
        raise errors.UndeliveredAnswer


@transaction.atomic
def reopen(complaint: Complaint, *, by: Actor, at: datetime, reason: str) -> Complaint:
    """Take up a resolved, closed or withdrawn case again. Raises InvalidInput reason_required or NotEnded."""
    if not reason.strip():
        raise InvalidInput(_("Say why it is opened again."), code="reason_required", field="reason")
    return reopen_locked(_base.locked(complaint), by=by, at=at, reason=reason.strip())


def reopen_locked(complaint: Complaint, *, by: Actor, at: datetime, reason: str, declined: bool = False) -> Complaint:
    """Reopen a complaint whose row the caller holds locked. The resolve clock resumes or starts a new cycle, by
    policy; the decision is superseded. `declined`: because the complainant did not accept it, which stays their word
    until they say another."""
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
    complaint.outcome = ""
    if not declined:
        complaint.accepted, complaint.accepted_at = None, None
    Decision.objects.filter(complaint=complaint, superseded_at__isnull=True).update(superseded_at=at)
    if complaint.acknowledged_at is not None:  # else the next word is the acknowledgement
        _base.informed(complaint, clocks, at=at, told=True)
    clocks, followed = _sorted_meanwhile(complaint, clocks, at=at)
    return _base.finish(
        complaint,
        "complaint.reopened",
        by=by,
        at=at,
        fields=["status", "resolved_at", "closed_at", "outcome", "accepted", "accepted_at", "in_queue", "owner"],
        changes={"status": [str(before), str(Status.INVESTIGATING)], "owner": complaint.owner_id, **followed},
        private={"reason": reason},
        clocks=clocks,
    )


@transaction.atomic
def withdraw(complaint: Complaint, *, by: Actor, at: datetime, reason: str) -> Complaint:
    """The complainant takes it back: the case ends with the outcome withdrawn. Clocks are cancelled, promises released,
    remedies that wait for approval withdrawn.

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
    requested = _requested.withdraw_all(complaint, by=by, at=at)
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
        also=[*promised, *requested],
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
    """All clocks of the case, the resolve clock running again (or a new cycle of it), statutory ones too, and those of
    the acknowledgement where nobody has given one.

    What was done in time and whose deadline has passed meanwhile, as that of a clock in days may, stays done: of an
    agreed one a new cycle begins, the law was obeyed. Where the case was sorted anew while it was decided, the clocks
    follow that now.
    """
    clocks = _base.clocks_of(complaint)
    last = next((c for c in reversed(clocks) if c.kind == ClockKind.RESOLVE), None)
    if last is not None and last.stated:
        return clocks
    tier = _base.tier_of(complaint)
    if last is None or (last.state == ClockState.CANCELLED and asked.let_go(sla.story_of(last))):
        pass  # no policy asked for it when the case was decided
    elif (last.policy is not None and last.policy.reopen_mode == "restart") or _settled(last, at):
        clocks += sla.start(complaint, tier=tier, start_at=at, kinds=[ClockKind.RESOLVE], cycle=last.cycle + 1)
    else:
        sla.reopen(last, at=at)
    if complaint.acknowledged_at is None:
        for clock in clocks:  # withdrawn before anybody had answered: that is still to be done
            if clock.kind == ClockKind.ACKNOWLEDGE and not asked.let_go(sla.story_of(clock)):
                sla.reopen(clock, at=at)
    for clock in clocks:
        if clock.kind != ClockKind.STATUTORY or _settled(clock, at):
            continue
        owed = sla.stopped_by(clock) == packs.RESOLVED or sla.acknowledged_for(clock, complaint) is None
        if owed and packs.governs(clock.pack_id, complaint, tier):
            sla.reopen(clock, at=at)
    return clocks


def _sorted_meanwhile(complaint: Complaint, clocks: list[Clock], *, at: datetime) -> tuple[list[Clock], dict[str, Any]]:
    """The clocks of a case just reopened under what it meets now, and what the trail says of that. A law that it came
    under while it was decided, and whose days are over, was obeyed: it had its answer."""
    known = [clock for clock in clocks if clock.pk is not None]
    then = moves.before(known, at)
    before = {id(clock) for clock in clocks}
    found = [
        one
        for one in sla.rematch(complaint, clocks, tier=_base.tier_of(complaint), at=at)
        if id(one) in before or one.kind != ClockKind.STATUTORY or one.due_at is None or one.due_at >= at
    ]
    return found, moves.after(then, [*known, *(one for one in found if id(one) not in before)], at)


def _settled(clock: Clock, at: datetime) -> bool:
    """Whether it was met, or was a window, and its deadline has passed since: reopening cannot make that late."""
    if clock.due_at is None or clock.due_at >= at:
        return False
    if clock.state == ClockState.CANCELLED:
        return packs.is_window(clock)
    return clock.state == ClockState.MET and sla.late_if_reopened(clock, at=at)
