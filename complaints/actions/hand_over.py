"""Hand a case over with acceptance: it stays with its owner until the one asked says yes (mission D3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors, routing
from complaints.actions import _base, telling
from complaints.actions._overtaken import blind
from complaints.actions.manage import change_owner
from complaints.actions.watch import let_see
from complaints.models import Complaint, HandOver, HandOverState
from core import rows, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import NotificationEvent as Event
from core.models import User

REMIND_AFTER = timedelta(hours=4)
MOST_WORDS = 2_000
MOST_AT_ONCE = 50  # offers of one balancing


@transaction.atomic
def offer(complaint: Complaint, *, by: Actor, at: datetime, to: User, reason: str = "") -> HandOver:
    """Ask `to` to take the case over; by its owner, or by whoever leads its team or manages.

    Who would not see the case follows it until they have answered. Raises NotAllowed, SameOwner, OwnerUnavailable,
    AlreadyOffered, AlreadyClosed or AlreadyEnded.
    """
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    if not may_offer(complaint, by):
        raise NotAllowed(_("Only the owner, a lead of the team or a manager can offer this complaint to somebody."))
    if complaint.owner_id == to.pk:
        raise errors.SameOwner(field="to")
    if HandOver.objects.filter(complaint=complaint, state=HandOverState.OFFERED).exists():
        raise errors.AlreadyOffered
    if not routing.hold(to):
        raise errors.OwnerUnavailable(field="to")
    made = HandOver(
        complaint=complaint,
        from_user_id=complaint.owner_id,
        to_user=to,
        offered_by=by.user,
        reason=_words(reason, "reason"),
        offered_at=at,
    )
    made.lets_see = let_see(complaint, to)
    rows.give_ids(made)
    told = telling.tell(
        [to],
        Event.HAND_OVER,
        complaint,
        key=f"hand_over:{made.pk}",
        words=telling.about(complaint, by=by, what="offered", text=made.reason),
        by=by,
        at=at,
    )
    rows.insert([made, *told])
    _note(complaint, "complaint.hand_over_offered", made, by=by, at=at, words=made.reason)
    return made


@transaction.atomic
def accept(complaint: Complaint, *, by: Actor, at: datetime, answer: str = "") -> Complaint:
    """Take the case that one was offered; it changes hands now. Raises NotOffered, OwnerUnavailable, AlreadyClosed or
    AlreadyEnded."""
    complaint, found = _open(complaint, by, mine=True)
    _base.refuse_unless_live(complaint)
    heir = found.to_user
    if not routing.hold(heir):
        raise errors.OwnerUnavailable
    _settle(found, HandOverState.ACCEPTED, at=at, answer=answer)
    told = _tell_askers(complaint, found, "accepted", by=by, at=at)
    facts = {"offer": found.pk, "accepted": True}
    return change_owner(complaint, heir, by=by, at=at, reason=found.answer, why="handed_over", facts=facts, also=told)


@transaction.atomic
def decline(complaint: Complaint, *, by: Actor, at: datetime, answer: str) -> HandOver:
    """Say no to an offer, with words; the case stays where it is. Raises InvalidInput answer_required or NotOffered."""
    if not answer.strip():
        raise InvalidInput(_("Say why you do not take it over."), code="answer_required", field="answer")
    complaint, found = _open(complaint, by, mine=True)
    _settle(found, HandOverState.DECLINED, at=at, answer=answer)
    blind(found)
    rows.insert(_tell_askers(complaint, found, "declined", by=by, at=at))
    _note(complaint, "complaint.hand_over_declined", found, by=by, at=at, words=found.answer)
    return found


@transaction.atomic
def withdraw(complaint: Complaint, *, by: Actor, at: datetime) -> HandOver:
    """Take an offer back; by who may offer. Raises NotAllowed or NotOffered."""
    complaint, found = _open(complaint, by, mine=False)
    if by.user_id != found.offered_by_id and not may_offer(complaint, by):
        raise NotAllowed(_("Only the owner, a lead of the team or a manager can take the offer back."))
    _settle(found, HandOverState.WITHDRAWN, at=at)
    words = telling.about(complaint, by=by, what="withdrawn")
    key = f"hand_over:{found.pk}:withdrawn"
    rows.insert(telling.tell([found.to_user], Event.HAND_OVER, complaint, key=key, words=words, by=by, at=at))
    blind(found)
    _note(complaint, "complaint.hand_over_withdrawn", found, by=by, at=at)
    return found


def end_offers_to(leaver: User, *, by: Actor, at: datetime) -> int:
    """Offers to somebody who leaves are overtaken: the owner and who asked are told, and may ask another. Returns how
    many. Query cost: 1, and 6 an offer."""
    ended = 0
    offers = HandOver.objects.filter(to_user=leaver, state=HandOverState.OFFERED)
    for complaint_id in list(offers.values_list("complaint", flat=True)):
        complaint = _base.locked(Complaint(pk=complaint_id))
        found = HandOver.objects.filter(complaint=complaint, state=HandOverState.OFFERED, to_user=leaver)
        one = found.select_related("to_user", "offered_by", "from_user").first()
        if one is not None:
            _settle(one, HandOverState.OVERTAKEN, at=at)
            blind(one)
            rows.insert(_tell_askers(complaint, one, "overtaken", by=by, at=at))
            _note(complaint, "complaint.hand_over_withdrawn", one, by=by, at=at)
            ended += 1
    return ended


def balance(from_user: User, to: User, *, by: Actor, at: datetime, count: int, reason: str = "") -> Sequence[HandOver]:
    """Offer up to `count` of somebody's open cases to another: those not offered yet, with most time left, that `by`
    may offer. Each on its own. Raises InvalidInput bad_count, or what `offer` raises on the first.

    Query cost: 1, and some 12 a case.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise InvalidInput(
            _("Between 1 and %(most)s cases at once.") % {"most": MOST_AT_ONCE}, code="bad_count", field="count"
        )
    if by.user is None:
        raise NotAllowed
    theirs = Complaint.objects.visible_to(by.user).filter(owner=from_user, in_queue=True)
    if "manager" not in by.user.roles and by.user_id != from_user.pk:
        theirs = theirs.filter(team__in=by.user.led_team_ids)
    free = theirs.exclude(hand_overs__state=HandOverState.OFFERED).exclude(status="resolved")
    made = []
    for complaint in free.order_by("-queue_at", "-pk")[:count]:
        made.append(offer(complaint, by=by, at=at, to=to, reason=reason))
    return made


def remind(*, at: datetime) -> int:
    """Tell those once more who have left an offer without answer for REMIND_AFTER. Returns how many.

    Each in a transaction of its own, so safe to run twice at once. Query cost: 1 by a partial index when none waits.
    """
    waiting = HandOver.objects.filter(
        state=HandOverState.OFFERED, reminded_at__isnull=True, offered_at__lte=at - REMIND_AFTER
    )
    return sum(_remind(key, at=at) for key in waiting.order_by("offered_at").values_list("pk", "complaint_id")[:500])


@transaction.atomic
def _remind(key: tuple[int, int], *, at: datetime) -> int:
    offer_id, complaint_id = key
    complaint = _base.locked(Complaint(pk=complaint_id))
    found = (
        HandOver.objects.filter(pk=offer_id, state=HandOverState.OFFERED, reminded_at__isnull=True)
        .select_related("to_user", "offered_by")
        .first()
    )
    if found is None:
        return 0
    found.reminded_at = at
    found.save(update_fields=["reminded_at"])
    words = telling.about(complaint, by=Actor.person(found.offered_by), what="waiting", text=found.reason)
    key_of = f"hand_over:{found.pk}:waiting"
    rows.insert(telling.tell([found.to_user], Event.HAND_OVER, complaint, key=key_of, words=words, by=None, at=at))
    return 1


def may_offer(complaint: Complaint, by: Actor) -> bool:
    """The owner, who leads the case's team, or a manager. Query cost: none once the roles are known."""
    user = by.user
    if user is None:
        return False
    return complaint.owner_id == user.pk or complaint.team_id in user.led_team_ids or "manager" in user.roles


def _open(complaint: Complaint, by: Actor, *, mine: bool) -> tuple[Complaint, HandOver]:
    """The case, locked, and its open offer (`mine`: to the actor). Raises NotOffered."""
    complaint = _base.locked(complaint)
    found = HandOver.objects.filter(complaint=complaint, state=HandOverState.OFFERED)
    if mine:
        found = found.filter(to_user=by.user_id)
    one = found.select_related("to_user", "offered_by", "from_user").first()
    if one is None:
        raise errors.NotOffered
    return complaint, one


def _settle(found: HandOver, state: HandOverState, *, at: datetime, answer: str = "") -> None:
    found.state, found.answered_at, found.answer = state, at, _words(answer, "answer")
    found.save(update_fields=["state", "answered_at", "answer"])


def _tell_askers(complaint: Complaint, found: HandOver, what: str, *, by: Actor, at: datetime) -> telling.Rows:
    """To the owner before, and to who asked in their name."""
    askers = {one.pk: one for one in (found.from_user, found.offered_by)}.values()
    words = telling.about(complaint, by=by, what=what, text=found.answer)
    return telling.tell(
        askers, Event.HAND_OVER, complaint, key=f"hand_over:{found.pk}:{what}", words=words, by=by, at=at
    )


def _note(complaint: Complaint, kind: str, found: HandOver, *, by: Actor, at: datetime, words: str = "") -> None:
    """The trail entry, and that the case is to be shown again; its version counts only what changes the case."""
    Complaint.objects.filter(pk=complaint.pk).update(updated_at=at)
    changes = {"offer": found.pk, "from": found.from_user_id, "to": found.to_user_id}
    trail.append(complaint, kind, by=by, at=at, changes=changes, private={"reason": words} if words else None)


def _words(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > MOST_WORDS:
        raise InvalidInput(_("This is too long."), code="too_long", field=field)
    return text
