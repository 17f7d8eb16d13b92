"""The report on deadlines: met and missed by clock and by the policy it was set under, how late, and why (issue 4).

Every number is one of `sla-compliance`, `sla-overrun` and `late-reasons`, and leads to its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from complaints.models import ClockKind, LateReason
from core import languages
from core.access import CASES, allow
from core.sheets import lines
from core.web.parts import Cell, Column, Link
from metrics import rates
from metrics.figures import figures
from metrics.figures.base import Figure, Group, Measure, Number
from metrics.figures.dimensions import NONE
from metrics.figures.overrun import NOT_GIVEN
from metrics.web.dashboard import wording
from metrics.web.dashboard.asking import Asked, query
from metrics.web.dashboard.csv import TYPE, name_of
from metrics.web.dashboard.head import head_of
from metrics.web.dashboard.page import read, seen_words
from metrics.web.dashboard.panels import Table

KINDS = (ClockKind.ACKNOWLEDGE, ClockKind.UPDATE, ClockKind.RESOLVE, ClockKind.STATUTORY)
PARTS = ("met", "missed", "overdue")  # of these, open and past the deadline
TAKEN = ("median", "p90", "median_working", "p90_working")


@dataclass(frozen=True, slots=True)
class Kept:
    """How many clocks of a kind, of one policy (`by`, `key`; "" for all of the kind), were met and missed."""

    kind: ClockKind
    by: str
    key: str
    label: str
    met: int
    missed: int
    overdue: int

    @property
    def share(self) -> Decimal | None:
        return rates.percent(self.met, self.met + self.missed)


@dataclass(frozen=True, slots=True)
class Report:
    """What the page shows. Query cost: 9."""

    kept: Sequence[Kept]
    overrun: Sequence[tuple[ClockKind, Measure]]
    reasons: Measure


@require_safe
@allow(*CASES)
def deadlines(request: HttpRequest) -> HttpResponse:
    """The report, on a page or as CSV. Query cost beside session and user: 9."""
    asked, trouble = read(request)
    if trouble is None and request.GET.get("format") == "csv":
        names = {"Content-Disposition": name_of("deadlines", asked)}
        return HttpResponse("".join(lines(_lines(report(asked)))), content_type=TYPE, headers=names)
    context = head_of(request, asked, None, trouble)
    context |= {
        "title": _("Deadlines"),
        "back": Link(_("Dashboard"), reverse("dashboard") + query(asked.params())),
        "seen": seen_words(request.user),  # type: ignore[arg-type]
    }
    if trouble is None:
        found = report(asked)
        context |= {
            "met": _kept_table(asked, found.kept),
            "overrun": _overrun_table(asked, found.overrun),
            "reasons": _reasons_table(asked, found.reasons),
            "definitions": [figures[code].definition() for code in ("sla-compliance", "sla-overrun", "late-reasons")],
            "csv_url": query(asked.params() | {"format": "csv"}),
        }
    return render(request, "dashboard/deadlines.html", context, status=422 if trouble else 200)


def report(asked: Asked) -> Report:
    """All numbers of the report. Query cost: 9."""
    overrun, reasons = figures["sla-overrun"], figures["late-reasons"]
    scope = asked.scope_for(overrun)
    return Report(
        kept=[one for kind in KINDS for one in _kept(asked, kind)],
        overrun=[(kind, overrun.measure(scope.replace(kind=str(kind)))) for kind in KINDS],
        reasons=reasons.measure(asked.scope_for(reasons)),
    )


def _kept(asked: Asked, kind: ClockKind) -> Iterator[Kept]:
    """All clocks of a kind, then those of each policy, or pack where the law sets it. Query cost: 1."""
    figure, by = figures["sla-compliance"], "pack" if kind == ClockKind.STATUTORY else "policy"
    groups = figure.groups(asked.scope_for(figure).replace(kind=str(kind), basis="due"), by)
    parts = [_of_group(kind, by, group) for group in groups if group.measure.n]
    sums = [sum(getattr(one, name) for one in parts) for name in PARTS]
    yield Kept(kind, by, "", "", *sums)
    yield from parts


def _of_group(kind: ClockKind, by: str, group: Group) -> Kept:
    values = {name: int(value or 0) for name, value in (group.measure.values or {}).items()}
    label = _("Imported, without a policy") if group.key == NONE else group.label
    missed = values["late"] + values["overdue"]
    return Kept(kind, by, group.key, label, values["met"], missed, values["overdue"])


def _count(asked: Asked, figure: Figure, n: int, **narrowed: str) -> Cell:
    """A number that leads to its rows."""
    return Cell(languages.number(n), "num", url=asked.rows_url(figure, None, **narrowed) if n else "")


def _kept_table(asked: Asked, kept: Sequence[Kept]) -> Table:
    figure = figures["sla-compliance"]
    rows = []
    for one in kept:
        own = {"kind": str(one.kind), **({one.by: one.key} if one.key else {})}
        rows.append(
            [
                Cell(str(one.kind.label), "head") if not one.key else Cell(""),
                Cell(one.label, "head") if one.key else Cell(_("All")),
                _count(asked, figure, one.met, part="numerator", **own),
                _count(asked, figure, one.missed, part="breached", **own),
                _count(asked, figure, one.overdue, part="overdue", **own),
                Cell(wording.whole(figure, one.share), "num"),
            ]
        )
    names = (pgettext("clocks", "Met"), pgettext("clocks", "Missed"), _("Of these still open"), _("Within target"))
    terms = _("Policy or rule pack, as the clock was set")
    return Table([Column(_("Clock")), Column(terms), *(Column(name, end=True) for name in names)], rows)


def _overrun_table(asked: Asked, overrun: Sequence[tuple[ClockKind, Measure]]) -> Table:
    figure = figures["sla-overrun"]
    rows = [
        [
            Cell(str(kind.label), "head"),
            _count(asked, figure, measure.n, kind=str(kind)),
            *(Cell(wording.bare(figure, (measure.values or {}).get(name)), "num") for name in TAKEN),
        ]
        for kind, measure in overrun
    ]
    names = (
        _("Finished late"),
        _("Median"),
        _("Nine of ten within"),
        _("Median, in working time"),
        _("Nine of ten within, in working time"),
    )
    return Table([Column(_("Clock")), *(Column(name, end=True) for name in names)], rows)


def _reasons_table(asked: Asked, measure: Measure) -> Table:
    """The most frequent reason first, "not given" last; none that nobody gave."""
    figure = figures["late-reasons"]
    rows = [
        [
            Cell(reason_words(part), "head"),
            _count(asked, figure, n, part=part),
            Cell(languages.percent(rates.percent(n, measure.n) or 0, digits=1), "num"),
        ]
        for part, n in _by_count(measure)
    ]
    return Table([Column(_("Reason")), Column(_("Complaints"), end=True), Column(_("Share"), end=True)], rows)


def _by_count(measure: Measure) -> list[tuple[str, int]]:
    given = [(part, int(n or 0)) for part, n in (measure.values or {}).items() if n]
    return sorted(given, key=lambda one: (one[0] == NOT_GIVEN, -one[1]))


def reason_words(part: str) -> str:
    return _("Not given") if part == NOT_GIVEN else str(LateReason(part).label)


def _lines(found: Report) -> Iterator[Sequence[Any]]:
    """One number a line: what it is about, its name, its value (shares in percent, durations in hours)."""
    yield ("table", "clock", "terms", "label", "number", "value")
    for one in found.kept:
        terms = f"{one.by} {one.key}" if one.key else ""
        values: dict[str, Number | None] = {name: getattr(one, name) for name in PARTS}
        for name, value in {**values, "share": one.share}.items():
            yield ("kept", str(one.kind), terms, one.label, name, value)
    for kind, measure in found.overrun:
        for name, value in {"n": measure.n, **{name: (measure.values or {}).get(name) for name in TAKEN}}.items():
            yield ("overrun", str(kind), "", "", name, value)
    for part, value in (found.reasons.values or {}).items():
        yield ("reasons", "", "", reason_words(part), part, value)
