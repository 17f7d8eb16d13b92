"""What people change about themselves: preferences, language, password (mission E2; case F08: never roles)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core import outbox, rows, trail
from core.actor import Actor
from core.models import OutboxMessage, User


@transaction.atomic
def prefer(
    user: User,
    *,
    by: Actor,
    at: datetime,
    name: str,
    language: str,
    time_zone: str,
    theme: str,
    shortcuts: bool,
    take_back_seconds: int | None = None,
) -> User:
    """Keep how the product looks and speaks to one person. A new name goes on the trail, the rest is theirs alone."""
    user = User.objects.select_for_update().get(pk=user.pk)
    renamed = user.name != name
    user.name, user.language, user.time_zone, user.theme, user.shortcuts = name, language, time_zone, theme, shortcuts
    if take_back_seconds is not None:
        user.take_back_seconds = take_back_seconds
    user.save(update_fields=["name", "language", "time_zone", "theme", "shortcuts", "take_back_seconds"])
    if renamed:
        trail.append(user, "user.renamed", by=by, at=at, private={"name": name})
    return user


def choose_language(user: User, language: str) -> None:
    """Keep the language picked in the switcher. Query cost: one."""
    User.objects.filter(pk=user.pk).update(language=language)


@transaction.atomic
def change_password(user: User, *, by: Actor, at: datetime, password: str) -> User:
    """Set a password that has passed the validators; every other session of the user ends with it."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    locked.set_password(password)
    locked.save(update_fields=["password"])
    trail.append(locked, "user.password_changed", by=by, at=at)
    user.password = locked.password
    return user


@transaction.atomic
def send_password_link(user: User, *, at: datetime, link: str) -> bool:
    """Mail the one-time link; at most one a minute for each person (False: one is already on its way)."""
    key = f"password_reset:{user.pk}:{at:%Y-%m-%dT%H:%M}"
    if OutboxMessage.objects.filter(key=key).exists():
        return False
    context = {"link": link, "name": str(user)}
    mail = outbox.mail(
        key, to=user.email, language=user.language, template="password_reset", context=context, about=user, at=at
    )
    rows.insert([mail])
    return True
