"""The complaint itself (domain, Complaint). Long text lives beside it, so that lists and figures read narrow rows."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.models.catalogue import ChannelCode, ComplaintType, RootCause, Severity
from complaints.querysets import ComplaintQuerySet

NEVER = datetime(9999, 12, 31, tzinfo=UTC)  # sorts behind every deadline, so that the queue needs no NULLs


class Kind(models.TextChoices):
    COMPLAINT = "complaint", _("Complaint")
    ENQUIRY = "enquiry", _("Enquiry")


class Status(models.TextChoices):
    NEW = "new", _("New")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    INVESTIGATING = "investigating", _("Investigating")
    WAITING = "waiting_on_customer", _("Waiting on customer")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MERGED = "merged", _("Merged")


OPEN = (Status.NEW, Status.ACKNOWLEDGED, Status.INVESTIGATING, Status.WAITING)
IN_HAND = (*OPEN, Status.RESOLVED)  # resolved but not closed still needs somebody


class Outcome(models.TextChoices):
    UPHELD = "upheld", _("Upheld")
    PARTLY = "partly_upheld", _("Partly upheld")
    NOT_UPHELD = "not_upheld", _("Not upheld")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# What figures read of a complaint, beside its receipt: one index answers them without touching the table.
FIGURE_COLUMNS = [
    "type", "channel", "severity", "team", "owner", "customer", "source", "root_cause", "status", "outcome", "accepted",
    "first_response_at", "resolved_at", "closed_at", "response_seconds", "resolution_seconds",
    "acknowledge_met", "acknowledge_late", "acknowledge_due_at", "resolve_met", "resolve_late", "resolve_due_at",
]  # fmt: skip

OPEN_COLUMNS = ["type", "channel", "severity", "team", "owner", "customer", "source", "status", "resolve_due_at"]


class LateReason(models.TextChoices):
    """Why an answer came late, asked when a breached case is resolved."""

    WORKLOAD = "workload", _("Too much work at once")
    MISROUTED = "misrouted", _("It went to the wrong place first")
    COLLEAGUES = "colleagues", _("Waiting for another department")
    SUPPLIER = "supplier", _("Waiting for a supplier or partner")
    CUSTOMER = "customer", _("Waiting for the customer")
    COMPLEX = "complex", _("The matter was complicated")
    SYSTEMS = "systems", _("A system failed")
    OTHER = "other", _("Another reason")


class Complaint(models.Model):
    """One case. Changed only by `complaints.actions`; `version` counts the changes.

    `received_at`: when it reached us (deadlines run from here); `created_at`: when it was written down.
    `snoozed_until`: put aside until this instant (NEVER: until the customer writes); a warning or breach ends it.
    `escalated_at`: first asked for help above; `incident`: the common cause it is linked to.
    `promise_due_at`: when the earliest promise still owed falls due, NULL without one; a cache of the promises.
    `in_queue`: live and in hand, so it stands in default queues; `queue_at`: its next deadline or promise,
    NEVER when there is none.
    `source`, `external_id`: the name another system has for it; `source_channel`, `source_status`: verbatim words.
    `response_seconds`, `resolution_seconds`: working time from receipt to the first response, to the resolution.
    `*_met`, `*_late`: finished clock cycles of that kind by verdict; `*_due_at`: the deadline of the one not finished.
    These six and two are a cache of the clocks for the figures, kept by `complaints.sla.standing`.
    """

    reference = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COMPLAINT)
    source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    source_channel = models.CharField(max_length=80, blank=True)
    source_status = models.CharField(max_length=80, blank=True)
    customer = models.ForeignKey(
        "retention.Customer", models.PROTECT, null=True, blank=True, related_name="complaints", db_index=False
    )
    channel = models.CharField(max_length=12, choices=ChannelCode.choices)
    type = models.ForeignKey(ComplaintType, models.PROTECT, related_name="complaints", db_index=False)
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.MODERATE)
    subject = models.CharField(max_length=200)
    preview = models.CharField(max_length=160, blank=True)
    product = models.CharField(max_length=120, blank=True)
    lot = models.CharField(max_length=80, blank=True)
    order_number = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=8)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="complaints", db_index=False)
    team = models.ForeignKey("core.Team", models.PROTECT, null=True, related_name="complaints", db_index=False)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NEW)
    received_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    acknowledged_at = models.DateTimeField(null=True)
    first_response_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=14, choices=Outcome.choices, blank=True)
    late_reason = models.CharField(max_length=12, choices=LateReason.choices, blank=True)
    accepted = models.BooleanField(null=True)
    accepted_at = models.DateTimeField(null=True)
    root_cause = models.ForeignKey(
        RootCause, models.PROTECT, null=True, blank=True, related_name="complaints", db_index=False
    )
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    version = models.PositiveIntegerField(default=1)
    is_history = models.BooleanField(default=False)
    is_quarantined = models.BooleanField(default=False)
    response_seconds = models.IntegerField(null=True)
    resolution_seconds = models.IntegerField(null=True)
    acknowledge_met = models.SmallIntegerField(default=0)
    acknowledge_late = models.SmallIntegerField(default=0)
    acknowledge_due_at = models.DateTimeField(null=True)
    resolve_met = models.SmallIntegerField(default=0)
    resolve_late = models.SmallIntegerField(default=0)
    resolve_due_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    escalated_at = models.DateTimeField(null=True)
    incident = models.ForeignKey(
        "complaints.Incident", models.PROTECT, null=True, blank=True, related_name="complaints", db_index=False
    )
    promise_due_at = models.DateTimeField(null=True)
    in_queue = models.BooleanField(default=True)
    queue_at = models.DateTimeField(default=NEVER)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="complaint_external_id_once", condition=~Q(external_id="")
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="complaint_status_known"),
            models.CheckConstraint(condition=Q(channel__in=ChannelCode.values), name="complaint_channel_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="complaint_severity_known"),
            models.CheckConstraint(condition=Q(outcome__in=["", *Outcome.values]), name="complaint_outcome_known"),
            models.CheckConstraint(
                condition=Q(in_queue=False)
                | Q(status__in=[s.value for s in IN_HAND], is_history=False, is_quarantined=False),
                name="complaint_in_queue_is_live",
            ),
            models.CheckConstraint(condition=~Q(merged_into=models.F("pk")), name="complaint_not_into_itself"),
        ]
        indexes = [
            # The status at the end lets counts of a view (waiting, resolved) stay inside the index; so does the end of
            # a snooze, which all of them ask for.
            models.Index(
                fields=["queue_at", "id", "snoozed_until"], name="complaint_queue", condition=Q(in_queue=True)
            ),
            models.Index(
                fields=["owner", "queue_at", "id", "status", "snoozed_until"],
                name="complaint_owner_queue",
                condition=Q(in_queue=True),
            ),
            models.Index(
                fields=["team", "queue_at", "id", "status", "snoozed_until"],
                name="complaint_team_queue",
                condition=Q(in_queue=True),
            ),
            models.Index(
                fields=["status", "queue_at", "id", "snoozed_until"],
                name="complaint_status_queue",
                condition=Q(in_queue=True),
            ),
            models.Index(fields=["received_at", "id"], name="complaint_queue_age", condition=Q(in_queue=True)),
            models.Index(fields=["received_at", "id"], name="complaint_quarantine", condition=Q(is_quarantined=True)),
            models.Index(fields=["team", "received_at", "id"], name="complaint_team_past", condition=Q(in_queue=False)),
            models.Index(
                fields=["owner", "received_at", "id"], name="complaint_owner_past", condition=Q(in_queue=False)
            ),
            models.Index(fields=["received_at", "id"], name="complaint_received"),
            # Of lists by what few of very many have: most are closed, most name no lot.
            models.Index(
                fields=["status", "received_at", "id"],
                name="complaint_not_closed",
                condition=Q(status__in=[one for one in Status if one != Status.CLOSED]),
            ),
            models.Index(fields=["product", "received_at", "id"], name="complaint_product", condition=~Q(product="")),
            models.Index(fields=["lot", "received_at", "id"], name="complaint_lot", condition=~Q(lot="")),
            # All cases by their next deadline, over the API: those out of the queue come last.
            models.Index(fields=["queue_at", "id"], name="complaint_next"),
            models.Index(
                fields=["received_at"],
                name="complaint_figures",
                condition=Q(kind="complaint", is_quarantined=False) & ~Q(status="merged"),
                include=FIGURE_COLUMNS,
            ),
            models.Index(
                fields=["received_at"],
                name="complaint_open_figures",
                condition=Q(kind="complaint", is_quarantined=False, status__in=OPEN) & ~Q(status="merged"),
                include=OPEN_COLUMNS,
            ),
            # Whether a customer had complained before is looked up for each complaint of a period.
            models.Index(
                fields=["customer", "received_at"],
                name="complaint_of_customer",
                condition=Q(customer__isnull=False),
                include=["kind", "status", "is_quarantined"],
            ),
            models.Index(fields=["order_number"], name="complaint_order_number"),
            models.Index(fields=["snoozed_until"], name="complaint_snoozed", condition=Q(snoozed_until__isnull=False)),
            models.Index(
                fields=["promise_due_at", "id"],
                name="complaint_promised",
                condition=Q(in_queue=True, promise_due_at__isnull=False),
            ),
            models.Index(fields=["incident", "id"], name="complaint_incident", condition=Q(incident__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("case", args=[self.reference])

    @property
    def is_open(self) -> bool:
        """Not decided yet: new, acknowledged, investigating or waiting on the customer."""
        return self.status in OPEN


class Narrative(models.Model):
    """The long text of a complaint, in the complainant's words, and our summary of what was done."""

    complaint = models.OneToOneField(Complaint, models.CASCADE, primary_key=True, related_name="narrative")
    description = models.TextField()
    expectation = models.TextField(blank=True)
    remedy_sought = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    late_note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"narrative of {self.complaint_id}"


class Watch(models.Model):
    """Somebody who follows a case without owning it; it makes the case visible to them."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="watches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watches")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "complaint"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.user_id} watches {self.complaint_id}"
