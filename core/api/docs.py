"""Where to begin: the OpenAPI document, its interactive page, links to both; all public (interface, REST API)."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from core.access import Access, public
from core.api.problem import bad_parameter
from core.api.schema import document
from core.api.views import ApiView


class Index(ApiView):
    """GET /api/v1/: where to read on. No query."""

    access: ClassVar[Access | None] = Access(public=True)
    schema = None  # type: ignore[assignment]

    def get(self, request: Request) -> HttpResponse:
        links = {
            "schema": "api-schema",
            "docs": "api-docs",
            "guide": "api-guide",
            "account": "api-account",
            "health": "healthz",
        }
        found = {link: request.build_absolute_uri(reverse(name)) for link, name in links.items()}
        return self.reply({"version": "v1", **found})


class SchemaView(ApiView):
    """GET /api/v1/schema/: OpenAPI 3.1 as JSON. No query."""

    access: ClassVar[Access | None] = Access(public=True)
    schema = None  # type: ignore[assignment]
    parameters = ("format",)  # many tools ask with ?format=json

    def get(self, request: Request) -> HttpResponse:
        if request.query_params.get("format", "json") != "json":
            raise bad_parameter("format", "unknown_format", _("There is no other format than json."))
        content = document()
        tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {"ETag": tag, "Cache-Control": "public, max-age=60"}
        if request.META.get("HTTP_IF_NONE_MATCH") == tag:
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(content, headers=headers, content_type="application/json")


@public
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/docs/: the document to read and to try, from our own static files."""
    return render(request, "api/docs.html")
