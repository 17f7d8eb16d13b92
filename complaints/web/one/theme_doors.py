"""Doors of a case's themes: add the one that was typed, take one away (mission A11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.actions import themes as actions
from complaints.models import Complaint
from complaints.web.many import strip
from complaints.web.one import case, changes, theming
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, claim


@require_POST
@allow(*CASES)
def add(request: HttpRequest, reference: str) -> HttpResponse:
    """The theme whose name (in any language), code or only beginning was typed."""
    complaint, typed = case.find(request, reference), request.POST.get("theme", "")[:200]

    def run(**who: Any) -> Any:
        return actions.tag(complaint, theme=actions.theme_by_words(typed), **who)

    return _do(request, complaint, run, _("Theme added"), typed)


@require_POST
@allow(*CASES)
def remove(request: HttpRequest, reference: str) -> HttpResponse:
    """The theme with this code; one out of use can be taken away too."""
    complaint, code = case.find(request, reference), request.POST.get("theme", "")[:80]

    def run(**who: Any) -> Any:
        return actions.untag(complaint, code=code, **who)

    return _do(request, complaint, run, _("Theme taken away"))


def _do(
    request: HttpRequest, complaint: Complaint, run: Callable[..., Any], said: str, typed: str = ""
) -> HttpResponse:
    """Carry it out once. What is refused comes back in its place, 422 or 409, with what was typed."""
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=now())
            run(by=Actor.of(request), at=now())
    except Repeated:
        pass
    except DomainError as refusal:
        return _refused(request, complaint, str(refusal), typed, 422 if refusal.status == 400 else refusal.status)
    return changes.done(request, complaint, said)


def _refused(request: HttpRequest, complaint: Complaint, trouble: str, typed: str, status: int) -> HttpResponse:
    panel = theming.panel(complaint, strip.list_query(request), trouble=trouble, typed=typed)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "complaints/_themes.html", {"themes": panel, "oob": True}, status=status)
    return render(request, "complaints/case.html", {**case.context(request, complaint), "themes": panel}, status=status)
