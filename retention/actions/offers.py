"""Offer customers something more, and keep what they answer (mission C2).

Nobody is offered anything who did not agree to offers (Consent), and nobody is sold to who waits for an answer to a
complaint: until it is decided, only an offer to win them back may be made. Enquiries hold up nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import dates, money, trail
from core.actor import Actor
from core.errors import InvalidInput
from retention import refusals
from retention.actions.charges import check_amount
from retention.actions.edit import locked
from retention.models import ConsentPurpose, Customer, Offer, OfferKind, OfferState, Purchase, PurchaseKind
from retention.models.customers import CHANNELS
from retention.models.offers import PRODUCT, REASON, TEXT

MADE, ACCEPTED, DECLINED, REOPENED = "offer.made", "offer.accepted", "offer.declined", "offer.reopened"


def wants_offers(customer: Customer) -> bool | None:
    """Whether they agreed to offers (True) or refused them (False); None: nothing was said. Query cost: 1."""
    said = customer.consents.filter(purpose=ConsentPurpose.OFFERS)
    return said.values_list("given", flat=True).first()


def waits_for_an_answer(customer: Customer) -> bool:
    """A complaint of theirs, whoever's it is, is not decided yet. Query cost: 1."""
    open_ones: bool = customer.complaints.filter(kind="complaint", in_queue=True, resolved_at__isnull=True).exists()
    return open_ones


@transaction.atomic
def make(
    customer: Customer,
    *,
    kind: str,
    text: str,
    channel: str,
    by: Actor,
    at: datetime,
    product: str = "",
    amount: Decimal | None = None,
    currency: str = "",
    valid_until: date | None = None,
    complaint_reference: str = "",
    made_at: datetime | None = None,
    source: str = "",
) -> Offer:
    """Write down what the customer is offered, worth `amount` if that is known; `made_at`: when, if not now.

    Raises NoOffers, StillWaiting, MergedAway, InTheFuture or InvalidInput (required, too_long, invalid_choice, those
    of the amount, valid_until_passed: it ends before the day it was made). Query cost: 6.
    """
    made_at = made_at or at
    text = _checked(kind, text, channel, product)
    if made_at > at + settings.FUTURE_TOLERANCE:
        raise refusals.InTheFuture(field="made_at")
    made_at = min(made_at, at)
    if amount is not None or currency:
        _check_value(amount, currency)
    if valid_until is not None and valid_until < dates.of_house(made_at):
        raise InvalidInput(_("It ends before it was made."), code="valid_until_passed", field="valid_until")
    customer = locked(customer)
    if (wants := wants_offers(customer)) is not True:
        raise (
            refusals.NoOffers()
            if wants is False
            else refusals.NoOffers(_("This customer has not agreed to offers: ask them first."))
        )
    if kind != OfferKind.WIN_BACK and waits_for_an_answer(customer):
        raise refusals.StillWaiting(field="kind")
    made = Offer.objects.create(
        customer=customer,
        kind=kind,
        text=text,
        product=product.strip(),
        amount=amount,
        currency=currency,
        channel=channel,
        complaint_reference=complaint_reference,
        made_at=made_at,
        by=by.user,
        valid_until=valid_until,
        source=source,
        created_at=at,
        updated_at=at,
    )
    facts: dict[str, Any] = {"kind": str(kind), "channel": channel}
    if amount is not None:
        facts |= {"amount": money.shown(amount, currency), "currency": currency}
    facts |= {"valid_until": valid_until} if valid_until else {}
    facts |= {"complaint": complaint_reference} if complaint_reference else {}
    trail.append(made, MADE, by=by, at=at, changes=facts, private={"text": text})
    return made


@transaction.atomic
def accept(
    offer: Offer, *, by: Actor, at: datetime, purchase: int | None = None, decided_at: datetime | None = None
) -> Offer:
    """They take it; `purchase`: the key of the order that came of it, if it is known. `decided_at`: see `decline`.

    Raises AlreadyAnswered, OfferLapsed, UnknownPurchase, BoughtBefore, InTheFuture, InvalidInput. Query cost: 4 or 5.
    """
    offer = _answerable(offer, decided_at or at, at=at)
    if purchase is not None:
        offer.purchase = _order(offer, purchase)
    changes = {"purchase": purchase} if purchase is not None else {}
    return _answered(offer, OfferState.ACCEPTED, decided_at or at, ACCEPTED, changes, by=by, at=at)


@transaction.atomic
def decline(offer: Offer, *, by: Actor, at: datetime, reason: str = "", decided_at: datetime | None = None) -> Offer:
    """They do not take it, perhaps for a reason they gave. `decided_at`: when they said so, if not now; whether the
    offer still held is asked of that day.

    Raises AlreadyAnswered, OfferLapsed, InTheFuture, InvalidInput (too_long, before_it_was_made). Query cost: 4.
    """
    offer, reason = _answerable(offer, decided_at or at, at=at), reason.strip()
    if len(reason) > REASON:
        raise InvalidInput(_("At most %(most)s characters.") % {"most": REASON}, code="too_long", field="reason")
    offer.reason = reason
    private = {"reason": reason} if reason else None
    return _answered(offer, OfferState.DECLINED, decided_at or at, DECLINED, {}, by=by, at=at, private=private)


@transaction.atomic
def take_back_answer(offer: Offer, *, by: Actor, at: datetime, answer: str = "") -> Offer:
    """The answer was written down by mistake: the offer is open again, or lapsed. `answer`: only this one.

    Raises NotAnswered. Query cost: 4.
    """
    offer = Offer.objects.select_for_update().get(pk=offer.pk)
    if offer.state == OfferState.OFFERED or (answer and offer.state != answer):
        raise refusals.NotAnswered
    changes = {"state": [offer.state, str(OfferState.OFFERED)]}
    private = {"reason": offer.reason} if offer.reason else None
    offer.state, offer.decided_at, offer.reason, offer.purchase = OfferState.OFFERED, None, "", None
    return _save(offer, REOPENED, changes, by=by, at=at, private=private)


def _checked(kind: str, text: str, channel: str, product: str) -> str:
    """The text on one line."""
    if kind not in OfferKind.values:
        raise InvalidInput(_("There is no such kind of offer."), code="invalid_choice", field="kind")
    if channel not in dict(CHANNELS):
        raise InvalidInput(_("Choose one of the channels."), code="invalid_choice", field="channel")
    text = " ".join(text.split())
    if not text:
        raise InvalidInput(_("Say what is offered."), code="required", field="text")
    for name, value, most in (("text", text, TEXT), ("product", product.strip(), PRODUCT)):
        if len(value) > most:
            raise InvalidInput(_("At most %(most)s characters.") % {"most": most}, code="too_long", field=name)
    return text


def _check_value(amount: Decimal | None, currency: str) -> None:
    if amount is None:
        raise InvalidInput(_("How much is it worth?"), code="required", field="amount.amount")
    if amount <= 0:
        raise InvalidInput(_("More than nothing."), code="not_positive", field="amount.amount")
    check_amount(amount, currency)


def _answerable(offer: Offer, decided_at: datetime, *, at: datetime) -> Offer:
    """The offer as it is now, locked, for an answer given at `decided_at`."""
    offer = Offer.objects.select_for_update().get(pk=offer.pk)
    if offer.state != OfferState.OFFERED:
        raise refusals.AlreadyAnswered
    if decided_at > at + settings.FUTURE_TOLERANCE:
        raise refusals.InTheFuture(field="decided_at")
    if decided_at < offer.made_at.replace(second=0, microsecond=0):  # people write down minutes
        words = _("This lies before the offer was made.")
        raise InvalidInput(words, code="before_it_was_made", field="decided_at")
    if offer.state_on(dates.of_house(decided_at)) == OfferState.LAPSED:
        raise refusals.OfferLapsed
    return offer


def _order(offer: Offer, key: int) -> Purchase:
    """An order of the same customer that stands, bought no day before the offer was made."""
    known = Purchase.objects.filter(pk=key, customer=offer.customer_id, kind=PurchaseKind.ORDER).first()
    if known is None or known.cancelled_at is not None:
        raise refusals.UnknownPurchase(field="purchase")
    if dates.of_house(known.purchased_at) < dates.of_house(offer.made_at):
        raise refusals.BoughtBefore(field="purchase")
    return known


def _answered(
    offer: Offer,
    state: OfferState,
    decided_at: datetime,
    event: str,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    private: Mapping[str, Any] | None = None,
) -> Offer:
    offer.state, offer.decided_at = state, decided_at
    said = {**changes, "decided_at": decided_at.isoformat()} if decided_at != at else changes
    return _save(offer, event, said, by=by, at=at, private=private)


def _save(
    offer: Offer,
    event: str,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    private: Mapping[str, Any] | None = None,
) -> Offer:
    offer.version += 1
    offer.updated_at = at
    offer.save(update_fields=["state", "decided_at", "reason", "purchase", "version", "updated_at"])
    trail.append(offer, event, by=by, at=at, changes=changes, private=private)
    return offer
