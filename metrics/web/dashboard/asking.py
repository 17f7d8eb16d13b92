"""What a dashboard page is asked for: everything in the URL, read once, and written back into every link on it.

Names as in the API (interface, Metrics), and beside them `period` (4w, 12w, year, choose), `compare` (previous, year,
none) and on one figure's page `group_by`. A value that cannot be is an InvalidInput with the field it stands in; the
page then shows the form as it was sent, with the message, as 422.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from core import languages
from core.clock import now
from core.errors import InvalidInput
from core.models import User
from metrics import periods
from metrics.figures import asking
from metrics.figures.base import Figure, Scope
from metrics.figures.dimensions import ALONE, NONE, PAIRS
from metrics.periods import Period
from metrics.web.dashboard import spans
from metrics.web.dashboard.filters import LABELS, label, value_words

PREVIOUS, YEAR_BEFORE, NO_COMPARISON = "previous", "year", "none"
COMPARISONS = (PREVIOUS, YEAR_BEFORE, NO_COMPARISON)
OF_A_FIGURE = ("basis", "kind", "horizon")
READ = ("from", "to", "time_zone", "as_of", *OF_A_FIGURE, *LABELS)
TREES = ("type", "root_cause")  # codes with others below them
HORIZON = 90  # days, where nothing is said


@dataclass(frozen=True, slots=True)
class Asked:
    """One reading of a URL. `scope` carries all filters; `scope_for` leaves a figure those it knows."""

    scope: Scope
    period: str
    compare: str
    unit: str
    group_by: str = ""

    @property
    def basis(self) -> str:
        return self.scope.basis

    # --- for one figure ---

    def scope_for(self, figure: Figure) -> Scope:
        """The question as this figure can answer it."""
        return self.scope.only(figure.filters)

    def ignored(self, figure: Figure) -> list[str]:
        """Filters in force that this figure knows nothing of."""
        return [name for name in self.scope.filters if name not in figure.filters]

    def compared(self, scope: Scope) -> Scope | None:
        """The period it is compared with; None where there is none."""
        if self.compare == NO_COMPARISON or scope.period is None:
            return None
        return scope.year_before() if self.compare == YEAR_BEFORE else scope.previous()

    def compared_words(self, value: str) -> str:
        """Before: 88.3 %."""
        words = _("A year before: %(value)s.") if self.compare == YEAR_BEFORE else _("Before: %(value)s.")
        return words % {"value": value}

    # --- addresses ---

    def params(self, figure: Figure | None = None, *, own: bool = True) -> dict[str, str]:
        """The query string that asks the same again; of filters only those `figure` knows."""
        scope = self.scope
        found: dict[str, str] = {}
        if self.period != spans.CHOSEN:
            found["period"] = self.period
        else:
            found |= _dates(scope.period, scope)
        if scope.zone.key != settings.TIME_ZONE:
            found["time_zone"] = scope.zone.key
        if self.compare != PREVIOUS:
            found["compare"] = self.compare
        if scope.as_of_given:
            found["as_of"] = scope.as_of.isoformat().replace("+00:00", "Z")
        if own and figure is not None:
            found |= {name: value for name in OF_A_FIGURE if (value := self._own(name))}
        known = scope.filters if figure is None else scope.only(figure.filters).filters
        return found | dict(known)

    def _own(self, name: str) -> str:
        value = getattr(self.scope, name)
        return "" if value == HORIZON else str(value)

    def url(self, figure: Figure, **more: str) -> str:
        """The page of one figure, asked the same."""
        return f"{reverse('dashboard_figure', args=[figure.code])}{query(self.params(figure) | more)}"

    def rows_url(self, figure: Figure, within: Period | None = None, **more: str) -> str:
        """The rows behind a figure, or behind a part of it; `within`: the days of one bucket."""
        params = self.params(figure)
        params.pop("compare", None)
        if within is not None:
            params.pop("period", None)
            params |= _dates(within, self.scope)
        return f"{reverse('dashboard_rows', args=[figure.code])}{query(params | more)}"

    def group_url(self, figure: Figure, by: str, key: str) -> str:
        """The rows behind one group; "" where a group cannot be asked for alone."""
        if by in periods.UNITS:
            return "" if key == "-" else self.rows_url(figure, spans.part_of(key, by, self.scope.period))
        if "|" in key:
            return self._pair_url(figure, *PAIRS[by], *key.split("|"))
        if by in TREES and key != NONE:
            key = ALONE + key  # a group holds what bears this code itself; the filter would take in those below it
        return self.rows_url(figure, None, **{by: key}) if by in figure.filters else ""

    def _pair_url(self, figure: Figure, one: str, two: str, first: str, second: str) -> str:
        named = {one: ALONE + first if one in TREES else first, two: second}
        return self.rows_url(figure, None, **named) if figure.filters >= set(named) else ""

    # --- words ---

    def period_words(self) -> str:
        """31 August to 20 November 2026."""
        period = self.scope.period
        if period is not None:
            since, until = period.since, period.until
            if since == until:
                return languages.day(until)
            early = languages.day_month(since) if since.year == until.year else languages.day(since)
            return _("%(since)s to %(until)s") % {"since": early, "until": languages.day(until)}
        if self.scope.since is not None:
            return _("since %(day)s") % {"day": languages.day(self.scope.since)}
        if self.scope.until is not None:
            return _("until %(day)s") % {"day": languages.day(self.scope.until)}
        return _("all time")

    def comparison_words(self) -> str:
        """against the 82 days before; nothing without a comparison."""
        if self.compare == NO_COMPARISON or self.scope.period is None:
            return ""
        other = self.compared(self.scope)
        if self.compare == YEAR_BEFORE or other is None or other.period is None:
            return _("against the year before")
        if other.period.since == other.period.until:
            return _("against %(day)s") % {"day": languages.day(other.period.until)}
        return _("against %(since)s to %(until)s") % {
            "since": languages.day_month(other.period.since),
            "until": languages.day(other.period.until),
        }

    def filter_words(self) -> list[tuple[str, str, str]]:
        """(name, label, value in words) of the filters in force."""
        return [(name, label(name), value_words(name, value)) for name, value in self.scope.filters.items()]


def ask(given: Mapping[str, str], viewer: User, figure: Figure | None = None) -> Asked:
    """Read a query string; names that nobody knows play no part. Raises InvalidInput with `field`. No query."""
    params = {name: given.get(name, "").strip() for name in (*READ, "period", "compare", "group_by")}
    period = _preset(params)
    read = {name: params[name] for name in READ if params[name] and (figure is not None or name not in OF_A_FIGURE)}
    scope = asking.scope_of(read, viewer, figure)
    if period != spans.CHOSEN:
        days = spans.preset(period, periods.local_day(min(scope.as_of, now()), scope.zone))
        scope = scope.replace(since=days.since, until=days.until)
    compare = params["compare"] or PREVIOUS
    if compare not in COMPARISONS:
        raise InvalidInput(_("There is no such comparison."), code="unknown_comparison", field="compare")
    group_by = ""
    if figure is not None and params["group_by"]:
        group_by = asking.grouping({"group_by": params["group_by"]}, figure, scope)
    return Asked(scope, period, compare, spans.step(scope.period), group_by)


def plain(viewer: User, figure: Figure | None = None) -> Asked:
    """The page without any wish, for what stands around a message."""
    return ask({}, viewer, figure)


def _preset(params: dict[str, str]) -> str:
    """Dates mean `choose` unless a period is named too, which then wins."""
    period = params["period"] or (spans.CHOSEN if params["from"] or params["to"] else spans.DEFAULT)
    if period not in spans.PRESETS:
        raise InvalidInput(_("There is no such period."), code="unknown_period", field="period")
    if period != spans.CHOSEN:
        params["from"] = params["to"] = ""
    return period


def _dates(period: Period | None, scope: Scope) -> dict[str, str]:
    since, until = (period.since, period.until) if period else (scope.since, scope.until)
    found = {"period": spans.CHOSEN} if since is None and until is None else {}
    if since is not None:
        found["from"] = since.isoformat()
    if until is not None:
        found["to"] = until.isoformat()
    return found


def query(params: Mapping[str, str]) -> str:
    return f"?{urlencode(params)}" if params else ""
