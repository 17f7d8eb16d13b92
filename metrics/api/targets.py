"""`/api/v1/metrics/targets/`: what figures are aimed at (ux, Manager's dashboard)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, CASES, Access
from core.api.bodies import Strict
from core.api.fields import Number
from core.api.views import ApiView
from core.clock import now
from metrics.actions import targets as actions
from metrics.figures.base import Figure
from metrics.models import FigureTargets
from metrics.targets import BOUNDS, aimable


def _target(figure: Figure) -> Number:
    low, high = BOUNDS[figure.unit]
    said = f"{figure.unit}, from {low:g} to {high:g}; null: no target"
    return Number(min_value=low, max_value=high, required=False, allow_null=True, help_text=said)


TargetsByFigure: Any = type(
    "TargetsByFigure",
    (Strict,),
    {
        "__doc__": "Targets by figure, in the figure's unit; those left out stay as they are.",
        "__module__": __name__,
        **{code: _target(figure) for code, figure in aimable().items()},
    },
)


class TargetsPatch(Strict):
    targets = TargetsByFigure()


class TargetsShape(serializers.Serializer[Any]):
    targets = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Every figure that can have one; null: none."
    )


class Targets(ApiView):
    """What each figure is aimed at, in its unit."""

    access, resource = Access(roles=frozenset((*CASES, ADMIN))), "metrics"
    body: ClassVar = {"PATCH": TargetsPatch}
    answer = TargetsShape

    def get(self, request: Request) -> HttpResponse:
        row = FigureTargets.objects.get(pk=1)
        return self.reply(shown(row), version=actions.version_of(row))

    def patch(self, request: Request) -> HttpResponse:
        """Set what some figures are aimed at (managers and administrators)."""
        self.require_match(request, actions.version_of(FigureTargets.objects.get(pk=1)))
        values, seen = self.read(request)["targets"], self.expected_version(request)
        row = actions.change_targets(values, by=self.actor(request), at=now(), version=seen)
        return self.reply(shown(row), version=actions.version_of(row))


def shown(row: FigureTargets) -> dict[str, Any]:
    return {"targets": {code: row.by_figure.get(code) for code in aimable()}}
