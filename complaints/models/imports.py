"""Imports under way, so that one that was cut off goes on where it stopped."""

from django.db import models


class ImportRun(models.Model):
    """One file read under one preset and source. `fingerprint`: SHA-256 of the file; `position`: rows already
    committed."""

    preset = models.CharField(max_length=20)
    source = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    position = models.PositiveBigIntegerField(default=0)
    created = models.PositiveBigIntegerField(default=0)
    updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["fingerprint", "preset", "source"], name="importrun_file")]

    def __str__(self) -> str:
        return f"{self.preset} {self.fingerprint[:8]} at {self.position}"
