"""`/api/v1/tokens/`: tokens of integrations, made, shown once, revoked (interface, REST API; case F09)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from core import scopes
from core.actions import tokens as actions
from core.api.administering import ADMINISTRATORS, user_by_id
from core.api.authentication import Token
from core.api.bodies import Strict
from core.api.fields import Id, Text, Whole
from core.api.filters import flag, key, since
from core.api.problem import Refusal
from core.api.views import ApiView, ListView
from core.clock import now
from core.instants import iso
from core.models import ApiToken


@extend_schema_field({"type": "string", "enum": list(scopes.SCOPES)})
class _Scope(Text):
    def __init__(self) -> None:
        super().__init__(max_length=60)


class NewToken(Strict):
    """`user`: whose rights it has, narrowed by `scopes` (`<resource>:read`, `<resource>:write`, or `all`). Without
    `days` it does not expire."""

    name = Text(max_length=80, trim=True)
    user = Id()
    scopes = serializers.ListField(child=_Scope(), min_length=1, max_length=len(scopes.SCOPES))
    days = Whole(min_value=1, max_value=3660, required=False)
    example: ClassVar = {"name": "Web shop", "user": "2", "scopes": ["complaints:write", "customers:read"], "days": 365}


class TokenShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField(help_text="What the other system is called on the trail.")
    hint = serializers.CharField(help_text="How the token begins.")
    user = serializers.CharField(help_text="The id of the user whose rights it has.")
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")


class IssuedToken(TokenShape):
    token = serializers.CharField(help_text="The token itself: in this answer and nowhere else.")


def shown(row: ApiToken) -> dict[str, Any]:
    """A token without what it opens."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "hint": row.hint,
        "user": str(row.user_id),
        "scopes": row.scopes,
        "created_at": iso(row.created_at),
        "expires_at": iso(row.expires_at),
        "revoked_at": iso(row.revoked_at),
        "last_used_at": iso(row.last_used_at),
    }


class Tokens(ListView):
    """Tokens by name, without their text."""

    access, resource = ADMINISTRATORS, "tokens"
    body: ClassVar = {"POST": NewToken}
    answer: ClassVar = {"GET": TokenShape, "POST": IssuedToken}
    success: ClassVar = {"POST": 201}
    filters = (key("user"), flag("is_revoked", "is_revoked"), since("created_at", "revoked_at", "last_used_at"))
    ordering: ClassVar = {"name": "name", "created_at": "created_at"}
    default_ordering = "name"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        revoked = ExpressionWrapper(Q(revoked_at__isnull=False), output_field=BooleanField())
        return ApiToken.objects.annotate(is_revoked=revoked)

    def to_dict(self, row: ApiToken) -> dict[str, Any]:
        return shown(row)

    def post(self, request: Request) -> HttpResponse:
        """Issue a token. Its text is in this answer only, and in those that repeat it under the same
        `Idempotency-Key`. A token issues none that may do more than itself."""
        given = self.read(request)
        _refuse_more(request, given["scopes"])
        token, plain = actions.issue_token(
            given["name"],
            user=user_by_id(given["user"], "user"),
            scopes=given["scopes"],
            days=given.get("days"),
            by=self.actor(request),
            at=now(),
        )
        answer = self.reply({**shown(token), "token": plain}, 201, location=reverse("api-token", args=[token.pk]))
        answer["Cache-Control"] = "no-store"
        answer.shows_secret = True  # type: ignore[attr-defined]  # core.api.idempotency keeps it encrypted
        return answer


class OneToken(ApiView):
    """One token, without its text."""

    access, resource = ADMINISTRATORS, "tokens"
    answer: ClassVar = {"GET": TokenShape, "DELETE": TokenShape}

    def get(self, request: Request, pk: int) -> HttpResponse:
        return self.reply(shown(self.find(ApiToken.objects.all(), pk=pk)))

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Revoke a token: its next request is refused."""
        row = self.find(ApiToken.objects.all(), pk=pk)
        return self.reply(shown(actions.revoke_token(row, by=self.actor(request), at=now())))


def _refuse_more(request: Request, wanted: list[str]) -> None:
    """Raises Refusal 403 `insufficient_scope` where a token asks for more than it holds."""
    if isinstance(request.auth, Token):
        for scope in wanted:
            if not request.auth.covers(scope):
                detail = _("The token lacks the scope %(scope)s.") % {"scope": scope}
                raise Refusal(403, "insufficient_scope", detail)
