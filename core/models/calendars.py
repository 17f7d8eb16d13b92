"""Working calendars: versioned, never edited in place (domain, SLA 3)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Calendar(models.Model):
    """A named working calendar; its hours live in its versions."""

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80, unique=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """One state of a calendar. `definition` is the JSON of sla/SCHEMA.md: {"tz", "weekly", "exceptions"}.

    A clock points at the version it was set under. `effective_at` (UTC): from when it governs; `closed_names` keeps the
    names of holidays by date for display only. `source`: what the editor showed ({"tz", "weekly", "seasons",
    "holidays"}), of which `definition` follows; empty where the definition itself was written. A draft has no
    `published_at` and governs nothing.
    """

    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    closed_names = models.JSONField(default=dict, blank=True)
    source = models.JSONField(default=dict, blank=True)
    published_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["calendar", "number"]
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="calendarversion_number_once")]
        indexes = [
            models.Index(fields=["calendar"], name="calendarversion_draft", condition=Q(published_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"
