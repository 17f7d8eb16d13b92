"""The limits in force: the lines of the newest published version."""

from __future__ import annotations

from dataclasses import dataclass

from complaints.authority.lines import Line
from complaints.models import AuthorityLimit, AuthorityVersion
from core.cached import Cached

FIELDS = tuple(Line.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Book:
    """All lines of one version; `number` 0 where none was published."""

    number: int
    lines: tuple[Line, ...]


def read() -> Book:
    """As it is at this moment. Who grants reads it under the lock of `locks.hold`. Query cost: 2."""
    found = AuthorityVersion.objects.filter(published_at__isnull=False).order_by("-number").first()
    return Book(found.number, lines_of(found)) if found is not None else Book(0, ())


def lines_of(version: AuthorityVersion) -> tuple[Line, ...]:
    """Query cost: 1."""
    rows = AuthorityLimit.objects.filter(version=version).order_by("position", "pk").values_list(*FIELDS)
    return tuple(Line(*row) for row in rows)


@Cached
def in_force() -> Book:
    """For what is shown, at most some seconds old (core.cached)."""
    return read()
