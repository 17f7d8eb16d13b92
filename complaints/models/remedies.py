"""What we give to put things right, under whose authority, and how the money leaves (mission A7; domain, Authority)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models.complaint import Complaint

MONEY: dict[str, Any] = {"max_digits": 19, "decimal_places": 4}


class RemedyKind(models.TextChoices):
    """Codes are part of the API (interface.md)."""

    APOLOGY = "apology", pgettext_lazy("remedy", "Apology")
    REFUND = "refund", pgettext_lazy("remedy", "Refund")
    CREDIT = "credit", pgettext_lazy("remedy", "Credit")
    REPLACEMENT = "replacement", pgettext_lazy("remedy", "Replacement")
    DISCOUNT = "discount", pgettext_lazy("remedy", "Discount")
    POINTS = "points", pgettext_lazy("remedy", "Goodwill points")
    OTHER = "other", pgettext_lazy("remedy", "Something else")


class RemedyStatus(models.TextChoices):
    GRANTED = "granted", pgettext_lazy("remedy", "Granted")
    AWAITING = "awaiting_approval", pgettext_lazy("remedy", "Awaiting approval")
    REJECTED = "rejected", pgettext_lazy("remedy", "Rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("remedy", "Withdrawn")  # before it was decided
    REVOKED = "revoked", pgettext_lazy("remedy", "Taken back")  # granted, and undone before it was paid


class LimitHolder(models.TextChoices):
    """Whose limit it is. A cap holds for everybody, whatever their own limit."""

    CAP = "cap", _("Everybody together")
    ROLE = "role", _("A role")
    TEAM = "team", _("A team")
    PERSON = "person", _("A person")


class LimitPeriod(models.TextChoices):
    """The calendar unit, in TIME_ZONE, that sums per customer and per person are taken over."""

    DAY = "day", pgettext_lazy("in what time", "a day")
    WEEK = "week", pgettext_lazy("in what time", "a week")
    MONTH = "month", pgettext_lazy("in what time", "a month")
    QUARTER = "quarter", pgettext_lazy("in what time", "a quarter")
    YEAR = "year", pgettext_lazy("in what time", "a year")


class AuthorityVersion(models.Model):
    """One published state of all limits and caps; the newest published one is in force. Never edited in place."""

    number = models.PositiveIntegerField(unique=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"v{self.number}"


class AuthorityLimit(models.Model):
    """How much somebody may grant without asking. Of those that fit, the one of the person goes before that of the
    team, that before the role's (of several roles the largest); one for a kind of remedy before one for all.

    `kind` blank: all kinds, summed together; `currency` blank: any, each summed by itself (and points, of none).
    `per_complaint`: the sum on one complaint, whoever granted it. `per_customer`: the sum over all complaints of one
    customer in the `period`; `per_period`: the sum this person granted in the `period`. NULL: no such limit.
    """

    version = models.ForeignKey(AuthorityVersion, models.PROTECT, related_name="limits")
    position = models.PositiveIntegerField(default=0)
    holder = models.CharField(max_length=8, choices=LimitHolder.choices)
    role = models.CharField(max_length=8, blank=True)
    team = models.ForeignKey("core.Team", models.PROTECT, null=True, blank=True, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=12, choices=RemedyKind.choices, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    period = models.CharField(max_length=8, choices=LimitPeriod.choices, default=LimitPeriod.MONTH)
    per_complaint = models.DecimalField(**MONEY, null=True, blank=True)
    per_customer = models.DecimalField(**MONEY, null=True, blank=True)
    per_period = models.DecimalField(**MONEY, null=True, blank=True)

    class Meta:
        ordering = ["version", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(holder="cap", role="", team__isnull=True, person__isnull=True, per_period__isnull=True)
                | Q(holder="role", team__isnull=True, person__isnull=True) & ~Q(role="")
                | Q(holder="team", role="", team__isnull=False, person__isnull=True)
                | Q(holder="person", role="", team__isnull=True, person__isnull=False),
                name="limit_has_one_holder",
            ),
            models.CheckConstraint(
                condition=(Q(per_complaint__isnull=True) | Q(per_complaint__gte=0))
                & (Q(per_customer__isnull=True) | Q(per_customer__gte=0))
                & (Q(per_period__isnull=True) | Q(per_period__gte=0)),
                name="limit_not_negative",
            ),
            models.UniqueConstraint(
                fields=["version", "kind", "currency"], name="limit_cap_once", condition=Q(holder="cap")
            ),
            models.UniqueConstraint(
                fields=["version", "role", "kind", "currency"], name="limit_role_once", condition=Q(holder="role")
            ),
            models.UniqueConstraint(
                fields=["version", "team", "kind", "currency"], name="limit_team_once", condition=Q(holder="team")
            ),
            models.UniqueConstraint(
                fields=["version", "person", "kind", "currency"], name="limit_person_once", condition=Q(holder="person")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {self.kind} {self.currency}"


class Remedy(models.Model):
    """Something given, or asked to be given, to put a complaint right.

    `amount` in the currency's own decimals; with a blank `currency` it counts points. NULL: nothing that is valued.
    `authority`: the limit under which it was granted; `within_authority`: by who asked, on the spot, else approved by a
    second person (`decided_by`). `decided_on`: the date of that in TIME_ZONE, by which sums of a period are taken.
    The database adds up what is granted under the complaint, the customer and the person, and refuses what exceeds the
    limit, a cap, or the charge it gives back (complaints.authority.guard).
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="remedies")
    kind = models.CharField(_("remedy"), max_length=12, choices=RemedyKind.choices)
    status = models.CharField(max_length=18, choices=RemedyStatus.choices)
    amount = models.DecimalField(_("amount"), **MONEY, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    description = models.CharField(_("description"), max_length=500, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    charge = models.ForeignKey("retention.Charge", models.PROTECT, null=True, blank=True, related_name="remedies")
    authority = models.ForeignKey(AuthorityLimit, models.PROTECT, null=True, related_name="+")
    within_authority = models.BooleanField(null=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_on = models.DateField(null=True)
    decided_note = models.TextField(blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_note = models.TextField(blank=True)
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["requested_at", "pk"]
        verbose_name = _("remedy")
        verbose_name_plural = _("remedies")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RemedyKind.values), name="remedy_kind_known"),
            models.CheckConstraint(condition=Q(status__in=RemedyStatus.values), name="remedy_status_known"),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gt=0), name="remedy_amount_positive"),
            models.CheckConstraint(
                condition=Q(amount__isnull=False, currency="", kind="points")
                | Q(amount__isnull=False) & ~Q(currency="") & ~Q(kind="points")
                | Q(amount__isnull=True, currency="", kind__in=["apology", "replacement", "discount"]),
                name="remedy_valued_in_money_or_points",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["granted", "revoked"])
                | Q(
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    decided_on__isnull=False,
                    within_authority__isnull=False,
                ),
                name="remedy_granted_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="granted") | Q(amount__isnull=True) | Q(authority__isnull=False),
                name="remedy_value_needs_authority",
            ),
            models.CheckConstraint(  # four eyes
                condition=Q(within_authority=True)
                | Q(decided_by__isnull=True)
                | ~Q(status__in=["granted", "revoked"])
                | ~Q(decided_by=F("requested_by")),
                name="remedy_not_approved_by_who_asked",
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at", "id"], name="remedy_awaiting", condition=Q(status="awaiting_approval")
            ),
            models.Index(
                fields=["decided_by", "decided_on"],
                name="remedy_granted_by",
                condition=Q(status="granted", amount__isnull=False),
                include=["kind", "currency", "amount"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind} {self.status}"


class PayoutExport(models.Model):
    """One hand-over of amounts to finance: a file with a number, made once, to be fetched again as it was."""

    number = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}"


class PayoutState(models.TextChoices):
    DUE = "due", pgettext_lazy("payout", "To be paid")
    EXPORTED = "exported", pgettext_lazy("payout", "With finance")
    PAID = "paid", pgettext_lazy("payout", "Paid")
    FAILED = "failed", pgettext_lazy("payout", "Could not be paid")
    CANCELLED = "cancelled", pgettext_lazy("payout", "Cancelled")


class Payout(models.Model):
    """The money of a granted refund or credit on its way. `reference`: what finance calls the transfer.

    `paid_on`: local date finance states; `payment`: the customer's payment record made of it, negative. A failed one
    may go out again with a later export.
    """

    remedy = models.OneToOneField(Remedy, models.CASCADE, related_name="payout")
    state = models.CharField(max_length=10, choices=PayoutState.choices, default=PayoutState.DUE)
    export = models.ForeignKey(PayoutExport, models.PROTECT, null=True, related_name="payouts")
    paid_on = models.DateField(null=True)
    reference = models.CharField(max_length=120, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    payment = models.ForeignKey("retention.Payment", models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(paid_on__isnull=False), name="payout_paid_on_some_day"
            )
        ]
        indexes = [models.Index(fields=["id"], name="payout_due", condition=Q(state__in=["due", "failed"]))]

    def __str__(self) -> str:
        return f"{self.remedy_id} {self.state}"
