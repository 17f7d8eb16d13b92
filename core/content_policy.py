"""The Content-Security-Policy header on every answer (case F18), without composing it anew for each."""

from __future__ import annotations

from typing import Any

from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


class PolicyMiddleware(CSPMiddleware):
    """The Content-Security-Policy, composed once: only a view that has its own, or took a nonce, has it composed."""

    _composed: tuple[Any, str] = (None, "")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if any(name.startswith("_csp") for name in (*response.__dict__, *request.__dict__)):
            return super().process_response(request, response)
        directives = settings.CONTENT_SECURITY_POLICY
        known, policy = self._composed
        if known is not directives:
            policy = build_policy()
            self._composed = (directives, policy)
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
