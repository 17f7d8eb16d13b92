"""What people keep and do with many complaints at once: saved views, changes of many."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models.complaint import Complaint


class SavedView(models.Model):
    """A question to the queue with a name: `query` is what stands in the URL (`{"view": "all", "channel": "phone"}`).

    With an owner it is theirs alone; with a team it is the team's; with neither everybody has it. `deleted_at`: thrown
    away, kept for a while so that it can be brought back.
    """

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="saved_views")
    team = models.ForeignKey("core.Team", models.CASCADE, null=True, related_name="saved_views")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    query = models.JSONField()
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["position", "name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(owner__isnull=True) | Q(team__isnull=True), name="saved_view_one_circle")
        ]

    def __str__(self) -> str:
        return self.name


class BulkState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")


class BulkRun(models.Model):
    """One action on many complaints: asked for by one person, carried out row by row, each with its own answer.

    `action` is the key of the action, `values` what its form said (plain JSON). A row is one complaint (BulkRow).
    `missing`: references that were asked for and are not there, or not theirs to see.
    `undo_until`: after this instant it can no longer be taken back. `back`: the query string of the list it was asked
    from.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token_label = models.CharField(max_length=120, blank=True)
    action = models.CharField(max_length=24)
    values = models.JSONField(default=dict)
    missing = models.JSONField(default=list)
    back = models.CharField(max_length=600, blank=True)
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.WAITING)
    total = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)  # a worker is at it until then

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("change of many complaints")
        indexes = [
            models.Index(fields=["id"], name="bulk_run_to_do", condition=Q(state__in=["waiting", "running", "undoing"]))
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.total}"


class BulkRow(models.Model):
    """One complaint of a change of many: what came of it.

    `code`, `message`: why it was refused (the same as for one complaint). `before`: what undoing needs.
    """

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="rows")
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="+", db_index=False)
    done_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    version = models.PositiveIntegerField(null=True)  # of the complaint after it
    undone_at = models.DateTimeField(null=True)
    undo_code = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "complaint"], name="bulk_row_once")]
        indexes = [
            models.Index(fields=["run", "id"], name="bulk_row_to_do", condition=Q(done_at__isnull=True, code=""))
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.complaint_id}"
