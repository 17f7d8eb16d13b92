"""The list the reader came from, beside the case (ux, Agent's desk)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from complaints.models import Complaint
from complaints.web.many import desk, queue
from complaints.web.many.filters import FILTERS
from core.access import CASES, allow
from core.clock import now
from core.models import User

STRIP = 20  # rows of the list beside the case: as many as a tall screen holds


def strip(request: HttpRequest, complaint: Complaint, at: datetime) -> dict[str, Any] | None:
    """The list the reader came from, beside the case. Query cost: 1."""
    asked, found = _listed(request, at)
    if not found.rows:
        return None
    groups = desk.groups_of(asked, _around(found, complaint.reference), at, current=complaint.reference)
    listed = [row for group in groups for row in group.rows]
    place = next((number for number, row in enumerate(listed) if row.current), None)
    before = listed[place - 1].url if place else ""
    after = listed[place + 1].url if place is not None and place + 1 < len(listed) else ""
    return {
        "title": asked.title,
        "url": f"{reverse('queue')}{asked.query}#row-{complaint.reference}",
        "count": _strip_count(request, asked, found),
        "groups": groups,
        "previous_url": before,
        "next_url": after or (listed[0].url if place is None else ""),
        "live_url": reverse("case_strip", args=[complaint.reference]) + list_query(request),
        "since": (at - desk.OVERLAP).isoformat(),
    }


@require_safe
@allow(*CASES)
def live(request: HttpRequest, reference: str) -> HttpResponse:
    """The strip anew, 204 while nothing that the reader may see has changed.

    Query cost: 204 costs 1 beside session and user.
    """
    user: User = request.user  # type: ignore[assignment]
    at, since = now(), request.GET.get("since", "")
    if not desk.is_due(since, at) and not queue.changed_since(user, desk.read_since(since, at)):
        return HttpResponse(status=204)
    complaint = Complaint.objects.visible_to(user).filter(reference=reference).first()
    if complaint is None:
        raise Http404
    found = strip(request, complaint, at)
    return render(request, "complaints/_strip.html", {"strip": found}) if found else HttpResponse(status=204)


def following(request: HttpRequest, complaint: Complaint) -> str:
    """The address of the case after this one in the list the reader came from: asked before something is done to it,
    which may take it off the list. Without another one, the list itself. Query cost: 1."""
    asked, found = _listed(request, now())
    references = [row.reference for row in found.rows]
    place = references.index(complaint.reference) if complaint.reference in references else -1
    after = [*references[place + 1 :], *references[: max(place, 0)]]
    if after:
        return reverse("case", args=[after[0]]) + asked.query
    return reverse("queue") + asked.query


def title_of(request: HttpRequest) -> str:
    """What the list is called that the reader came from. No query."""
    return _asked(request).title


def key_of(request: HttpRequest) -> str:
    """Its place in the sidebar."""
    return _asked(request).key


def _asked(request: HttpRequest) -> queue.Asked:
    user: User = request.user  # type: ignore[assignment]
    asked = queue.ask(_list_params(request), user)
    return queue.ask(QueryDict(), user) if asked.problems else asked


def _listed(request: HttpRequest, at: datetime) -> tuple[queue.Asked, queue.Page]:
    asked = _asked(request)
    return asked, queue.fetch(asked, request.user, at)  # type: ignore[arg-type]


def _around(found: queue.Page, reference: str) -> queue.Page:
    """The STRIP rows about the case (the first ones where it is not among them): more are not put into words."""
    place = next((number for number, row in enumerate(found.rows) if row.reference == reference), 0)
    start = max(0, min(place - STRIP // 2, len(found.rows) - STRIP))
    end = start + STRIP
    before = found.before or ("…" if start else "")
    after = found.after or ("…" if end < len(found.rows) else "")
    return queue.Page(found.rows[start:end], after=after, before=before)


def _strip_count(request: HttpRequest, asked: queue.Asked, found: queue.Page) -> str:
    if not found.after and not found.before:
        return str(len(found.rows))
    known = desk.known_number(request, asked, found)
    return "" if known is None else str(known)


def list_query(request: HttpRequest) -> str:
    """The query string of the list the reader came from ("" for their own)."""
    params = _list_params(request)
    return f"?{params.urlencode()}" if params else ""


def _list_params(request: HttpRequest) -> QueryDict:
    params = request.GET.copy()
    for name in list(params):
        if name not in ("view", "sort", "after", "before", *FILTERS):
            del params[name]
    return params
