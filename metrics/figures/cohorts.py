"""Cohorts: who began in a month, and how many of them are left later (mission C1). One query for each triangle."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, DateField, F, QuerySet, When, Window
from django.db.models.functions import FirstValue, Lag, Trunc

from metrics import periods, rates
from metrics.figures import buckets, dimensions
from metrics.figures.base import Number, Scope
from metrics.figures.loyalty import purchases, stays
from metrics.figures.sql import Row, compiled, day_of, fetch
from retention.models import Purchase

MONTH = periods.MONTH


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who began in `month` (its first day). `cells[k]`: how many of `size` are there k months later; None: that
    month has not come, or lies behind the period."""

    month: date
    size: int
    cells: tuple[int | None, ...]

    @property
    def key(self) -> str:
        return periods.key(self.month, MONTH)

    def percent(self, offset: int) -> Number | None:
        cell = self.cells[offset]
        return None if cell is None else rates.percent(cell, self.size)


def purchase_cohorts(scope: Scope) -> list[Cohort]:
    """By the month of the first purchase ever: how many bought again in each later month. Query cost: 1.

    `since` and `until` choose the cohorts' months; purchases count until the end of the period, else until `as_of`.
    """
    last = scope.until or scope.as_of_day
    _start, end_at = periods.bucket(last, MONTH).instants(scope.zone)
    bucket, day = dimensions.buckets_of("purchased_at", MONTH, scope, scope.since, last)
    rows = purchases(scope).filter(purchased_at__lt=end_at)
    counted_by = buckets.of_purchases if buckets.fits_in_bits(bucket) else _by_window
    counted: dict[date, dict[int, int]] = defaultdict(dict)
    for row in counted_by(rows, bucket):
        begun, month = day(row["begun"]), day(row["g0"])
        if begun is not None and month is not None:
            cells, offset = counted[begun], _months(begun, month)
            cells[offset] = cells.get(offset, 0) + int(row["n"])
    return _triangle(scope, {month: (cells.get(0, 0), cells) for month, cells in counted.items()}, last)


def _by_window(rows: QuerySet[Purchase], bucket: Any) -> list[Row]:
    """As `buckets.of_purchases`, by windows in the order of the index. Query cost: 1."""
    of_customer: Any = {"partition_by": [F("customer_id")], "order_by": F("purchased_at").asc()}
    each = rows.annotate(
        g0=bucket,
        begun=Window(FirstValue(bucket), **of_customer),
        earlier=Window(Lag(bucket), **of_customer),
    )
    inner = compiled(each.values("g0", "begun", "earlier"))
    if inner is None:
        return []
    return fetch(
        f"WITH m AS ({inner[0]}) SELECT begun, g0, count(*) AS n FROM m "  # noqa: S608
        "WHERE earlier IS NULL OR earlier <> g0 GROUP BY begun, g0",
        inner[1],
    )


def tenure_cohorts(scope: Scope) -> list[Cohort]:
    """By the month a stay began: how many are still there at the end of each later month. Query cost: 1.

    Offset 0 is the end of the month itself; the last month ends with the period. Stays without a date of joining are in
    no cohort. A cell is what `churn-rate` calls staying: `cohort` its month, from its first day until that end.
    """
    last = scope.until or scope.as_of_day
    rows = stays(scope).filter(joined_on__isnull=False, joined_on__lte=last)
    begun = Trunc("joined_on", MONTH, output_field=DateField())
    over = Case(When(left_on__lte=last, then=Trunc("left_on", MONTH, output_field=DateField())))
    inner = compiled(rows.annotate(begun=begun, over_in=over).values("begun", "over_in"))
    if inner is None:
        return []
    found = fetch(
        f"WITH m AS ({inner[0]}) SELECT begun, over_in, count(*) AS n FROM m GROUP BY begun, over_in",  # noqa: S608
        inner[1],
    )
    sizes: dict[date, int] = defaultdict(int)
    gone: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in found:
        month, end = day_of(row["begun"]), day_of(row["over_in"])
        if month is None:
            continue
        sizes[month] += int(row["n"])
        if end is not None:
            gone[month][_months(month, end)] += int(row["n"])
    counted = {}
    for month, size in sizes.items():
        left, cells = size, {}
        for offset in range(_months(month, last) + 1):
            left -= gone[month].get(offset, 0)
            cells[offset] = left
        counted[month] = (size, cells)
    return _triangle(scope, counted, last)


def _triangle(scope: Scope, counted: dict[date, tuple[int, dict[int, int]]], last: date) -> list[Cohort]:
    """Rows of equal length, oldest first; the months after `last` are blank."""
    months = sorted(month for month in counted if scope.since is None or month >= scope.since.replace(day=1))
    width = _months(months[0], last) + 1 if months else 0
    rows = []
    for month in months:
        size, cells = counted[month]
        reached = _months(month, last)
        rows.append(Cohort(month, size, tuple(cells.get(k, 0) if k <= reached else None for k in range(width))))
    return rows


def _months(first: date, later: date) -> int:
    return (later.year - first.year) * 12 + later.month - first.month
