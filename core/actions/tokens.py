"""Issue and revoke API tokens (interface, REST API; case F09)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import scopes as known_scopes
from core import token_text, trail
from core.actions import settings
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import ApiToken, User


class UnknownScope(InvalidInput):
    code = "unknown_scope"
    message = _("There is no such scope.")


@transaction.atomic
def issue_token(
    name: str, *, user: User, scopes: Iterable[str], by: Actor, at: datetime, days: int | None = None
) -> tuple[ApiToken, str]:
    """A new token for `user` and its plain text, which is shown once and stored nowhere.

    `days`: how long it lives; None for ever. Raises InvalidInput for a bad name, scope or number of days, NotAllowed
    for somebody else's token unless an administrator asks.
    """
    if by.user_id != user.pk:
        settings.refuse_unless_admin(by)
    name = name.strip()
    wanted = sorted(set(scopes))
    if not 0 < len(name) <= 80:
        raise InvalidInput(_("A name of 1 to 80 characters is needed."), field="name")
    if not wanted:
        raise UnknownScope(_("At least one scope is needed."), field="scopes")
    if strange := known_scopes.unknown(wanted):
        raise UnknownScope(_("There is no such scope: %(scope)s.") % {"scope": strange[0]}, field="scopes")
    if days is not None and not 0 < days <= 3660:
        raise InvalidInput(_("A number of days from 1 to 3660 is needed."), field="days")
    if not user.is_active:
        raise InvalidInput(_("The user is not active."), field="user")
    plain = token_text.new_token()
    token = ApiToken.objects.create(
        name=name,
        user=user,
        digest=token_text.digest_of(plain),
        hint=plain[: token_text.HINT],
        scopes=wanted,
        created_at=at,
        expires_at=at + timedelta(days=days) if days else None,
    )
    until = token.expires_at.isoformat() if token.expires_at else None
    changes = {"name": name, "user": user.pk, "scopes": wanted, "expires_at": until}
    trail.append(token, "token.issued", by=by, at=at, changes=changes)
    return token, plain


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Actor, at: datetime) -> ApiToken:
    """End a token; its next request is refused. Raises DomainError `already_revoked`, NotAllowed for somebody
    else's."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if by.user_id != token.user_id:
        settings.refuse_unless_admin(by)
    if token.revoked_at is not None:
        raise DomainError(_("The token is revoked already."), code="already_revoked")
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    trail.append(token, "token.revoked", by=by, at=at, changes={"name": token.name})
    return token
