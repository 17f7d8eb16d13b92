"""The playbooks in force, from memory: beside every case, without a query (house, core.cached)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from complaints.models import Playbook, PlaybookVersion
from complaints.playbooks.content import Step, Texts, Whole, steps_of
from complaints.reference import catalogue
from core.cached import Cached


@dataclass(frozen=True, slots=True)
class Head:
    """One published version without its content."""

    id: int
    number: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """A playbook and its version in force. `heads`: all its published versions, oldest first."""

    playbook: Playbook
    id: int
    number: int
    published_at: datetime
    what_changed: str
    whole: Whole
    heads: tuple[Head, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.whole.steps

    @property
    def customer_part(self) -> Texts:
        return self.whole.customer_part

    def step(self, key: str) -> Step | None:
        return next((one for one in self.steps if one.key == key), None)

    def begun_under(self, at: datetime) -> Head:
        """The version that was in force at an instant; the first one for an instant before it."""
        return next((head for head in reversed(self.heads) if head.published_at <= at), self.heads[0])


@Cached
def editions() -> dict[int | None, Edition]:
    """Playbooks in use that were ever published, by the key of their type; None: the general one.

    Query cost: two every few seconds per process.
    """
    newest = PlaybookVersion.objects.filter(playbook=OuterRef("playbook"), published_at__isnull=False)
    newest = newest.order_by("-number")
    in_force = PlaybookVersion.objects.filter(playbook__is_active=True, pk=Subquery(newest.values("pk")[:1]))
    versions = list(in_force.select_related("playbook"))
    heads: dict[int, list[Head]] = {}
    published = PlaybookVersion.objects.filter(playbook__in=[one.playbook_id for one in versions])
    published = published.filter(published_at__isnull=False).order_by("number")
    for playbook, pk, number, published_at in published.values_list("playbook", "pk", "number", "published_at"):
        if published_at is not None:
            heads.setdefault(playbook, []).append(Head(pk, number, published_at))
    return {
        one.playbook.type_id: Edition(
            playbook=one.playbook,
            id=one.pk,
            number=one.number,
            published_at=one.published_at,
            what_changed=one.what_changed,
            whole=whole_of(one),
            heads=tuple(heads[one.playbook_id]),
        )
        for one in versions
        if one.published_at is not None
    }


def edition_for(type_id: int | None) -> Edition | None:
    """The playbook for a type: its own, else that of the type above it, else the general one. No query in a while."""
    known = editions()
    row = catalogue().types_by_id.get(type_id) if type_id is not None else None
    ways: Iterable[int | None] = (row.pk, row.parent_id, None) if row is not None else (None,)
    return next((known[key] for key in ways if key in known), None)


def edition_of(playbook_id: int) -> Edition | None:
    """What is in force of one playbook; None without a published version, or out of use."""
    return next((one for one in editions().values() if one.playbook.pk == playbook_id), None)


@Cached
def _older() -> dict[int, tuple[Step, ...]]:
    """Steps of versions no longer in force, filled as they are asked for. They never change."""
    return {}


def steps_of_versions(ids: Iterable[int]) -> dict[int, tuple[Step, ...]]:
    """The steps of versions by key. Query cost: 1 when one of them was not asked for a moment ago."""
    wanted, known = set(ids), _older()
    if lacking := wanted - known.keys():
        rows = PlaybookVersion.objects.filter(pk__in=lacking).values_list("pk", "steps")
        known.update({pk: steps_of(stored) for pk, stored in rows})
    return {pk: known[pk] for pk in wanted if pk in known}


def step_title(key: str, playbook_id: int | None) -> str:
    """What a step is called in the reader's language, as far as memory knows it. No query."""
    found = edition_of(playbook_id) if playbook_id is not None else None
    step = found.step(key) if found is not None else None
    return step.title if step is not None else ""


def whole_of(version: PlaybookVersion) -> Whole:
    """The content of a version as values."""
    return Whole(steps_of(version.steps), version.customer_part, version.blocks_resolving)
