"""Take away what hangs on customers of the demo: stays, purchases, charges, payments, offers and referrals, calls,
consents, merges.

A customer of the demo whom real records lean on stays, without what the demo made up about them.
"""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import F, Q, Sum

from core.models import OutboxMessage, TrailEntry
from retention.demo import SOURCE
from retention.models import (
    Charge,
    Consent,
    ContactPoint,
    Customer,
    CustomerMerge,
    ExternalId,
    FollowUp,
    LoyaltyAccount,
    LoyaltyEntry,
    Offer,
    Payment,
    Purchase,
    PurchaseLine,
    Referral,
    Tenure,
)


@transaction.atomic
def customers(keys: list[int]) -> None:
    """Remove customers with everything of theirs. Nothing of a floor above may lean on them any more."""
    theirs = {"customer_id__in": keys}
    _offers(Offer.objects.filter(**theirs), Referral.objects.filter(Q(referrer__in=keys) | Q(referred__in=keys)))
    _purchases(Purchase.objects.filter(**theirs))
    calls(FollowUp.objects.filter(**theirs))
    for model in (Payment, Charge, LoyaltyEntry, LoyaltyAccount):
        delete(model._default_manager.filter(**theirs))
    merges = CustomerMerge.objects.filter(Q(survivor__in=keys) | Q(absorbed__in=keys))
    delete(merges)
    for other in (ContactPoint, ExternalId, Tenure, Consent):
        delete(other._default_manager.filter(**theirs))
    forget(Customer, Customer.objects.filter(pk__in=keys))
    delete(Customer.objects.filter(pk__in=keys))


@transaction.atomic
def made_up() -> None:
    """Remove stays and what was bought and paid, as far as the demo made it up, whoever's it is now."""
    Payment.objects.filter(charge__source=SOURCE).exclude(source=SOURCE).update(charge=None)
    for model in (Payment, Charge):
        delete(model._default_manager.filter(source=SOURCE))
    _offers(Offer.objects.filter(source=SOURCE), Referral.objects.filter(source=SOURCE))
    _purchases(Purchase.objects.filter(source=SOURCE))
    _points()
    delete(Tenure.objects.filter(source=SOURCE))


def _points() -> None:
    """Points the demo gave, whoever's they are now, unless the customer has spent them since."""
    given = LoyaltyEntry.objects.filter(source=SOURCE).order_by().values("customer")
    for row in given.annotate(sum=Sum("points"), has=F("customer__loyalty__balance")):
        if row["sum"] <= row["has"]:
            delete(LoyaltyEntry.objects.filter(source=SOURCE, customer=row["customer"]))


@transaction.atomic
def marks_back() -> None:
    """Where a customer of the demo was merged into another one: its mark goes back, so that only it is the demo's."""
    merges = CustomerMerge.objects.filter(undone_at__isnull=True).order_by("-pk")
    for merge in merges:
        moved = ExternalId.objects.filter(pk__in=merge.moved.get("external_ids", ()), source=SOURCE)
        moved.update(customer=merge.absorbed_id)


@transaction.atomic
def calls(rows: models.QuerySet[FollowUp]) -> None:
    """Remove calls with the mails about them."""
    keys = list(rows.values_list("pk", flat=True))
    delete(OutboxMessage.objects.filter(subject_kind="followup", subject_id__in=keys))
    forget(FollowUp, FollowUp.objects.filter(pk__in=keys))
    delete(FollowUp.objects.filter(pk__in=keys))


def _offers(made: models.QuerySet[Offer], brought: models.QuerySet[Referral]) -> None:
    for model, rows in ((Offer, made), (Referral, brought)):
        forget(model, rows)
        delete(rows)


def _purchases(rows: models.QuerySet[Purchase]) -> None:
    """Returns before what they take back."""
    keys = list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), 10_000):
        batch = keys[start : start + 10_000]
        delete(PurchaseLine.objects.filter(purchase_id__in=batch))
        Purchase.objects.filter(returns_id__in=batch).update(returns=None)
        Offer.objects.filter(purchase_id__in=batch).update(purchase=None)
    for start in range(0, len(keys), 10_000):
        delete(Purchase.objects.filter(pk__in=keys[start : start + 10_000]))


def forget(model: type[models.Model], rows: models.QuerySet[models.Model]) -> None:
    """Erase the personal text of their trail; the sealed part stays."""
    entries = TrailEntry.objects.filter(subject_kind=model._meta.model_name, subject_id__in=rows.values("pk"))
    entries.exclude(private="").update(private="")


def delete(rows: models.QuerySet[models.Model]) -> None:
    """One statement: nothing hooks into a deletion here."""
    rows._raw_delete(rows.db)  # what Collector itself ends in
