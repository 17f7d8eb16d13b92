"""The limits in force beside their draft: which versions there are, and what one changes of another (domain, Authority
and money). A limit is known by whose it is, for which kind and currency: no version has two of them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from complaints.authority import versions as in_force
from complaints.authority.lines import Line
from complaints.models import AuthorityLimit, AuthorityVersion
from core.models import TrailEntry

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KIND = "authorityversion"  # of the trail
SET = ("period", "per_complaint", "per_customer", "per_period")  # what may differ between two that are the same limit


@dataclass(frozen=True, slots=True)
class Versions:
    """The version in force and the open draft, either of which may be missing."""

    in_force: AuthorityVersion | None
    draft: AuthorityVersion | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one limit. `fields`: which of SET changed."""

    what: str
    before: Line | None
    after: Line | None
    fields: tuple[str, ...] = ()


def versions() -> Versions:
    """Query cost: 1. A draft is always younger than what is in force."""
    newest = list(AuthorityVersion.objects.order_by("-number").select_related("created_by", "published_by")[:2])
    draft = next((one for one in newest if one.published_at is None), None)
    return Versions(next((one for one in newest if one.published_at is not None), None), draft)


def revision(draft: AuthorityVersion) -> int:
    """How many changes its trail has seen: who wants to change it says which state he looked at. Query cost: 1."""
    entries = TrailEntry.objects.filter(subject_kind=KIND, subject_id=draft.pk)
    return entries.aggregate(last=Max("seq"))["last"] or 0


def lines_of(version: AuthorityVersion | None) -> tuple[Line, ...]:
    """Its limits in their order. Query cost: 1."""
    return in_force.lines_of(version) if version is not None else ()


def key_of(line: Line | AuthorityLimit) -> tuple[Any, ...]:
    """What makes it the same limit."""
    return line.holder, line.role, line.team_id, line.person_id, line.kind, line.currency


def differences(before: Sequence[Line], after: Sequence[Line]) -> list[Difference]:
    """In the order of `after`, what it lacks last; order alone decides nothing and is no difference. No query."""
    old = {key_of(one): one for one in before}
    found = []
    for one in after:
        was = old.pop(key_of(one), None)
        if was is None:
            found.append(Difference(ADDED, None, one))
        elif fields := tuple(name for name in SET if getattr(was, name) != getattr(one, name)):
            found.append(Difference(CHANGED, was, one, fields))
    return [*found, *(Difference(REMOVED, one, None) for one in old.values())]
