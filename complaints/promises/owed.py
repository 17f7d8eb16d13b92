"""The promises of a case: its own and those of the cases merged into it, which it owes from then on (Complaint 9)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min, Q, QuerySet

from complaints.models import Complaint, Promise


def of_case(complaint: Complaint) -> QuerySet[Promise]:
    """All of them, earliest due first. Query cost: 1 by the index of promises by case."""
    whole = Complaint.objects.filter(Q(pk=complaint.pk) | Q(merged_into=complaint.pk)).values("pk")
    return Promise.objects.filter(complaint__in=whole).order_by("due_at", "pk")


def open_ones(complaint: Complaint) -> QuerySet[Promise]:
    """Those still owed, broken or not."""
    return of_case(complaint).filter(settled_at__isnull=True)


def earliest(found: QuerySet[Promise], *, without: Iterable[int] = ()) -> datetime | None:
    """When the first of them falls due that is still owed; None where nothing is. Query cost: 1."""
    owed = found.filter(settled_at__isnull=True).exclude(pk__in=list(without))
    moment: datetime | None = owed.order_by().aggregate(first=Min("due_at"))["first"]
    return moment
