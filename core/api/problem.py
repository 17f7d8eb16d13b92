"""Errors as problem details (RFC 9457): one shape for everything the API refuses (cases, rule 2).

{"type", "title", "status", "detail", "code", "request_id", "errors": [{"pointer", "code", "message"}]}
`code` is stable; `title`, `detail` and `message` are in the caller's language. `pointer` is a JSON pointer
into the body, "" for the body itself, or `?name` for a parameter of the query string.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.http.request import UnreadablePostError
from django.urls import is_valid_path
from django.utils.translation import gettext as _
from rest_framework import exceptions

from core import request_id
from core.api.rendering import to_json
from core.errors import DomainError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 5  # seconds, while the database is out of reach or busy


class FieldError(NamedTuple):
    """One thing wrong with the input."""

    pointer: str
    code: str
    message: str


class Refusal(exceptions.APIException):
    """A refusal by the API itself, as opposed to a rule of the domain."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or HTTPStatus(status).phrase, code)
        self.status_code, self.code, self.errors, self.headers = (
            status,
            code,
            list(errors),
            dict(headers or {}),
        )


def bad_input(errors: Iterable[FieldError]) -> Refusal:
    """400 with its list of errors; the problem takes their code if they all have the same one."""
    found = list(errors)
    codes = {error.code for error in found}
    detail = found[0].message if len(found) == 1 else _("The request has invalid values.")
    return Refusal(400, codes.pop() if len(codes) == 1 else "invalid", detail, errors=found)


def bad_parameter(name: str, code: str, message: str) -> Refusal:
    """400 for a parameter of the query string."""
    return bad_input([FieldError(f"?{name}", code, message)])


def respond(
    status: int,
    code: str,
    detail: str = "",
    errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer itself; needs no database and no view."""
    title = _TITLES[status]() if status in _TITLES else HTTPStatus(status).phrase
    body = {
        "type": f"urn:amends:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or (_DETAILS[status]() if status in _DETAILS else title),
        "code": code,
        "request_id": request_id.current(),
        "errors": [error._asdict() for error in errors],
    }
    response = HttpResponse(to_json(body), status=status, headers=headers, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def handle(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's EXCEPTION_HANDLER: the problem for an exception, None for a bug of ours (a 500, logged)."""
    return of(exc)


@contextmanager
def below(part: str, names: Container[str]) -> Iterator[None]:
    """What is refused about one of `names` lies in `part` of the body."""
    try:
        yield
    except DomainError as refusal:
        if refusal.field in names:
            refusal.field = f"{part}/{refusal.field}"
        raise


def of(exc: BaseException) -> HttpResponse | None:
    """The problem for an exception, None if it is a bug and nothing else."""
    if isinstance(exc, DomainError):
        return _of_domain(exc)
    if isinstance(exc, Refusal):
        return respond(exc.status_code, exc.code, str(exc.detail), exc.errors, exc.headers)
    if isinstance(exc, exceptions.ValidationError):
        return of(bad_input(flatten(exc.detail)))
    if isinstance(exc, exceptions.APIException):
        return _of_api(exc)
    if isinstance(exc, Http404):
        return respond(404, "not_found")
    if isinstance(exc, PermissionDenied):
        return respond(403, "not_allowed")
    if isinstance(exc, OperationalError | InterfaceError):
        return unavailable()
    if isinstance(exc, RequestDataTooBig):
        return respond(413, "too_large")
    if isinstance(exc, UnreadablePostError | SuspiciousOperation):
        return respond(400, "bad_request")
    return None


def unavailable() -> HttpResponse:
    """503: the database is out of reach or busy; nothing was written."""
    detail = _("The service is busy. Nothing was changed; try again shortly.")
    return respond(503, "unavailable", detail, headers={"Retry-After": str(RETRY_AFTER)})


def not_found(path: str = "") -> HttpResponse:
    """404, the same for what does not exist and for what the caller may not see. Whoever left the slash at the end of
    an address of ours away is told so."""
    if path and not path.endswith("/") and is_valid_path(f"{path}/"):
        return respond(404, "slash_missing", _("Addresses end in a slash: %(path)s") % {"path": f"{path}/"})
    return respond(404, "not_found")


def out_of_range(headers: Mapping[str, str]) -> HttpResponse:
    """416 for a `Range` behind the end of a file, with the `headers` that say how long it is."""
    detail = _("The range lies behind the end of the file; `Content-Range` says how long it is.")
    return respond(416, "range_not_satisfiable", detail, headers=headers)


def flatten(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """The leaves of DRF's tree of errors, each with its JSON pointer."""
    if isinstance(detail, Mapping):
        for key, below in detail.items():
            own = key == "non_field_errors"
            yield from flatten(below, pointer if own else f"{pointer}/{escape(str(key))}")
    elif isinstance(detail, list | tuple):
        for position, below in enumerate(detail):
            leaf = not isinstance(below, Mapping | list | tuple)
            yield from flatten(below, pointer if leaf else f"{pointer}/{position}")
    elif detail:
        yield FieldError(pointer, getattr(detail, "code", "invalid"), str(detail))


def escape(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901); what cannot be written in UTF-8 is replaced."""
    if key.isidentifier() and key.isascii():
        return key
    return key.replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode()


def pointer_of(field: str | None) -> str:
    """The pointer of a DomainError's field: `customer.email` or `customer/email` -> `/customer/email`."""
    return "".join(f"/{escape(part)}" for part in re.split(r"[./]", field)) if field else ""


def _of_domain(exc: DomainError) -> HttpResponse:
    message = str(exc)
    errors = [FieldError(pointer_of(exc.field), exc.code, message)] if exc.field else []
    wait = getattr(exc, "retry_after", None)
    headers = {"Retry-After": str(wait)} if wait else None
    return respond(exc.status, exc.code, message, errors, headers)


def _of_api(exc: exceptions.APIException) -> HttpResponse:
    code = str(_CODES.get(type(exc)) or getattr(exc.detail, "code", exc.default_code))
    headers: dict[str, str] = {}
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = 'Bearer realm="amends"' + (
            ', error="invalid_token"' if isinstance(exc, exceptions.AuthenticationFailed) else ""
        )
        return respond(401, code, str(exc.detail), headers=headers)
    if isinstance(exc, exceptions.Throttled):
        headers["Retry-After"] = str(max(1, int(getattr(exc, "wait", None) or RETRY_AFTER)))
    return respond(exc.status_code, code, str(exc.detail), headers=headers)


_CODES: dict[type[exceptions.APIException], str] = {
    exceptions.ParseError: "malformed_json",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.PermissionDenied: "not_allowed",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "too_many_requests",
}
_DETAILS = {
    400: lambda: _("The request could not be read."),
    403: lambda: _("You may not do this."),
    404: lambda: _("There is nothing here, or it is not yours to see."),
    413: lambda: _("The request is too large."),
}
_TITLES = {
    400: lambda: _("Invalid request"),
    401: lambda: _("Not authenticated"),
    403: lambda: _("Not allowed"),
    404: lambda: _("Not found"),
    405: lambda: _("Method not allowed"),
    406: lambda: _("Not acceptable"),
    409: lambda: _("Refused"),
    412: lambda: _("Changed in the meantime"),
    413: lambda: _("Too large"),
    415: lambda: _("Unsupported media type"),
    416: lambda: _("Range not satisfiable"),
    422: lambda: _("Cannot be processed"),
    428: lambda: _("Condition required"),
    429: lambda: _("Too many requests"),
    500: lambda: _("Our error"),
    503: lambda: _("Temporarily unavailable"),
}
