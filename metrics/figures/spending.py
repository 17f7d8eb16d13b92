"""What customers spend: repeat purchase, average order, lifetime value so far (mission C2, C3). Money by currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from metrics import periods, rates
from metrics.figures import dimensions, facts
from metrics.figures.base import MONEY, Figure, Group, Measure, Number, Scope
from metrics.figures.dimensions import Dimension, Key
from metrics.figures.facts import FactsFigure, refuse_unknown_grouping, share
from metrics.figures.loyalty import COHORT, OF_CUSTOMERS, purchases
from metrics.figures.sql import Row, compiled, count, fetch, money, money_sum, tally
from retention.models import Customer, Purchase


def bought(scope: Scope) -> QuerySet[Purchase]:
    """Valid purchases of the period."""
    return purchases(scope).filter(facts.within("purchased_at", scope))


class _OfCustomers(FactsFigure):
    """Facts are customers: one row for each, and for each bucket when grouped by time."""

    at, row_kind = "purchased_at", "customer"
    groupings = ("tier", "source", *periods.UNITS)
    filters = frozenset((*OF_CUSTOMERS, COHORT))

    def dimensions(self) -> Mapping[str, Dimension]:
        return OF_CUSTOMERS

    def each(self, scope: Scope, **keys: Any) -> QuerySet[Any]:
        """`who` and what is summed up of each."""
        raise NotImplementedError

    def part(self, part: str) -> str:
        """SQL that narrows `each`."""
        raise NotImplementedError

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        inner = compiled(self.each(scope))
        if inner is None:
            return Customer.objects.none()
        where = f" WHERE {self.part(part)}" if part else ""
        chosen = RawSQL(f"SELECT who FROM ({inner[0]}) m{where}", inner[1])  # noqa: S608, S611
        return Customer.objects.filter(pk__in=chosen).order_by("pk")

    def _tally(self, scope: Scope, key: Key | None) -> list[Row]:
        keys = dict(key.columns) if key is not None else {}
        return tally(self.each(scope, **keys), self.aggregates(scope), list(keys))


class RepeatPurchaseRate(_OfCustomers):
    code = "repeat-purchase-rate"
    parts = ("numerator", "without_incentive", "with_incentive")

    def title(self, scope: Scope | None = None) -> str:
        return _("Repeat purchase rate")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the customers with an order in the period, the share with at least two. Without incentive: at least "
            "two orders without a discount, points or another incentive; the others are counted as with incentive. "
            "Orders of unknown customers, cancelled ones, and lines without quantity or price do not count."
        )

    def each(self, scope: Scope, **keys: Any) -> QuerySet[Any]:
        grouped = bought(scope).annotate(who=F("customer_id"), **keys).values("who", *keys)
        found: QuerySet[Any] = grouped.annotate(
            orders=Count("customer_id"), free=Count("customer_id", filter=Q(incentive=False))
        )
        return found

    def part(self, part: str) -> str:
        return {
            "numerator": "orders >= 2",
            "without_incentive": "free >= 2",
            "with_incentive": "orders >= 2 AND free < 2",
        }[part]

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return (
            "count(*) AS n",
            "count(*) FILTER (WHERE orders >= 2) AS hits",
            "count(*) FILTER (WHERE free >= 2) AS free",
        )

    def read(self, row: Row, scope: Scope) -> Measure:
        n, hits, free = count(row), count(row, "hits"), count(row, "free")
        values = {"without_incentive": rates.percent(free, n), "with_incentive": rates.percent(hits - free, n)}
        return share(hits, n, values=values)


class AverageOrderValue(Figure):
    code, unit, row_kind = "average-order-value", MONEY, "purchase"
    groupings = ("tier", "source", *periods.UNITS)
    filters = frozenset((*OF_CUSTOMERS, COHORT))

    def title(self, scope: Scope | None = None) -> str:
        return _("Average order value")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "The value of the period's orders, divided by their number, for each currency. Orders of unknown "
            "customers, cancelled ones, and lines without quantity or price do not count."
        )

    def measure(self, scope: Scope) -> Measure:
        return in_currencies(self._rows(scope, {}))

    def groups(self, scope: Scope, by: str) -> list[Group]:
        refuse_unknown_grouping(self, by)
        key = dimensions.key_of(by, OF_CUSTOMERS, "purchased_at", scope)
        return by_currency(scope, key, self._rows(scope, key.columns))

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        return bought(scope).order_by("pk")

    def _rows(self, scope: Scope, keys: Mapping[str, Any]) -> list[Row]:
        rows = bought(scope).annotate(**keys).values(*keys, "currency", "valid_amount")
        columns = ["count(*) AS n", "count(*) AS rows_behind", f"{money_sum('valid_amount')} AS total"]
        return tally(rows, columns, [*keys, "currency"])


class CustomerLifetimeValue(Figure):
    code, unit, row_kind = "customer-lifetime-value", MONEY, "customer"
    groupings = ("tier", "source", *periods.UNITS)
    filters = frozenset((*OF_CUSTOMERS, COHORT))

    def title(self, scope: Scope | None = None) -> str:
        return _("Customer lifetime value")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "What customers have spent so far (or in the period), divided by the number of customers with an order, "
            "for each currency. A look back, no forecast; returns are not taken off. Orders of unknown customers, "
            "cancelled ones, and lines without quantity or price do not count."
        )

    def measure(self, scope: Scope) -> Measure:
        return in_currencies(self._rows(scope, {}))

    def groups(self, scope: Scope, by: str) -> list[Group]:
        refuse_unknown_grouping(self, by)
        key = dimensions.key_of(by, OF_CUSTOMERS, "purchased_at", scope)
        return by_currency(scope, key, self._rows(scope, key.columns))

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        chosen = bought(scope).order_by().values("customer_id").distinct()
        return Customer.objects.filter(pk__in=chosen).order_by("pk")

    def _rows(self, scope: Scope, keys: Mapping[str, Any]) -> list[Row]:
        """Each customer once for each currency; `rows_behind` counts a customer of two currencies only once."""
        facts_of = bought(scope).annotate(who=F("customer_id"), **keys)
        inner = compiled(facts_of.values(*keys, "who", "currency", "valid_amount"))
        if inner is None:
            return []
        by = ", ".join([*keys, "currency"])
        part = ", ".join([*keys, "who"])
        return fetch(
            f"WITH m AS ({inner[0]}), "  # noqa: S608
            f"e AS (SELECT {by}, who, {money_sum('valid_amount')} AS total, "
            f"row_number() OVER (PARTITION BY {part} ORDER BY currency) AS place FROM m GROUP BY {by}, who) "
            "SELECT {0}, count(*) AS n, count(*) FILTER (WHERE place = 1) AS rows_behind, sum(total) AS total "
            "FROM e GROUP BY {0} ORDER BY {0}".format(by),
            inner[1],
        )


def in_currencies(rows: Sequence[Row]) -> Measure:
    """A mean amount by currency; `value` only where there is one currency. Amounts are never added across them."""
    values: dict[str, Number | None] = {}
    total = Decimal(0)
    for row in rows:
        total = money(row["total"])
        values[row["currency"]] = rates.mean(total, count(row))
    n = sum(count(row, "rows_behind") for row in rows)
    if len(values) != 1:
        return Measure(None, n, values=values)
    return Measure(next(iter(values.values())), n, numerator=total, denominator=n, values=values)


def by_currency(scope: Scope, key: dimensions.Key, rows: Sequence[Row]) -> list[Group]:
    """Rows of (key, currency) as groups of one key."""
    together: dict[str, list[Row]] = {}
    for row in rows:
        together.setdefault(key.read(row)[1], []).append(row)
    found = [(same[0], in_currencies(same)) for same in together.values()]
    return dimensions.in_order(scope, key, found, Measure(None, 0, values={}))
