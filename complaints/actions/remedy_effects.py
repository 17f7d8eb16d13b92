"""What a granted remedy sets going: money on its way to finance, points on the customer's account; and back."""

from __future__ import annotations

from datetime import datetime

from complaints.authority import refusals
from complaints.models import Payout, PayoutState, Remedy, RemedyKind
from core.actor import Actor
from retention.actions import loyalty
from retention.models import LoyaltyEntry

PAID = (RemedyKind.REFUND, RemedyKind.CREDIT)


def carry_out(remedy: Remedy, *, by: Actor, at: datetime) -> None:
    """A refund or credit is to be paid, points are credited; each once for one remedy, held by the database."""
    if remedy.kind in PAID:
        Payout.objects.create(remedy=remedy, state=PayoutState.DUE, updated_at=at)
    elif remedy.kind == RemedyKind.POINTS:
        customer = remedy.complaint.customer
        if customer is None:
            raise refusals.CustomerRequired
        loyalty.grant(
            customer,
            points=int(remedy.amount or 0),
            key=key_of(remedy),
            complaint_reference=remedy.complaint.reference,
            by=by,
            at=at,
            reason=remedy.description or remedy.reason,
        )


def undo(remedy: Remedy, *, by: Actor, at: datetime, reason: str) -> None:
    """Raises PaidOut, and of points that are spent NotEnoughPoints."""
    if remedy.kind in PAID:
        payout = Payout.objects.select_for_update().filter(remedy=remedy).first()
        if payout is not None:
            if payout.state not in (PayoutState.DUE, PayoutState.FAILED):
                raise refusals.PaidOut
            payout.state, payout.updated_at, payout.version = PayoutState.CANCELLED, at, payout.version + 1
            payout.save(update_fields=["state", "updated_at", "version"])
    elif remedy.kind == RemedyKind.POINTS:
        entry = LoyaltyEntry.objects.select_related("customer").filter(key=key_of(remedy)).first()
        if entry is not None:
            loyalty.take_back(
                entry.customer,
                points=entry.points,
                by=by,
                at=at,
                reason=reason,
                key=f"{key_of(remedy)}:revoked",
                complaint_reference=entry.complaint_reference,
            )


def key_of(remedy: Remedy) -> str:
    """By which the ledger knows the entry of a remedy."""
    return f"remedy:{remedy.pk}"
