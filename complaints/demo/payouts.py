"""What finance got and answered, and points of customers: two files, one payout that failed, some still to be paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from complaints.actions import payouts, remedies
from complaints.demo import SOURCE
from complaints.demo.lives import Life
from complaints.errors import NothingToPay
from complaints.models import Complaint, Payout, PayoutExport, PayoutReturn, RemedyKind, Status
from core import clock, dates
from core.actor import Actor
from core.models import User
from retention.actions import loyalty
from retention.demo.purge import delete
from retention.models import Customer, Payment

FIRST, SECOND, ANSWERED = timedelta(days=12), timedelta(days=3), timedelta(days=2)
GIVEN = timedelta(hours=30)
FAILURE = "The bank sent it back: account closed"
FAITHFUL, GOODWILL = 12, 150
EARNED = (  # days ago, points, why; below zero: redeemed
    (28, 250, "A year with us"),
    (19, 120, "Spring order"),
    (9, -100, "Voucher"),
    (4, 80, "Autumn order"),
)


def finance(members: dict[str, User], now: datetime) -> Life:
    """Two files handed over; of the first all is paid, of the second one failed and one waits; the rest is due."""
    by = Actor.person(members["manager"])
    yield now - FIRST
    first = _export(by)
    yield now - FIRST + ANSWERED
    _answer(first, by)
    yield now - SECOND
    second = _export(by)
    yield now - SECOND + ANSWERED
    _answer(second, by, but=2)


def points(members: dict[str, User], now: datetime) -> Life:
    """Of some customers, and goodwill for one who had to call twice."""
    for days, count, why in EARNED:
        yield now - timedelta(days=days)
        act = loyalty.earn if count > 0 else loyalty.redeem
        faithful = Customer.objects.filter(external_ids__source=SOURCE, merged_into=None).order_by("pk")[:FAITHFUL]
        for customer in faithful:
            key = f"{SOURCE}:{customer.pk}:{days}"
            by, at = Actor.system("shop"), clock.now()
            act(customer, points=abs(count), by=by, at=at, reason=why, key=key, source=SOURCE)
    yield now - GIVEN
    agent = members["agent"]
    mine = Complaint.objects.filter(source=SOURCE, owner=agent, in_queue=True, customer__isnull=False)
    complaint = mine.exclude(status=Status.RESOLVED).order_by("-pk").first()
    if complaint is not None:
        remedies.ask(
            complaint,
            by=Actor.person(agent),
            at=clock.now(),
            kind=RemedyKind.POINTS,
            amount=Decimal(GOODWILL),
            reason="For the second call they had to make",
        )


def _export(by: Actor) -> PayoutExport | None:
    try:
        return payouts.export(by=by, at=clock.now())
    except NothingToPay:
        return None


def _answer(export: PayoutExport | None, by: Actor, *, but: int = 0) -> None:
    """All of it is paid, except the first `but`, of which the first failed."""
    at = clock.now()
    for place, payout in enumerate(Payout.objects.filter(export=export, export__isnull=False).order_by("pk")):
        if place >= but and export is not None:
            reference = f"SEPA-{export.number:04}-{place + 1:03}"
            payouts.confirm(payout, by=by, at=at, paid_on=dates.of_house(at), reference=reference)
        elif place == 0:
            payouts.fail(payout, by=by, at=at, reason=FAILURE)


def purge_cases(keys: Sequence[int]) -> None:
    """Before their remedies: payouts with their lines, and the payments made of them."""
    rows = Payout.objects.filter(remedy__complaint_id__in=keys)
    made = list(rows.filter(payment__isnull=False).values_list("payment", flat=True))
    returned = PayoutReturn.objects.filter(payout__in=rows, payment__isnull=False)
    made += [key for pair in returned.values_list("payment", "counter") for key in pair]
    rows.delete()
    delete(Payment.objects.filter(pk__in=made))


def purge(people: Sequence[User]) -> None:
    """Files of the demo in which nothing is left."""
    delete(PayoutExport.objects.filter(by__in=people, lines__isnull=True))
