"""Loyalty points: an append-only ledger and the balance it adds up to (mission C3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from retention.models.customers import Customer


class LoyaltyKind(models.TextChoices):
    EARNED = "earned", pgettext_lazy("points", "Earned")
    GOODWILL = "goodwill", pgettext_lazy("points", "Goodwill")
    REDEEMED = "redeemed", pgettext_lazy("points", "Redeemed")
    EXPIRED = "expired", pgettext_lazy("points", "Expired")
    CORRECTED = "corrected", pgettext_lazy("points", "Corrected")


class LoyaltyEntry(models.Model):
    """Points that came (positive) or went (negative). Never changed, never deleted; a mistake is corrected by another.
    A merge of customers gives it to another record.

    `key`: makes an entry exist once, e.g. the remedy it pays (`remedy:17`). `complaint_reference`: as on FollowUp.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="loyalty_entries", db_index=False)
    points = models.IntegerField(_("points"))
    kind = models.CharField(max_length=10, choices=LoyaltyKind.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    complaint_reference = models.CharField(max_length=16, blank=True)
    key = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_index=True)
    moved_at = models.DateTimeField(null=True)  # to another customer's record, by a merge or when one was taken back

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("loyalty entry")
        verbose_name_plural = _("loyalty entries")
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="loyalty_not_nothing"),
            models.CheckConstraint(
                condition=Q(kind="corrected")
                | Q(points__gt=0, kind__in=["earned", "goodwill"])
                | Q(points__lt=0, kind__in=["redeemed", "expired"]),
                name="loyalty_sign_fits",
            ),
            models.UniqueConstraint(fields=["key"], name="loyalty_key_once", condition=~Q(key="")),
        ]
        indexes = [
            models.Index(fields=["customer", "-at", "-id"], name="loyalty_of_customer"),
            models.Index(fields=["moved_at"], name="loyalty_moved", condition=Q(moved_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.points:+d}"


class LoyaltyAccount(models.Model):
    """The sum of a customer's entries, kept by the database with every entry; it refuses to go below zero."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="loyalty")
    balance = models.IntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(balance__gte=0), name="loyalty_balance_not_negative")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.balance}"
