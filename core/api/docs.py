"""The OpenAPI document and its interactive page, both public (interface, REST API)."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from core.access import Access, public
from core.api.schema import document
from core.api.views import ApiView


class SchemaView(ApiView):
    """GET /api/v1/schema/: OpenAPI 3.1 as JSON. No query."""

    access: ClassVar[Access | None] = Access(public=True)
    schema = None  # type: ignore[assignment]
    parameters = ("format",)  # many tools ask with ?format=json; it is JSON either way

    def get(self, request: Request) -> HttpResponse:
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
