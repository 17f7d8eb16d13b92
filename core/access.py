"""Who may open which page: declared on the view, denied when nothing is declared (domain, Roles and visibility).

@allow("agent", "lead", "manager")   # any of these roles
@allow()                             # anybody signed in
@public                              # no sign-in
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from core.models.people import ADMIN, AGENT, LEAD, MANAGER, ROLES

View = TypeVar("View", bound=Callable[..., Any])
CASES = (AGENT, LEAD, MANAGER)  # who handles complaints
__all__ = ["ADMIN", "AGENT", "CASES", "LEAD", "MANAGER", "ROLES", "Access", "allow", "declared", "public"]


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
