"""Figures that count rows of one table: which rows, which columns, how a result reads (domain, Figures)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from complaints.models import Complaint
from core.errors import InvalidInput
from metrics import rates
from metrics.figures import dimensions
from metrics.figures.base import Figure, Group, Measure, Scope
from metrics.figures.dimensions import Key
from metrics.figures.sql import Row, count, hours, tally, tally_quantiles

QUANTILES = {
    "median": ("elapsed", "0.5"),
    "p90": ("elapsed", "0.9"),
    "median_working": ("working", "0.5"),
    "p90_working": ("working", "0.9"),
}


def within(column: str, scope: Scope) -> Q:
    """Instants of `column` within the period."""
    found = Q()
    if scope.start_at is not None:
        found &= Q(**{f"{column}__gte": scope.start_at})
    if scope.end_at is not None:
        found &= Q(**{f"{column}__lt": scope.end_at})
    return found


def received(scope: Scope) -> QuerySet[Complaint]:
    """The complaints every service figure begins with: received in the period, visible, counted, narrowed.

    Its conditions are those of the index `complaint_figures`, so that the planner answers from it alone.
    """
    rows = Complaint.objects.visible_to(scope.viewer).counted().filter(within("received_at", scope))
    if not scope.filters:
        return rows
    return rows.filter(dimensions.narrowed(dimensions.COMPLAINT | dimensions.THEME, scope.filters))


class FactsFigure(Figure):
    """A figure whose rows are those of a queryset. `at`: the column whose date makes the period. `adds_up`: whether its
    aggregates are counts and sums of single rows, so that those of all groups give those of the whole."""

    at: ClassVar[str] = "received_at"
    adds_up: ClassVar[bool] = False
    groupings = dimensions.COMPLAINT_GROUPINGS
    filters = dimensions.COMPLAINT_FILTERS | frozenset(dimensions.THEME)
    parts: ClassVar[tuple[str, ...]] = ("numerator",)

    def dimensions(self) -> Mapping[str, dimensions.Dimension]:
        return dimensions.COMPLAINT

    def facts(self, scope: Scope) -> QuerySet[Any]:
        """The rows looked at, with the columns of `columns` on them."""
        raise NotImplementedError

    def columns(self, scope: Scope) -> Sequence[str]:
        """The columns of the facts that `aggregates` reads."""
        raise NotImplementedError

    def aggregates(self, scope: Scope) -> Sequence[str]:
        raise NotImplementedError

    def quantiles(self, scope: Scope) -> Mapping[str, tuple[str, str]]:
        return {}

    def read(self, row: Row, scope: Scope) -> Measure:
        """The result of one row of aggregates; of none at all for `{}`."""
        raise NotImplementedError

    def measure(self, scope: Scope) -> Measure:
        return self.read(self._tally(scope, None)[0], scope)

    def groups(self, scope: Scope, by: str) -> list[Group]:
        return self._grouped(scope, by)[1]

    def both(self, scope: Scope, by: str) -> tuple[Measure, list[Group]]:
        if not self.adds_up:
            return super().both(scope, by)
        rows, groups = self._grouped(scope, by)
        names = {name for row in rows for name in row}
        return self.read({name: _total(rows, name) for name in names}, scope), groups

    def _grouped(self, scope: Scope, by: str) -> tuple[list[Row], list[Group]]:
        """The rows of aggregates of all groups, and what they say."""
        refuse_unknown_grouping(self, by)
        key = dimensions.key_of(by, self.dimensions(), self.at, scope)
        rows = self._tally(scope, key)
        found = [(row, self.read(row, scope)) for row in rows]
        return rows, dimensions.in_order(scope, key, found, self.read({}, scope))

    def _tally(self, scope: Scope, key: Key | None) -> list[Row]:
        facts, names = self.facts(scope), list(self.columns(scope))
        by: list[str] = []
        if key is not None:
            by = key.names
            facts = facts.annotate(**key.columns)
        facts = facts.values(*by, *names)
        quantiles = self.quantiles(scope)
        if quantiles:
            return tally_quantiles(facts, self.aggregates(scope), quantiles, by)
        return tally(facts, self.aggregates(scope), by)


class Rate(FactsFigure):
    """A share: facts have `hit`; where some do not count (yet), also `counts` and `pending`."""

    adds_up = True

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("hit", "pending")

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return (
            "count(*) AS n",
            "count(*) FILTER (WHERE hit) AS hits",
            "count(*) FILTER (WHERE pending) AS immature",
        )

    def read(self, row: Row, scope: Scope) -> Measure:
        return share(count(row, "hits"), count(row), immature=count(row, "immature"))

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        found = self.facts(scope).order_by("pk")
        return found.filter(hit=True) if part == "numerator" else found


class Duration(FactsFigure):
    """Hours: facts have `elapsed` and `working` in seconds, NULL for rows that are not there yet."""

    unit = "hours"
    better = "down"
    parts = ()

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("elapsed", "working")

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return ("count(elapsed) AS n", "count(*) AS all_rows", "avg(elapsed) AS mean")

    def quantiles(self, scope: Scope) -> Mapping[str, tuple[str, str]]:
        return QUANTILES

    def read(self, row: Row, scope: Scope) -> Measure:
        values: dict[str, Decimal | int | None] = {name: hours(row.get(name)) for name in (*QUANTILES, "mean")}
        n = count(row)
        return Measure(values["median"], n, values=values, immature=count(row, "all_rows") - n)

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        return self.facts(scope).filter(elapsed__isnull=False).order_by("pk")


def _total(rows: Sequence[Row], name: str) -> int | Decimal:
    """Of what aggregates count; of a column of the grouping it says nothing."""
    values: list[int | Decimal] = [row[name] for row in rows if isinstance(row[name], int | Decimal)]
    return sum(values)


def share(hits: int, n: int, *, immature: int = 0, values: Mapping[str, Any] | None = None, rows: int = -1) -> Measure:
    """A share with its interval; `rows`: how many rows stand behind it, where that is not `n`."""
    low, high = rates.wilson(hits, n) or (None, None)
    return Measure(
        rates.percent(hits, n),
        n if rows < 0 else rows,
        numerator=hits,
        denominator=n,
        values=values,
        low=low,
        high=high,
        immature=immature,
    )


def refuse_unknown_grouping(figure: Figure, by: str) -> None:
    """Raises InvalidInput unknown_grouping."""
    if by not in figure.groupings:
        known = ", ".join(figure.groupings)
        text = _("This figure is grouped by one of: %(known)s.") % {"known": known}
        raise InvalidInput(text, code="unknown_grouping", field="group_by")
