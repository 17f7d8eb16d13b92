"""Who does something: a person of ours, an integration, a customer, or the product itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpRequest

USER, INTEGRATION, CUSTOMER, SYSTEM = "user", "integration", "customer", "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """The `by` of every action.

    `kind` is one of user, integration, customer, system; `user` is the account answering for it (None for customers
    and the system); `label` is a stable machine name (username, token name, job name), never a customer's name.
    """

    kind: str
    label: str
    user: Any = None
    token_id: int | None = None

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user is not None else None

    @property
    def is_person(self) -> bool:
        """A person of ours wrote it: only then a message stops a clock (domain, Complaint 8)."""
        return self.kind in (USER, INTEGRATION)

    @classmethod
    def of(cls, request: HttpRequest) -> Actor:
        """The signed-in user, or the integration whose token the request carries. Raises ValueError for neither."""
        token = getattr(request, "auth", None)
        user = request.user
        if token is not None:
            return cls(INTEGRATION, token.name, user, token.pk)
        if not user.is_authenticated:
            raise ValueError("an anonymous request has no actor; use Actor.customer()")
        return cls(USER, user.get_username(), user)

    @classmethod
    def person(cls, user: Any) -> Actor:
        return cls(USER, user.get_username(), user)

    @classmethod
    def customer(cls, label: str = "complainant") -> Actor:
        return cls(CUSTOMER, label)

    @classmethod
    def system(cls, job: str) -> Actor:
        return cls(SYSTEM, job)
