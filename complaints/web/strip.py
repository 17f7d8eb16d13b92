"""The list the reader came from, beside the case (ux, Agent's desk)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from complaints.models import Complaint
from complaints.web import desk, queue
from complaints.web.filters import FILTERS
from core.models import User

STRIP = 20  # rows of the list beside the case: as many as a tall screen holds


def strip(request: HttpRequest, complaint: Complaint, at: datetime) -> dict[str, Any] | None:
    """The list the reader came from, beside the case. Query cost: 1."""
    user: User = request.user  # type: ignore[assignment]
    asked = queue.ask(_list_params(request), user)
    if asked.problems:
        asked = queue.ask(QueryDict(), user)
    found = queue.fetch(asked, user, at)
    if not found.rows:
        return None
    groups = desk.groups_of(asked, _around(found, complaint.reference), at, current=complaint.reference)
    listed = [row for group in groups for row in group.rows]
    place = next((number for number, row in enumerate(listed) if row.current), None)
    before = listed[place - 1].url if place else ""
    after = listed[place + 1].url if place is not None and place + 1 < len(listed) else ""
    return {
        "title": str(asked.view.title),
        "url": reverse("queue") + asked.query,
        "count": _strip_count(request, asked, found),
        "groups": groups,
        "previous_url": before,
        "next_url": after or (listed[0].url if place is None else ""),
    }


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
    return "" if asked.chosen else str(desk.sidebar_counts(request).get(asked.view.key, ""))


def list_query(request: HttpRequest) -> str:
    """The query string of the list the reader came from ("" for their own)."""
    params = _list_params(request)
    return f"?{params.urlencode()}" if params else ""


def _list_params(request: HttpRequest) -> QueryDict:
    params = request.GET.copy()
    for name in list(params):
        if name not in ("view", "after", "before", *FILTERS):
            del params[name]
    return params
