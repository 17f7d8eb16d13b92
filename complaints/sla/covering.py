"""Which policies can never match, because those above them take every case they ask for (domain, SLA 1).

Exact, not a guess: a policy is a box over type, channel, severity, tier and team; what the policies above leave of it
is computed. Types, tiers and teams that nobody names stand together as one value, since new ones may come. Pure but for
the catalogue of types, which comes from memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from complaints.models import ChannelCode, Severity, SlaPolicy
from complaints.reference import catalogue

_OTHER = object()  # whatever no policy names
Box = dict[str, frozenset[object]]
MOST_PIECES = 5_000  # of a box cut up; beyond it the policy counts as reachable


@dataclass(frozen=True, slots=True)
class Covered:
    """`policy` never matches; `by`: the one that takes all its cases alone, or None where several do together."""

    policy: SlaPolicy
    by: SlaPolicy | None


def covered(policies: Sequence[SlaPolicy]) -> dict[int, Covered]:
    """The policies of an ordered list that can never match, by key. No query."""
    space = _space(policies)
    boxes = [_box(one, space) for one in policies]
    found = {}
    for place, policy in enumerate(policies):
        alone = next((above for above in range(place) if _inside(boxes[place], boxes[above])), None)
        if alone is not None:
            found[policy.pk] = Covered(policy, policies[alone])
        elif not _left(boxes[place], boxes[:place]):
            found[policy.pk] = Covered(policy, None)
    return found


def _space(policies: Sequence[SlaPolicy]) -> Box:
    """Every value there is of each condition, as far as policies tell them apart."""
    return {
        "type": frozenset([*catalogue().types_by_id, _OTHER]),
        "channel": frozenset(ChannelCode.values),
        "severity": frozenset(Severity.values),
        "tier": frozenset([*(one.tier for one in policies if one.tier), _OTHER]),
        "team": frozenset([*(one.team_id for one in policies if one.team_id), _OTHER]),
    }


def _box(one: SlaPolicy, space: Mapping[str, frozenset[object]]) -> Box:
    """The cases that one policy asks for; a type takes what stands below it along."""
    box = dict(space)
    if one.type_id is not None:
        below = (row.pk for row in catalogue().types_by_id.values() if row.parent_id == one.type_id)
        box["type"] = frozenset([one.type_id, *below])
    for name, wanted in (
        ("channel", one.channel),
        ("severity", one.severity),
        ("tier", one.tier),
        ("team", one.team_id),
    ):
        if wanted:
            box[name] = frozenset([wanted])
    return box


def _inside(inner: Box, outer: Box) -> bool:
    return all(inner[name] <= outer[name] for name in inner)


def _left(box: Box, above: Sequence[Box]) -> bool:
    """Whether anything of the box is left when all the others are taken out of it."""
    pieces = [box]
    for other in above:
        pieces = [rest for piece in pieces for rest in _without(piece, other)]
        if not pieces:
            return False
        if len(pieces) > MOST_PIECES:
            return True
    return True


def _without(box: Box, other: Box) -> list[Box]:
    """The box less the other one, as boxes that do not overlap."""
    if any(box[name].isdisjoint(other[name]) for name in box):
        return [box]
    rest, middle = [], dict(box)
    for name in box:
        outside = middle[name] - other[name]
        if outside:
            rest.append({**middle, name: outside})
            middle[name] = middle[name] & other[name]
    return rest
