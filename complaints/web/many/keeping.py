"""Keep what is typed as a draft without JavaScript; with it the page does so by itself (static/js/composer.js)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.web.many import strip
from complaints.web.one import case, changes
from complaints.web.one.story import draft_place
from core.access import CASES, allow
from core.actions import drafts
from core.clock import now
from core.errors import DomainError


@require_POST
@allow(*CASES)
def keep(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep the composer's text on the server and go back to the case. What another device keeps stays, behind it."""
    complaint = case.find(request, reference)
    mode = "note" if request.POST.get("mode") == "note" else "reply"
    place, body = draft_place(complaint, mode), request.POST.get("body", "").replace("\r\n", "\n")
    try:
        try:
            drafts.save(request.user, place, body=body, at=now())  # type: ignore[arg-type]
        except drafts.Changed:
            drafts.put_back(request.user, place, body=body, at=now())  # type: ignore[arg-type]
        messages.success(request, _("Draft kept"))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return changes.go(request, reverse("case", args=[complaint.reference]) + strip.list_query(request))
