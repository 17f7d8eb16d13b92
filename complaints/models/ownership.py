"""Offers to hand a case over, and escalations (mission D3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models.complaint import Complaint


class HandOverState(models.TextChoices):
    OFFERED = "offered", _("offered")
    ACCEPTED = "accepted", pgettext_lazy("an offer", "accepted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("taken back")
    OVERTAKEN = "overtaken", _("overtaken")  # the case changed hands or ended meanwhile


class HandOver(models.Model):
    """The owner asks somebody to take a case over; it stays with the owner until they accept.

    `offered_by`: who asks, the owner or whoever leads; `lets_see`: for this offer alone the one asked follows the case,
    and stops when it comes to nothing; `reminded_at`: they were told again that it waits.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="hand_overs")
    from_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="hand_overs_offered")
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    lets_see = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=HandOverState.choices, default=HandOverState.OFFERED)
    offered_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-offered_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["complaint"], name="hand_over_one_open", condition=Q(state="offered"))
        ]
        indexes = [
            models.Index(fields=["to_user"], name="hand_over_open", condition=Q(state="offered")),
            models.Index(
                fields=["offered_at"], name="hand_over_waiting", condition=Q(state="offered", reminded_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} to {self.to_user_id}: {self.state}"


class Escalation(models.Model):
    """Somebody asks a person above for help with a case. Never held against them (domain, Figures: recognition).

    The case stays with its owner unless the one asked takes it over. `answered_at`: they have said what to do, or it
    was `withdrawn`: taken back by who asked, or ended with the case.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="escalations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="escalations")
    reason = models.TextField()
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    withdrawn = models.BooleanField(default=False)

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
