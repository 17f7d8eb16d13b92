"""Pages that say no: in our look for browsers, as problem+json under /api/ (cases, rules 1 and 2).

None of them needs the database, a session or a context processor: they must stand when those are what broke.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils.translation import gettext as _

from core import request_id
from core.api import problem

log = logging.getLogger("security")
PAGES = (400, 403, 404, 409, 413, 429, 500)
CODES = {
    400: "bad_request",
    403: "not_allowed",
    404: "not_found",
    409: "refused",
    413: "too_large",
    429: "too_many_requests",
    500: "internal",
}


def trouble(
    request: HttpRequest, status: int, *, detail: str = "", code: str = "", retry_after: int | None = None
) -> HttpResponse:
    """The page (or problem) for one of PAGES. `detail` replaces the page's sentence; `retry_after` in seconds."""
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    if request.path.startswith("/api/"):
        return problem.respond(status, code or CODES[status], detail, headers=headers)
    try:
        page = get_template(f"{status}.html").render({"detail": detail, "request_id": _id()})
    except Exception:  # the last resort of a broken installation: a plain sentence instead of nothing
        log.exception("the page for %s cannot be rendered", status)
        return HttpResponse(HTTPStatus(status).phrase, status=status, headers=headers, content_type="text/plain")
    response = HttpResponse(page, status=status, headers=headers)
    response["Cache-Control"] = "no-store"
    return response


def _id() -> str:
    return "" if request_id.current() == "-" else request_id.current()


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return trouble(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return trouble(request, 403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """The same page for what does not exist and for what the reader may not see (case F07)."""
    return problem.not_found(request.path_info) if request.path_info.startswith("/api/") else trouble(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return trouble(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token, or from another site (case F10); what was typed is one step back."""
    log.warning("csrf refused: %s", reason)
    detail = _(
        "The page was open for too long, or the form came from somewhere else. Nothing was changed. "
        "Go back, load the page again and send it once more."
    )
    return trouble(request, 403, detail=detail, code="csrf_failed")
