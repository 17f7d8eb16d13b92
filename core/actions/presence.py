"""Who looks at something now, or writes there (ux, Agent's desk 5). It is forgotten by itself after a few seconds.

Pages give a sign every BEAT seconds; one that says nothing new is not written, so that a crowd costs the database one
small write for each person and quarter of a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.models import Presence, User

BEAT = 12  # seconds between two signs of a page
FRESH = timedelta(seconds=35)  # without a sign for so long somebody is gone
WRITING = timedelta(seconds=25)  # without a sign of writing for so long somebody only looks
QUIET = timedelta(seconds=10)  # a sign that soon after another, and the same, is not written


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody at a place."""

    user_id: int
    writing: bool


def sign(user: User, place: str, *, writing: bool, at: datetime) -> list[Here]:
    """Note that `user` is at `place`; who else is there, in the order in which they came.

    Query cost: 1, and 1 where there is something to note.
    """
    rows = list(Presence.objects.filter(place=place, seen_at__gt=at - FRESH).order_by("pk"))
    mine = next((row for row in rows if row.user_id == user.pk), None)
    known = mine is not None and at - mine.seen_at < QUIET and _writes(mine.wrote_at, at) == writing
    if not known:
        fields = ["seen_at", "wrote_at"]
        Presence.objects.bulk_create(
            [Presence(user=user, place=place, seen_at=at, wrote_at=at if writing else None)],
            update_conflicts=True,
            unique_fields=["place", "user"],
            update_fields=fields,
        )
    return [Here(row.user_id, _writes(row.wrote_at, at)) for row in rows if row.user_id != user.pk]


def leave(user: User, place: str) -> None:
    """Whoever closes the page is gone at once. Query cost: 1."""
    Presence.objects.filter(user=user, place=place).delete()


def tidy(*, at: datetime) -> int:
    """Sweep signs that mean nothing any more."""
    return Presence.objects.filter(seen_at__lt=at - timedelta(hours=1)).delete()[0]


def _writes(wrote_at: datetime | None, at: datetime) -> bool:
    return wrote_at is not None and at - wrote_at < WRITING
