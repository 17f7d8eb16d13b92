"""`/api/v1/account/`: whose token or session this is, and what they prefer (mission E2; case F08: never roles)."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from core.access import Access
from core.actions import account
from core.api.authentication import Token
from core.api.bodies import Strict
from core.api.fields import Code, Flag, Language, Text, Whole
from core.api.views import ApiView, caller
from core.clock import now
from core.errors import InvalidInput
from core.models import User
from core.models.people import THEMES


class AccountPatch(Strict):
    """What is left out stays. `time_zone`, `theme` blank: as the house, as the system."""

    name = Text(max_length=120, trim=True, required=False)
    language = Language(required=False)
    time_zone = Text(max_length=64, required=False, allow_blank=True)
    theme = Code(choices=[(code, code) for code, _name in THEMES if code], required=False, allow_blank=True)
    shortcuts = Flag(required=False)
    take_back_seconds = Whole(min_value=0, max_value=60, required=False)
    example: ClassVar = {"language": "pt", "time_zone": "Europe/Lisbon"}


class AccountShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    token = serializers.CharField(allow_null=True, help_text="The name of the token; null for a session.")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="What it is narrowed to, or `all`.")
    csrf_token = serializers.CharField(
        allow_null=True, help_text="What a session sends as `X-CSRFToken` with each change; null for a token."
    )
    language = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    theme = serializers.CharField(allow_blank=True)
    shortcuts = serializers.BooleanField()
    take_back_seconds = serializers.IntegerField(help_text="A reply waits so long before it leaves.")


class Account(ApiView):
    """Who calls, in which roles and with which scopes. The first thing an integration asks."""

    access, resource = Access(), "account"
    body: ClassVar = {"PATCH": AccountPatch}
    answer = AccountShape

    def get(self, request: Request) -> HttpResponse:
        return self.reply(_shown(request, caller(request)), version=1)

    def patch(self, request: Request) -> HttpResponse:
        """Change what the caller prefers: name, time zone, language, theme. Nobody else sees it, so `If-Match: *` will
        do."""
        self.require_match(request, 1)
        user, given = caller(request), self.read(request)
        zone = given.get("time_zone", "")
        if zone and zone not in available_timezones():
            raise InvalidInput(_("There is no such time zone."), code="unknown_zone", field="time_zone")
        kept = {name: getattr(user, name) for name in ("name", "language", "time_zone", "theme", "shortcuts")}
        user = account.prefer(user, by=self.actor(request), at=now(), **{**kept, **given})
        return self.reply(_shown(request, user), version=1)


def _shown(request: Request, user: User) -> dict[str, Any]:
    token = request.auth if isinstance(request.auth, Token) else None
    return {
        "id": str(user.pk),
        "username": user.username,
        "name": user.name,
        "roles": sorted(caller(request).roles),
        "token": token.name if token else None,
        "scopes": sorted(token.scopes) if token else ["all"],
        "csrf_token": None if token else get_token(request._request),
        "language": user.language,
        "time_zone": user.time_zone,
        "theme": user.theme,
        "shortcuts": user.shortcuts,
        "take_back_seconds": user.take_back_seconds,
    }
