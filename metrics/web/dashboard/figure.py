"""One figure: its value, its definition, where it was, how it went, by what it differs (domain, Figures)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from complaints.models import LateReason
from core import languages
from core.access import CASES, allow
from core.errors import InvalidInput
from core.web.parts import Cell, Column, Link
from core.zones import named
from metrics.figures import figures
from metrics.figures.base import HOURS, MONEY, PERCENT, Figure, Group, Measure, Number
from metrics.figures.overrun import NOT_GIVEN
from metrics.figures.service import LATE
from metrics.periods import UNITS
from metrics.web.dashboard import panels, tiles, wording
from metrics.web.dashboard.asking import Asked, query
from metrics.web.dashboard.csv import figure_csv
from metrics.web.dashboard.filters import label
from metrics.web.dashboard.head import head_of
from metrics.web.dashboard.page import read, seen_words
from metrics.web.dashboard.panels import Table

FIRST_GROUPINGS = ("currency_authority", "main_type", "channel", "plan", "tier", "source", "reason")
LONGEST_TABLE = 500

VALUES: dict[str, str | Promise] = {
    "median": gettext_lazy("Median"),
    "p90": gettext_lazy("Nine of ten within"),
    "median_working": gettext_lazy("Median, in working time"),
    "p90_working": gettext_lazy("Nine of ten within, in working time"),
    "mean": gettext_lazy("Mean"),
    "met": gettext_lazy("Met"),
    "late": gettext_lazy("Late"),
    "overdue": gettext_lazy("Open and past the deadline"),
    "promoters": gettext_lazy("Promoters"),
    "passives": gettext_lazy("Passives"),
    "detractors": gettext_lazy("Detractors"),
    "start": gettext_lazy("Customers at the start"),
    "end": gettext_lazy("Customers at the end"),
    "new": gettext_lazy("New customers"),
    "kept": gettext_lazy("At the start and at the end"),
    "without_incentive": gettext_lazy("Without an incentive"),
    "with_incentive": gettext_lazy("With an incentive"),
    "controls": gettext_lazy("Customers who did not complain"),
    "controls_n": gettext_lazy("Customers compared with"),
    "excluded": gettext_lazy("Not counted: without a recorded stay"),
    "under_1_day": gettext_lazy("Open for less than a day"),
    "1_to_3_days": gettext_lazy("Open for 1 to 3 days"),
    "3_to_7_days": gettext_lazy("Open for 3 to 7 days"),
    "7_to_30_days": gettext_lazy("Open for 7 to 30 days"),
    "over_30_days": gettext_lazy("Open for 30 days or more"),
    **dict(LateReason.choices),
    NOT_GIVEN: gettext_lazy("Reason not given"),
}
OWN_VALUES: dict[tuple[str, str], str | Promise] = {  # where a word means something else than elsewhere
    ("promises-kept", "kept"): pgettext_lazy("promise", "Kept"),
    ("promises-kept", "broken"): pgettext_lazy("promise", "Broken"),
    ("promises-kept", "open"): gettext_lazy("Open and not yet due"),
}
BASES: dict[str, str | Promise] = {
    "decision": gettext_lazy("as decided"),
    "acceptance": gettext_lazy("as accepted"),
    "due": gettext_lazy("all that are due"),
    "completed": gettext_lazy("finished ones only"),
    "tenure": gettext_lazy("by stays"),
    "purchases": gettext_lazy("by purchases"),
    "strict": gettext_lazy("by purchases, strict"),
    "stayed": gettext_lazy("stayed"),
    "bought": gettext_lazy("bought again"),
    "resolve": pgettext_lazy("clock", "Resolve"),
    "acknowledge": pgettext_lazy("clock", "Acknowledge"),
    "update": pgettext_lazy("clock", "Next update"),
    "statutory": pgettext_lazy("clock", "Statutory"),
}


def figure_of(code: str) -> Figure:
    """Raises Http404 for a name that is no figure's."""
    if code not in figures:
        raise Http404
    return figures[code]


@require_safe
@allow(*CASES)
def figure_page(request: HttpRequest, code: str) -> HttpResponse:
    """One figure. Query cost beside session and user: 4 (value, comparison, run over time, groups)."""
    figure = figure_of(code)
    asked, trouble = read(request, figure)
    if trouble is None and request.GET.get("format") == "csv":
        return figure_csv(asked, figure)
    context = head_of(request, asked, figure, trouble)
    context |= {
        "title": figure.title(asked.scope),
        "back": Link(_("Dashboard"), reverse("dashboard") + query(asked.params())),
        "seen": seen_words(request.user),  # type: ignore[arg-type]
    }
    if trouble is None:
        context |= _found(asked, figure)
    return render(request, "dashboard/figure.html", context, status=422 if trouble else 200)


def _found(asked: Asked, figure: Figure) -> dict[str, Any]:
    answer = tiles.answer(figure.code, asked)
    by = asked.group_by or next((name for name in FIRST_GROUPINGS if name in figure.groupings), "")
    groups = _groups(asked, figure, by)
    params = asked.params(figure) | ({"group_by": by} if asked.group_by else {})
    return {
        "tile": tiles.tile_of(answer, asked),
        "facts": _facts(asked, answer),
        "values": _values(figure, answer.measure),
        "choices": _choices(asked, figure),
        "trend": panels.trend(asked, figure, answer.run) if answer.run else None,
        "bars": panels.groups_bars(asked, figure, groups, by) if groups and by not in UNITS else None,
        "groups": _table(asked, figure, groups, by) if by else None,
        "groupings": _groupings(asked, figure, by),
        "csv_url": query(params | {"format": "csv"}),
    }


def _groups(asked: Asked, figure: Figure, by: str) -> list[Group]:
    """Query cost: 1. Where a grouping by time needs a period and none is given: none."""
    try:
        return figure.groups(asked.scope_for(figure), by) if by else []
    except InvalidInput:
        return []


def _facts(asked: Asked, answer: tiles.Answer) -> list[tuple[str, str]]:
    measure, figure = answer.measure, answer.figure
    compared = asked.compared_words(wording.text(figure, answer.before)) if answer.before else ""
    found = [
        (_("Period"), asked.period_words()),
        (_("Time zone"), asked.scope.zone.key.replace("_", " ")),
        (_("As of"), named(asked.scope.as_of, asked.scope.zone)),
        (_("Interval"), wording.between(figure, measure)),
        (_("Target"), tiles.target_of(figure, asked)),
        (_("Compared with"), compared and f"{asked.comparison_words()}: {wording.text(figure, answer.before)}"),  # type: ignore[arg-type]
    ]
    if measure.numerator is not None and measure.denominator is not None and figure.unit == PERCENT:
        share = _("%(part)s of %(all)s") % {
            "part": languages.number(measure.numerator),
            "all": languages.number(measure.denominator),
        }
        found.insert(0, (_("Counted"), share))
    return [(name, value) for name, value in found if value]


def _values(figure: Figure, measure: Measure) -> list[tuple[str, str]]:
    """What belongs to the figure beside its value."""
    if figure.unit == MONEY:
        return [(_("Amount"), amount) for amount in wording.amounts(measure)]
    values = measure.values or {}
    return [
        (str(OWN_VALUES.get((figure.code, name)) or VALUES.get(name, name)), _value(figure, name, value))
        for name, value in values.items()
        if not name.endswith(LATE)  # each age's own stand in the chart of the backlog
    ]


def _value(figure: Figure, name: str, value: Number | None) -> str:
    if value is None:
        return languages.DASH
    if isinstance(value, Decimal):
        if figure.unit == HOURS:
            return wording.hours(value)
        return languages.number(value, digits=2) if name == "mean" else languages.percent(value, digits=1)
    return languages.number(value)


def _choices(asked: Asked, figure: Figure) -> list[tuple[str, list[Link]]]:
    """The readings of a figure: its basis, kind, horizon."""
    offered: list[tuple[str, str, Sequence[str]]] = [
        (_("Basis"), "basis", figure.bases),
        (_("Clock"), "kind", figure.kinds),
        (_("Days"), "horizon", [str(days) for days in figure.horizons]),
    ]
    found = []
    for title, name, values in offered:
        if len(values) < 2:
            continue
        params = {key: value for key, value in asked.params(figure).items() if key != name}
        if asked.group_by:
            params["group_by"] = asked.group_by
        now = str(getattr(asked.scope, name)) or values[0]
        links = [
            Link(str(BASES.get(value, value)), query(params | {name: value}), current=value == now) for value in values
        ]
        found.append((title, links))
    return found


def _groupings(asked: Asked, figure: Figure, by: str) -> list[Link]:
    params = asked.params(figure)
    return [
        Link(label(name), f"{query(params | {'group_by': name})}#groups", current=name == by)
        for name in figure.groupings
    ]


def _table(asked: Asked, figure: Figure, groups: Sequence[Group], by: str) -> Table:
    """The groups in their order; the interval only where some have one."""
    certain = any(group.measure.low is not None for group in groups)
    rows = []
    for group in groups[:LONGEST_TABLE]:
        measure = group.measure
        words = [wording.text(figure, measure), languages.number(measure.n)]
        if certain:
            words.insert(1, panels.between(figure, measure))
        head = Cell(group.label, "head", url=asked.group_url(figure, by, group.key))
        rows.append([head, *(Cell(text, "num") for text in words)])
    names = [_("Value"), *([_("Interval")] if certain else []), "n"]
    return Table([Column(label(by)), *(Column(words, end=True) for words in names)], rows)
