"""The names a desk page is full of, from memory: people, teams, policies, calendars. No query in the way of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import is_
from typing import Any, TypeVar

from django.utils.translation import get_language

from complaints.models import Clock, ClockKind, SlaPolicy
from complaints.sla import packs
from core.cached import Cached
from core.models import CalendarVersion, Team, User
from core.web.parts import Person


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of ours. `takes_cases`: active, and with a role that handles cases."""

    id: int
    name: str
    team_id: int | None
    takes_cases: bool
    person: Person


@Cached
def colleagues() -> dict[int, Colleague]:
    """Everybody who ever signed in, by key. Query cost: two every few seconds per process."""
    leads = set(Team.objects.filter(is_active=True).values_list("lead", flat=True))
    fields = ("pk", "name", "username", "team", "is_active", "is_agent", "is_manager")
    found = {}
    for pk, name, username, team, active, agent, manager in User.objects.order_by("name", "pk").values_list(*fields):
        shown = name or username
        found[pk] = Colleague(pk, shown, team, active and (agent or manager or pk in leads), Person.of(pk, shown))
    return found


@Cached
def teams() -> dict[int, str]:
    """Team names by key. Query cost: one every few seconds per process."""
    return dict(Team.objects.order_by("name").values_list("pk", "name"))


@dataclass(frozen=True, slots=True)
class Terms:
    """Names behind clocks: policy key -> (name, version number); calendar version key -> (name, version number)."""

    policies: dict[int, tuple[str, int]]
    calendars: dict[int, tuple[str, int]]


@Cached
def terms() -> Terms:
    """Query cost: two every few seconds per process."""
    policies = SlaPolicy.objects.values_list("pk", "name", "version__number")
    calendars = CalendarVersion.objects.values_list("pk", "calendar__name", "number")
    return Terms({pk: (name, n) for pk, name, n in policies}, {pk: (name, n) for pk, name, n in calendars})


Made = TypeVar("Made")
_made: dict[tuple[str, str | None], tuple[tuple[Any, ...], Any]] = {}


def made_from(name: str, make: Callable[[], Made], *sources: Any) -> Made:
    """What `make` gives, made once a language while the `sources` (values of core.cached) are the same."""
    key = (name, get_language())
    kept = _made.get(key)
    if kept is None or not all(map(is_, kept[0], sources)):
        kept = _made[key] = (sources, make())
    made: Made = kept[1]
    return made


def clock_name(clock: Clock) -> str:
    """What a clock is called: a statutory one by the name of its rule. No query within a few seconds."""
    if clock.pack_id is not None:
        return packs.rule(clock.pack_id, clock.code).name
    return str(ClockKind(clock.kind).label)


def person_of(user_id: int | None) -> Person | None:
    """The initials of a colleague; None for nobody or somebody made a moment ago in another process."""
    known = colleagues().get(user_id) if user_id else None
    return known.person if known else None


def name_of(user_id: int | None) -> str:
    known = colleagues().get(user_id) if user_id else None
    return known.name if known else ""
