"""Who stays: retention by stays and by purchases, churn (mission C1; domain, Figures). Unit: customer, for churn stay.

Every query passes once over the stays or purchases, sums up each customer, and counts the customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Lag
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from metrics import periods, rates
from metrics.figures import buckets, dimensions
from metrics.figures.base import DOWN, Figure, Group, Measure, Scope
from metrics.figures.buckets import LONG_AGO_DAY
from metrics.figures.dimensions import LONG_AGO, Dimension, text
from metrics.figures.facts import FactsFigure, refuse_unknown_grouping, share
from metrics.figures.sql import Inner, Row, compiled, count, day_of, fetch, flag, tally_over
from retention.models import Customer, Purchase, Tenure

TENURE, PURCHASES, STRICT = "tenure", "purchases", "strict"
OF_CUSTOMERS: Mapping[str, Dimension] = {"tier": text("customer__tier"), "source": text("source")}
COUNTED = (
    "count(*) FILTER (WHERE at_start = 1) AS begun",
    "count(*) FILTER (WHERE at_end = 1) AS ended",
    "count(*) FILTER (WHERE at_end = 1 AND is_new) AS fresh",
    "count(*) FILTER (WHERE at_start = 1 AND at_end = 1) AS kept",
)
PARTS = {
    "": "at_start = 1 OR at_end = 1",
    "start": "at_start = 1",
    "end": "at_end = 1",
    "new": "at_end = 1 AND is_new",
    "kept": "at_start = 1 AND at_end = 1",
}


MERGED = Customer.objects.filter(merged_into__isnull=False)


def of_nobody_merged(rows: QuerySet[Any]) -> Q:
    """Not of customers merged into another. A merge takes their rows along, so that hardly ever any is left: one look
    tells, instead of one at each row."""
    left = MERGED.filter(Exists(rows.filter(customer=OuterRef("pk"))))
    return ~Q(Exists(left)) | ~Q(customer__in=left)


COHORT = "cohort"  # a filter: those who began in one month


def stays(scope: Scope) -> QuerySet[Tenure]:
    """Stays of customers that count, narrowed by the filters. A join with all customers would cost more."""
    rows = Tenure.objects.filter(of_nobody_merged(Tenure.objects.all()))
    if not scope.viewer.sees_cases:
        return rows.none()
    if month := cohort_of(scope):
        rows = rows.filter(joined_on__gte=month.since, joined_on__lte=month.until)
    return rows.filter(dimensions.narrowed(STAYS, _others(scope)))


def cohort_of(scope: Scope) -> periods.Period | None:
    """The month of the filter `cohort`, if there is one."""
    return periods.month_of(scope.filters.get(COHORT, ""))


def _others(scope: Scope) -> dict[str, str]:
    return {name: value for name, value in scope.filters.items() if name != COHORT}


def purchases(scope: Scope) -> QuerySet[Purchase]:
    """Valid purchases of customers that count, narrowed by the filters. A join with all customers would cost more."""
    rows = Purchase.objects.filter(is_valid=True).filter(of_nobody_merged(Purchase.objects.filter(is_valid=True)))
    if not scope.viewer.sees_cases:
        return rows.none()
    rows = rows.filter(dimensions.narrowed(OF_CUSTOMERS, _others(scope)))
    return rows.filter(customer__in=_began_in(rows, month, scope)) if (month := cohort_of(scope)) else rows


def _began_in(rows: QuerySet[Purchase], month: periods.Period, scope: Scope) -> QuerySet[Any]:
    """The customers whose first of these purchases lies in the month."""
    start, end = month.instants(scope.zone)
    bought = rows.filter(purchased_at__gte=start, purchased_at__lt=end, customer__isnull=False)
    earlier = rows.filter(purchased_at__lt=start, customer__isnull=False)
    who: QuerySet[Any] = bought.exclude(customer__in=earlier.values("customer")).values("customer")
    return who


def months_of(rows: QuerySet[Purchase], bucket: Any) -> QuerySet[Any]:
    """Each purchase's bucket `g0` and that of the same customer's purchase before it, `earlier`; in index order, so
    that nothing is sorted. A customer's buckets are those where the two differ."""
    window = Window(Lag(bucket), partition_by=[F("customer_id")], order_by=F("purchased_at").asc())
    return rows.annotate(g0=bucket, earlier=window).values("g0", "earlier")


def _pairs(rows: QuerySet[Purchase], bucket: Any) -> list[Row]:
    """How many customers (`n`) bought in bucket `g0` and before that in `earlier`; see `buckets.of_purchases`."""
    if buckets.fits_in_bits(bucket):
        return buckets.of_purchases(rows, bucket)
    inner = compiled(months_of(rows, bucket))
    if inner is None:
        return []
    return fetch(
        f"WITH m AS ({inner[0]}) SELECT g0, earlier, count(*) AS n FROM m "  # noqa: S608
        "WHERE earlier IS NULL OR earlier <> g0 GROUP BY g0, earlier",
        inner[1],
    )


def one_if(condition: Q) -> Case:
    """1 if the condition holds, else 0."""
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def yes(condition: Q) -> Max:
    """1 if the condition holds for any row of the customer."""
    return Max(one_if(condition))


class RetentionRate(Figure):
    code, row_kind = "retention-rate", "customer"
    bases = (TENURE, PURCHASES, STRICT)
    groupings = ("tier", "month", "quarter", "year", "week", "day")
    filters = frozenset(OF_CUSTOMERS)
    parts = ("start", "end", "new", "kept")

    def title(self, scope: Scope | None = None) -> str:
        basis = self.basis(scope) if scope is not None else TENURE
        return {
            TENURE: _("Retention rate"),
            PURCHASES: _("Retention rate, by purchases"),
            STRICT: _("Retention rate, by purchases, strict"),
        }[basis]

    def definition(self, scope: Scope | None = None) -> str:
        basis = self.basis(scope) if scope is not None else TENURE
        return {
            TENURE: _(
                "Customers at the end of the period less new ones, as a share of those at its start. New: joined for "
                "the first time in the period and still there at its end. Who comes back counts at the end, but is not "
                "new. Customers merged into another do not count."
            ),
            PURCHASES: _(
                "Customers who bought in the period less those who bought for the first time ever, as a share of those "
                "who bought in the period before. Who buys again after a break counts too, so that it may exceed 100. "
                "Orders of unknown customers, cancelled ones, and lines without quantity or price do not count."
            ),
            STRICT: _(
                "Of the customers who bought in the period before, the share that bought in this one too. Orders of "
                "unknown customers, cancelled ones, and lines without quantity or price do not count."
            ),
        }[basis]

    def measure(self, scope: Scope) -> Measure:
        return self._read(tally_over(self._each(scope), COUNTED)[0], scope)

    def groups(self, scope: Scope, by: str) -> list[Group]:
        refuse_unknown_grouping(self, by)
        if by not in periods.UNITS:
            key = dimensions.key_of(by, OF_CUSTOMERS, "", scope)
            found = tally_over(self._each(scope, **key.columns), COUNTED, key.names)
            read = [(row, self._read(row, scope)) for row in found if self._stand_behind(row)]
            return dimensions.in_order(scope, key, read, self._read({}, scope))
        counted = self._by_stay(scope, by) if self.basis(scope) == TENURE else self._by_purchase(scope, by)
        measures = {day_of(row["g0"]): self._read(row, scope) for row in counted}
        return dimensions.filled(scope, by, measures, self._read({}, scope))

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        inner = self._each(scope)
        if inner is None:
            return Customer.objects.none()
        chosen = RawSQL(f"SELECT who FROM ({inner[0]}) m WHERE {PARTS[part]}", inner[1])  # noqa: S608, S611
        return Customer.objects.filter(pk__in=chosen).order_by("pk")

    def _stand_behind(self, row: Row) -> int:
        return count(row, "begun") + count(row, "ended") - count(row, "kept")

    def _read(self, row: Row, scope: Scope) -> Measure:
        start, end, new, kept = (count(row, name) for name in ("begun", "ended", "fresh", "kept"))
        values = {"start": start, "end": end, "new": new, "kept": kept}
        if self.basis(scope) == STRICT:
            return share(kept, start, values=values, rows=self._stand_behind(row))
        value = rates.percent(end - new, start)
        return Measure(value, self._stand_behind(row), end - new, start, values)

    def _each(self, scope: Scope, **keys: Any) -> Inner | None:
        """Every customer once: `who`, `at_start`, `at_end`, `is_new`, and the columns in `keys`."""
        if self.basis(scope) == TENURE:
            return compiled(self._each_by_stay(scope, **keys))
        rows, first = purchases(scope), scope.start_at
        if scope.period is not None:
            first = scope.previous().start_at
        looked_at = rows if first is None else rows.filter(purchased_at__gte=first)
        if scope.end_at is not None:
            looked_at = looked_at.filter(purchased_at__lt=scope.end_at)
        grouped = looked_at.annotate(who=F("customer_id"), **keys).values("who", *keys)
        grouped = grouped.annotate(earliest=Min("purchased_at"), latest=Max("purchased_at"))
        before, now = NOBODY, Q(latest__isnull=False)
        if scope.start_at is not None:
            before, now = Q(earliest__lt=scope.start_at), Q(latest__gte=scope.start_at)
        found = compiled(grouped.annotate(at_start=one_if(before), at_end=one_if(now)))
        if found is None or scope.start_at is None:
            return found and (f"SELECT g.*, at_end = 1 AS is_new FROM ({found[0]}) g", found[1])  # noqa: S608
        earlier_ones = rows.filter(purchased_at__lt=scope.start_at).annotate(who=F("customer_id")).values("who")
        old = compiled(earlier_ones)
        if old is None:
            return None
        # Who bought in the period before is not new; only the others are looked up.
        is_old = f"EXISTS (SELECT 1 FROM ({old[0]}) e WHERE e.who = g.who)"  # noqa: S608
        sql = f"SELECT g.*, at_start = 0 AND NOT {is_old} AS is_new FROM ({found[0]}) g"  # noqa: S608
        return sql, (*old[1], *found[1])

    def _each_by_stay(self, scope: Scope, **keys: Any) -> QuerySet[Any]:
        until = scope.until or scope.as_of_day
        joined = Coalesce(F("joined_on"), LONG_AGO_DAY)
        start, fresh = NOBODY, Q(first_on__lte=until)
        if scope.since is not None:
            start = _open_before(scope.since)
            fresh = Q(first_on__gte=scope.since, first_on__lte=until)
        rows = stays(scope).annotate(who=F("customer_id"), **keys).values("who", *keys)
        rows = rows.annotate(first_on=Min(joined), at_start=yes(start), at_end=yes(_open_before(_next(until))))
        found: QuerySet[Any] = rows.annotate(is_new=flag(fresh))
        return found

    def _by_purchase(self, scope: Scope, unit: str) -> list[Row]:
        """Each bucket beside the one before it. A customer's first bucket is found over all time."""
        since = None if scope.since is None else _bucket_before(periods.bucket(scope.since, unit).since, unit)
        bucket, first_day = dimensions.buckets_of("purchased_at", unit, scope, since, scope.until)
        rows = purchases(scope)
        if scope.until is not None:
            _start, end_at = periods.bucket(scope.until, unit).instants(scope.zone)
            rows = rows.filter(purchased_at__lt=end_at)
        active: dict[date, dict[date | None, int]] = {}
        for row in _pairs(rows, bucket):
            here = first_day(row["g0"])
            if here is not None:
                of_bucket, earlier = active.setdefault(here, {}), first_day(row["earlier"])
                of_bucket[earlier] = of_bucket.get(earlier, 0) + int(row["n"])
        first = periods.bucket(scope.since, unit).since if scope.since else min(active, default=LONG_AGO)
        last = max([*active, *([scope.until] if scope.until else [])], default=first)
        found = []
        for part in periods.Period(first, max(first, last)).buckets(unit) if active else ():
            before = _bucket_before(part.since, unit)
            now = active.get(part.since, {})
            found.append(
                {
                    "g0": part.since,
                    "begun": sum(active.get(before, {}).values()),
                    "ended": sum(now.values()),
                    "fresh": now.get(None, 0),
                    "kept": now.get(before, 0),
                }
            )
        return found

    def _by_stay(self, scope: Scope, unit: str) -> list[Row]:
        """Each bucket of the period against every customer's stays. Raises InvalidInput period_required."""
        return buckets.of_stays(stays(scope), parts_of(scope, unit))


STAYS: Mapping[str, Dimension] = {**OF_CUSTOMERS, "plan": text("plan")}
NOBODY = Q(pk__isnull=True)


class ChurnRate(FactsFigure):
    code, row_kind, better, at = "churn-rate", "tenure", DOWN, ""
    groupings = ("plan", "tier", "source", "reason", *periods.UNITS)
    filters = frozenset((*STAYS, COHORT))
    parts = ("numerator", "staying")

    def title(self, scope: Scope | None = None) -> str:
        return _("Churn rate")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Stays that ended in the period, as a share of those open at its start or begun in it. Without a period: "
            "those that have ended, of all. Customers merged into another do not count."
        )

    def dimensions(self) -> Mapping[str, Dimension]:
        return {**STAYS, "reason": text("reason")}

    def facts(self, scope: Scope) -> QuerySet[Any]:
        until = scope.until or scope.as_of_day
        rows, ended = stays(scope), Q(left_on__lte=until)
        if scope.until is not None or scope.as_of_given:
            rows = rows.filter(Q(joined_on__isnull=True) | Q(joined_on__lte=until))
        if scope.since is not None:
            rows = rows.filter(Q(left_on__isnull=True) | Q(left_on__gte=scope.since))
        return rows.annotate(hit=flag(ended))

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("hit",)

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return ("count(*) AS n", "count(*) FILTER (WHERE hit) AS hits")

    def read(self, row: Row, scope: Scope) -> Measure:
        return share(count(row, "hits"), count(row))

    def groups(self, scope: Scope, by: str) -> list[Group]:
        if by not in periods.UNITS:
            return super().groups(scope, by)
        found = buckets.of_ends(stays(scope), parts_of(scope, by))
        measures = {day_of(row["g0"]): self.read(row, scope) for row in found}
        return dimensions.filled(scope, by, measures, self.read({}, scope))

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        found = self.facts(scope).order_by("pk")
        if part == "staying":
            return found.filter(Q(left_on__isnull=True) | Q(left_on__gt=scope.until or scope.as_of_day))
        return found.filter(hit=True) if part else found


def parts_of(scope: Scope, unit: str) -> list[periods.Period]:
    """The buckets the period touches, whole ones.

    Raises InvalidInput period_required: stays have no first and last day of their own.
    """
    if scope.since is None or scope.until is None:
        raise InvalidInput(_("Say from when to when, to group by time."), code="period_required", field="group_by")
    return list(periods.Period(scope.since, scope.until).buckets(unit))


def _open_before(day: date) -> Q:
    """Open when the day begins: begun earlier, and not over; `left_on` is the last day."""
    begun = Q(joined_on__isnull=True) | Q(joined_on__lt=day)
    return begun & (Q(left_on__isnull=True) | Q(left_on__gte=day))


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _bucket_before(first: date, unit: str) -> date:
    return periods.bucket(first - timedelta(days=1), unit).since
