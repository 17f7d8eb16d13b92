"""JSON as the API writes it: compact, UTF-8, instants in UTC with `Z`, decimals as strings, never NaN."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.functional import Promise
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from core.instants import iso

JSON = "application/json"
_ACCEPTED = frozenset({"*/*", "application/*", JSON, "application/problem+json"})


def to_json(data: Any) -> bytes:
    """`data` as compact UTF-8 JSON. Raises TypeError for what has no JSON form, ValueError for NaN."""
    return _encoder.encode(data).encode()


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | Promise | UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_default, allow_nan=False)


def reply(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer of the API; far cheaper than a DRF Response, which renders in steps of its own."""
    return answered(to_json(data), status, headers)


def answered(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The same of what is JSON already."""
    return HttpResponse(body, status=status, headers=headers, content_type=JSON)


class ApiRenderer(BaseRenderer):
    """For views that do return a DRF Response. There is no browsable API."""

    media_type = JSON
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else to_json(data)


class JsonOnly(BaseContentNegotiation):
    """The API speaks JSON. Who accepts none of it gets 406; the parser is the only one there is, or 415."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        accept = request.META.get("HTTP_ACCEPT", "*/*") or "*/*"
        if accept != "*/*" and not any(_wanted(part, renderers[0].media_type) for part in accept.split(",")):
            from rest_framework.exceptions import NotAcceptable

            raise NotAcceptable(available_renderers=renderers)
        return renderers[0], renderers[0].media_type


class AnyFile(JsonOnly):
    """For addresses of files: they come as what they are, whatever is accepted."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _wanted(part: str, own: str) -> bool:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    refused = any(parameter.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for parameter in parameters)
    return (media_type in _ACCEPTED or media_type == own) and not refused
