"""SLA policies and the clocks they set (domain, SLA). Policies are versioned as a whole list, never edited in place."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models.catalogue import ChannelCode, ComplaintType, Severity
from complaints.models.complaint import Complaint


class ClockKind(models.TextChoices):
    ACKNOWLEDGE = "acknowledge", pgettext_lazy("clock", "Acknowledge")
    UPDATE = "update", pgettext_lazy("clock", "Next update")
    RESOLVE = "resolve", pgettext_lazy("clock", "Resolve")
    STATUTORY = "statutory", pgettext_lazy("clock", "Statutory")


class ClockState(models.TextChoices):
    RUNNING = "running", pgettext_lazy("clock", "Running")
    PAUSED = "paused", pgettext_lazy("clock", "Paused")
    MET = "met", pgettext_lazy("clock", "Met")
    BREACHED = "breached", pgettext_lazy("clock", "Breached")
    CANCELLED = "cancelled", pgettext_lazy("clock", "Cancelled")


class SlaVersion(models.Model):
    """One published state of the whole ordered list of policies. The newest published one is in force."""

    number = models.PositiveIntegerField(unique=True)
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"v{self.number}"


class SlaPolicy(models.Model):
    """One line of a version: conditions (blank matches anything), a calendar, and targets by clock kind.

    `targets`: {"acknowledge": {"kind": "working_seconds", "value": 14400}, "resolve": {...}}, kinds as in
    sla/SCHEMA.md.
    `reopen_mode`: "resume" (the clock goes on) or "restart" (a new cycle with the full target).
    """

    version = models.ForeignKey(SlaVersion, models.PROTECT, related_name="policies")
    position = models.PositiveIntegerField()
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=120)
    type = models.ForeignKey(
        ComplaintType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("type")
    )
    channel = models.CharField(_("channel"), max_length=12, blank=True, choices=ChannelCode.choices)
    severity = models.CharField(_("severity"), max_length=8, blank=True, choices=Severity.choices)
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    team = models.ForeignKey(
        "core.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    calendar = models.ForeignKey("core.Calendar", models.PROTECT, related_name="+", verbose_name=_("calendar"))
    targets = models.JSONField()
    ladder = models.JSONField(default=list, blank=True)
    reopen_mode = models.CharField(
        max_length=8, default="resume", choices=[("resume", _("Resume")), ("restart", _("Restart"))]
    )

    class Meta:
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "position"], name="slapolicy_position_once")]

    def __str__(self) -> str:
        return self.name


class Clock(models.Model):
    """One clock of a complaint in one cycle: a cache of its append-only events, kept for sorting, badges and the sweep.

    `due_at`: null while paused or when the calendar never opens. `next_at`: when the sweep must look again (null:
    never).
    `breached_at` equals the deadline that passed, whenever it was noticed (`detected_at`). `stated`: met or breached as
    an imported file says, without a deadline of its own.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="clocks", db_index=False)
    kind = models.CharField(max_length=12, choices=ClockKind.choices)
    cycle = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, null=True, related_name="clocks", db_index=False)
    calendar_version = models.ForeignKey(
        "core.CalendarVersion", models.PROTECT, null=True, related_name="+", db_index=False
    )
    target_kind = models.CharField(max_length=16, blank=True)
    target_value = models.IntegerField(null=True)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    paused_since = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    detected_at = models.DateTimeField(null=True)
    stated = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "kind", "cycle"], name="clock_cycle_once"),
            models.CheckConstraint(condition=Q(kind__in=ClockKind.values), name="clock_kind_known"),
            models.CheckConstraint(condition=Q(state__in=ClockState.values), name="clock_state_known"),
            models.CheckConstraint(
                condition=~Q(state=ClockState.BREACHED) | Q(breached_at__isnull=False) | Q(stated=True),
                name="clock_breach_dated",
            ),
            models.CheckConstraint(
                condition=Q(next_at__isnull=True) | Q(state=ClockState.RUNNING), name="clock_next_only_running"
            ),
        ]
        indexes = [models.Index(fields=["next_at", "id"], name="clock_next", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind} {self.state}"

    @property
    def is_finished(self) -> bool:
        """Nothing more to do for it: the work is done, or it was cancelled. A breached clock may still be
        unfinished."""
        return self.completed_at is not None or self.state in (ClockState.MET, ClockState.CANCELLED)


class ClockEvent(models.Model):
    """What happened to a clock, append-only: started, paused, resumed, retargeted, completed, breached, reopened,
    cancelled. `data` of started and retargeted: policy, matched conditions, calendar version and target."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.kind}"


class Firing(models.Model):
    """A warning, breach or escalation that fired: exactly once per clock cycle and rung, by the database."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="firings")
    rung = models.CharField(max_length=24)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "rung"], name="firing_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.rung}"
