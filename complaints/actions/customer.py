"""Whose complaint it is: link, change, and move all of one customer to another (mission B3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from complaints import errors
from complaints.actions import _base, _rematched
from complaints.models import Complaint
from core.actor import Actor
from retention.errors import MergedAway
from retention.models import Customer


@transaction.atomic
def set_customer(
    complaint: Complaint, customer: Customer | None, *, by: Actor, at: datetime, version: int | None = None
) -> Complaint:
    """Say whose complaint it is (None: nobody knows). Allowed on ended cases too; the deadlines of an open one follow
    the customer's tier where a policy or rule pack asks for it.

    `version`: the one the caller has seen. Raises Stale, MergedAway. The same customer changes nothing.
    """
    if customer is not None:  # locked first, as by a merge
        customer = Customer.objects.select_for_update().get(pk=customer.pk)
        if customer.merged_into_id is not None:
            raise MergedAway(field="customer")
    complaint = _base.locked(complaint)
    if version is not None and complaint.version != version:
        raise errors.Stale
    return complaint if complaint.customer_id == _key(customer) else _give(complaint, customer, by, at, "")


@transaction.atomic
def move_complaints(
    source: Customer, target: Customer, *, by: Actor, at: datetime, why: str, only: Collection[int] | None = None
) -> list[int]:
    """Give the complaints of `source` (of them `only` these keys) to `target`; `why`: merged or unmerged.

    The caller holds both customers locked. Returns the keys that changed hands. Query cost: 4 a complaint.
    """
    mine = Complaint.objects.filter(customer=source).order_by("pk").select_for_update()
    if only is not None:
        mine = mine.filter(pk__in=only)
    return [_give(complaint, target, by, at, why).pk for complaint in list(mine)]


def _give(complaint: Complaint, customer: Customer | None, by: Actor, at: datetime, why: str) -> Complaint:
    before, looked = complaint.customer_id, _rematched.look(complaint, _rematched.TIER)
    complaint.customer = customer
    clocks, followed = _rematched.follow(complaint, looked, at=at)
    changes = {"customer": [before, _key(customer)], **({"why": why} if why else {}), **followed}
    return _base.finish(
        complaint, "complaint.customer_set", by=by, at=at, fields=["customer"], changes=changes, clocks=clocks
    )


def _key(customer: Customer | None) -> int | None:
    return customer.pk if customer is not None else None
