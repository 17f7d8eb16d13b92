"""Files that people and integrations have written for them: a resource as the API lists it, whole (interface)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ExportState(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("export", "Waiting")
    RUNNING = "running", _("Being written")
    DONE = "done", pgettext_lazy("export", "Ready")
    FAILED = "failed", pgettext_lazy("export", "Failed")
    CANCELLED = "cancelled", pgettext_lazy("export", "Cancelled")
    EXPIRED = "expired", pgettext_lazy("export", "No longer kept")


class ExportFormat(models.TextChoices):
    CSV = "csv", _("CSV, for spreadsheets")
    JSONL = "jsonl", _("JSON lines, for programs")


AT_WORK = (ExportState.QUEUED, ExportState.RUNNING)


class Export(models.Model):
    """One file being written or ready. It lies under MEDIA_ROOT/exports as `stored` and is its owner's alone.

    `query`: the filters as in the query string of the list; `fields`: the columns asked for, empty for all.
    `position` of about `total` rows were looked at, up to the key `last_key`; `lines` of them stand in the file, which
    counts up to `written` bytes. Keys beyond `until_key` came later. `attempt` counts the workers that took it up: one
    given up for dead changes nothing any more. `leased_until`: until then one worker has it. `sha256`, `size`: of the
    finished file.
    """

    resource = models.CharField(_("what"), max_length=30)
    format = models.CharField(_("format"), max_length=5, choices=ExportFormat.choices)
    query = models.TextField(blank=True)
    fields = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.QUEUED)
    stored = models.CharField(max_length=80, unique=True)
    total = models.PositiveBigIntegerField(default=0)
    position = models.PositiveBigIntegerField(default=0)
    lines = models.PositiveBigIntegerField(default=0)
    last_key = models.BigIntegerField(default=0)
    until_key = models.BigIntegerField(null=True)
    written = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=500, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state_known"),
            models.CheckConstraint(condition=Q(format__in=ExportFormat.values), name="export_format_known"),
        ]
        indexes = [
            models.Index(fields=["id"], name="export_at_work", condition=Q(state__in=["queued", "running"])),
            models.Index(fields=["expires_at"], name="export_kept", condition=Q(state="done")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How the file is called where it is saved."""
        return f"{self.resource}-{self.created_at:%Y-%m-%d}-{self.pk}.{self.format}"

    @property
    def content_type(self) -> str:
        return "text/csv" if self.format == ExportFormat.CSV else "application/x-ndjson"
