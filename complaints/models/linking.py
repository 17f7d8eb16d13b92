"""Cases that belong together: merged into one, or many with one cause (domain, Complaint 9)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.catalogue import RootCause
from complaints.models.complaint import Complaint


class Merge(models.Model):
    """One case was merged into another; `before` is what taking it back restores.

    Messages stay where they were written.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="merges")
    into = models.ForeignKey(Complaint, models.CASCADE, related_name="merged_here")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["complaint"], name="merge_once", condition=Q(undone_at__isnull=True)),
            models.CheckConstraint(condition=~Q(complaint=models.F("into")), name="merge_not_into_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} into {self.into_id}"


class NotDuplicate(models.Model):
    """Somebody looked and said that these two are different matters: they are not suggested again."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="+")
    other = models.ForeignKey(Complaint, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["complaint", "other"], name="not_duplicate_once"),
            models.CheckConstraint(condition=Q(complaint__lt=models.F("other")), name="not_duplicate_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} is not {self.other_id}"


class Incident(models.Model):
    """One cause behind many complaints: linked, answered together. `reference`: IN- and four characters."""

    reference = models.CharField(max_length=16, unique=True)
    title = models.CharField(_("title"), max_length=160)
    description = models.TextField(_("description"), blank=True)
    root_cause = models.ForeignKey(RootCause, models.PROTECT, null=True, blank=True, related_name="incidents")
    product = models.CharField(_("product"), max_length=120, blank=True)
    lot = models.CharField(_("lot"), max_length=80, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="incidents")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        verbose_name = _("incident")

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class IncidentUpdate(models.Model):
    """One word to the customers of all linked cases: `texts` per language, sent case by case by a job.

    `state`: draft, sending, sent, stopped. Which case got it stands in IncidentSending.
    """

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="updates")
    texts = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, default="draft")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["id"], name="incident_update_sending", condition=Q(state="sending"))]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.state}"


class IncidentSending(models.Model):
    """An update for one case: sent (with its message), or refused with a code."""

    update = models.ForeignKey(IncidentUpdate, models.CASCADE, related_name="sendings")
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey("complaints.Message", models.CASCADE, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["update", "complaint"], name="incident_sending_once")]
        indexes = [
            models.Index(
                fields=["update", "id"], name="incident_sending_to_do", condition=Q(done_at__isnull=True, code="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.update_id} {self.complaint_id}"
