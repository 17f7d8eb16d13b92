"""What the house aims at: a value for any figure that has one (ux, Manager's dashboard: the target)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FigureTargets(models.Model):
    """Exactly one row (pk 1), made by a migration.

    `by_figure`: {"resolution-rate": 90.0}, in the figure's own unit (per cent, points, hours, score); a figure that is
    not there has no target.
    """

    by_figure = models.JSONField(_("targets"), default=dict, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="figuretargets_single_row")]

    def __str__(self) -> str:
        return "targets"
