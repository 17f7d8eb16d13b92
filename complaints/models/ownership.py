"""Offers to hand a case over, and escalations (mission D3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import Complaint


class HandOverState(models.TextChoices):
    OFFERED = "offered", _("offered")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("taken back")
    OVERTAKEN = "overtaken", _("overtaken")  # the case changed hands or ended meanwhile


class HandOver(models.Model):
    """The owner asks somebody to take a case over; it stays with the owner until they accept."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="hand_overs")
    from_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="hand_overs_offered")
    reason = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=HandOverState.choices, default=HandOverState.OFFERED)
    offered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-offered_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["complaint"], name="hand_over_one_open", condition=Q(state="offered"))
        ]
        indexes = [models.Index(fields=["to_user"], name="hand_over_open", condition=Q(state="offered"))]

    def __str__(self) -> str:
        return f"{self.complaint_id} to {self.to_user_id}: {self.state}"


class Escalation(models.Model):
    """Somebody asks a person above for help with a case. Never held against them (domain, Figures: recognition).

    The case stays with its owner unless `takes_over`. `answered_at`: the one asked has said what to do.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="escalations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="escalations")
    reason = models.TextField()
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "to"], name="escalation_one_open", condition=Q(answered_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["to"], name="escalation_open", condition=Q(answered_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.complaint_id} to {self.to_id}"
