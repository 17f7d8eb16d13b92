"""Deny by default: a view of the API that declares neither access nor resource answers nobody."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core import scopes
from core.access import Access
from core.api.authentication import Token
from core.api.problem import Refusal

if TYPE_CHECKING:
    from rest_framework.views import APIView

security = logging.getLogger("security")


class DeclaredAccess(BasePermission):
    """`access` says who (roles), `resource` what a token must be scoped for: read for safe methods and for
    a POST that `asks_only`, else write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        access: Access | None = getattr(view, "access", None)
        if access is None:
            raise Refusal(403, "not_allowed", _("You may not do this."))
        if access.public:
            return True
        if not request.user.is_authenticated:
            raise NotAuthenticated(_("Send a token: Authorization: Bearer …"))
        if isinstance(request.auth, Token):
            method = "GET" if getattr(view, "asks_only", False) else request.method or ""
            check_scope(request, request.auth, getattr(view, "resource", ""), method)
        if not access.permits(request.user):
            security.info("refused %s %s user=%s: role", request.method, request.path, request.user.pk)
            raise Refusal(403, "not_allowed", _("Your role does not allow this."))
        return True


def check_scope(request: Request, token: Token, resource: str, method: str) -> None:
    """Raises Refusal 403 `insufficient_scope` unless `token` may do `method` on `resource`."""
    scope = scopes.needed(resource, method)
    if resource and token.covers(scope):
        return
    security.info("refused %s %s token=%s: scope", request.method, request.path, token.pk)
    raise Refusal(
        403,
        "insufficient_scope",
        _("The token lacks the scope %(scope)s.") % {"scope": scope},
        headers={"WWW-Authenticate": f'Bearer realm="amends", error="insufficient_scope", scope="{scope}"'},
    )
