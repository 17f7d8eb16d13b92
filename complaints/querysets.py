"""Reads on complaints. `visible_to` decides for list, search, export, drill-down and API alike."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from complaints.models import Complaint  # noqa: F401 - named in a string below
    from core.models import User


def teams_of(user: User) -> list[int]:
    """The teams whose cases somebody handles: those they lead, and as an agent their own. No query beside the roles."""
    own = [user.team_id] if user.team_id and "agent" in user.roles else []
    return sorted({*user.led_team_ids, *own})


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def visible_to(self, user: User) -> ComplaintQuerySet:
        """The rows `user` may see: managers all; agents own team, owned, watched; leads the teams led; others none."""
        roles = user.roles
        if "manager" in roles:
            return self.all()
        if not roles & {"agent", "lead"}:
            return self.none()
        from complaints.models import Watch

        watched = Exists(Watch.objects.filter(complaint=OuterRef("pk"), user=user.pk))
        return self.filter(Q(team__in=teams_of(user)) | Q(owner=user.pk) | watched)

    def in_queue(self) -> ComplaintQuerySet:
        """Live and in hand: what default queues show."""
        return self.filter(in_queue=True)

    def counted(self) -> ComplaintQuerySet:
        """Those that figures count: complaints, not enquiries, not merged, not quarantined (domain, Figures)."""
        return self.filter(kind="complaint", is_quarantined=False).exclude(status="merged")

    def by_deadline(self) -> ComplaintQuerySet:
        return self.order_by("queue_at", "pk")

    def changed_since(self, at: datetime) -> ComplaintQuerySet:
        return self.filter(updated_at__gt=at)

    def for_list(self) -> ComplaintQuerySet:
        """With everything a row of a list shows. Query cost: this one and one for the clocks."""
        return self.select_related("customer", "type__parent", "owner", "team").prefetch_related("clocks")
