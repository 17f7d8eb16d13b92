"""How many calls each of us is to make by today: the number in everybody's sidebar (mission B4)."""

from __future__ import annotations

from django.db.models import Count

from core import dates
from core.cached import Cached
from core.clock import now
from retention.models import FollowUp


@Cached
def calls_due() -> dict[int, int]:
    """By owner, those overdue included. Query cost: one every few seconds per process, by an index over open calls."""
    due = FollowUp.objects.open().filter(due_on__lte=dates.of_house(now()))
    return dict(due.values_list("owner").annotate(n=Count("pk")).order_by())
