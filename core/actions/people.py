"""Users, absences and passwords (mission D3, E1). Deactivating somebody stands in complaints.actions.staff: it moves cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import trail
from core.actions import settings
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import Absence, Organisation, User

# What an administrator may set. Everything else about a user has an action of its own.
EDITABLE = frozenset(
    {"username", "name", "email", "is_agent", "is_manager", "is_admin", "team", "languages", "capacity", "deputy"}
)
OWN = frozenset({"name", "email", "language", "time_zone", "theme", "shortcuts"})


class LastAdministrator(DomainError):
    code = "last_administrator"
    message = gettext_lazy("Somebody has to remain who can administer people and settings.")


@transaction.atomic
def create_user(values: Mapping[str, Any], *, by: Actor, at: datetime) -> User:
    """Make a user without a usable password; they set one through the reset link. Raises NotAllowed or InvalidInput."""
    _refuse_unknown(values, EDITABLE)
    user = User(**values)
    user.set_unusable_password()
    return settings.create(user, by=by, at=at)


@transaction.atomic
def change_user(user: User, values: Mapping[str, Any], *, by: Actor, at: datetime) -> User:
    """Change what an administrator may change. Raises NotAllowed, InvalidInput, LastAdministrator."""
    _refuse_unknown(values, EDITABLE)
    if user.is_admin and values.get("is_admin") is False:
        refuse_last_administrator(user)
    return settings.change(user, values, by=by, at=at)


@transaction.atomic
def change_own(user: User, values: Mapping[str, Any], *, at: datetime) -> User:
    """A user's own preferences; never roles or team (case F08). Raises InvalidInput."""
    _refuse_unknown(values, OWN)
    current = User.objects.select_for_update().get(pk=user.pk)
    changed = [name for name, value in values.items() if getattr(current, name) != value]
    for name in changed:
        setattr(current, name, values[name])
    if changed:
        current.save(update_fields=changed)
        trail.append(current, "user.preferences_changed", by=Actor.person(user), at=at, changes={"fields": sorted(changed)})
    return current


@transaction.atomic
def set_active(user: User, active: bool, *, by: Actor, at: datetime) -> User:
    """Switch an account on or off, with everything that lets it in. Its cases are the caller's business."""
    settings.refuse_unless_admin(by)
    if not active:
        refuse_last_administrator(user)
        user.api_tokens.filter(revoked_at__isnull=True).update(revoked_at=at)
    return settings.change(user, {"is_active": active}, by=by, at=at)


@transaction.atomic
def set_absence(
    user: User, *, by: Actor, at: datetime, from_at: datetime, until_at: datetime | None, reason: str = ""
) -> Absence:
    """Note an absence: routing passes the person over meanwhile. Raises InvalidInput until_before_from."""
    if until_at is not None and until_at <= from_at:
        raise InvalidInput(_("The absence ends before it begins."), code="until_before_from", field="until_at")
    absence = Absence.objects.create(user=user, from_at=from_at, until_at=until_at, reason=reason)
    changes = {"from": from_at.isoformat(), "until": until_at.isoformat() if until_at else None}
    trail.append(user, "user.absence_set", by=by, at=at, changes=changes)
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, by: Actor, at: datetime) -> None:
    """The person is back at `at`; an absence that has not begun is taken off."""
    if absence.from_at >= at:
        absence.delete()
    else:
        absence.until_at = at
        absence.save(update_fields=["until_at"])
    trail.append(absence.user, "user.absence_ended", by=by, at=at)


def refuse_last_administrator(user: User) -> None:
    """Raises LastAdministrator when nobody else could administer."""
    if user.is_admin and not User.objects.filter(is_admin=True, is_active=True).exclude(pk=user.pk).exists():
        raise LastAdministrator


def organisation() -> Organisation:
    return Organisation.objects.get(pk=1)


def _refuse_unknown(values: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := set(values) - known:
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=sorted(unknown)[0])
