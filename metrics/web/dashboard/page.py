"""The manager's dashboard: service, satisfaction, retention, and what ties them (ux, Manager's dashboard).

Everything asked for is in the URL. Figures are computed over what the viewer may see, and the page says so.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.access import CASES, MANAGER, allow
from core.errors import InvalidInput
from core.models import User
from metrics.figures.base import Figure
from metrics.web.dashboard import asking, board
from metrics.web.dashboard.asking import Asked
from metrics.web.dashboard.csv import dashboard_csv
from metrics.web.dashboard.head import head_of
from metrics.web.dashboard.kept import Kept


@require_safe
@allow(*CASES)
def dashboard(request: HttpRequest) -> HttpResponse:
    """All figures of the period: the headline figures at once, the other parts as they are asked for by htmx.

    `part=<name>` answers with that part alone, `whole=1` with all of them (without JavaScript). Query cost: pinned in
    tests/test_dashboard.py; 1 while nothing changes.
    """
    asked, trouble = read(request)
    if request.GET.get("format") == "csv" and trouble is None:
        return dashboard_csv(asked)
    part = request.GET.get("part", "")
    if part in board.PARTS and trouble is None:
        return HttpResponse(Kept(asked).of(part, lambda: board.drawn(part, asked)))
    context = head_of(request, asked, None, trouble)
    if trouble is None:
        context["parts"] = board.parts(asked, whole="whole" in request.GET)
        context["csv_url"] = asking.query(asked.params() | {"format": "csv"})
        context["whole_url"] = asking.query(asked.params() | {"whole": "1"})
        context["waiting"] = any(not one.html for one in context["parts"])
    context["deadlines_url"] = reverse("dashboard_deadlines") + asking.query(asked.params())
    context |= {"seen": seen_words(request.user)}  # type: ignore[arg-type]
    return render(request, "dashboard/dashboard.html", context, status=422 if trouble else 200)


def read(request: HttpRequest, figure: Figure | None = None) -> tuple[Asked, tuple[str, str] | None]:
    """What the URL asks; where it cannot be read, the page without wishes and (field, message)."""
    viewer: User = request.user  # type: ignore[assignment]
    try:
        return asking.ask(request.GET.dict(), viewer, figure), None
    except InvalidInput as refusal:
        return asking.plain(viewer, figure), (refusal.field or "", str(refusal.message))


def seen_words(viewer: User) -> str:
    """Over what the figures are computed (domain, Roles and visibility)."""
    if MANAGER in viewer.roles:
        return ""
    return _(
        "Figures of complaints count those you may see: your teams', your own and those you watch. "
        "Figures of customers count all."
    )
