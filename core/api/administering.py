"""Rows of settings over the API: a version from the trail, PATCH under `If-Match`, places in an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request

from core.access import ADMIN, Access
from core.actions import settings
from core.actions.settings import version_of
from core.api.bodies import Strict
from core.api.fields import Code
from core.api.problem import Refusal
from core.api.views import ApiView
from core.clock import now
from core.errors import InvalidInput
from core.models import Team, User

SIGNED_IN, ADMINISTRATORS = Access(), Access(roles=frozenset({ADMIN}))
Result = TypeVar("Result")


class DirectionBody(Strict):
    """`up` or `down`: it changes places with its neighbour; at the end of the list nothing happens."""

    direction = Code(choices=[("up", "up"), ("down", "down")])
    example = {"direction": "up"}


class SettingsView(ApiView):
    """One row of settings."""

    def change(self, request: Request, row: models.Model, run: Callable[..., Result]) -> Result:
        """Run an action (`by`, `at`) on a row that is still what `If-Match` names; looked at again under its lock.

        Raises Refusal 428, 412.
        """
        self.require_match(request, version_of(row))
        seen = self.expected_version(request)
        try:
            with transaction.atomic():
                if seen is not None:
                    settings.refuse_other_version(row, seen)
                return run(by=self.actor(request), at=now())
        except settings.Stale as stale:
            raise Refusal(412, "precondition_failed", str(stale)) from None

    def moved(self, request: Request, row: models.Model, move: Callable[..., Any]) -> None:
        """Let it change places as the body says."""
        move(row, up=self.read(request)["direction"] == "up", by=self.actor(request), at=now())


def user_by_id(key: int, field: str) -> User:
    """Raises InvalidInput unknown_user."""
    found = User.objects.filter(pk=key).first()
    if found is None:
        raise InvalidInput(_("There is no user with this id."), code="unknown_user", field=field)
    return found


def team_by_id(key: int, field: str = "team") -> Team:
    """Raises InvalidInput unknown_team."""
    found = Team.objects.filter(pk=key).first()
    if found is None:
        raise InvalidInput(_("There is no team with this id."), code="unknown_team", field=field)
    return found
