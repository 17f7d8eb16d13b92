"""What public pages share: their language, and who may frame, keep and find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation

from complaints.models import Complaint
from core import languages
from core.references import reference_of
from core.web.context import LanguageChoice

View = Callable[..., HttpResponse]


def framed(view: View) -> View:
    """The page may stand in a frame of the hosts in FORM_FRAME_HOSTS, of no other (case F18)."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        if settings.FORM_FRAME_HOSTS:
            response._csp_replace = {"frame-ancestors": list(settings.FORM_FRAME_HOSTS)}  # type: ignore[attr-defined]
        return response

    return wrapped


def private(response: HttpResponse) -> HttpResponse:
    """Only for whoever holds the link: kept nowhere, found nowhere, and its address told to no other site.

    Not `no-referrer`: browsers then send forms with `Origin: null`, which the CSRF check rightly refuses.
    """
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "same-origin"
    return response


@contextmanager
def spoken_in(request: HttpRequest, language: str) -> Iterator[None]:
    """Within: the language `?language=` asks for, else `language`; the house's time zone, whoever reads."""
    wanted = request.GET.get("language", "")
    chosen = wanted if wanted in dict(settings.LANGUAGES) else languages.code(language)
    with translation.override(chosen), timezone.override(settings.TIME_ZONE):
        request.LANGUAGE_CODE = chosen
        yield


def complaint_of(token: str) -> Complaint:
    """The complaint of a status link. Raises Http404; the query is made whatever the link looks like."""
    reference = reference_of(token)
    known = Complaint.objects.select_related("owner", "customer", "narrative")
    found = known.filter(reference=(reference or token)[:16]).first()
    if reference is None or found is None:
        raise Http404
    return found


def choices(request: HttpRequest) -> list[tuple[LanguageChoice, str]]:
    """The languages of a page that has its own, and where each leads (public/_language_links.html)."""
    active = languages.code()
    return [
        (LanguageChoice(code, languages.own_name(code), code == active), in_language(request.path, code))
        for code, _name in settings.LANGUAGES
    ]


def in_language(path: str, language: str) -> str:
    return f"{path}?language={language}" if language else path
