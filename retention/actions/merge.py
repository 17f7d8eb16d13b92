"""Two records that are one customer: what changes hands on this floor, and back (mission B3; domain, users' wishes).

`metrics.actions.merge_customers` calls these in one transaction with the floors above.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import F, Model, QuerySet

from core import trail
from core.actor import Actor
from retention import errors
from retention.actions import loyalty
from retention.actions.edit import touch
from retention.models import (
    Charge,
    Consent,
    ContactPoint,
    Customer,
    CustomerMerge,
    ExternalId,
    FollowUp,
    LoyaltyEntry,
    Offer,
    Payment,
    Purchase,
    Referral,
    Tenure,
)

CHUNK = 5000  # keys in one statement
MOVABLE: dict[str, type[Model]] = {
    "contact_points": ContactPoint,
    "external_ids": ExternalId,
    "tenures": Tenure,
    "purchases": Purchase,
    "charges": Charge,
    "payments": Payment,
    "consents": Consent,
    "follow_ups": FollowUp,
    "loyalty_entries": LoyaltyEntry,  # the database takes the balance along (retention.ledger)
    "offers": Offer,
}
Moved = dict[str, list[int]]


def lock_both(one: Customer, other: Customer) -> tuple[Customer, Customer]:
    """Both records as they are now, locked in the order of their keys. Raises IntoItself. Query cost: 1."""
    if one.pk == other.pk:
        raise errors.IntoItself
    found = Customer.objects.select_for_update().order_by("pk").in_bulk([one.pk, other.pk])
    return found[one.pk], found[other.pk]


def refuse_unless_mergeable(absorbed: Customer, survivor: Customer) -> None:
    """Raises MergedAway when either is merged into another record already."""
    if absorbed.merged_into_id is not None or survivor.merged_into_id is not None:
        raise errors.MergedAway


def move_all(absorbed: Customer, survivor: Customer, *, at: datetime) -> Moved:
    """Give the survivor what the absorbed one has; returns the keys by kind. What the survivor has already stays.

    Of stays nothing overlaps afterwards, of consents the survivor's word wins. A referral stays where it would make
    somebody bring themselves, bring who brought them, or be brought twice. Query cost: about 30.
    """
    moved = {
        "contact_points": _fresh(absorbed, survivor, ContactPoint, "kind", "value_key"),
        "external_ids": _keys(ExternalId.objects.filter(customer=absorbed)),
        "tenures": _apart(absorbed, survivor),
        "purchases": _fresh(absorbed, survivor, Purchase, "source", "order_number"),
        "charges": _keys(Charge.objects.filter(customer=absorbed)),
        "payments": _keys(Payment.objects.filter(customer=absorbed)),
        "consents": _fresh(absorbed, survivor, Consent, "purpose"),
        "follow_ups": _keys(FollowUp.objects.filter(customer=absorbed)),
        "loyalty_entries": _keys(LoyaltyEntry.objects.filter(customer=absorbed)),
        "offers": _keys(Offer.objects.filter(customer=absorbed)),
    }
    liked = _second_choice(survivor, moved["contact_points"])
    for kind, keys in moved.items():
        hand_over(MOVABLE[kind], keys, absorbed, survivor, at=at)
    return {**moved, **_move_referrals(absorbed, survivor, at=at), "no_longer_preferred": liked}


def move_back(absorbed: Customer, survivor: Customer, moved: Moved, *, by: Actor, at: datetime) -> Moved:
    """Give back what changed hands and is still the survivor's; returns those keys by kind.

    Points that were spent since are taken off those that go back, so that nobody's balance is below zero.
    """
    back = {}
    short = loyalty.make_up(survivor, moved.get("loyalty_entries", ()), by=by, at=at)
    for kind, model in MOVABLE.items():
        back[kind] = hand_over(model, moved.get(kind, ()), survivor, absorbed, at=at)
    back |= _move_referrals(survivor, absorbed, at=at, only=moved)
    loyalty.settle(absorbed, short, by=by, at=at)
    ContactPoint.objects.filter(customer=absorbed, pk__in=moved.get("no_longer_preferred", ())).update(
        is_preferred=True
    )
    return back


def hand_over(
    model: type[Model],
    keys: Collection[int],
    giver: Customer,
    taker: Customer,
    *,
    at: datetime,
    side: str = "customer",
) -> list[int]:
    """Change the customer (the field `side`) of those rows that are still the giver's; returns their keys. Rows with a
    version get a new one, and each kind keeps when that was where it keeps such a thing."""
    names = {field.attname for field in model._meta.concrete_fields}  # a key named version is version_id
    values: dict[str, Any] = {side: taker}
    values |= dict.fromkeys(names & {"updated_at", "moved_at"}, at)
    if "version" in names:
        values["version"] = F("version") + 1
    gone: list[int] = []
    wanted = sorted(keys)
    chunk = len(wanted) or 1 if model is LoyaltyEntry else CHUNK  # points at once, or an account is short meanwhile
    for start in range(0, len(wanted), chunk):
        rows = model._default_manager.filter(**{side: giver}, pk__in=wanted[start : start + chunk]).order_by()
        found = _keys(rows)
        model._default_manager.filter(pk__in=found).order_by().update(**values)
        gone += found
    return gone


def record(
    absorbed: Customer, survivor: Customer, moved: Moved, *, by: Actor, at: datetime, reason: str = ""
) -> CustomerMerge:
    """Keep the merge: both records get a new version and an entry on their trails. Query cost: 7."""
    absorbed.merged_into = survivor
    touch(absorbed, at=at, fields=["merged_into"])
    touch(survivor, at=at)
    counts = {kind: len(keys) for kind, keys in moved.items() if keys and kind != "no_longer_preferred"}
    private = {"reason": reason.strip()} if reason.strip() else None
    trail.append(
        absorbed, "customer.merged", by=by, at=at, changes={"into": survivor.pk, "moved": counts}, private=private
    )
    trail.append(
        survivor, "customer.absorbed", by=by, at=at, changes={"customer": absorbed.pk, "moved": counts}, private=private
    )
    return CustomerMerge.objects.create(
        survivor=survivor, absorbed=absorbed, moved=moved, merged_at=at, merged_by=by.user
    )


def standing(absorbed: Customer) -> CustomerMerge:
    """The merge that holds for a locked record. Raises NotMerged. Query cost: 1."""
    found = CustomerMerge.objects.select_for_update().filter(absorbed=absorbed, undone_at__isnull=True).first()
    if absorbed.merged_into_id is None or found is None:
        raise errors.NotMerged
    return found


def record_undone(
    merge: CustomerMerge, absorbed: Customer, survivor: Customer, back: Moved, *, by: Actor, at: datetime
) -> None:
    """End the merge: both records stand for themselves again. Query cost: 7."""
    absorbed.merged_into = None
    touch(absorbed, at=at, fields=["merged_into"])
    touch(survivor, at=at)
    merge.undone_at = at
    merge.save(update_fields=["undone_at"])
    counts = {kind: len(keys) for kind, keys in back.items() if keys}
    trail.append(absorbed, "customer.unmerged", by=by, at=at, changes={"from": survivor.pk, "moved": counts})
    trail.append(survivor, "customer.released", by=by, at=at, changes={"customer": absorbed.pk, "moved": counts})


def _keys(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _fresh(absorbed: Customer, survivor: Customer, model: type[Model], *names: str) -> list[int]:
    """Rows of the absorbed one that the survivor has none like. Query cost: 2."""
    rows = model._default_manager.order_by("pk")
    known = set(rows.filter(customer=survivor).values_list(*names))
    return [pk for pk, *value in rows.filter(customer=absorbed).values_list("pk", *names) if tuple(value) not in known]


def _move_referrals(giver: Customer, taker: Customer, *, at: datetime, only: Moved | None = None) -> Moved:
    """Give `taker` the referrals on either side (of `only` those) but those that would clash there. Query cost: 3 to 7.

    A standing one clashes where they would bring who brought them, or be brought twice; any, where they would bring
    themselves.
    """
    standing = Referral.objects.standing().order_by()
    back = standing.filter(referred=taker).values("referrer")
    made = Referral.objects.filter(referrer=giver).exclude(referred=taker)
    made = made.exclude(withdrawn_at__isnull=True, referred__in=back)
    came = Referral.objects.filter(referred=giver).exclude(referrer=taker)
    if standing.filter(referred=taker).exists():
        came = came.filter(withdrawn_at__isnull=False)
    else:
        theirs = standing.filter(referrer=taker).values("referred")
        came = came.exclude(withdrawn_at__isnull=True, referrer__in=theirs)
    moved = {}
    for kind, side, rows in (("referrals_made", "referrer", made), ("referrals", "referred", came)):
        keys = _keys(rows if only is None else rows.filter(pk__in=only.get(kind, ())))
        moved[kind] = hand_over(Referral, keys, giver, taker, at=at, side=side)
    return moved


def _apart(absorbed: Customer, survivor: Customer) -> list[int]:
    """Stays of the absorbed one that overlap none of the survivor's. Query cost: 2."""
    taken = [_span(stay) for stay in Tenure.objects.filter(customer=survivor)]
    found = []
    for stay in Tenure.objects.filter(customer=absorbed).order_by("pk"):
        start, end = _span(stay)
        if all(end < other_start or other_end < start for other_start, other_end in taken):
            found.append(stay.pk)
    return found


def _span(stay: Tenure) -> tuple[date, date]:
    return stay.joined_on or date.min, stay.left_on or date.max


def _second_choice(survivor: Customer, keys: Iterable[int]) -> list[int]:
    """Where the survivor prefers an address of that kind, those that come are no longer preferred. Query cost: 3."""
    kinds = ContactPoint.objects.filter(customer=survivor, is_preferred=True).values("kind")
    rows = ContactPoint.objects.filter(pk__in=list(keys), is_preferred=True, kind__in=kinds)
    found = _keys(rows)
    ContactPoint.objects.filter(pk__in=found).update(is_preferred=False)
    return found
