"""Exactly the rows behind a figure, or a part of it, page by page (domain, Figures: tile = drill-down = CSV)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_safe

from complaints.models import LateReason
from core import languages
from core.access import CASES, allow
from core.web.parts import Empty, Link
from metrics.figures.amends import AUTHORITIES
from metrics.figures.base import Figure
from metrics.figures.overrun import NOT_GIVEN
from metrics.figures.service import LATE, ON_TIME
from metrics.web.dashboard import tables, wording
from metrics.web.dashboard.asking import Asked, query
from metrics.web.dashboard.csv import rows_csv
from metrics.web.dashboard.figure import VALUES, figure_of
from metrics.web.dashboard.head import head_of
from metrics.web.dashboard.page import read, seen_words

PAGE = 50
MOST_PARTS = 4  # that fit side by side
BIGGEST = 2**63 - 1
PARTS: dict[str, str | Promise] = {
    "numerator": gettext_lazy("Those that count towards it"),
    "breached": gettext_lazy("Deadline missed"),
    "lost": gettext_lazy("Left"),
    "staying": gettext_lazy("Still there at the end"),
    "controls": gettext_lazy("Did not complain"),
    "late": gettext_lazy("Past the deadline"),
    "broken": pgettext_lazy("promise", "Broken"),
    "open": gettext_lazy("Open and not yet due"),
    **AUTHORITIES,
    **dict(LateReason.choices),
    NOT_GIVEN: gettext_lazy("Reason not given"),
}
NARROWED = {LATE: gettext_lazy("past the deadline"), ON_TIME: gettext_lazy("on time")}


@require_safe
@allow(*CASES)
def rows_page(request: HttpRequest, code: str) -> HttpResponse | StreamingHttpResponse:
    """The rows, 50 a page, by primary key. Query cost beside session and user: 2 (figure, rows)."""
    figure = figure_of(code)
    asked, trouble = read(request, figure)
    part = request.GET.get("part", "")
    if trouble is None and part and part not in figure.parts:
        trouble = ("part", _("This figure has no such part."))
    if trouble is None and request.GET.get("format") == "csv":
        return rows_csv(asked, figure, part)
    context = head_of(request, asked, figure, trouble)
    context |= {
        "title": figure.title(asked.scope),
        "back": Link(figure.title(asked.scope), asked.url(figure)),
        "seen": seen_words(request.user),  # type: ignore[arg-type]
    }
    if trouble is None:
        context |= _found(request, asked, figure, part)
        context["kept"] = [*context["kept"], *([("part", part)] if part else [])]
    return render(request, "dashboard/rows.html", context, status=422 if trouble else 200)


def _found(request: HttpRequest, asked: Asked, figure: Figure, part: str) -> dict[str, Any]:
    scope = asked.scope_for(figure)
    every = figure.rows(scope, part)
    measure = figure.measure(scope)
    n = every.count() if part else measure.n
    shown, before, after = _page(tables.joined(figure.row_kind, every), _key(request, "after"), _key(request, "before"))
    params = asked.params(figure) | ({"part": part} if part else {})
    count = ngettext("%(n)s row", "%(n)s rows", n) % {"n": languages.number(n)}
    return {
        "count": count,
        "n": n,
        "value": wording.text(figure, measure),
        "part_words": part_words(part),
        "parts": _parts(asked, figure, part),
        "whole_url": query(asked.params(figure)) or "?",
        "columns": tables.columns_of(figure.row_kind),
        "rows": [tables.cells_of(figure.row_kind, row) for row in shown],
        "empty": None if shown else Empty("match", _("No rows"), _("Nothing stands behind this figure.")),
        "previous_url": query(params | {"before": str(before)}) if before else "",
        "next_url": query(params | {"after": str(after)}) if after else "",
        "csv_url": query(params | {"format": "csv"}),
    }


def _parts(asked: Asked, figure: Figure, part: str) -> list[Link]:
    """All rows and each part of them, where these are few."""
    if not 0 < len(figure.parts) <= MOST_PARTS:
        return []
    params = asked.params(figure)
    every = Link(_("All rows"), query(params) or "?", current=not part)
    return [every, *(Link(part_words(one), query(params | {"part": one}), current=one == part) for one in figure.parts)]


def part_words(part: str) -> str:
    """A part of the rows in words; "" for all of them."""
    for ending, words in NARROWED.items():
        if part.endswith(ending):
            return f"{VALUES[part.removesuffix(ending)]}, {words}"
    return str(PARTS.get(part, VALUES.get(part, part)))


def _page(rows: Any, after: int, before: int) -> tuple[list[Any], int, int]:
    """(rows, key for the page before, key for the page after); 0 where there is none. Query cost: 1."""
    if before:
        found = list(rows.filter(pk__lt=before).order_by("-pk")[: PAGE + 1])
        more = len(found) > PAGE
        shown = found[:PAGE][::-1]
        return shown, shown[0].pk if more and shown else 0, shown[-1].pk if shown else 0
    found = list((rows.filter(pk__gt=after) if after else rows)[: PAGE + 1])
    shown = found[:PAGE]
    return shown, shown[0].pk if after and shown else 0, shown[-1].pk if len(found) > PAGE else 0


def _key(request: HttpRequest, name: str) -> int:
    """A primary key from the URL; nonsense is the first page."""
    text = request.GET.get(name, "")
    return min(int(text), BIGGEST) if text.isascii() and text.isdigit() and len(text) < 20 else 0
