"""Who brought whom, and what either side gets for it (mission C4).

Points are an incentive: they are credited through the ledger with the referral, once, and taken back with it. Like all
points that are no goodwill they are added by managers (`retention.actions.loyalty`); others write the referral down,
and a manager rewards it later.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import trail
from core.actor import Actor
from core.errors import InvalidInput
from retention import errors, refusals
from retention.actions import customers, loyalty
from retention.actions.charges import refuse_future
from retention.actions.customers import Details
from retention.actions.merge import lock_both
from retention.models import Customer, LoyaltyEntry, Referral
from retention.models.offers import NOTE, REASON

# One entry for each of the two, so that both stories tell it.
RECORDED, BROUGHT = "referral.recorded", "referral.brought"
WITHDRAWN, BROUGHT_WITHDRAWN = "referral.withdrawn", "referral.brought_withdrawn"


@transaction.atomic
def refer(
    referrer: Customer,
    referred: Customer | Details,
    *,
    referred_on: date,
    by: Actor,
    at: datetime,
    note: str = "",
    referrer_points: int = 0,
    referred_points: int = 0,
    source: str = "",
) -> Referral:
    """`referrer` brought `referred`: a customer, or what is known of one, who is found by it or else made.

    Raises ReferredThemselves, AlreadyReferred, ReferralCircle, MergedAway, InTheFuture, InvalidInput; of points
    NotAllowed. Then nothing is written, nobody made. Query cost: 9, and 16 more with points for both.
    """
    refuse_future(referred_on, "referred_on", by=by, at=at)
    note = note.strip()
    if len(note) > NOTE:
        raise InvalidInput(_("At most %(most)s characters.") % {"most": NOTE}, code="too_long", field="note")
    if isinstance(referred, Details):
        referred = customers.find(referred) or customers.create(referred, by=by, at=at)
    if referred.pk == referrer.pk:
        raise refusals.ReferredThemselves(field="referred")
    referrer, referred = lock_both(referrer, referred)
    if referrer.merged_into_id is not None or referred.merged_into_id is not None:
        raise errors.MergedAway
    standing = Referral.objects.standing()
    if standing.filter(referred=referred).exists():
        raise refusals.AlreadyReferred(field="referred")
    if standing.filter(referrer=referred, referred=referrer).exists():
        raise refusals.ReferralCircle(field="referred")
    made = Referral.objects.create(
        referrer=referrer,
        referred=referred,
        referred_on=referred_on,
        note=note,
        by=by.user,
        source=source,
        created_at=at,
        updated_at=at,
    )
    _tell(made, RECORDED, BROUGHT, {"on": referred_on.isoformat()}, note=note, by=by, at=at)
    if referrer_points or referred_points:
        _credit(made, referrer_points, referred_points, by=by, at=at)
    return made


@transaction.atomic
def reward(
    referral: Referral, *, by: Actor, at: datetime, referrer_points: int = 0, referred_points: int = 0
) -> Referral:
    """Credit either side, or both, for a referral that was written down without points; once.

    Raises AlreadyRewarded, ReferralWithdrawn, StaleReferral, NotAllowed, InvalidInput. Query cost: 20.
    """
    referral = _locked(referral)
    if referral.referrer_points or referral.referred_points:
        raise refusals.AlreadyRewarded
    if not (referrer_points or referred_points):
        raise InvalidInput(_("More than nothing."), code="not_positive", field="referrer_points")
    return _credit(referral, referrer_points, referred_points, by=by, at=at)


@transaction.atomic
def withdraw(referral: Referral, *, reason: str, by: Actor, at: datetime) -> Referral:
    """It was none, or is not to count. The points given for it are taken back from whoever has them now.

    Raises ReferralWithdrawn, StaleReferral, InvalidInput (reason_required, too_long); where there are points,
    NotEnoughPoints when they are spent, and NotAllowed but for managers. Query cost: 8, and 18 more with points.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise InvalidInput(_("Say why."), code="reason_required", field="reason")
    if len(reason) > REASON:
        raise InvalidInput(_("At most %(most)s characters.") % {"most": REASON}, code="too_long", field="reason")
    referral = _locked(referral)
    if referral.referrer_points or referral.referred_points:
        _take_back(referral, reason, by=by, at=at)
    referral.withdrawn_at, referral.reason = at, reason
    _save(referral, "withdrawn_at", "reason", at=at)
    _tell(referral, WITHDRAWN, BROUGHT_WITHDRAWN, {}, reason=reason, by=by, at=at)
    return referral


def key_of(referral: Referral, side: str) -> str:
    """By which the ledger knows the points of the `referrer` or the `referred`."""
    return f"referral:{referral.pk}:{side}"


def _locked(referral: Referral) -> Referral:
    """The referral as it is now, behind its customers and whoever has its points: all customers in the order of their
    keys, as a merge locks them. Raises StaleReferral when it changed hands meanwhile, ReferralWithdrawn."""
    seen = Referral.objects.get(pk=referral.pk)
    keys = [key_of(seen, side) for side in ("referrer", "referred")]
    held = LoyaltyEntry.objects.filter(key__in=keys).order_by("pk")
    holders = list(held.values_list("customer", flat=True))
    everybody = {seen.referrer_id, seen.referred_id, *holders}
    list(Customer.objects.select_for_update().filter(pk__in=everybody).order_by("pk").values_list("pk"))
    found = Referral.objects.select_for_update().get(pk=referral.pk)
    if found.withdrawn_at is not None:
        raise refusals.ReferralWithdrawn
    sides = (found.referrer_id, found.referred_id)
    if sides != (seen.referrer_id, seen.referred_id) or list(held.values_list("customer", flat=True)) != holders:
        raise refusals.StaleReferral
    return found


def _credit(referral: Referral, referrer_points: int, referred_points: int, *, by: Actor, at: datetime) -> Referral:
    """The points of either side, in the order of the customers' keys."""
    given = [
        (referral.referrer, "referrer", referrer_points, _("Brought a customer")),
        (referral.referred, "referred", referred_points, _("Came by referral")),
    ]
    for customer, side, points, reason in sorted(given, key=lambda one: one[0].pk):
        if points:
            try:
                more = {"key": key_of(referral, side), "source": referral.source}
                loyalty.earn(customer, points=points, by=by, at=at, reason=reason, **more)
            except InvalidInput as refusal:  # too many, or below zero
                refusal.field = f"{side}_points"
                raise
    referral.referrer_points, referral.referred_points = referrer_points, referred_points
    _save(referral, "referrer_points", "referred_points", at=at)
    return referral


def _take_back(referral: Referral, reason: str, *, by: Actor, at: datetime) -> None:
    keys = [key_of(referral, side) for side in ("referrer", "referred")]
    entries = LoyaltyEntry.objects.filter(key__in=keys).select_related("customer").order_by("customer", "pk")
    for entry in entries:
        more = {"key": f"{entry.key}:withdrawn", "source": entry.source}
        loyalty.correct(entry.customer, points=-entry.points, by=by, at=at, reason=reason, **more)


def _save(referral: Referral, *fields: str, at: datetime) -> None:
    referral.version += 1
    referral.updated_at = at
    referral.save(update_fields=["version", "updated_at", *fields])


def _tell(
    referral: Referral,
    of_referred: str,
    of_referrer: str,
    facts: dict[str, str],
    *,
    by: Actor,
    at: datetime,
    **text: str,
) -> None:
    """On the story of both, each naming the other."""
    said = {name: value for name, value in text.items() if value} or None
    for event, customer, other in (
        (of_referred, referral.referred_id, {"referrer": referral.referrer_id}),
        (of_referrer, referral.referrer_id, {"referred": referral.referred_id}),
    ):
        changes = {**facts, **other}
        trail.append(referral, event, by=by, at=at, changes=changes, private=said, customer_id=customer)
