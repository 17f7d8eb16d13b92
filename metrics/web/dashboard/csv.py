"""The dashboard, one figure, and the rows behind it as CSV: the same numbers as on the page, in full (case F15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from core import sheets
from metrics.figures import csv
from metrics.figures.base import Figure, Measure
from metrics.web.dashboard import tiles
from metrics.web.dashboard.asking import Asked

TYPE = "text/csv; charset=utf-8"
HEAD = (
    "figure",
    "part",
    "title",
    "from",
    "to",
    "time_zone",
    "as_of",
    "unit",
    *csv.MEASURE,
    "compared_from",
    "compared_to",
    "compared_value",
)


def dashboard_csv(asked: Asked) -> HttpResponse:
    """All figures of the board, what belongs to each (median, currency, ...) on lines of its own.

    Query cost: 2 a figure.
    """
    codes = [code for _pillar, code in tiles.HEADLINES]
    codes += [code for _pillar, others in tiles.OTHERS for code in others]
    answers = [tiles.answer(code, asked, run=False) for code in [*codes, "service-recovery"]]
    rows = [HEAD, *(row for one in answers for row in _rows_of(one, asked))]
    return _file("dashboard", asked, sheets.lines(rows))


def figure_csv(asked: Asked, figure: Figure) -> HttpResponse:
    """One figure and its groups, if it is grouped. Query cost: 1, and 1 for the groups."""
    scope = asked.scope_for(figure)
    groups = figure.groups(scope, asked.group_by) if asked.group_by else ()
    return _file(figure.code, asked, csv.of_figure(figure, scope, figure.measure(scope), groups))


def rows_csv(asked: Asked, figure: Figure, part: str) -> StreamingHttpResponse:
    """Exactly the rows behind the figure, streamed: a million take no memory. Query cost: 1."""
    answer = StreamingHttpResponse(csv.of_rows(figure, figure.rows(asked.scope_for(figure), part)), content_type=TYPE)
    answer["Content-Disposition"] = name_of(f"{figure.code}-rows", asked)
    return answer


def _rows_of(answer: tiles.Answer, asked: Asked) -> Iterator[Sequence[Any]]:
    figure, scope = answer.figure, asked.scope_for(answer.figure)
    compared = asked.compared(scope)
    other = compared.period if compared is not None else None
    dates = [other.since if other else None, other.until if other else None]

    def row(part: str, measure: Measure | None, value: Any, before: Any) -> list[Any]:
        numbers = [getattr(measure, name) for name in csv.MEASURE[1:]] if measure else [None] * (len(csv.MEASURE) - 1)
        said = [figure.code, part, figure.title(scope), scope.since, scope.until, scope.zone.key, scope.as_of]
        return [*said, figure.unit, value, *numbers, *dates, before]

    yield row("", answer.measure, answer.measure.value, answer.before.value if answer.before else None)
    earlier = (answer.before.values if answer.before else None) or {}
    for part, value in (answer.measure.values or {}).items():
        yield row(part, None, value, earlier.get(part))


def _file(name: str, asked: Asked, lines: Iterable[str]) -> HttpResponse:
    return HttpResponse("".join(lines), content_type=TYPE, headers={"Content-Disposition": name_of(name, asked)})


def name_of(name: str, asked: Asked) -> str:
    """The Content-Disposition of a file about the period asked for."""
    days = [day.isoformat() for day in (asked.scope.since, asked.scope.until) if day is not None]
    return str(content_disposition_header(True, "-".join([name, *days]) + ".csv"))
