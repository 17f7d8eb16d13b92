"""What a figure is: one definition, one query, and exactly the rows behind it (domain, Figures).

    scope = scope_of(request.GET, viewer, figure)       # metrics.figures.asking
    measure = figures["nps"].measure(scope)             # one query
    groups = figures["nps"].groups(scope, "month")      # one query
    rows = figures["nps"].rows(scope)                   # rows.count() == measure.n

Page, API, CSV and mail all ask here; nobody computes a figure anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.models import User
from metrics import periods
from metrics.periods import Period

PERCENT, HOURS, COUNT, POINTS, MONEY, SCORE = "percent", "hours", "count", "points", "money", "score"
UP, DOWN = "up", "down"
Number = Decimal | int
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked: for whom, which period, as of when, narrowed by what.

    `since`, `until`: local dates of `zone`, both included; None: no bound on that side. `as_of`: UTC. `basis`, `kind`:
    "" means the figure's first. `filters`: names as in `Figure.filters`; a figure refuses those it cannot apply.
    """

    viewer: User
    zone: ZoneInfo
    as_of: datetime
    as_of_given: bool = False
    since: date | None = None
    until: date | None = None
    basis: str = ""
    kind: str = ""
    horizon: int = 90
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def start_at(self) -> datetime | None:
        """The first instant of the period, UTC."""
        return None if self.since is None else periods.first_instant(self.since, self.zone)

    @property
    def end_at(self) -> datetime | None:
        """The first instant after the period, UTC."""
        return None if self.until is None else periods.first_instant(self.until + timedelta(days=1), self.zone)

    @property
    def period(self) -> Period | None:
        """The period, None unless it has both ends."""
        return None if self.since is None or self.until is None else Period(self.since, self.until)

    @property
    def as_of_day(self) -> date:
        """The local date of `as_of`."""
        return periods.local_day(self.as_of, self.zone)

    def previous(self) -> Scope:
        """The same question for the period before. Raises InvalidInput period_required without both ends."""
        return self._for(self._bounded().previous())

    def year_before(self) -> Scope:
        """The same question for the year before. Raises InvalidInput period_required without both ends."""
        return self._for(self._bounded().year_before())

    def replace(self, **changes: Any) -> Scope:
        return replace(self, **changes)

    def only(self, known: frozenset[str]) -> Scope:
        """Without the filters a figure does not know; for pages that show many figures under one set of filters."""
        return replace(self, filters={name: value for name, value in self.filters.items() if name in known})

    def _for(self, period: Period) -> Scope:
        return replace(self, since=period.since, until=period.until)

    def _bounded(self) -> Period:
        if self.period is None:
            raise InvalidInput(_("Say from when to when, to compare."), code="period_required", field="compare")
        return self.period


@dataclass(frozen=True, slots=True)
class Measure:
    """One result. `value`: unrounded; percentages 0-100, nps -100..100, durations in hours; None when the denominator
    is 0. Money: amounts stand in `values` by currency, and in `value` only where there is just one.

    `n`: how many rows stand behind it, as many as `Figure.rows` has. `values`: what belongs to it (median, p90,
    promoters, ...). `low`, `high`: 95 % interval. `immature`: rows that can still change it or were left out for it.
    """

    value: Number | None
    n: int
    numerator: Number | None = None
    denominator: int | None = None
    values: Mapping[str, Number | None] | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    immature: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """One part of a figure. `key`: stable (code, id, 2026-03), "-" for nothing stated; `label`: translated."""

    key: str
    label: str
    measure: Measure


class Figure:
    """One figure. Subclasses say what it is; `measure`, `groups` are one query each."""

    code: ClassVar[str]
    unit: ClassVar[str] = PERCENT
    better: ClassVar[str] = UP  # "up", "down", or "" where neither is better
    bases: ClassVar[tuple[str, ...]] = ()  # the first is the default
    kinds: ClassVar[tuple[str, ...]] = ()  # likewise
    horizons: ClassVar[tuple[int, ...]] = ()  # days usually asked for, where the figure looks ahead
    groupings: ClassVar[tuple[str, ...]] = ()
    filters: ClassVar[frozenset[str]] = frozenset()
    row_kind: ClassVar[str] = "complaint"  # complaint, clock, response, invitation, customer, tenure, purchase
    runs: ClassVar[bool] = True  # whether its groups by time show how it went; not where it looks at one moment
    grows: ClassVar[bool] = False  # whether it grows from day to day, so that a week not over yet cannot be compared
    parts: ClassVar[tuple[str, ...]] = ()  # what `rows` can be narrowed to, beside ""

    def title(self, scope: Scope | None = None) -> str:
        """Its name, in the language of the moment."""
        raise NotImplementedError

    def definition(self, scope: Scope | None = None) -> str:
        """What is counted, with every exception, in the language of the moment."""
        raise NotImplementedError

    def measure(self, scope: Scope) -> Measure:
        """The figure. Query cost: 1."""
        raise NotImplementedError

    def groups(self, scope: Scope, by: str) -> list[Group]:
        """The figure for each part. Query cost: 1. Raises InvalidInput unknown_grouping.

        By day, week, month, quarter, year: every bucket of the period in order, empty ones too where it has two ends.
        """
        raise NotImplementedError

    def both(self, scope: Scope, by: str) -> tuple[Measure, list[Group]]:
        """`measure` and `groups`. Query cost: 2, or 1 where the parts add up. Raises what `groups` raises."""
        return self.measure(scope), self.groups(scope, by)

    def rows(self, scope: Scope, part: str = "") -> QuerySet[Any]:
        """Exactly the `n` rows behind the figure, by primary key; `part` narrows them (see `parts`)."""
        raise NotImplementedError

    def seen_at(self, scope: Scope) -> datetime:
        """The moment the figure speaks of, UTC."""
        return scope.as_of

    def basis(self, scope: Scope) -> str:
        return scope.basis or (self.bases[0] if self.bases else "")

    def kind(self, scope: Scope) -> str:
        return scope.kind or (self.kinds[0] if self.kinds else "")
