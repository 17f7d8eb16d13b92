"""Points that come and go: an append-only ledger that never goes below zero (mission C3; case F26).

The database adds every entry to the customer's balance and refuses to overdraw it (`retention.ledger`); here the
customer is locked first, so that who comes second is told. Goodwill is granted as a remedy on a complaint, within
limits of authority (`complaints.actions.remedies`), and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from core import clock, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import User
from retention import refusals
from retention.actions.edit import locked, touch
from retention.models import Customer, LoyaltyAccount, LoyaltyEntry, LoyaltyKind

POINTS = "customer.points"
MOST = 1_000_000_000
REASON = 200
HIGHEST = 2_000_000_000  # a balance is an integer of four bytes


def balance(customer: Customer | int) -> int:
    """Points the customer may spend. Query cost: 1."""
    key = customer if isinstance(customer, int) else customer.pk
    return LoyaltyAccount.objects.filter(customer=key).values_list("balance", flat=True).first() or 0


def grant(
    customer: Customer,
    *,
    points: int,
    by: Actor,
    at: datetime,
    reason: str,
    key: str,
    complaint_reference: str = "",
    source: str = "",
) -> LoyaltyEntry:
    """Goodwill, for a remedy of which somebody with authority decided. Raises InvalidInput, KeyTaken, MergedAway.

    Query cost: 8, and 2 when the key is known already.
    """
    more = {"complaint_reference": complaint_reference, "key": key, "source": source}
    return _enter(customer, LoyaltyKind.GOODWILL, _positive(points), reason, by=by, at=at, **more)


def earn(customer: Customer, *, points: int, by: Actor, at: datetime, reason: str, **more: str) -> LoyaltyEntry:
    """Points for their loyalty. `more`: complaint_reference, key, source. Raises as `grant`, and NotAllowed."""
    _refuse_unless_keeper(by)
    return _enter(customer, LoyaltyKind.EARNED, _positive(points), reason, by=by, at=at, **more)


def redeem(customer: Customer, *, points: int, by: Actor, at: datetime, reason: str, **more: str) -> LoyaltyEntry:
    """They spend so many. Raises NotEnoughPoints, and as `grant`."""
    return _enter(customer, LoyaltyKind.REDEEMED, -_positive(points), reason, by=by, at=at, **more)


def expire(customer: Customer, *, points: int, by: Actor, at: datetime, reason: str, **more: str) -> LoyaltyEntry:
    """So many lapse. Raises NotEnoughPoints, NotAllowed, and as `grant`."""
    _refuse_unless_keeper(by)
    return _enter(customer, LoyaltyKind.EXPIRED, -_positive(points), reason, by=by, at=at, **more)


def correct(customer: Customer, *, points: int, by: Actor, at: datetime, reason: str, **more: str) -> LoyaltyEntry:
    """Put a mistake right: add them, or below zero take them away. Raises NotEnoughPoints, NotAllowed, as `grant`."""
    _refuse_unless_keeper(by)
    return take_back(customer, points=-points, by=by, at=at, reason=reason, **more)


def take_back(customer: Customer, *, points: int, by: Actor, at: datetime, reason: str, **more: str) -> LoyaltyEntry:
    """Correct by so many, whoever asks: a remedy of points was revoked by somebody with the authority for it.

    Raises NotEnoughPoints when they are spent, and as `grant`.
    """
    if points == 0 or abs(points) > MOST:
        raise InvalidInput(_("These are no points to correct by."), code="amount_out_of_range", field="points")
    return _enter(customer, LoyaltyKind.CORRECTED, -points, reason, by=by, at=at, **more)


ACTS = {
    LoyaltyKind.EARNED: earn,
    LoyaltyKind.REDEEMED: redeem,
    LoyaltyKind.EXPIRED: expire,
    LoyaltyKind.CORRECTED: correct,
}  # what is written down by hand; goodwill is a remedy


@transaction.atomic
def write_down(
    customer: Customer, *, kind: str, points: int, by: Actor, at: datetime, reason: str, **more: str
) -> LoyaltyEntry:
    """An entry of the kind asked for; `points` as in the ledger's kind: positive, but for a correction either way.

    Raises InvalidInput goodwill_is_a_remedy, and as the kind's own.
    """
    if kind == LoyaltyKind.GOODWILL:
        words = _("Goodwill is granted as a remedy on a complaint.")
        raise InvalidInput(words, code="goodwill_is_a_remedy", field="kind")
    if kind not in ACTS:
        raise InvalidInput(_("There is no such kind of entry."), code="invalid_choice", field="kind")
    return ACTS[LoyaltyKind(kind)](customer, points=points, by=by, at=at, reason=reason, **more)


def make_up(survivor: Customer, keys: Collection[int], *, by: Actor, at: datetime) -> int:
    """Before entries go back to a record that stands for itself again: what was spent of them since, is theirs to bear.

    The survivor is given what they are short of, the other has it taken off after the entries are back (`settle`);
    answers with that number. Both are locked and saved by the caller. Query cost: 2, and 4 where points were spent.
    """
    theirs = LoyaltyEntry.objects.filter(customer=survivor, pk__in=keys).aggregate(sum=Sum("points"))["sum"] or 0
    short = max(0, theirs - balance(survivor))
    if short:
        _insert(survivor, LoyaltyKind.CORRECTED, short, _("Spent by a record that stands for itself again"), by, at)
    return short


def settle(absorbed: Customer, short: int, *, by: Actor, at: datetime) -> None:
    """See `make_up`."""
    if short:
        _insert(absorbed, LoyaltyKind.CORRECTED, -short, _("Spent while merged with another record"), by, at)


@transaction.atomic
def _enter(
    customer: Customer,
    kind: str,
    points: int,
    reason: str,
    *,
    by: Actor,
    at: datetime,
    complaint_reference: str = "",
    key: str = "",
    source: str = "",
) -> LoyaltyEntry:
    """The entry with its trail; the same again when `key` is known. Of the reason the ledger keeps 200 characters."""
    reason = " ".join(reason.split())
    if not reason:
        raise InvalidInput(_("Say why."), code="reason_required", field="reason")
    customer = locked(customer)
    if key and (known := LoyaltyEntry.objects.filter(key=key).first()) is not None:
        if (known.customer_id, known.kind, known.points) != (customer.pk, kind, points):
            raise refusals.KeyTaken
        return known
    has = balance(customer)
    if has + points < 0:
        raise refusals.NotEnoughPoints(field="points")
    if has + points > HIGHEST:
        raise InvalidInput(_("These are too many points."), code="amount_out_of_range", field="points")
    touch(customer, at=max(at, customer.updated_at))  # who reads the customer over the API sees the balance
    return _insert(customer, kind, points, reason, by, at, complaint_reference, key, source)


def _insert(
    customer: Customer,
    kind: str,
    points: int,
    reason: str,
    by: Actor,
    at: datetime,
    complaint_reference: str = "",
    key: str = "",
    source: str = "",
) -> LoyaltyEntry:
    made = LoyaltyEntry.objects.create(
        customer=customer,
        points=points,
        kind=kind,
        reason=reason if len(reason) <= REASON else reason[: REASON - 1].rstrip() + "…",
        complaint_reference=complaint_reference,
        key=key,
        source=source,
        at=at,
        by=by.user,
        created_at=clock.now(),
    )
    facts: dict[str, Any] = {"entry": made.pk, "kind": str(kind), "points": points}
    if complaint_reference:
        facts["complaint"] = complaint_reference
    trail.append(customer, POINTS, by=by, at=at, changes=facts, private={"reason": reason})
    return made


def may_keep(user: User) -> bool:
    """Whether somebody may add points or correct them by hand, beside the limits for goodwill: managers."""
    return user.is_manager


def _refuse_unless_keeper(by: Actor) -> None:
    if isinstance(by.user, User) and not may_keep(by.user):
        raise NotAllowed(_("Only managers add points or correct them; goodwill is a remedy on a complaint."))


def _positive(points: int) -> int:
    if points <= 0:
        raise InvalidInput(_("More than nothing."), code="not_positive", field="points")
    if points > MOST:
        raise InvalidInput(_("These are too many points."), code="amount_out_of_range", field="points")
    return points
