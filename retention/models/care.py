"""Looking after customers: what they agreed to, whom we call and when, who was one person (mission B3, B4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from retention.models.customers import Customer

if TYPE_CHECKING:
    from core.models import User


class ConsentPurpose(models.TextChoices):
    SURVEYS = "surveys", _("Surveys")
    CALLS = "calls", _("Calls")
    OFFERS = "offers", _("Offers")
    TESTIMONIAL = "testimonial", _("Testimonial")


class Consent(models.Model):
    """What a customer agreed to or refused, last word per purpose; the trail keeps the earlier ones.

    Without a row nothing was said: surveys after a complaint and calls they asked for are then allowed, offers and
    testimonials are not.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=12, choices=ConsentPurpose.choices)
    given = models.BooleanField(_("agreed"))
    at = models.DateTimeField()
    how = models.CharField(_("how we know"), max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "purpose"], name="consent_once")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.purpose} {self.given}"


class CustomerMerge(models.Model):
    """Two records that are one customer. `moved` names, per kind of row, the keys that changed hands, so that the merge
    can be taken back; what came afterwards stays with the survivor."""

    survivor = models.ForeignKey(Customer, models.PROTECT, related_name="absorptions")
    absorbed = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict)
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-merged_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["absorbed"], name="customermerge_once", condition=Q(undone_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.survivor_id}"


class FollowUpReason(models.TextChoices):
    DETRACTOR = "detractor", _("Unhappy answer to a survey")
    AFTER_CLOSING = "after_closing", _("After a complaint")
    PLANNED = "planned", _("Planned")


class FollowUpOutcome(models.TextChoices):
    REACHED = "reached", _("Reached")
    NOT_REACHED = "not_reached", _("Not reached")
    MESSAGE_LEFT = "message_left", _("Message left")
    DECLINED = "declined", _("Does not want calls")
    CANCELLED = "cancelled", _("No longer needed")


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: User) -> FollowUpQuerySet:
        """One's own calls; a lead also those of the teams led, a manager all (domain, Roles and visibility)."""
        if not user.sees_cases:
            return self.none()
        if user.is_manager:
            return self
        return self.filter(Q(owner=user) | Q(owner__team__in=user.led_team_ids))

    def open(self) -> FollowUpQuerySet:
        """Calls still to be made."""
        return self.filter(done_at__isnull=True)


class FollowUp(models.Model):
    """A call to a customer: owned, dated, with an outcome (mission B4). `due_on`: local date.

    `complaint_reference` links the complaint it is about by its public name: complaints stand on a floor above.
    `attempts`: calls that reached nobody so far, the newest on the trail.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="follow_ups", verbose_name=_("customer"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="follow_ups", verbose_name=_("owner"), db_index=False
    )
    reason = models.CharField(_("reason"), max_length=14, choices=FollowUpReason.choices)
    about = models.CharField(_("what about"), max_length=200, blank=True)
    complaint_reference = models.CharField(_("complaint"), max_length=16, blank=True)
    key = models.CharField(max_length=80, blank=True)
    due_on = models.DateField(_("due on"))
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=12, choices=FollowUpOutcome.choices, blank=True)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        verbose_name = _("follow-up call")
        verbose_name_plural = _("follow-up calls")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="followup_key_once", condition=~Q(key="")),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | ~Q(outcome=""), name="followup_done_has_outcome"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="followup_due", condition=Q(done_at__isnull=True)),
            models.Index(fields=["owner", "due_on", "id"], name="followup_of_owner", condition=Q(done_at__isnull=True)),
            models.Index(
                fields=["complaint_reference"], name="followup_complaint", condition=~Q(complaint_reference="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_on} {self.customer_id}"
