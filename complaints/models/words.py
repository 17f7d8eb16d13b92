"""Words prepared for answers: templates and macros, versioned, in the customer's language (mission A8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from core.models import User

REPLY, NOTE = "reply", "note"
FINAL = "final"
PURPOSES = [(REPLY, _("Reply")), (NOTE, _("Internal note")), (FINAL, _("Final answer"))]


class MacroQuerySet(models.QuerySet["Macro"]):
    def offered_to(self, user: User) -> MacroQuerySet:
        """Those in use that a person can take: their own, their teams', everybody's. None for who handles no case."""
        if not user.sees_cases:
            return self.none()
        return self.filter(_within(user, _teams_of(user)), is_active=True)

    def visible_to(self, user: User) -> MacroQuerySet:
        """Those a person may look at, also unused ones: managers and administrators see every team's, nobody else's
        own."""
        if not user.roles:
            return self.none()
        if user.is_manager or user.is_admin:
            return self.filter(Q(owner=user.pk) | Q(owner__isnull=True))
        return self.filter(_within(user, _teams_of(user)))


def _within(user: User, teams: list[int]) -> Q:
    return Q(owner=user.pk) | Q(owner__isnull=True, team__isnull=True) | Q(team__in=teams)


def _teams_of(user: User) -> list[int]:
    return [*user.led_team_ids, *([user.team_id] if user.team_id else [])]


class Macro(models.Model):
    """A prepared answer, actions to go with it, or both. What it says and does is in `current`, its newest version.

    With an owner it is theirs alone, with a team the team's, with neither everybody's. `names`: what it is called in
    further languages. `version` counts all changes, also those that make no new MacroVersion.
    """

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    names = models.JSONField(_("translated names"), default=dict, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="macros")
    team = models.ForeignKey("core.Team", models.CASCADE, null=True, blank=True, related_name="macros")
    types = models.ManyToManyField("complaints.ComplaintType", blank=True, related_name="macros")  # none: for all
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)
    current = models.ForeignKey(
        "complaints.MacroVersion", models.SET_NULL, null=True, related_name="+", db_index=False, editable=False
    )
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = MacroQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name", "pk"]
        verbose_name = _("macro")
        constraints = [
            models.CheckConstraint(condition=Q(owner__isnull=True) | Q(team__isnull=True), name="macro_one_circle")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the moment, else the plain name."""
        return self.names.get((get_language() or "")[:2]) or self.name


class MacroVersion(models.Model):
    """What a macro said and did from one change to the next; never edited.

    `texts`: {"en": "...", ...} with variables in double braces and `[[...]]` where the personal part goes. `acts`:
    what to do beside ("thanks", "apology"). `does`: actions in order, `[{"action": "wait", "values": {...}}]`.
    """

    macro = models.ForeignKey(Macro, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    texts = models.JSONField(default=dict)
    purpose = models.CharField(max_length=10, choices=PURPOSES, default=REPLY)
    acts = models.JSONField(default=list)
    does = models.JSONField(default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["macro", "number"], name="macro_version_once")]

    def __str__(self) -> str:
        return f"{self.macro_id} version {self.number}"
