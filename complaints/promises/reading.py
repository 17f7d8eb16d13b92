"""Which promises somebody may see: those of the cases they see, and of cases merged into these."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from complaints.models import Complaint, Promise
from core.models import User


def visible_to(user: User) -> QuerySet[Promise]:
    """Decided by `Complaint.objects.visible_to` alone."""
    seen = Complaint.objects.visible_to(user).values("pk")
    return Promise.objects.filter(Q(complaint__in=seen) | Q(complaint__merged_into__in=seen))
