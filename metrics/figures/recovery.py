"""Service recovery: did those who complained stay, and those who did not (mission C5; domain, Figures)?

Unit: the customer, by the first complaint of the period. Index: its resolution, else its deadline. Controls: customers
who never complained, each given the dates of one of the cases in turn, so that both are watched over the same days.
Everything in one query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import RawSQL, Window
from django.db.models.functions import Coalesce, RowNumber, TruncDate
from django.db.models.lookups import Exact, IsNull
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics import rates
from metrics.figures import dimensions, facts, mending
from metrics.figures.base import Figure, Group, Measure, Number, Scope
from metrics.figures.dimensions import Dimension, Key
from metrics.figures.facts import refuse_unknown_grouping, share
from metrics.figures.loyalty import MERGED
from metrics.figures.service import DONE
from metrics.figures.sql import Row, compiled, count, fetch, flag
from metrics.models import SurveyResponse
from metrics.models.surveys import HAPPY, UNHAPPY
from retention.models import Customer

STAYED, BOUGHT = "stayed", "bought"
HORIZONS = (30, 90)
LOW, MIDDLE, HIGH = 1, 2, 3
SCORES = {
    HIGH: ("high", gettext_lazy("Happy with the answer")),
    MIDDLE: ("middle", gettext_lazy("In between")),
    LOW: ("low", gettext_lazy("Unhappy with the answer")),
}


def _score(row: Row, place: int) -> tuple[str, str]:
    found = SCORES.get(row[f"g{place}"])
    return (found[0], str(found[1])) if found else (dimensions.NONE, _("No answer"))


def _accepted(row: Row, place: int) -> tuple[str, str]:
    value = row[f"g{place}"]
    if value is None:
        return dimensions.NONE, _("No answer")
    return ("accepted", _("Accepted")) if value else ("declined", _("Declined"))


def worst_score() -> Subquery:
    """The worst answer about the complaint, as low, middle or high; NULL without one."""
    band = Case(
        *(When(kind=kind, score__lte=most, then=Value(LOW)) for kind, most in UNHAPPY.items()),
        *(When(kind=kind, score__gte=least, then=Value(HIGH)) for kind, least in HAPPY.items()),
        default=Value(MIDDLE),
        output_field=IntegerField(),
    )
    answers = SurveyResponse.objects.filter(complaint=OuterRef("pk"), score__isnull=False).order_by()
    return Subquery(answers.values("complaint").annotate(worst=Min(band)).values("worst"), IntegerField())


def _scored(value: str) -> Q:
    """Complaints whose worst answer is of this kind."""
    if value == dimensions.NONE:
        return Q(IsNull(worst_score(), True))
    return Q(Exact(worst_score(), next(key for key, (name, _words) in SCORES.items() if name == value)))


def _answered(value: str) -> Q:
    return Q(accepted=None if value == dimensions.NONE else value == "accepted")


GROUPS: Mapping[str, Dimension] = {
    **dimensions.COMPLAINT,
    "score": Dimension(worst_score(), _scored, _score, order=("high", "middle", "low")),
    "acceptance": Dimension(F("accepted"), _answered, _accepted, order=("accepted", "declined")),
}
NAMES = (*GROUPS, "remedy", "promises")


def groups_of(scope: Scope) -> Mapping[str, Dimension]:
    """All dimensions; what was given and kept is read as of the scope's instant."""
    return {**GROUPS, **mending.dimensions_of(scope)}


ROWS = {
    "": "cases WHERE known AND ripe",
    "numerator": "cases WHERE known AND ripe AND hit",
    "lost": "cases WHERE known AND ripe AND NOT hit",
    "controls": "controls WHERE known",
}


class ServiceRecovery(Figure):
    code, row_kind = "service-recovery", "customer"
    bases = (STAYED, BOUGHT)
    groupings = (*NAMES, "main_type_score", "month", "quarter", "year")
    filters = frozenset(NAMES)
    horizons = HORIZONS
    parts = ("numerator", "lost", "controls")

    def title(self, scope: Scope | None = None) -> str:
        if scope is not None and self.basis(scope) == BOUGHT:
            return _("Bought again after a complaint")
        return _("Stayed after a complaint")

    def definition(self, scope: Scope | None = None) -> str:
        text = _(
            "Of the customers who complained in the period, the share still with us %(days)d days after the resolution "
            "of their first complaint (after its deadline, if it is unresolved). Beside it the same for customers who "
            "never complained, over the same dates. Customers without a recorded stay, and complaints whose days have "
            "not yet passed, do not count."
        )
        if scope is not None and self.basis(scope) == BOUGHT:
            text = _(
                "Of the customers who had bought before and complained in the period, the share that bought again "
                "within %(days)d days of the resolution of their first complaint (of its deadline, if it is "
                "unresolved). Beside it the same for customers who never complained, over the same dates. Complaints "
                "whose days have not yet passed do not count."
            )
        text %= {"days": scope.horizon if scope is not None else HORIZONS[-1]}
        return f"{text} {_by_what()}"

    def measure(self, scope: Scope) -> Measure:
        return self._read((self.rows_by(scope, None) or [{}])[0])

    def groups(self, scope: Scope, by: str) -> list[Group]:
        refuse_unknown_grouping(self, by)
        key = dimensions.key_of(by, groups_of(scope), "received_at", scope)
        found = [(row, self._read(row)) for row in self.rows_by(scope, key)]
        return dimensions.in_order(scope, key, found, self._read({}))

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        query = watched(scope, self.basis(scope))
        if query is None:
            return Customer.objects.none()
        chosen = RawSQL(f"{query[0]} SELECT who FROM {ROWS[part]}", query[1])  # noqa: S608, S611
        return Customer.objects.filter(pk__in=chosen).order_by("pk")

    def _read(self, row: Row) -> Measure:
        controls = count(row, "controls")
        values = {
            "controls": rates.percent(count(row, "controls_hits"), controls),
            "controls_n": controls,
            "excluded": count(row, "excluded"),
        }
        return share(count(row, "hits"), count(row), immature=count(row, "immature"), values=values)

    def rows_by(self, scope: Scope, key: Key | None) -> list[Row]:
        """The counts of each part, without a grouping of all. Query cost: 1."""
        query = watched(scope, self.basis(scope), key)
        if query is None:
            return []
        names = key.names if key is not None else []
        keys = "".join(f"{name}, " for name in names)
        group = f" GROUP BY {', '.join(names)}" if names else ""
        # Counted once and kept: the planner takes the cases for a single row and would count the controls for each.
        controls = (
            "c AS MATERIALIZED (SELECT count(*) AS controls, count(*) FILTER (WHERE hit) AS controls_hits "
            "FROM controls WHERE known)"
        )
        return fetch(
            f"{query[0]}, {controls} SELECT {keys}count(*) FILTER (WHERE known AND ripe) AS n, "  # noqa: S608
            "count(*) FILTER (WHERE known AND ripe AND hit) AS hits, "
            "count(*) FILTER (WHERE known AND NOT ripe) AS immature, "
            "count(*) FILTER (WHERE NOT known) AS excluded, "
            "max(c.controls) AS controls, max(c.controls_hits) AS controls_hits "
            f"FROM cases CROSS JOIN c{group}",
            query[1],
        )


def _by_what() -> str:
    return _(
        "Remedy: the first of these that was granted on that complaint and not taken back: a refund, a replacement, "
        "credit, discount or points, something else, an apology alone. Promises: broken where one of that complaint "
        "was, kept where one was kept and none broken."
    )


def first_complaints(scope: Scope, **keys: Any) -> QuerySet[Any]:
    """The period's complaints of known customers, with `place` 1 for the first of each; filters only mark them, as
    `wanted`: the first complaint of all decides, not the first that fits."""
    index = Coalesce(
        Case(When(status__in=DONE, then=F("resolved_at"))),
        F("closed_at"),
        F("resolve_due_at"),
        output_field=DateTimeField(),
    )
    wanted = dimensions.narrowed(groups_of(scope), scope.filters) if scope.filters else Q(received_at__isnull=False)
    rows = facts.received(scope.replace(filters={})).filter(customer__isnull=False).exclude(customer__in=MERGED)
    order = [F("received_at").asc(), F("pk").asc()]
    until = ExpressionWrapper(index + Value(timedelta(days=scope.horizon)), output_field=DateTimeField())
    rows = rows.annotate(
        who=F("customer_id"),
        index_at=index,
        until_at=until,
        index_day=TruncDate(index, tzinfo=scope.zone),
        received_day=TruncDate("received_at", tzinfo=scope.zone),
        place=Window(RowNumber(), partition_by=[F("customer_id")], order_by=order),
        wanted=flag(wanted),
        **keys,
    )
    names = ("who", "index_at", "until_at", "index_day", "received_day", "place", "wanted", *keys)
    found: QuerySet[Any] = rows.values(*names)
    return found


def watched(scope: Scope, basis: str, key: Key | None = None) -> tuple[str, list[Any]] | None:
    """`WITH ... cases, controls` and its parameters: who, known, ripe, hit and the columns of the grouping.

    `known`: a customer before (a stay on record, or an earlier purchase); `ripe`: the days have passed; `hit`: still
    there at the end of the last day, or bought again by then.
    """
    inner = compiled(first_complaints(scope, **(key.columns if key is not None else {})))
    if inner is None:
        return None
    table = '"retention_tenure"' if basis == STAYED else '"retention_purchase"'
    valid = "" if basis == STAYED else " AND x.is_valid"
    known, ripe, hit = _stayed(scope.horizon) if basis == STAYED else _bought()
    has_row = f"EXISTS (SELECT 1 FROM {table} x WHERE x.customer_id = w.who{valid}"  # noqa: S608
    case_known = f"{has_row})" if basis == STAYED else f"{has_row} AND {known})"
    tier, of_tier = "", []
    if "tier" in scope.filters:
        wanted = scope.filters["tier"]
        tier, of_tier = " AND c.tier = %s", ["" if wanted == dimensions.NONE else wanted]
    limit = connection.ops.adapt_datetimefield_value(scope.as_of)
    if basis == STAYED:
        limit = connection.ops.adapt_datefield_value(scope.as_of_day)
    sql = (
        f"WITH m AS ({inner[0]}), w AS (SELECT * FROM m WHERE place = 1 AND wanted), "  # noqa: S608
        f"cases AS (SELECT w.*, {case_known} AS known, coalesce({ripe} <= %s, {FALSE}) AS ripe, "
        f"{has_row} AND {hit}) AS hit FROM w), "
        "k AS (SELECT cases.*, row_number() OVER (ORDER BY who) - 1 AS turn FROM cases WHERE known AND ripe), "
        'p AS (SELECT c.id AS who, row_number() OVER (ORDER BY c.id) - 1 AS turn FROM "retention_customer" c '
        f"WHERE c.merged_into_id IS NULL{tier} AND c.id IN (SELECT x.customer_id FROM {table} x WHERE TRUE{valid}) "
        'AND NOT EXISTS (SELECT 1 FROM "complaints_complaint" o WHERE o.customer_id = c.id AND '
        "o.kind = 'complaint' AND NOT o.is_quarantined AND o.status <> 'merged')), "
        # The turn of the case is an expression of `p` alone: only so can the two be hashed.
        "v AS (SELECT p.who, k.index_at, k.until_at, k.index_day, k.received_day FROM p JOIN k "
        "ON k.turn = p.turn %% nullif((SELECT count(*) FROM k), 0)), "
        f"controls AS (SELECT w.who, {has_row} AND {known}) AS known, {has_row} AND {hit}) AS hit FROM v w)"
    )
    return sql, [*inner[1], limit, *of_tier]


FALSE = "(1 = 0)"


def _stayed(horizon: int) -> tuple[str, str, str]:
    """Stays: known on the day of the complaint, the last day, open when it is over (`left_on` is a stay's last day)."""
    last = f"(w.index_day + {horizon:d})"
    if connection.vendor != "postgresql":
        last = f"date(w.index_day, '+{horizon:d} day')"
    begun = "(x.joined_on IS NULL OR x.joined_on <= {0}) AND (x.left_on IS NULL OR x.left_on {1} {0})"
    return begun.format("w.received_day", ">="), last, begun.format(last, ">")


def _bought() -> tuple[str, str, str]:
    """Purchases: before the index, the end of the days, within them."""
    return (
        "x.purchased_at <= w.index_at",
        "w.until_at",
        "x.purchased_at > w.index_at AND x.purchased_at <= w.until_at",
    )


WAY = ("main_type", "remedy", "promises", "score")


@dataclass(frozen=True, slots=True)
class Ribbon:
    """So many customers whose first complaint went one way: how many stayed, how many left.

    `keys`, `names`: by WAY, codes and words.
    """

    keys: Mapping[str, str]
    names: Mapping[str, str]
    stayed: int
    lost: int

    @property
    def people(self) -> int:
        return self.stayed + self.lost


@dataclass(frozen=True, slots=True)
class Ways:
    """Every way that somebody went, and who is not on one. `controls`: per cent of those who did not complain."""

    ribbons: Sequence[Ribbon]
    immature: int
    excluded: int
    controls: Number | None


def ways(scope: Scope, basis: str = STAYED) -> Ways:
    """The lines from complaint to remedy, promises, score and staying, by main type, in order. Query cost: 1."""
    known = groups_of(scope)
    chosen = [known[name] for name in WAY]
    ribbons: list[Ribbon] = []
    rows = ServiceRecovery().rows_by(scope.replace(basis=basis), dimensions.key_over(WAY, known))
    for row in rows:
        n, hits = count(row), count(row, "hits")
        if n:
            read = [dimension.read(row, place) for place, dimension in enumerate(chosen)]
            keys = {name: key for name, (key, _words) in zip(WAY, read, strict=True)}
            names = {name: words for name, (_key, words) in zip(WAY, read, strict=True)}
            ribbons.append(Ribbon(keys, names, hits, n - hits))
    places = {dimension: (*known[dimension].order, dimensions.NONE) for dimension in WAY[1:]}
    ribbons.sort(key=lambda one: (one.names["main_type"].casefold(), *(places[w].index(one.keys[w]) for w in WAY[1:])))
    controls = count(rows[0], "controls") if rows else 0
    return Ways(
        ribbons,
        immature=sum(count(row, "immature") for row in rows),
        excluded=sum(count(row, "excluded") for row in rows),
        controls=rates.percent(count(rows[0], "controls_hits"), controls) if rows else None,
    )
