"""What we learn: themes that agents hear, and what is done so that it does not happen again (mission A11)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models.catalogue import Named, RootCause
from complaints.models.complaint import Complaint


class Theme(Named):
    """A recurring theme that agents tag complaints with, across types and causes."""

    class Meta(Named.Meta):
        verbose_name = _("theme")
        verbose_name_plural = _("themes")


class CaseTheme(models.Model):
    """A complaint tagged with a theme."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="case_themes", db_index=False)
    theme = models.ForeignKey(Theme, models.PROTECT, related_name="cases")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "theme"], name="case_theme_once")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.theme_id}"


class CorrectiveState(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("corrective action", "Planned")
    DOING = "doing", pgettext_lazy("corrective action", "Under way")
    DONE = "done", pgettext_lazy("corrective action", "Done")
    DROPPED = "dropped", pgettext_lazy("corrective action", "Dropped")


class CorrectiveAction(models.Model):
    """What is changed so that complaints of one cause stop. Owned and dated; measured after it is done.

    `product`, `lot`: narrow it to those, blank for any. `due_on`, `done_on`: local dates. Recurrence is the number of
    complaints of the cause received in the `window_days` before `done_on` and in as many after it; `verdict` may be
    given only once that window has passed. `notified_on`: its owner was told that it is overdue.
    """

    title = models.CharField(_("title"), max_length=160)
    description = models.TextField(_("description"), blank=True)
    root_cause = models.ForeignKey(RootCause, models.PROTECT, related_name="corrective_actions")
    product = models.CharField(_("product"), max_length=120, blank=True)
    lot = models.CharField(_("lot"), max_length=80, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="corrective_actions")
    due_on = models.DateField(_("due on"))
    window_days = models.PositiveSmallIntegerField(_("days to measure"), default=90)
    state = models.CharField(max_length=8, choices=CorrectiveState.choices, default=CorrectiveState.PLANNED)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    dropped_because = models.TextField(blank=True)
    effective = models.BooleanField(_("effective"), null=True)
    verdict_note = models.TextField(blank=True)
    verdict_at = models.DateTimeField(null=True)
    verdict_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    notified_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["due_on", "pk"]
        verbose_name = _("corrective action")
        verbose_name_plural = _("corrective actions")
        constraints = [
            models.CheckConstraint(condition=Q(window_days__gt=0), name="corrective_window_positive"),
            models.CheckConstraint(condition=~Q(state="done") | Q(done_on__isnull=False), name="corrective_done_dated"),
            models.CheckConstraint(
                condition=Q(effective__isnull=True) | Q(state="done", verdict_at__isnull=False),
                name="corrective_verdict_after_done",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="corrective_open", condition=Q(state__in=["planned", "doing"]))
        ]

    def __str__(self) -> str:
        return self.title


class CorrectiveCase(models.Model):
    """A complaint that gave rise to a corrective action, or is answered by it."""

    action = models.ForeignKey(CorrectiveAction, models.CASCADE, related_name="cases", db_index=False)
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="corrective_cases")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "complaint"], name="corrective_case_once")]

    def __str__(self) -> str:
        return f"{self.action_id} {self.complaint_id}"
