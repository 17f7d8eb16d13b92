"""What customers spend: repeat purchase, average order, lifetime value so far (mission C2, C3). Money by currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from metrics import periods, rates
from metrics.figures import buckets, dimensions, facts
from metrics.figures.base import MONEY, Figure, Group, Measure, Number, Scope
from metrics.figures.dimensions import Dimension, Key
from metrics.figures.facts import FactsFigure, refuse_unknown_grouping, share
from metrics.figures.loyalty import COHORT, OF_CUSTOMERS, purchases
from metrics.figures.sql import Row, compiled, count, fence, fetch, money, money_sum, tally
from retention.models import Customer, Purchase


def bought(scope: Scope, at: Q | None = None) -> QuerySet[Purchase]:
    """Valid purchases of the period, or of `at`."""
    return purchases(scope).filter(facts.within("purchased_at", scope) if at is None else at)


class _OfCustomers(FactsFigure):
    """Facts are customers: one row for each, and for each bucket when grouped by time."""

    at, row_kind = "purchased_at", "customer"
    groupings = ("tier", "source", *periods.UNITS)
    filters = frozenset((*OF_CUSTOMERS, COHORT))

    def dimensions(self) -> Mapping[str, Dimension]:
        return OF_CUSTOMERS

    def each(self, scope: Scope, at: Q | None = None, **keys: Any) -> QuerySet[Any]:
        """`who` and what is summed up of each; `at`: see `bought`."""
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
        if buckets.stand_apart(keys):
            each = self.each(scope, buckets.OF_BUCKET)
            summed = f"SELECT {', '.join(self.aggregates(scope))} FROM m"  # noqa: S608  (our own names)
            return buckets.one_by_one(scope, keys["g0"], each, summed)
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

    def each(self, scope: Scope, at: Q | None = None, **keys: Any) -> QuerySet[Any]:
        grouped = bought(scope, at).annotate(who=F("customer_id"), **keys).values("who", *keys)
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

    def both(self, scope: Scope, by: str) -> tuple[Measure, list[Group]]:
        refuse_unknown_grouping(self, by)
        key = dimensions.key_of(by, OF_CUSTOMERS, "purchased_at", scope)
        rows = self._rows(scope, key.columns)
        whole: dict[str, Row] = {}
        for row in rows:
            known = whole.setdefault(row["currency"], {"currency": row["currency"], "n": 0, "total": 0})
            known["n"] += row["n"]
            known["total"] += row["total"]
        return in_currencies(list(whole.values())), by_currency(scope, key, rows)

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        return bought(scope).order_by("pk")

    def _rows(self, scope: Scope, keys: Mapping[str, Any]) -> list[Row]:
        columns = ["count(*) AS n", f"{money_sum('valid_amount')} AS total"]
        if buckets.stand_apart(keys):
            rows = bought(scope, buckets.OF_BUCKET).values("currency", "valid_amount")
            summed = f"SELECT currency, {', '.join(columns)} FROM m GROUP BY currency"  # noqa: S608
            return buckets.one_by_one(scope, keys["g0"], rows, summed)
        rows = bought(scope).annotate(**keys).values(*keys, "currency", "valid_amount")
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
        """Each customer once for each currency, and where there are several also once for all of them (no currency)."""
        columns = ["who", "currency", "valid_amount"]
        if buckets.stand_apart(keys):
            rows = bought(scope, buckets.OF_BUCKET).annotate(who=F("customer_id")).values(*columns)
            total = f"count(DISTINCT who) AS n, {money_sum('valid_amount')} AS total"
            summed = f"SELECT currency, {total} FROM m GROUP BY currency"  # noqa: S608  (our own names)
            of_all = "SELECT NULL, count(DISTINCT who), CAST(NULL AS numeric) FROM m"
            of_all = f"{of_all} WHERE {SEVERAL} HAVING count(*) > 0"
            return buckets.one_by_one(scope, keys["g0"], rows, summed, of_all)
        inner = compiled(bought(scope).annotate(who=F("customer_id"), **keys).values(*keys, *columns))
        if inner is None:
            return []
        by = "".join(f"{name}, " for name in keys)
        group = f" GROUP BY {', '.join(keys)}" if keys else " HAVING count(*) > 0"
        return fetch(
            f"WITH m AS ({inner[0]}{fence()}), "  # noqa: S608  (our own names)
            f"e AS (SELECT {by}currency, who, {money_sum('valid_amount')} AS total FROM m GROUP BY {by}currency, who), "
            f"t AS (SELECT {by}currency, count(*) AS n, sum(total) AS total FROM e GROUP BY {by}currency) "
            f"SELECT * FROM t UNION ALL SELECT {by}NULL, count(DISTINCT who), NULL FROM e WHERE {SEVERAL}{group}",
            inner[1],
        )


SEVERAL = "(SELECT count(DISTINCT currency) FROM t) > 1"


def in_currencies(rows: Sequence[Row]) -> Measure:
    """A mean amount by currency; `value` only where there is one currency. Amounts are never added across them.

    A row without a currency says how many rows stand behind all of them, where that is not their sum.
    """
    values: dict[str, Number | None] = {}
    total, n, of_all = Decimal(0), 0, None
    for row in sorted(rows, key=lambda row: row["currency"] or ""):
        if row["currency"] is None:
            of_all = count(row)
            continue
        total = money(row["total"])
        values[row["currency"]] = rates.mean(total, count(row))
        n += count(row)
    n = n if of_all is None else of_all
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
