"""What a promise is: open, kept, broken, renegotiated or no longer wanted; and when to look at it again. No query.

Broken stays broken, also when it was done afterwards: `settled_at` says whether it is still owed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from complaints.models import Promise, PromiseEnd

OPEN: Final = "open"
BROKEN: Final = "broken"
KEPT, RENEGOTIATED, RELEASED = (str(one) for one in PromiseEnd)
STATES = (OPEN, KEPT, BROKEN, RENEGOTIATED, RELEASED)
LONGEST_WARNING = timedelta(hours=24)
SHORTEST_WARNING = timedelta(minutes=15)


def state_of(promise: Promise, *, at: datetime) -> str:
    """One of STATES, as of `at`: an hour that passed breaks a promise whether or not the sweep has been by."""
    if is_broken(promise, at=at):
        return BROKEN
    return promise.settled_as or OPEN


def is_broken(promise: Promise, *, at: datetime) -> bool:
    """On record, or its hour has passed while it is owed."""
    return promise.broken_at is not None or (promise.settled_at is None and promise.due_at < at)


def in_state(state: str, *, at: datetime) -> Q:
    """The condition for promises of which `state_of` says `state`. Raises KeyError for no state."""
    broken = Q(broken_at__isnull=False) | Q(settled_at__isnull=True, due_at__lt=at)
    owed_in_time = Q(settled_at__isnull=True, broken_at__isnull=True, due_at__gte=at)
    known: dict[str, Q] = {OPEN: owed_in_time, BROKEN: broken}
    known |= {one: Q(settled_as=one, broken_at__isnull=True) for one in (KEPT, RENEGOTIATED, RELEASED)}
    return known[state]


def warn_at(made_at: datetime, due_at: datetime) -> datetime:
    """When to warn: a quarter of the time before, at most a day, at least a quarter of an hour."""
    return due_at - max(SHORTEST_WARNING, min(LONGEST_WARNING, (due_at - made_at) / 4))


def first_look(made_at: datetime, due_at: datetime) -> datetime:
    """When the sweep has to look first: to warn, or at the hour itself where there is no time to warn."""
    warning = warn_at(made_at, due_at)
    return warning if warning > made_at else due_at


def look_again(promise: Promise) -> datetime | None:
    """When the sweep has to look next; None once it is settled or broken."""
    if promise.settled_at is not None or promise.broken_at is not None:
        return None
    return promise.due_at if promise.warned_at is not None else first_look(promise.made_at, promise.due_at)


def facts(promise: Promise, **more: Any) -> dict[str, Any]:
    """What a trail entry says of it in `changes`; the text is private."""
    return {"promise": promise.pk, "due_at": promise.due_at.isoformat(), **more}
