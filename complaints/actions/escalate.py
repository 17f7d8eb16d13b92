"""Ask somebody above for help with a case (mission D3). Never held against who asks (domain, Figures: recognition)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors, routing
from complaints.actions import _base, telling
from complaints.actions.hand_over import MOST_WORDS
from complaints.actions.manage import change_owner
from complaints.actions.watch import let_see
from complaints.models import Complaint, Escalation, Status
from core import rows, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import NotificationEvent as Event
from core.models import Team, User


@transaction.atomic
def escalate(complaint: Complaint, *, by: Actor, at: datetime, reason: str, to: User | None = None) -> Escalation:
    """Ask `to`, or the next above (`above`), for help; the case stays with its owner.

    The first time is kept on the case for good (`escalated_at`). Raises InvalidInput reason_required, NobodyAbove,
    OwnerUnavailable, AlreadyEscalated, AlreadyClosed or AlreadyEnded.
    """
    reason = _said(reason, "reason", _("Say what you need help with."), "reason_required")
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    waiting = set(
        Escalation.objects.filter(complaint=complaint, answered_at__isnull=True).values_list("to_id", flat=True)
    )
    if to is None:
        to = above(complaint, by, at=at, without=waiting)
    if to.pk == by.user_id:
        raise InvalidInput(_("You cannot ask yourself."), code="own_escalation", field="to")
    if to.pk in waiting:
        raise errors.AlreadyEscalated(field="to")
    return _ask(complaint, to, by=by, at=at, reason=reason, what="asked")


def decline(complaint: Complaint, *, at: datetime, reason: str, what: str) -> Escalation:
    """The complainant does not accept the decision on a locked case, closed ones too: the one above its owner is asked.

    `what`: which sentence tells them. Raises NobodyAbove, OwnerUnavailable.
    """
    waiting = set(
        Escalation.objects.filter(complaint=complaint, answered_at__isnull=True).values_list("to_id", flat=True)
    )
    by = Actor.customer()
    to = above(complaint, by, at=at, without={*waiting, complaint.owner_id})
    return _ask(complaint, to, by=by, at=at, reason=reason.strip()[:MOST_WORDS], what=what)


def _ask(complaint: Complaint, to: User, *, by: Actor, at: datetime, reason: str, what: str) -> Escalation:
    """Write the question to `to` and tell them. Raises OwnerUnavailable."""
    if not routing.hold(to):
        raise errors.OwnerUnavailable(field="to")
    made = Escalation(complaint=complaint, by=by.user, to=to, reason=reason, at=at)
    rows.give_ids(made)
    let_see(complaint, to)
    words = telling.about(complaint, by=by, what=what, text=reason)
    told = telling.tell([to], Event.ESCALATED, complaint, key=f"escalated:{made.pk}", words=words, by=by, at=at)
    rows.insert([made, *told])
    first = {"escalated_at": at} if complaint.escalated_at is None else {}
    Complaint.objects.filter(pk=complaint.pk).update(updated_at=at, **first)
    _note(complaint, "complaint.escalated", made, by=by, at=at, words=reason)
    return made


@transaction.atomic
def answer(escalation: Escalation, *, by: Actor, at: datetime, answer: str, take_over: bool = False) -> Complaint:
    """The one asked says what to do, and takes the case over if they wish.

    Raises InvalidInput answer_required, NotAllowed, NotEscalated, OwnerUnavailable, and of a case that has ended
    AlreadyEnded, or AlreadyClosed where they would take a closed one over.
    """
    answer = _said(answer, "answer", _("Say what should be done."), "answer_required")
    complaint, found = _open(escalation)
    if by.user_id != found.to_id:
        raise _not_asked()
    if take_over or complaint.status != Status.CLOSED:
        _base.refuse_unless_live(complaint)
    found.answered_at, found.answer = at, answer
    found.save(update_fields=["answered_at", "answer"])
    takes = take_over and complaint.owner_id != by.user_id
    told = {one.pk: one for one in (found.by, complaint.owner) if one is not None}.values()
    words = telling.about(complaint, by=by, what="taken" if takes else "answered", text=answer)
    told_rows = telling.tell(
        told, Event.ESCALATED, complaint, key=f"escalated:{found.pk}:answered", words=words, by=by, at=at
    )
    _note(complaint, "complaint.escalation_answered", found, by=by, at=at, words=answer)
    if not takes:
        rows.insert(told_rows)
        Complaint.objects.filter(pk=complaint.pk).update(updated_at=at)
        complaint.updated_at = at
        return complaint
    if by.user is None or not routing.hold(by.user):
        raise errors.OwnerUnavailable
    return change_owner(complaint, by.user, by=by, at=at, reason="", facts={"escalation": found.pk}, also=told_rows)


@transaction.atomic
def take_back(escalation: Escalation, *, by: Actor, at: datetime) -> Escalation:
    """Help is needed no more; by who asked, or by the owner. Raises NotAllowed or NotEscalated."""
    complaint, found = _open(escalation)
    if by.user_id not in (found.by_id, complaint.owner_id):
        raise _not_asking()
    found.answered_at, found.withdrawn = at, True
    found.save(update_fields=["answered_at", "withdrawn"])
    Complaint.objects.filter(pk=complaint.pk).update(updated_at=at)
    _note(complaint, "complaint.escalation_withdrawn", found, by=by, at=at)
    return found


def above(complaint: Complaint, by: Actor, *, at: datetime, without: set[int]) -> User:
    """Whom one asks when nobody is named: the team's lead, then its manager, then any manager; present ones first.

    Never the actor or who is asked already (`without`). Raises NobodyAbove. Query cost: 3.
    """
    team = Team.objects.filter(pk=complaint.team_id or 0).first()
    named = [pk for pk in ((team.lead_id, team.manager_id) if team else ()) if pk is not None]
    able = User.objects.active().exclude(pk__in={by.user_id or 0, *without})
    managers = able.filter(is_manager=True).order_by("pk")
    for here in (able.present_at(at), able):
        known = here.in_bulk(named)
        for pk in named:
            if pk in known:
                return known[pk]
        first = managers.filter(pk__in=here.values("pk")).first()
        if first is not None:
            return first
    raise errors.NobodyAbove(field="to")


def asked(complaint: Complaint, by: Actor) -> Escalation:
    """The open escalation to the actor. Raises NotAllowed where only others are asked, NotEscalated where nobody is.
    Query cost: at most 2."""
    waiting = Escalation.objects.filter(complaint=complaint, answered_at__isnull=True)
    found = waiting.filter(to=by.user_id).first()
    if found is None:
        raise _not_asked() if waiting.exists() else errors.NotEscalated
    return found


def asks(complaint: Complaint, by: Actor) -> Escalation:
    """The newest open escalation that the actor may take back: their own, as the owner also others'. Raises
    NotAllowed where there are only those of others, NotEscalated where there is none. Query cost: at most 2."""
    waiting = Escalation.objects.filter(complaint=complaint, answered_at__isnull=True)
    found = waiting.filter(by=by.user_id).first()
    if found is None and complaint.owner_id == by.user_id:
        found = waiting.first()
    if found is None:
        raise _not_asking() if waiting.exists() else errors.NotEscalated
    return found


def _not_asked() -> NotAllowed:
    return NotAllowed(_("Only the one who was asked can answer."))


def _not_asking() -> NotAllowed:
    return NotAllowed(_("Only who escalated it, or the owner, can take that back."))


def _open(escalation: Escalation) -> tuple[Complaint, Escalation]:
    """Both as they are now, the case locked. Raises NotEscalated."""
    complaint = _base.locked(Complaint(pk=escalation.complaint_id))
    found = Escalation.objects.filter(pk=escalation.pk, answered_at__isnull=True).select_related("by", "to").first()
    if found is None:
        raise errors.NotEscalated
    return complaint, found


def _note(complaint: Complaint, kind: str, found: Escalation, *, by: Actor, at: datetime, words: str = "") -> None:
    changes = {"escalation": found.pk, "to": found.to_id}
    trail.append(complaint, kind, by=by, at=at, changes=changes, private={"reason": words} if words else None)


def _said(text: str, field: str, missing: str, code: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput(missing, code=code, field=field)
    if len(text) > MOST_WORDS:
        raise InvalidInput(_("This is too long."), code="too_long", field=field)
    return text
