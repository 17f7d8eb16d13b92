"""The policies in force beside their draft: which versions there are, and what the draft changes (domain, SLA 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db.models import Max

from complaints.models import SlaPolicy, SlaVersion
from complaints.sla import ladder
from core.models import TrailEntry

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"
COUNTED_BY = "counted_by"  # beside changed targets on the trail: the calendar whose working day they are told in
FIELDS = ("name", "type", "channel", "severity", "tier", "team", "calendar", "targets", "ladder", "reopen_mode")


@dataclass(frozen=True, slots=True)
class Versions:
    """The version in force and the open draft, either of which may be missing."""

    in_force: SlaVersion | None
    draft: SlaVersion | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What the draft does to one policy. `before` and `after`: the policy as it is in force and in the draft."""

    what: str
    before: SlaPolicy | None
    after: SlaPolicy | None
    fields: tuple[str, ...] = ()


def versions() -> Versions:
    """Query cost: 1. A draft is always younger than what is in force."""
    newest = list(SlaVersion.objects.order_by("-number").select_related("created_by")[:2])
    draft = next((one for one in newest if one.published_at is None), None)
    return Versions(next((one for one in newest if one.published_at is not None), None), draft)


def revision(draft: SlaVersion) -> int:
    """How many changes its trail has seen: who wants to change it says which state he has looked at. Query cost: 1."""
    entries = TrailEntry.objects.filter(subject_kind="slaversion", subject_id=draft.pk)
    return entries.aggregate(last=Max("seq"))["last"] or 0


def origins(draft: SlaVersion) -> dict[int, int]:
    """Which policy in force each of the draft's was copied from, by key, as its trail says. Query cost: 1."""
    entries = TrailEntry.objects.filter(subject_kind="slaversion", subject_id=draft.pk, kind="slaversion.created")
    body = entries.order_by("seq").values_list("body", flat=True).first()
    return dict(json.loads(body)["copies"]) if body else {}


def differences(before: Sequence[SlaPolicy], after: Sequence[SlaPolicy], copies: Mapping[int, int]) -> list[Difference]:
    """What became of each policy, in the order of the draft, what it lacks last. `copies`: see `origins`. No query."""
    old_by_key = {one.pk: one for one in before}
    pairs = {one.pk: old_by_key[copies[one.pk]] for one in after if copies.get(one.pk) in old_by_key}
    old_order = [one.pk for one in before if one.pk in {old.pk for old in pairs.values()}]
    new_order = [pairs[one.pk].pk for one in after if one.pk in pairs]
    still: set[int] = set()
    for block in SequenceMatcher(None, old_order, new_order, autojunk=False).get_matching_blocks():
        still.update(old_order[block.a : block.a + block.size])
    found = []
    for one in after:
        old = pairs.get(one.pk)
        if old is None:
            found.append(Difference(ADDED, None, one))
            continue
        fields = tuple(name for name in FIELDS if told(old, name) != told(one, name))
        if fields:
            found.append(Difference(CHANGED, old, one, fields))
        elif old.pk not in still:
            found.append(Difference(MOVED, old, one))
    kept = {old.pk for old in pairs.values()}
    return [*found, *(Difference(REMOVED, one, None) for one in before if one.pk not in kept)]


def told(one: SlaPolicy, name: str) -> Any:
    """A field as the trail keeps it and as policies are compared: keys of other rows, a ladder in its usual order."""
    if name == "ladder":
        return [_step(step) for step in sorted(one.ladder, key=lambda step: (step["percent"], step.get("clocks", [])))]
    return getattr(one, f"{name}_id" if name in ("type", "team", "calendar") else name)


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in step.items() if name != "hand_over" or value}
    return {**plain, "to": [name for name in ladder.TO if name in step["to"]]}
