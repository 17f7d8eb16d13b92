"""What happens to every request before and after its view, in the order of MIDDLEWARE in the settings."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.views import APIView

from core import access, request_id
from core.api import problem
from core.web.errors import trouble

GetResponse = Callable[[HttpRequest], HttpResponseBase]
API = "/api/"
MULTIPART = "multipart/form-data"
IMPORTS = ("/settings/imports/", "/api/v1/imports/")
BATCH = "/api/v1/complaints/batch/"
# Where files come in, alone or with a form. They are kept on the disk while they come, never in memory.
FILES = re.compile(
    r"(?:/api/v1)?(?:/complaints/[A-Z0-9-]{6,16})?/attachments/"
    r"|/complaints/(?:new|[A-Z0-9-]{6,16}/(?:messages|notes|incoming))/"
    r"|/complain/(?:files/)?|/status/[^/]+/(?:files/)?",
    re.ASCII,
)
WITHOUT_USER = frozenset({"/healthz", "/readyz", "/metrics"})  # must answer while the database is down
security = logging.getLogger("security")
log = logging.getLogger("amends.request")


class RequestIdMiddleware:
    """Gives each request an id, and sees to it that every error under /api/ leaves as problem details.

    Outermost, so that it also covers what other middleware and Django itself refuse (unknown host, no such
    address, a bug).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request_id.accept(request.META.get("HTTP_X_REQUEST_ID", ""))
        token = request_id.begin(given)
        request.id = given  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
            if response.status_code >= 400 and request.path_info.startswith(API):
                response = _as_problem(response)
        finally:
            request_id.end(token)
        response[request_id.HEADER] = given
        return response


def _as_problem(response: Any) -> HttpResponse:
    if response.get("Content-Type", "").startswith(problem.MEDIA_TYPE):
        return response  # type: ignore[no-any-return]
    status = response.status_code
    known = {400: "bad_request", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    code = known.get(status, "internal" if status >= 500 else "refused")
    own = ("content-type", "content-length", "content-language")
    kept = {name: value for name, value in response.items() if name.lower() not in own}  # security headers among them
    return problem.out_of_range(kept) if status == 416 else problem.respond(status, code, headers=kept)


class BodyLimitMiddleware:
    """Refuses what is too large before anybody reads it, and addresses with NUL (cases F02, F03); views of the API say
    themselves which parameter has one.

    A body counts by its Content-Length. A chunked one is read here, up to the limit, if the server marks its
    end (gunicorn does); otherwise a body without a length counts as empty.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info:
            return _refused(request, 404)
        if "%00" in request.META.get("QUERY_STRING", "") and not request.path_info.startswith(API):
            return _refused(request, 400)
        limit = settings.MAX_JSON_BYTES if request.path_info.startswith(API) else settings.MAX_FORM_BYTES
        if request.path_info == BATCH:
            limit = settings.MAX_BATCH_BYTES
        length = _length(request)
        if length is not None and request.path_info in IMPORTS:  # a file, kept on the disk while it comes in
            limit = settings.MAX_IMPORT_BYTES
        elif length is not None and _brings_files(request):
            limit = settings.ATTACHMENTS_MAX_TOTAL + settings.MAX_FORM_BYTES
        if length is None:
            try:
                length = _take_chunked(request, limit)
            except Exception:  # noqa: BLE001 - each server has its own errors for broken chunks
                return _refused(request, 400)
        if length > limit:
            return _refused(request, 413)
        if length:
            request._stream = Whole(request._stream, length, _end_mark(request))  # type: ignore[assignment]
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """NUL in a field that no form looked at before PostgreSQL did (forms name it in place)."""
        nul = isinstance(exception, ValueError) and "NUL (0x00)" in str(exception)
        return _refused(request, 400) if nul else None


class Whole:
    """A request's body that must come whole: an end before its stated length, or a form of parts that is not closed,
    is an error and no end. Otherwise half a file would pass for a file (case F14)."""

    def __init__(self, stream: Any, length: int, end_mark: bytes) -> None:
        self.stream, self.left, self.end_mark, self.tail = stream, length, end_mark, b""

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes. Raises OSError, which Django takes for a broken connection (UnreadablePostError)."""
        if size == 0:
            return b""
        return self._checked(self.stream.read(-1 if size is None else size), cut=size is None or size < 0)

    def readline(self, size: int | None = -1) -> bytes:
        return self._checked(self.stream.readline(-1 if size is None else size), cut=False)

    def close(self) -> None:
        """Django closes the stream of a body it has read whole."""
        if hasattr(self.stream, "close"):
            self.stream.close()

    def _checked(self, piece: bytes, *, cut: bool) -> bytes:
        self.left -= len(piece)
        if self.left > 0 and (cut or not piece):
            raise OSError("the body ends before its stated length")
        if self.end_mark and piece:
            self.tail = (self.tail + piece)[-1024:]
            if self.left <= 0 and self.end_mark not in self.tail:
                raise OSError("the form's last part is not closed")
        return piece


def _brings_files(request: HttpRequest) -> bool:
    return request.content_type == MULTIPART and FILES.fullmatch(request.path_info) is not None


def _end_mark(request: HttpRequest) -> bytes:
    """What closes a form of parts; nothing for other bodies."""
    boundary = (request.content_params or {}).get("boundary", "") if request.content_type == MULTIPART else ""
    return f"--{boundary}--".encode() if boundary else b""


def _length(request: HttpRequest) -> int | None:
    """The length stated, 0 for one that is no number; None for a chunked body."""
    stated = request.META.get("CONTENT_LENGTH", "")
    if not stated:
        return None if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() else 0
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 19 else 0


def _take_chunked(request: HttpRequest, limit: int) -> int:
    if not request.META.get("wsgi.input_terminated"):
        return 0
    stream, body = request.META["wsgi.input"], bytearray()
    while len(body) <= limit and (piece := stream.read(min(65536, limit + 1 - len(body)))):
        body += piece
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = io.BytesIO(bytes(body))
    return len(body)


def _refused(request: HttpRequest, status: int) -> HttpResponse:
    """A page, or problem details: for refusals before a view is found."""
    if request.path_info.startswith(API):
        return _as_problem(HttpResponse(status=status))
    return trouble(request, status)


class LanguageMiddleware:
    """The language of the cookie, else of Accept-Language among ours, else the default; put back afterwards.

    What is rendered after the view has returned (a stream) must choose its language itself.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class PersonalSettingsMiddleware:
    """Language and time zone of whoever is signed in; public pages keep the browser's language.

    Query cost: the session and the user, only for requests with a session cookie.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or _needs_no_user(request):
            return self.get_response(request)
        negotiated = translation.get_language()
        try:
            user: Any = request.user
            if user.is_authenticated:
                request.negotiated_language = negotiated  # type: ignore[attr-defined]
                _activate(request, user.language or negotiated, user.time_zone)
            return self.get_response(request)
        except (OperationalError, InterfaceError):
            log.exception("the database is out of reach")
            return _unavailable(request)
        finally:
            if negotiated:
                translation.activate(negotiated)
            timezone.deactivate()

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        negotiated = getattr(request, "negotiated_language", None)
        declared = access.declared(view)
        if negotiated and declared is not None and declared.public:
            translation.activate(negotiated)
            request.LANGUAGE_CODE = negotiated


def _needs_no_user(request: HttpRequest) -> bool:
    return request.path_info in WITHOUT_USER or "HTTP_AUTHORIZATION" in request.META


def _activate(request: HttpRequest, language: str | None, zone: str) -> None:
    if language and language in dict(settings.LANGUAGES):
        translation.activate(language)
        request.LANGUAGE_CODE = language
    if zone:
        try:
            timezone.activate(ZoneInfo(zone))
        except (KeyError, ValueError, OSError):
            timezone.deactivate()


def _unavailable(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(API):
        return problem.unavailable()
    return trouble(request, 503, code="unavailable", retry_after=problem.RETRY_AFTER)


class AccessMiddleware:
    """Deny by default: a view that does not declare its access (core.access) is not there.

    Views of the API answer for themselves (core.api.permissions, which denies by default too).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if _is_api(view):
            return None
        declared = access.declared(view)
        if declared is None:
            log.error("%s declares no access", getattr(view, "__qualname__", view))
            raise Http404
        if declared.public:
            return None
        user: Any = request.user
        if not user.is_authenticated or not user.is_active:
            return _to_login(request)
        if not declared.permits(user):
            security.info("refused %s %s user=%s: role", request.method, request.path, user.pk)
            raise PermissionDenied
        access.refuse_impossible(kwargs)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("the database is out of reach or busy", exc_info=exception)
            return _unavailable(request)
        return None


def _is_api(view: Callable[..., Any]) -> bool:
    view_class = getattr(view, "cls", None)
    return isinstance(view_class, type) and issubclass(view_class, APIView)


def _to_login(request: HttpRequest) -> HttpResponseBase:
    if request.path_info.startswith(API):
        return problem.respond(401, "not_authenticated", headers={"WWW-Authenticate": 'Bearer realm="amends"'})
    if request.headers.get("HX-Request") == "true":
        page = _own_page(request, request.headers.get("HX-Current-URL", ""))
        target = redirect_to_login(page or resolve_url(settings.LOGIN_REDIRECT_URL))
        return HttpResponse(headers={"HX-Redirect": target["Location"]})
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    return redirect_to_login(
        _own_page(request, request.headers.get("Referer", "")) or resolve_url(settings.LOGIN_REDIRECT_URL)
    )


def _own_page(request: HttpRequest, url: str) -> str:
    """Path and query of `url` when it is a page of ours, else nothing (case F17)."""
    if not url or not url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}):
        return ""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
