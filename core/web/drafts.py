"""`/drafts/<place>/`: one's own text, not sent yet. JSON for the page's script; nobody else's draft has an address."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from core import languages
from core.access import allow
from core.actions import drafts
from core.clock import now
from core.errors import DomainError
from core.models import Draft, User


@require_http_methods(["GET", "HEAD", "POST"])
@allow()
def draft(request: HttpRequest, place: str) -> HttpResponse:
    """GET: the draft, 204 without one. POST (body, fields as JSON, revision, device) keeps it.

    200 with the new revision, 409 with what another device saved meanwhile. Query cost beside session and user: 1 to
    read, 3 to keep.
    """
    user: User = request.user  # type: ignore[assignment]
    if not drafts.PLACE.fullmatch(place):
        raise Http404
    if request.method != "POST":
        found = Draft.objects.filter(user=user, place=place).first()
        return _answer(shown(found)) if found else HttpResponse(status=204)
    try:
        kept = drafts.save(
            user,
            place,
            body=request.POST.get("body", "").replace("\r\n", "\n"),
            fields=_fields(request.POST.get("fields", "")),
            revision=_number(request.POST.get("revision", "")),
            device=request.POST.get("device", ""),
            at=now(),
        )
    except drafts.Changed as changed:
        return _answer(shown(changed.draft), 409)
    except DomainError as refusal:
        return _answer({"code": refusal.code, "message": str(refusal)}, refusal.status)
    return _answer({"revision": kept.revision if kept else 0})


def shown(row: Draft) -> dict[str, Any]:
    """A draft for the page: `when` in words, in the reader's zone."""
    return {
        "body": row.body,
        "fields": row.fields,
        "revision": row.revision,
        "device": row.device,
        "when": languages.short_moment(row.updated_at, now=now()),
    }


def _fields(text: str) -> dict[str, Any]:
    """What was chosen beside the text; anything but an object of ours is nothing."""
    try:
        found = json.loads(text) if text and len(text) <= drafts.MOST_FIELDS else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _answer(data: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(data, status=status, headers={"Cache-Control": "no-store"})
