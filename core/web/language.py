"""The language switcher: a POST that works without JavaScript, for people with and without an account (mission E2)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from core.access import public
from core.actions.account import choose_language

YEAR = 60 * 60 * 24 * 365


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language (the account's, and a cookie) and go back to where the reader was.

    An unknown language changes nothing; a foreign `next` leads to the first page (case F17).
    """
    chosen = request.POST.get("language", "")
    response = redirect(back(request, request.POST.get("next", "")))
    if chosen not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        choose_language(request.user, chosen)
    return remember(response, chosen)


def back(request: HttpRequest, wanted: str) -> str:
    """`wanted` when it is a path of ours, else the first page. A path only: no host, scheme or control characters."""
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours and wanted.isprintable() else "/"


def remember(response: HttpResponse, language: str) -> HttpResponse:
    """Put the choice into the cookie, for a year."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR,
        path=settings.LANGUAGE_COOKIE_PATH,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,  # type: ignore[arg-type]  # a Literal in the stubs, any str here
    )
    return response
