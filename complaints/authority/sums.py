"""What is granted already, added up by the database in ten-thousandths: exact on SQLite too, which has no decimals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, F, Q, QuerySet, Sum
from django.db.models.functions import Cast, Round

from complaints.authority import lines
from complaints.authority.lines import Line
from complaints.models import Remedy, RemedyStatus

UNIT = 10_000


def summed(name: str = "amount") -> Any:
    """The expression of a sum, as a whole number of ten-thousandths."""
    return Sum(Cast(Round(F(name) * UNIT), BigIntegerField()))


def total(rows: QuerySet[Remedy]) -> Decimal:
    """Query cost: 1."""
    found = rows.order_by().aggregate(sum=summed())["sum"]
    return Decimal(int(found or 0)).scaleb(-4)


def granted(line: Line, currency: str) -> QuerySet[Remedy]:
    """What counts under a line: granted and not taken back, of its kind (or all kinds), in one currency or points."""
    rows = Remedy.objects.filter(status=RemedyStatus.GRANTED, amount__isnull=False, currency=currency)
    return rows.filter(kind=line.kind) if line.kind else rows


def on_complaint(line: Line, currency: str, head: int) -> Decimal:
    """On the case and those merged into it; `head`: the case that stays."""
    return total(granted(line, currency).filter(Q(complaint=head) | Q(complaint__merged_into=head)))


def of_customer(line: Line, currency: str, customer: int, day: date) -> Decimal:
    """On all complaints of one customer, in the line's period around `day`."""
    return total(granted(line, currency).filter(complaint__customer=customer, **within(line, day)))


def by_person(line: Line, currency: str, person: int, day: date) -> Decimal:
    """What one person granted or approved, in the line's period around `day`."""
    return total(granted(line, currency).filter(decided_by=person, **within(line, day)))


def within(line: Line, day: date) -> dict[str, date]:
    first, behind = lines.bounds(line.period, day)
    return {"decided_on__gte": first, "decided_on__lt": behind}


def given_back(*, charge: int | None = None, order: tuple[int, str, str] | None = None) -> QuerySet[Remedy]:
    """Refunds, granted or awaiting approval, of one charge; or of one order (customer, its number, currency)."""
    rows = Remedy.objects.filter(kind="refund", status__in=[RemedyStatus.GRANTED, RemedyStatus.AWAITING])
    if order is None:
        return rows.filter(charge=charge)
    customer, number, currency = order
    of_it = Q(charge__isnull=True, complaint__order_number=number) | Q(charge__order_number=number)
    return rows.filter(of_it, complaint__customer=customer, currency=currency)
