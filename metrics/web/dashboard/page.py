"""The manager's dashboard: service, satisfaction, retention, and what ties them (ux, Manager's dashboard).

Everything asked for is in the URL. Figures are computed over what the viewer may see, and the page says so.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.access import CASES, MANAGER, allow
from core.errors import InvalidInput
from core.models import User
from metrics.figures import cohorts, figures
from metrics.figures.base import Figure, Group
from metrics.figures.causes import pareto
from metrics.periods import MONTH
from metrics.web.dashboard import asking, cells, panels, tiles
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.csv import dashboard_csv
from metrics.web.dashboard.head import head_of
from metrics.web.dashboard.kept import kept
from metrics.web.dashboard.recovery import recovery_of
from metrics.web.dashboard.tiles import Answer, Block


@require_safe
@allow(*CASES)
def dashboard(request: HttpRequest) -> HttpResponse:
    """All figures of the period. Query cost: pinned in tests/test_dashboard.py; 1 while nothing changes."""
    asked, trouble = read(request)
    if request.GET.get("format") == "csv" and trouble is None:
        return dashboard_csv(asked)
    context = head_of(request, asked, None, trouble)
    if trouble is None:
        context["board"] = kept(asked, lambda: render_to_string("dashboard/_board.html", board(asked)))
        context["csv_url"] = asking.query(asked.params() | {"format": "csv"})
    context |= {"seen": seen_words(request.user)}  # type: ignore[arg-type]
    return render(request, "dashboard/dashboard.html", context, status=422 if trouble else 200)


def read(request: HttpRequest, figure: Figure | None = None) -> tuple[Asked, tuple[str, str] | None]:
    """What the URL asks; where it cannot be read, the page without wishes and (field, message)."""
    viewer: User = request.user  # type: ignore[assignment]
    try:
        return asking.ask(request.GET.dict(), viewer, figure), None
    except InvalidInput as refusal:
        return asking.plain(viewer, figure), (refusal.field or "", str(refusal.message))


def board(asked: Asked) -> dict[str, Any]:
    """The whole board: tiles, the recovery picture, charts."""
    answers = {code: tiles.answer(code, asked) for _pillar, code in tiles.HEADLINES}
    answers |= {code: tiles.answer(code, asked) for _pillar, codes in tiles.OTHERS for code in codes}
    accepted = _accepted(asked, answers["resolution-rate"])
    in_time, causes = figures["sla-compliance"], figures["complaints-received"]
    stays, orders = _cohorts(asked)
    return {
        "headlines": [tiles.tile_of(answers[code], asked, str(pillar)) for pillar, code in tiles.HEADLINES],
        "blocks": [
            Block(str(pillar), [tiles.tile_of(answers[code], asked) for code in codes])
            for pillar, codes in tiles.OTHERS
        ],
        "recovery": recovery_of(asked),
        "pairs": [
            [panels.over_time(asked, answers["resolution-rate"], accepted), panels.nps(asked, _months(asked, answers))],
            [
                cells.causes(asked, pareto(asked.scope_for(causes))),
                panels.backlog(asked, answers["backlog-age"]),
            ],
        ],
        "wide": [
            panels.in_time(asked, in_time.groups(asked.scope_for(in_time), "main_type_channel")),
            cells.cohorts(stays, orders),
        ],
    }


def _accepted(asked: Asked, decided: Answer) -> list[Group]:
    """The second line of the resolution chart. Query cost: 1."""
    scope = asked.scope_for(decided.figure).replace(basis="acceptance")
    return decided.figure.groups(scope, asked.unit) if decided.run else []


def _months(asked: Asked, answers: dict[str, Answer]) -> list[Group]:
    """NPS by month; its run over time serves where that is by months already. Query cost: 1 or none."""
    found = answers["nps"]
    return list(found.run) if asked.unit == MONTH else found.figure.groups(asked.scope_for(found.figure), MONTH)


def _cohorts(asked: Asked) -> tuple[list[cohorts.Cohort], list[cohorts.Cohort]]:
    """Query cost: 1, and 1 more where nobody has a stay."""
    scope = cells.cohort_scope(asked.scope)
    stays = cohorts.tenure_cohorts(scope.only(figures["churn-rate"].filters))
    orders = [] if stays else cohorts.purchase_cohorts(scope.only(figures["repeat-purchase-rate"].filters))
    return stays, orders


def seen_words(viewer: User) -> str:
    """Over what the figures are computed (domain, Roles and visibility)."""
    if MANAGER in viewer.roles:
        return ""
    return _(
        "Figures of complaints count those you may see: your teams', your own and those you watch. "
        "Figures of customers count all."
    )
