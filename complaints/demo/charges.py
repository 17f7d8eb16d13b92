"""Those of the demo who say that they were charged twice were: two equal charges stand beside their case (A7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from complaints.demo import SOURCE
from complaints.models import Complaint
from core import languages
from core.actor import Actor
from retention.actions import charges

TYPE = "billing-charged-twice"
SUMS = ("64.90", "39.95", "129.00", "18.50")
EUR = "EUR"
BEFORE = (5, 3)  # days before they complained


def seed(*, at: datetime) -> None:
    """Two charges, both paid, and a third one that is right, for each such case of a known customer."""
    shop = Actor.system("shop")
    cases = Complaint.objects.filter(source=SOURCE, type__code=TYPE, customer__isnull=False).select_related("customer")
    seen: set[int] = set()
    for number, case in enumerate(cases.order_by("pk")):
        if case.customer is None or case.customer.pk in seen:
            continue
        seen.add(case.customer.pk)
        received = languages.local(case.received_at).date()
        amount = Decimal(SUMS[number % len(SUMS)])
        for days, asked in ((21, Decimal("12.00")), *((day, amount) for day in BEFORE)):
            on = received - timedelta(days=days)
            made = charges.charge(
                case.customer,
                amount=asked,
                currency=EUR,
                charged_on=on,
                by=shop,
                at=at,
                order_number=case.order_number,
                source=SOURCE,
            )
            charges.pay(
                case.customer, amount=asked, currency=EUR, paid_on=on, charge=made.pk, by=shop, at=at, source=SOURCE
            )
