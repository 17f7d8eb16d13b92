"""Files that people bring in through the browser or the API: columns mapped, tried, then recorded (ux, Everywhere)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class UploadState(models.TextChoices):
    NEW = "new", _("Columns to be matched")
    TRYING = "trying", _("Being tried")
    TRIED = "tried", _("Tried, nothing written yet")
    IMPORTING = "importing", _("Being imported")
    DONE = "done", _("Imported")
    FAILED = "failed", _("Not readable")
    CANCELLED = "cancelled", _("Cancelled")


AT_WORK = (UploadState.TRYING, UploadState.IMPORTING)


class Upload(models.Model):
    """One file, with what was made of it so far. The file itself lies under MEDIA_ROOT/imports as `stored`.

    `mapping`: their column -> ours, blank for one that is left out. `total`: records, known once it was tried.
    `position` and the counts: how far the trial or the import has come. `problems`: [reason, count, first line] of
    what was rejected. `leased_until`: until then one worker has it; a lease that runs out means that worker is gone.
    """

    kind = models.CharField(_("kind"), max_length=20)
    preset = models.CharField(max_length=20)
    source = models.CharField(max_length=40)
    file_name = models.CharField(_("file"), max_length=200)
    stored = models.CharField(max_length=80, unique=True)
    size = models.PositiveBigIntegerField()
    encoding = models.CharField(max_length=20, default="utf-8")
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.NEW)
    total = models.PositiveBigIntegerField(default=0)
    position = models.PositiveBigIntegerField(default=0)
    created = models.PositiveBigIntegerField(default=0)
    updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    problems = models.JSONField(default=list)
    failure = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [models.CheckConstraint(condition=Q(state__in=UploadState.values), name="upload_state_known")]
        indexes = [
            models.Index(fields=["id"], name="upload_at_work", condition=Q(state__in=["trying", "importing"])),
        ]

    def __str__(self) -> str:
        return self.file_name
