"""`/api/v1/metrics/targets/`: what figures are aimed at (ux, Manager's dashboard)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from core.access import ADMIN, CASES, Access
from core.api.bodies import Strict
from core.api.views import ApiView
from core.clock import now
from metrics.actions import targets as actions
from metrics.models import FigureTargets
from metrics.targets import BOUNDS, aimable


class Number(serializers.FloatField):
    """A number, not one in quotes; its bounds are those of the figure (`out_of_range`)."""

    default_error_messages = {"not_a_number": _("A number is expected.")}

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("not_a_number")
        return float(data)


def _help(code: str) -> str:
    figure = aimable()[code]
    low, high = BOUNDS[figure.unit]
    return f"{figure.unit}, from {low:g} to {high:g}; null: no target"


TargetsByFigure: Any = type(
    "TargetsByFigure",
    (Strict,),
    {
        "__doc__": "Targets by figure, in the figure's unit; those left out stay as they are.",
        "__module__": __name__,
        **{code: Number(required=False, allow_null=True, help_text=_help(code)) for code in aimable()},
    },
)


class TargetsPatch(Strict):
    targets = TargetsByFigure()


class TargetsShape(serializers.Serializer[Any]):
    targets = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Every figure that can have one; null: none."
    )


class Targets(ApiView):
    """What each figure is aimed at, in its unit; PATCH (managers and administrators) sets some of them."""

    access, resource = Access(roles=frozenset((*CASES, ADMIN))), "metrics"
    body: ClassVar = {"PATCH": TargetsPatch}
    answer = TargetsShape

    def get(self, request: Request) -> HttpResponse:
        row = FigureTargets.objects.get(pk=1)
        return self.unless_fresh(request, actions.version_of(row), lambda: shown(row))

    def patch(self, request: Request) -> HttpResponse:
        self.require_match(request, actions.version_of(FigureTargets.objects.get(pk=1)))
        values, seen = self.read(request)["targets"], self.expected_version(request)
        row = actions.change_targets(values, by=self.actor(request), at=now(), version=seen)
        return self.reply(shown(row), version=actions.version_of(row))


def shown(row: FigureTargets) -> dict[str, Any]:
    return {"targets": {code: row.by_figure.get(code) for code in aimable()}}
