"""What was promised and kept, and what was given to put things right (mission A7, A12; domain, Figures)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Complaint, Kind, Promise, PromiseEnd, Remedy, RemedyKind, RemedyStatus
from metrics import periods
from metrics.figures import dimensions, facts
from metrics.figures.base import MONEY, Figure, Group, Measure, Number, Scope
from metrics.figures.dimensions import NONE, Dimension, Key, coded, named
from metrics.figures.facts import FactsFigure, refuse_unknown_grouping, share
from metrics.figures.sql import Row, count, flag, money, money_sum, tally

POINTS_GIVEN = "points"  # among the currencies: what is counted in points
WITHIN, APPROVED = "within_authority", "approved"
AUTHORITIES = {
    WITHIN: gettext_lazy("Within one's own authority"),
    APPROVED: gettext_lazy("Approved by a second person"),
}


def of_cases(rows: QuerySet[Any], scope: Scope, known: Mapping[str, Dimension]) -> QuerySet[Any]:
    """What hangs on complaints received in the period that the viewer may see, on merged ones too: what was promised
    and given there is so all the same."""
    rows = rows.filter(complaint__kind=Kind.COMPLAINT, complaint__is_quarantined=False)
    rows = rows.filter(facts.within("complaint__received_at", scope))
    if scope.filters:
        rows = rows.filter(dimensions.narrowed(known, scope.filters))
    if not scope.viewer.is_manager:
        rows = rows.filter(complaint__in=Complaint.objects.visible_to(scope.viewer))
    return rows


# --- promises ---------------------------------------------------------------------------------------------------------

PROMISES: Mapping[str, Dimension] = {
    **dimensions.complaint("complaint__"),
    "owner": named("owner_id", "owner__name"),  # who answers for the promise, not for the case
}


def _settled(scope: Scope) -> Q:
    return Q(settled_at__lte=scope.as_of) if scope.as_of_given else Q(settled_at__isnull=False)


def kept(scope: Scope) -> Q:
    """Done by the hour promised."""
    return Q(settled_as=PromiseEnd.KEPT, settled_at__lte=F("due_at"), broken_at__isnull=True) & _settled(scope)


def broken(scope: Scope) -> Q:
    """Its hour passed while it was owed, whatever came after, and whether or not the sweep has been by."""
    owed = Q(settled_at__isnull=True) | Q(settled_at__gt=F("due_at"))
    return Q(due_at__lt=scope.as_of) & (owed | Q(broken_at__isnull=False))


def still_open(scope: Scope) -> Q:
    """Owed, and its hour has not passed."""
    if not scope.as_of_given:
        return Q(settled_at__isnull=True, broken_at__isnull=True, due_at__gte=scope.as_of)
    owed = Q(settled_at__isnull=True) | Q(settled_at__gt=scope.as_of)
    return Q(made_at__lte=scope.as_of, due_at__gte=scope.as_of) & owed


class PromisesKept(FactsFigure):
    code, row_kind, at, adds_up = "promises-kept", "promise", "complaint__received_at", True
    groupings = (*PROMISES, *dimensions.BY_CHANNEL, *periods.UNITS)
    filters = frozenset(PROMISES)
    parts = ("numerator", "broken", "open")

    def dimensions(self) -> Mapping[str, Dimension]:
        return PROMISES

    def title(self, scope: Scope | None = None) -> str:
        return _("Promises kept")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "Of the promises on complaints received in the period that were kept or broken by now (or by the moment "
            "asked for), the share kept: done by the time promised. What was not done by then is broken, even if it "
            "was done, agreed anew or given up afterwards. What was agreed anew or no longer wanted in time counts in "
            "neither, nor does what is open and not yet due. A promise counts with the complaint it was made on, also "
            "if that was merged. Enquiries and complaints in quarantine do not count."
        )

    def facts(self, scope: Scope) -> QuerySet[Any]:
        ends = {"kept": flag(kept(scope)), "broken": flag(broken(scope)), "open": flag(still_open(scope))}
        found: QuerySet[Any] = of_cases(Promise.objects.all(), scope, PROMISES).annotate(**ends)
        return found

    def columns(self, scope: Scope) -> Sequence[str]:
        return ("kept", "broken", "open")

    def aggregates(self, scope: Scope) -> Sequence[str]:
        return tuple(f"count(*) FILTER (WHERE {name}) AS {name}_n" for name in self.columns(scope))

    def read(self, row: Row, scope: Scope) -> Measure:
        good, bad, pending = (count(row, f"{name}_n") for name in self.columns(scope))
        values = {"kept": good, "broken": bad, "open": pending}
        return share(good, good + bad, values=values, immature=pending)

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        chosen = {"numerator": Q(kept=True), "broken": Q(broken=True), "open": Q(open=True)}
        found: QuerySet[Any] = self.facts(scope).filter(chosen.get(part, Q(kept=True) | Q(broken=True)))
        return found.order_by("pk")


# --- remedies ---------------------------------------------------------------------------------------------------------


def _currency(row: Row, place: int) -> tuple[str, str]:
    key = row[f"g{place}"]
    if key == POINTS_GIVEN:
        return POINTS_GIVEN, _("Points")
    return (key, key) if key else (NONE, _("Without a value"))


def _in_currency(value: str) -> Q:
    if value == POINTS_GIVEN:
        return Q(kind=RemedyKind.POINTS)
    return Q(currency="" if value == NONE else value) & ~Q(kind=RemedyKind.POINTS)


def _authority(row: Row, place: int) -> tuple[str, str]:
    key = WITHIN if row[f"g{place}"] else APPROVED
    return key, str(AUTHORITIES[key])


CURRENCY = Case(When(kind=RemedyKind.POINTS, then=Value(POINTS_GIVEN)), default=F("currency"))
REMEDIES: Mapping[str, Dimension] = {
    **dimensions.complaint("complaint__"),
    "remedy_kind": coded("kind", RemedyKind),
    "currency": Dimension(CURRENCY, _in_currency, _currency),
    "authority": Dimension(
        F("within_authority"), lambda value: Q(within_authority=value == WITHIN), _authority, order=tuple(AUTHORITIES)
    ),
}


def granted(scope: Scope) -> Q:
    """Granted and not taken back, by now or as it stood at the moment asked for."""
    if not scope.as_of_given:
        return Q(status=RemedyStatus.GRANTED)
    later = Q(status=RemedyStatus.REVOKED, undone_at__gt=scope.as_of)
    return Q(decided_at__lte=scope.as_of) & (Q(status=RemedyStatus.GRANTED) | later)


class RemediesGranted(Figure):
    """Exact sums by currency, points beside them; never one sum across currencies. More of it is neither good nor bad.

    How many in each currency, on whose authority and of which kind: its groups.
    """

    code, unit, better, row_kind, grows = "remedies-granted", MONEY, "", "remedy", True
    groupings = (*REMEDIES, "currency_authority", *dimensions.BY_CHANNEL, *periods.UNITS)
    filters = frozenset(REMEDIES)
    parts = (WITHIN, APPROVED)

    def title(self, scope: Scope | None = None) -> str:
        return _("Remedies granted")

    def definition(self, scope: Scope | None = None) -> str:
        return _(
            "What was granted by now (or by the moment asked for) on complaints received in the period, whenever it "
            "was granted: the sum for each currency, and of points. Remedies without a value, such as an apology, are "
            "counted but add nothing. Requests that wait for approval, rejected and withdrawn ones, and what was taken "
            "back do not count. A remedy counts with the complaint it was given on, also if that was merged. Enquiries "
            "and complaints in quarantine do not count."
        )

    def measure(self, scope: Scope) -> Measure:
        return summed(self._tally(scope, {}))

    def groups(self, scope: Scope, by: str) -> list[Group]:
        return self._grouped(scope, by)[1]

    def both(self, scope: Scope, by: str) -> tuple[Measure, list[Group]]:
        rows, groups = self._grouped(scope, by)
        return summed(rows), groups

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        found = self._granted(scope).order_by("pk")
        return found.filter(within_authority=part == WITHIN) if part else found

    def _granted(self, scope: Scope) -> QuerySet[Remedy]:
        return of_cases(Remedy.objects.filter(granted(scope)), scope, REMEDIES)

    def _grouped(self, scope: Scope, by: str) -> tuple[list[Row], list[Group]]:
        refuse_unknown_grouping(self, by)
        key = dimensions.key_of(by, REMEDIES, "complaint__received_at", scope)
        rows = self._tally(scope, key.columns)
        return rows, in_parts(scope, key, rows)

    def _tally(self, scope: Scope, keys: Mapping[str, Any]) -> list[Row]:
        """Number and sum by group and currency."""
        found = self._granted(scope).annotate(**keys, paid_in=CURRENCY).values(*keys, "paid_in", "amount")
        return tally(found, ["count(*) AS n", f"{money_sum('amount')} AS total"], [*keys, "paid_in"])


def summed(rows: Sequence[Row]) -> Measure:
    """Sums by currency, then points; `value` only where there is one currency."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        if row["paid_in"]:
            totals[row["paid_in"]] = totals.get(row["paid_in"], Decimal(0)) + money(row["total"])
    values: dict[str, Number | None] = {name: totals[name] for name in sorted(totals)}  # capitals come before "points"
    paid = [value for name, value in values.items() if name != POINTS_GIVEN]
    return Measure(paid[0] if len(paid) == 1 else None, sum(count(row) for row in rows), values=values)


def in_parts(scope: Scope, key: Key, rows: Sequence[Row]) -> list[Group]:
    """Rows of (key, currency) as groups of one key."""
    together: dict[str, list[Row]] = {}
    for row in rows:
        together.setdefault(key.read(row)[1], []).append(row)
    found = [(same[0], summed(same)) for same in together.values()]
    return dimensions.in_order(scope, key, found, Measure(None, 0, values={}))
