"""Users, absences and passwords (mission D3, E1). Deactivating somebody stands in complaints.actions.staff: it moves
cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import trail
from core.actions import account, settings
from core.actor import Actor
from core.errors import DomainError, InvalidInput, NotAllowed
from core.models import Absence, Organisation, User
from core.models.people import ADMIN

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
    _refuse_strange_deputy(None, values)
    user = User(**values)
    user.set_unusable_password()
    return settings.create(user, by=by, at=at)


@transaction.atomic
def change_user(user: User, values: Mapping[str, Any], *, by: Actor, at: datetime) -> User:
    """Change what an administrator may change. Raises NotAllowed, InvalidInput, LastAdministrator."""
    _refuse_unknown(values, EDITABLE)
    _refuse_strange_deputy(user, values)
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
        trail.append(
            current, "user.preferences_changed", by=Actor.person(user), at=at, changes={"fields": sorted(changed)}
        )
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
    user: User,
    *,
    by: Actor,
    at: datetime,
    from_at: datetime,
    until_at: datetime | None,
    reason: str = "",
    hand_over: bool = False,
) -> Absence:
    """Note an absence: routing passes the person over meanwhile. `hand_over`: the open cases move when it begins.

    Raises NotAllowed, InvalidInput until_before_from.
    """
    _refuse_unless_concerned(user, by)
    if until_at is not None and until_at <= from_at:
        raise InvalidInput(_("The absence ends before it begins."), code="until_before_from", field="until_at")
    absence = Absence.objects.create(user=user, from_at=from_at, until_at=until_at, reason=reason, hand_over=hand_over)
    changes = {"from": from_at.isoformat(), "until": until_at.isoformat() if until_at else None}
    trail.append(user, "user.absence_set", by=by, at=at, changes=changes)
    return absence


@transaction.atomic
def name_deputy(user: User, deputy: User | None, *, by: Actor, at: datetime) -> User:
    """Who stands in for somebody; by themselves, their lead or an administrator. Raises NotAllowed or InvalidInput
    bad_deputy (themselves, or somebody who takes no cases)."""
    _refuse_unless_concerned(user, by)
    _refuse_strange_deputy(user, {"deputy": deputy})
    if deputy is not None and not deputy.sees_cases:
        raise InvalidInput(_("The deputy has to be somebody who handles cases."), code="bad_deputy", field="deputy")
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.deputy_id != (deputy.pk if deputy else None):
        before, current.deputy = current.deputy_id, deputy
        current.save(update_fields=["deputy"])
        changes = {"deputy": [before, current.deputy_id]}
        trail.append(current, "user.deputy_named", by=by, at=at, changes=changes)
    return current


@transaction.atomic
def end_absence(absence: Absence, *, by: Actor, at: datetime) -> None:
    """The person is back at `at`; an absence that has not begun is taken off. Raises NotAllowed."""
    _refuse_unless_concerned(absence.user, by)
    if absence.from_at >= at:
        absence.delete()
    else:
        absence.until_at = at
        absence.save(update_fields=["until_at"])
    trail.append(absence.user, "user.absence_ended", by=by, at=at)


@transaction.atomic
def send_link(user: User, *, by: Actor, at: datetime, link: str) -> None:
    """Mail a user, new or locked out, the link to set a password. Raises NotAllowed, or a DomainError that says why
    not."""
    settings.refuse_unless_admin(by)
    if not user.is_active:
        raise DomainError(_("The account is not active."), code="not_active")
    if not user.email:
        raise DomainError(_("There is no e-mail address to send the link to."), code="no_address")
    if not account.send_password_link(user, at=at, link=link):
        raise DomainError(_("A link was sent a moment ago."), code="just_sent")
    trail.append(user, "user.password_link_sent", by=by, at=at)


def refuse_last_administrator(user: User) -> None:
    """Raises LastAdministrator when nobody else could administer."""
    if user.is_admin and not User.objects.filter(is_admin=True, is_active=True).exclude(pk=user.pk).exists():
        raise LastAdministrator


def organisation() -> Organisation:
    return Organisation.objects.get(pk=1)


def _refuse_strange_deputy(user: User | None, values: Mapping[str, Any]) -> None:
    """The deputy is somebody else, and active."""
    deputy = values.get("deputy")
    if deputy is not None and ((user is not None and deputy.pk == user.pk) or not deputy.is_active):
        raise InvalidInput(_("The deputy has to be somebody else who is active."), code="bad_deputy", field="deputy")


def _refuse_unless_concerned(user: User, by: Actor) -> None:
    """Absences are noted by the person, their lead or an administrator."""
    if by.kind == "system" or by.user_id == user.pk:
        return
    if by.user is None or (ADMIN not in by.user.roles and user.team_id not in by.user.led_team_ids):
        raise NotAllowed(code="not_your_team")


def _refuse_unknown(values: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := set(values) - known:
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=sorted(unknown)[0])
