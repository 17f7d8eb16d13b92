"""Learning: what complaints come from, what recurs, and what is done about it (mission A11; issue of amends, 4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints.actions.corrective import may_lead
from core.access import CASES, allow
from core.clock import now
from core.models import User
from core.web.parts import Link
from metrics import quality
from metrics.figures import causes
from metrics.web.dashboard import asking
from metrics.web.dashboard.csv import TYPE, name_of
from metrics.web.dashboard.head import head_of
from metrics.web.dashboard.page import read, seen_words
from metrics.web.learning import panels
from metrics.web.learning.listing import SHOWN, in_hand, table

OFFERED = ("type", "root_cause", "theme", "product", "lot", "channel", "severity", "team", "source")


@require_safe
@allow(*CASES)
def learning(request: HttpRequest) -> HttpResponse:
    """Root causes as a Pareto, products, lots, types and themes of the complaints received in the period that the
    reader may see, and the corrective actions in hand. Query cost: 6 beside session and user, 5 figures among them."""
    figure, user = panels.figure(), request.user
    asked, trouble = read(request, figure)
    context = head_of(request, asked, figure, trouble, OFFERED)
    del context["form"].fields["compare"]
    context |= {"title": _("Learning"), "comparison_words": "", "seen": seen_words(user)}  # type: ignore[arg-type]
    if trouble is None:
        scope = asked.scope_for(figure)
        narrow = asking.query(asked.params(figure))
        context |= {
            "parts": [
                panels.causes(asked, causes.pareto(scope)),
                panels.themes(asked, causes.recurring(scope)),
                panels.parts(asked, causes.frequent(scope, "type"), "type", _("Complaint types")),
                panels.parts(asked, causes.frequent(scope, "product"), "product", _("Products")),
                panels.parts(asked, causes.frequent(scope, "lot"), "lot", _("Lots")),
            ],
            "export_url": reverse("learning_export") + narrow,
            "rows_url": asked.rows_url(figure),
        }
    open_ones, more = in_hand()
    context |= {
        "actions": table(open_ones, at=now()),
        "more": more,
        "shown": SHOWN,
        "new": Link(_("Plan a corrective action"), reverse("learning_action_new"))
        if may_lead(_user(request))
        else None,
    }
    request.sidebar_here = "learning"  # type: ignore[attr-defined]
    return render(request, "learning/learning.html", context, status=422 if trouble else 200)


@require_safe
@allow(*CASES)
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The complaints behind the page, for quality control, as CSV: the same filters, no personal data, streamed."""
    figure = panels.figure()
    asked, trouble = read(request, figure)
    if trouble is not None:
        return HttpResponse(f"{trouble[0]}: {trouble[1]}", status=422, content_type="text/plain; charset=utf-8")
    answer = StreamingHttpResponse(quality.of_scope(asked.scope_for(figure)), content_type=TYPE)
    answer["Content-Disposition"] = name_of("quality", asked)
    return answer


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
