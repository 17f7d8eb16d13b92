"""Figures in the API (interface, Metrics): the list of them, each with its groups, and the rows behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import models
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from core.access import CASES, Access
from core.api.filters import INSTANT_OR_DATE, Told, once
from core.api.pagination import WholeListShape, whole_list
from core.api.problem import bad_parameter
from core.api.schema import ApiSchema
from core.api.views import ApiView, ListView
from core.errors import InvalidInput
from core.instants import iso
from metrics.api import figure_rows
from metrics.figures import Figure, Group, Measure, Scope, asking, figures
from metrics.targets import aimed_at

ALSO = ("group_by", "compare", "fields")


class MetricBrief(serializers.Serializer[Any]):
    figure = serializers.CharField()
    title = serializers.CharField()
    definition = serializers.CharField()
    unit = serializers.ChoiceField(choices=["percent", "hours", "count", "points", "score", "money"])
    better = serializers.ChoiceField(choices=["up", "down"], allow_null=True)
    bases = serializers.ListField(child=serializers.CharField())
    kinds = serializers.ListField(child=serializers.CharField())
    horizons = serializers.ListField(child=serializers.IntegerField())
    group_by = serializers.ListField(child=serializers.CharField())
    filters = serializers.ListField(child=serializers.CharField())
    rows_are = serializers.CharField()
    url = serializers.URLField()


class MetricList(WholeListShape):
    results = MetricBrief(many=True)


class IntervalShape(serializers.Serializer[Any]):
    low = serializers.FloatField()
    high = serializers.FloatField()


class MeasureShape(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="Unrounded. null: nothing to divide by.")
    values = serializers.DictField(child=serializers.FloatField(allow_null=True), allow_null=True)
    numerator = serializers.FloatField(allow_null=True)
    denominator = serializers.IntegerField(allow_null=True)
    n = serializers.IntegerField(help_text="How many rows stand behind it.")
    interval = IntervalShape(allow_null=True, help_text="95 %.")
    immature = serializers.IntegerField(help_text="Rows that can still change it, or were left out for that.")


class _Group(MeasureShape):
    key = serializers.CharField(help_text="“-” where nothing is stated.")


class _Comparison(MeasureShape):
    to = serializers.DateField()


# `from` and `with` are words of Python, `label` is one of its serializers
GroupShape = type("GroupShape", (_Group,), {"label": serializers.CharField()})
ComparisonShape = type(
    "ComparisonShape",
    (_Comparison,),
    {"with": serializers.ChoiceField(choices=["previous", "year"]), "from": serializers.DateField()},
)


class _Metric(MeasureShape):
    figure = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    definition = serializers.CharField()
    basis = serializers.CharField(allow_null=True)
    kind = serializers.CharField(allow_null=True)
    target = serializers.FloatField(allow_null=True, help_text="What the house aims at, in the unit of the figure.")
    time_zone = serializers.CharField()
    as_of = serializers.DateTimeField()
    comparison = ComparisonShape(allow_null=True)
    groups = GroupShape(many=True)
    rows_url = serializers.URLField()
    to = serializers.DateField(allow_null=True)
    horizon = serializers.IntegerField(required=False, help_text="Days looked ahead, of figures that look ahead.")


MetricShape = type("MetricShape", (_Metric,), {"from": serializers.DateField(allow_null=True)})


class Parameters:
    """The parameters of some figures (default: all), for lists. `metrics.figures.asking` reads and refuses them."""

    def __init__(self, *of: Figure) -> None:
        known = of or tuple(figures.values())
        self.filters = sorted({name for figure in known for name in figure.filters})
        has = {"basis": "bases", "kind": "kinds", "horizon": "horizons"}
        self.lacking = {name for name, of_it in has.items() if not any(getattr(one, of_it) for one in known)}

    names: tuple[tuple[str, Mapping[str, Any], str], ...] = (
        ("from", {"type": "string", "format": "date"}, "First local date."),
        ("to", {"type": "string", "format": "date"}, "Last local date, included."),
        ("time_zone", {"type": "string"}, "Name of a time zone; by default the installation's."),
        ("as_of", INSTANT_OR_DATE, "An instant, or the end of a local date; by default now."),
        ("basis", {"type": "string"}, "One of the figure's bases."),
        ("kind", {"type": "string"}, "One of the figure's kinds."),
        (
            "horizon",
            {"type": "integer", "minimum": 1, "maximum": asking.FARTHEST_HORIZON},
            "Days looked ahead (service-recovery).",
        ),
        ("part", {"type": "string"}, "Only part of the rows, such as `numerator`."),
    )

    def parameters(self) -> Iterable[tuple[str, Mapping[str, Any], str]]:
        yield from (one for one in self.names if one[0] not in self.lacking)
        for name in self.filters:
            yield name, asking.shape_of(name), "“-”: where nothing is stated."

    def narrow(self, rows: models.QuerySet[Any], given: QueryDict, told: Told) -> models.QuerySet[Any]:
        return rows


class ListSchema(ApiSchema):
    """A list that is no table: all of it in one page."""

    def get_operation_id(self) -> str:
        return "metrics_list"


class Metrics(ApiView):
    """The figures there are, with their definitions and what they take."""

    access, resource = Access(roles=frozenset(CASES)), "metrics"
    answer, row_shape = MetricList, MetricBrief
    schema = ListSchema()
    parameters = ("page_size",)

    def get(self, request: Request) -> HttpResponse:
        results = [brief(figure, request) for figure in figures.values()]
        return self.reply(whole_list(results))


class OneMetric(ApiView):
    """One figure: its value, its groups with `group_by`, and what it is compared with with `compare`."""

    access, resource = Access(roles=frozenset(CASES)), "metrics"
    answer = MetricShape
    parameters = None  # those of the figure; asking.scope_of knows them

    def get(self, request: Request, figure: str) -> HttpResponse:
        asked, given = found(figure), request.query_params
        try:
            scope = asking.scope_of(given, request.user, asked, also=ALSO)  # type: ignore[arg-type]
            by = asking.grouping(given, asked, scope)
            other = asking.comparison(given, scope)
            body = whole(asked, scope, asked.measure(scope), request)
            if by:
                body["groups"] = [group(one) for one in asked.groups(scope, by)]
            if other is not None:
                body["comparison"] = compared(asked, other, given["compare"])
        except InvalidInput as error:
            raise parameter(error) from None
        return self.reply(body)


class MetricRows(ListView):
    """Exactly the rows behind a figure, by id. The same parameters as the figure; `part` narrows them."""

    access, resource = Access(roles=frozenset(CASES)), "metrics"
    filters = (Parameters(),)
    answer = figure_rows.RowShape

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        self.asked = found(kwargs["figure"])
        given = request.query_params
        part = once(given, "part") if "part" in given else ""
        if part and part not in self.asked.parts:
            known = ", ".join(self.asked.parts)
            raise bad_parameter("part", "unknown_part", str(_("This is not one of: %(known)s.")) % {"known": known})
        also = ("part", "cursor", "page_size", "ordering", "fields")
        try:
            scope = asking.scope_of(given, request.user, self.asked, also=also)  # type: ignore[arg-type]
        except InvalidInput as error:
            raise parameter(error) from None
        return figure_rows.loaded(self.asked.row_kind, self.asked.rows(scope, part))

    def to_dict(self, row: Any) -> dict[str, Any]:
        return figure_rows.SHOWN[self.asked.row_kind](row)


def found(code: str) -> Figure:
    """The figure, or 404."""
    if code not in figures:
        raise Http404
    return figures[code]


def parameter(error: InvalidInput) -> Exception:
    """A refusal of `asking` as the API shows it, pointing at the parameter."""
    return bad_parameter(str(error.field or "")[:80], error.code, str(error))


def brief(figure: Figure, request: Request) -> dict[str, Any]:
    return {
        "figure": figure.code,
        "title": figure.title(),
        "definition": figure.definition(),
        "unit": figure.unit,
        "better": figure.better or None,
        "bases": list(figure.bases),
        "kinds": list(figure.kinds),
        "horizons": list(figure.horizons),
        "group_by": list(figure.groupings),
        "filters": sorted(figure.filters),
        "rows_are": figure.row_kind,
        "url": request.build_absolute_uri(reverse("api-metric", args=[figure.code])),
    }


def whole(figure: Figure, scope: Scope, result: Measure, request: Request) -> dict[str, Any]:
    """The answer without groups and comparison."""
    kept = request.query_params.copy()
    for name in ALSO:
        kept.pop(name, None)
    query = f"?{kept.urlencode()}" if kept else ""
    return {
        "figure": figure.code,
        "title": figure.title(scope),
        **measure(result),
        "unit": figure.unit,
        "definition": figure.definition(scope),
        "basis": figure.basis(scope) or None,
        "kind": figure.kind(scope) or None,
        "target": aimed_at(figure, scope.basis, scope.kind),
        **({"horizon": scope.horizon} if figure.horizons else {}),
        "from": scope.since,
        "to": scope.until,
        "time_zone": scope.zone.key,
        "as_of": iso(figure.seen_at(scope)),
        "comparison": None,
        "groups": [],
        "rows_url": request.build_absolute_uri(reverse("api-metric-rows", args=[figure.code]) + query),
    }


def measure(result: Measure) -> dict[str, Any]:
    """Figures are numbers, unrounded; amounts of money paid are strings, but a mean of them is a number like others."""
    interval = None
    if result.low is not None and result.high is not None:
        interval = {"low": number(result.low), "high": number(result.high)}
    values = None
    if result.values is not None:
        values = {name: number(value) for name, value in result.values.items()}
    return {
        "value": number(result.value),
        "values": values,
        "numerator": number(result.numerator),
        "denominator": result.denominator,
        "n": result.n,
        "interval": interval,
        "immature": result.immature,
    }


def group(one: Group) -> dict[str, Any]:
    return {"key": one.key, "label": one.label, **measure(one.measure)}


def compared(figure: Figure, other: Scope, with_what: str) -> dict[str, Any]:
    """The same figure for the other period. Query cost: 1."""
    return {"with": with_what, "from": other.since, "to": other.until, **measure(figure.measure(other))}


def number(value: Decimal | int | None) -> float | int | None:
    return float(value) if isinstance(value, Decimal) else value
