"""Words prepared for answers: templates and macros, versioned, in the customer's language (mission A8)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Macro(models.Model):
    """A prepared answer, actions to go with it, or both. What it says and does is in its newest version.

    With an owner it is theirs alone, with a team the team's, with neither everybody's.
    """

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="macros")
    team = models.ForeignKey("core.Team", models.CASCADE, null=True, blank=True, related_name="macros")
    types = models.ManyToManyField("complaints.ComplaintType", blank=True, related_name="macros")  # none: for all
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("macro")
        constraints = [
            models.CheckConstraint(condition=Q(owner__isnull=True) | Q(team__isnull=True), name="macro_one_circle")
        ]

    def __str__(self) -> str:
        return self.name


class MacroVersion(models.Model):
    """What a macro said and did from one change to the next; never edited.

    `texts`: {"en": "...", ...} with variables in double braces and `[[...]]` where the personal part goes. `acts`:
    what to do beside ("thanks", "apology"). `does`: actions in order, `[{"action": "wait", "values": {...}}]`.
    """

    macro = models.ForeignKey(Macro, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    texts = models.JSONField(default=dict)
    purpose = models.CharField(max_length=10, default="reply")  # reply or note
    acts = models.JSONField(default=list)
    does = models.JSONField(default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["macro", "number"], name="macro_version_once")]

    def __str__(self) -> str:
        return f"{self.macro_id} version {self.number}"
