"""Who may open which page: declared on the view, denied when nothing is declared (domain, Roles and visibility).

@allow("agent", "lead", "manager")   # any of these roles
@allow()                             # anybody signed in
@public                              # no sign-in
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.http import Http404

from core.models.people import ADMIN, AGENT, LEAD, MANAGER, ROLES

View = TypeVar("View", bound=Callable[..., Any])
LAST_ID = 2**63 - 1
CASES = (AGENT, LEAD, MANAGER)  # who handles complaints
__all__ = [
    "ADMIN",
    "AGENT",
    "CASES",
    "LEAD",
    "MANAGER",
    "ROLES",
    "Access",
    "allow",
    "declared",
    "public",
    "refuse_impossible",
]


@dataclass(frozen=True, slots=True)
class Access:
    """What a route demands: `public` nothing, else a signed-in user with one of `roles` (empty: any role or none)."""

    public: bool = False
    roles: frozenset[str] = frozenset()

    def permits(self, user: Any) -> bool:
        if self.public:
            return True
        if not (user.is_authenticated and user.is_active):
            return False
        return not self.roles or bool(self.roles & user.roles)


def allow(*roles: str) -> Callable[[View], View]:
    """Declare that any one of `roles` may use the view. Raises ValueError for a role that does not exist."""
    if unknown := set(roles) - set(ROLES):
        raise ValueError(f"unknown roles: {sorted(unknown)}")
    return _declare(Access(roles=frozenset(roles)))


def public(view: View) -> View:
    """Declare that the view needs no sign-in."""
    return _declare(Access(public=True))(view)


def refuse_impossible(arguments: Mapping[str, Any]) -> None:
    """Raises Http404 where an address names a number beyond all ids: a database may not even be asked for it."""
    if any(isinstance(value, int) and value > LAST_ID for value in arguments.values()):
        raise Http404


def declared(view: Callable[..., Any]) -> Access | None:
    """What a resolved view declares; None means: refuse."""
    return getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)


def _declare(access: Access) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        if isinstance(view, type):
            view.access = access  # type: ignore[attr-defined]
            return view

        @wraps(view)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        wrapped.access = access  # type: ignore[attr-defined]
        return wrapped  # type: ignore[return-value]

    return decorate
