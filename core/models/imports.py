"""Imports under way, so that one that was cut off goes on where it stopped."""

from django.db import models


class ImportRun(models.Model):
    """One file read as one kind of thing, under one preset and source. `fingerprint`: SHA-256 of the file; `position`:
    rows already committed; `options`: what else decides about the meaning of the file, `as_of=2026-03-01` for one."""

    kind = models.CharField(max_length=20)
    preset = models.CharField(max_length=20)
    source = models.CharField(max_length=40)
    options = models.CharField(max_length=200, blank=True)
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
        return f"{self.kind} {self.preset} {self.fingerprint[:8]} at {self.position}"
