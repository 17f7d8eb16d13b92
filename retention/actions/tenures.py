"""Whether customers stay: joining, leaving, coming back (mission C1, C5; domain, Terms: tenure).

Dates are local; the last day of a stay belongs to it. Stays of one customer never share a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import dates, trail
from core.actor import Actor
from core.errors import InvalidInput
from retention import refusals
from retention.actions.edit import locked, touch
from retention.actions.record_customers import overlap
from retention.models import Customer, Tenure

JOINED, LEFT, RETURNED = "customer.joined", "customer.left", "customer.returned"
DEPARTURE_TAKEN_BACK = "customer.departure_taken_back"
REASON = 200


@transaction.atomic
def join(customer: Customer, *, joined_on: date, by: Actor, at: datetime, plan: str = "") -> Tenure:
    """They become a customer on this day. Raises AlreadyCustomer, StaysOverlap, InTheFuture. Query cost: 6."""
    return _begin(customer, joined_on, "joined_on", JOINED, plan, by=by, at=at)


@transaction.atomic
def come_back(customer: Customer, *, returned_on: date, by: Actor, at: datetime, plan: str = "") -> Tenure:
    """Somebody who had left is a customer again: a second stay. Raises NeverLeft and as `join`. Query cost: 7."""
    if not customer.tenures.exists():
        raise refusals.NeverLeft
    return _begin(customer, returned_on, "returned_on", RETURNED, plan, by=by, at=at)


@transaction.atomic
def depart(customer: Customer, *, left_on: date, reason: str, by: Actor, at: datetime) -> Tenure:
    """Their stay ends with this day, for this reason. Of whom no stay is known, one of unknown beginning ends.

    Raises AlreadyLeft, LeftBeforeJoined, InTheFuture, InvalidInput (required, too_long). Query cost: 6.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Why do they leave?"), code="required", field="reason")
    if len(reason) > REASON:
        raise InvalidInput(_("At most %(most)s characters.") % {"most": REASON}, code="too_long", field="reason")
    _refuse_future(left_on, "left_on", by=by, at=at)
    customer = locked(customer)
    stays = list(customer.tenures.all())
    stay = next((one for one in stays if one.left_on is None), None)
    if stay is None:
        if stays:
            raise refusals.AlreadyLeft(field="left_on")
        stay = Tenure(customer=customer)
    if stay.joined_on is not None and left_on < stay.joined_on:
        raise refusals.LeftBeforeJoined(field="left_on")
    stay.left_on, stay.reason = left_on, reason
    stay.save()
    touch(customer, at=at)
    dates = {"joined_on": stay.joined_on, "left_on": left_on}
    trail.append(customer, LEFT, by=by, at=at, changes=dates, private={"reason": reason})
    return stay


@transaction.atomic
def take_back_departure(customer: Customer, *, by: Actor, at: datetime) -> Tenure:
    """The last departure was recorded by mistake: the stay goes on. Raises NeverLeft, ReturnedSince. Query cost: 6."""
    customer = locked(customer)
    stays = list(customer.tenures.all())
    ended = [one for one in stays if one.left_on is not None]
    if not ended:
        raise refusals.NeverLeft
    if len(ended) < len(stays):
        raise refusals.ReturnedSince
    stay = max(ended, key=lambda one: one.left_on or date.min)
    before, stay.left_on, stay.reason = stay.left_on, None, ""
    stay.save(update_fields=["left_on", "reason"])
    touch(customer, at=at)
    trail.append(customer, DEPARTURE_TAKEN_BACK, by=by, at=at, changes={"left_on": [before, None]})
    return stay


def in_order(stays: Iterable[Tenure]) -> list[Tenure]:
    """The first stay first; one of unknown beginning is the first (databases differ on where they put it)."""
    return sorted(stays, key=lambda one: (one.joined_on or date.min, one.pk))


def _begin(customer: Customer, on: date, field: str, event: str, plan: str, *, by: Actor, at: datetime) -> Tenure:
    """A stay without an end from this day on."""
    _refuse_future(on, field, by=by, at=at)
    customer = locked(customer)
    stays = list(customer.tenures.all())
    if any(one.left_on is None for one in stays):
        raise refusals.AlreadyCustomer(field=field)
    if any(overlap(on, None, one.joined_on, one.left_on) for one in stays):
        raise refusals.StaysOverlap(field=field)
    stay = Tenure.objects.create(customer=customer, joined_on=on, plan=plan.strip())
    touch(customer, at=at)
    trail.append(customer, event, by=by, at=at, changes={"joined_on": on})
    return stay


def _refuse_future(on: date, field: str, *, by: Actor, at: datetime) -> None:
    if on > dates.of_actor(by, at):
        raise refusals.InTheFuture(field=field)
