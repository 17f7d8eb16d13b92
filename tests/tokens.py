"""Tokens for tests."""

from __future__ import annotations

from collections.abc import Iterable

from core import clock
from core.actions.tokens import issue_token
from core.actor import Actor
from core.models import ApiToken, User


def make_token(user: User, *scopes: str, name: str = "test", days: int | None = None) -> tuple[ApiToken, str]:
    """A token and its plain text; scope `all` unless given."""
    wanted: Iterable[str] = scopes or ("all",)
    return issue_token(name, user=user, scopes=wanted, days=days, by=Actor.system("tests"), at=clock.now())


def bearer(user: User, *scopes: str) -> dict[str, str]:
    """The headers of a request with a token of `user`."""
    return {"Authorization": f"Bearer {make_token(user, *scopes)[1]}"}
