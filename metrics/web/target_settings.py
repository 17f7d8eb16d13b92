"""What figures are aimed at, in the settings: one number for each, empty for none (ux, Manager's dashboard)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.web.settings.editing import Part, SettingsForm, carry_out
from complaints.web.settings.frame import show
from core.access import ADMIN, MANAGER, allow
from metrics.actions import targets as actions
from metrics.figures.base import HOURS, PERCENT, POINTS
from metrics.models import FigureTargets
from metrics.targets import BOUNDS, aimable

HERE = "settings_targets"


class TargetsForm(SettingsForm):
    """A field for each figure that can have a target, those of one unit together."""

    def build(self) -> None:
        names = {PERCENT: _("Per cent"), POINTS: _("Points"), HOURS: _("Hours")}
        by_unit: dict[str, list[str]] = {}
        for code, figure in aimable().items():
            low, high = BOUNDS[figure.unit]
            self.fields[code] = forms.DecimalField(
                label=figure.title(),
                required=False,
                min_value=Decimal(str(low)),
                max_value=Decimal(str(high)),
                max_digits=7,
                decimal_places=actions.DIGITS,
            )
            by_unit.setdefault(figure.unit, []).append(code)
        self.parts = tuple(
            Part(names.get(unit, _("Score")), tuple(codes), look="languages") for unit, codes in by_unit.items()
        )

    def start(self, row: Any) -> dict[str, Any]:
        return {code: _plain(row.by_figure.get(code)) for code in aimable()}


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


@allow(ADMIN, MANAGER)
def targets(request: HttpRequest) -> HttpResponse:
    """Change what figures are aimed at. Query cost: 1."""
    form = TargetsForm(request.POST if request.method == "POST" else None, row=FigureTargets.objects.get(pk=1))

    def run(**who: Any) -> FigureTargets:
        return actions.change_targets(form.values, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=reverse(HERE))):
        return answer
    lead = _("The dashed line in a chart. Empty: no target. Counts and amounts of money have none.")
    return show(request, "settings/form.html", HERE, {"form": form, "lead": lead}, status=form.http_status)
