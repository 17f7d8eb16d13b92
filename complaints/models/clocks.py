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
    `ladder`: whom to tell at which share of the working time, [{"percent": 75, "to": ["owner"], "clocks": ["resolve"],
    "hand_over": false}]; without `clocks` it holds for all. 100 is the deadline itself. `hand_over`: the case goes to
    the owner's deputy if the owner does nothing (`complaints.actions.silence`). Read by `complaints.sla.ladder`.
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


class RulePack(models.Model):
    """A pack of statutory rules as installed: a snapshot, with the calendar its working days are counted in.

    `code` and `edition` name the pack as shipped (`complaints/sla/packs_data/`), `definition` is what it said then.
    Governs complaints written down while it is installed and received from `in_force_at` on (UTC) that meet
    `conditions` ({"types": [code], "channels": [code], "tiers": [text], "teams": [id]}, each blank for any), until
    `removed_at`.
    """

    code = models.CharField(max_length=40)
    edition = models.CharField(max_length=20)
    definition = models.JSONField()
    calendar = models.ForeignKey("core.Calendar", models.PROTECT, related_name="+", verbose_name=_("calendar"))
    conditions = models.JSONField(default=dict, blank=True)
    in_force_at = models.DateTimeField()
    installed_at = models.DateTimeField()
    installed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="rulepack_once", condition=Q(removed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.edition}"


class Clock(models.Model):
    """One clock of a complaint in one cycle: a cache of its append-only events, kept for sorting, badges and the sweep.

    `due_at`: null while paused or when the calendar never opens. `next_at`: when the sweep must look again (null:
    never); the first of `rungs`, or the deadline. `rungs`: what is still to fire, [[microseconds since 1970, rung,
    addressees, hand over], ...] in order of time (`complaints.sla.ladder`).
    `breached_at` equals the deadline that passed, whenever it was noticed (`detected_at`). `overrun_seconds`: working
    time from the deadline to the work done too late. `stated`: met or breached as an imported file says, without a
    deadline of its own. `pack`, `code`: the rule of a statutory clock.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="clocks", db_index=False)
    kind = models.CharField(max_length=12, choices=ClockKind.choices)
    code = models.CharField(max_length=40, blank=True)
    cycle = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, null=True, related_name="clocks", db_index=False)
    calendar_version = models.ForeignKey(
        "core.CalendarVersion", models.PROTECT, null=True, related_name="+", db_index=False
    )
    pack = models.ForeignKey(RulePack, models.PROTECT, null=True, related_name="clocks", db_index=False)
    target_kind = models.CharField(max_length=16, blank=True)
    target_value = models.IntegerField(null=True)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    rungs = models.JSONField(default=list)
    paused_since = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    detected_at = models.DateTimeField(null=True)
    overrun_seconds = models.IntegerField(null=True)
    stated = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "kind", "code", "cycle"], name="clock_cycle_once"),
            models.CheckConstraint(condition=Q(kind__in=ClockKind.values), name="clock_kind_known"),
            models.CheckConstraint(condition=Q(state__in=ClockState.values), name="clock_state_known"),
            models.CheckConstraint(
                condition=~Q(state=ClockState.BREACHED) | Q(breached_at__isnull=False) | Q(stated=True),
                name="clock_breach_dated",
            ),
            models.CheckConstraint(
                condition=Q(next_at__isnull=True) | Q(state__in=[ClockState.RUNNING, ClockState.BREACHED]),
                name="clock_next_only_running",
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
    """What happened to a clock, append-only: started, paused, resumed, retargeted, completed, breached, warned,
    reopened, cancelled.

    `data` of started and retargeted: policy or pack, matched conditions, calendar version, mode of a calendar's edit,
    target; of warned: the rung.
    """

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
    """A warning, breach or escalation that fired: exactly once per clock cycle and rung, by the database.

    `collapsed`: a later one was due as well, so that nobody was told of this one by itself. `hand_over`: the case is to
    go to the owner's deputy if the owner is silent (`complaints.actions.silence`): looked at from `look_at` on
    until `handled_at`.
    """

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="firings")
    rung = models.CharField(max_length=24)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    collapsed = models.BooleanField(default=False)
    hand_over = models.BooleanField(default=False)
    handled_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "rung"], name="firing_once")]
        indexes = [
            models.Index(
                fields=["look_at", "id"], name="firing_to_look_at", condition=Q(hand_over=True, handled_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.rung}"


class SlaEdit(models.Model):
    """An edit of a calendar, of the policies or of a pack: its preview, then its way through the open complaints.

    `draft`: what is edited, {"calendar_version": id} or {"sla_version": id}. `mode`: see EditMode. `at`: the instant of
    the change (UTC), set when it is applied. `found`: what was counted (`complaints.sla.tally`), with examples and what
    it rested on. `cursor`: the last complaint looked at; the job goes on behind it after a crash.
    """

    class Status(models.TextChoices):
        COUNTING = "counting", _("Being previewed")
        COUNTED = "counted", _("Previewed")
        APPLYING = "applying", _("Being applied")
        DONE = "done", _("Applied")
        DROPPED = "dropped", _("Dropped")

    class Mode(models.TextChoices):
        NEW_ONLY = "new_only", _("New complaints only")
        FROM_NOW = "from_now", _("From now on")
        RETROACTIVE = "retroactive", _("Retroactive correction")

    calendar_version = models.ForeignKey("core.CalendarVersion", models.PROTECT, null=True, related_name="+")
    sla_version = models.ForeignKey(SlaVersion, models.PROTECT, null=True, related_name="+")
    mode = models.CharField(max_length=12, choices=Mode.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.COUNTING)
    at = models.DateTimeField(null=True)
    cursor = models.BigIntegerField(default=0)
    total = models.IntegerField(default=0)
    looked = models.IntegerField(default=0)
    found = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["id"], name="slaedit_at_work", condition=Q(status__in=["counting", "applying"]))
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"


class SlaEditRow(models.Model):
    """One clock that an edit would change, or has changed: what its counts count.

    `clock`: the kind, or the code of a statutory rule. `what`: moved, left (it stands still, and less or more of its
    time is left), added, ended. `late`: due at once. `seconds`, `worked`: by how much the deadline moves, elapsed and
    in working time, later above 0; of one that stands still the working time left in `left_before` and `left_after`.
    """

    edit = models.ForeignKey(SlaEdit, models.CASCADE, related_name="rows", db_index=False)
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="+")
    clock = models.CharField(max_length=40)
    what = models.CharField(max_length=8)
    late = models.BooleanField(default=False)
    before_at = models.DateTimeField(null=True)
    after_at = models.DateTimeField(null=True)
    seconds = models.BigIntegerField(null=True)
    worked = models.BigIntegerField(null=True)
    left_before = models.BigIntegerField(null=True)
    left_after = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["edit", "late", "id"], name="slaeditrow_listed")]

    def __str__(self) -> str:
        return f"{self.edit_id} {self.clock} {self.what}"
