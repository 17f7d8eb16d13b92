"""Who a demo customer is, as far as their stays and purchases depend on it, and how long they stay."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from retention.demo.ticks import DAY

HAPPY, MIDDLE, UNHAPPY, SILENT, CALLED = "happy", "middle", "unhappy", "silent", "called"
LEAVES = {HAPPY: 0.05, MIDDLE: 0.14, SILENT: 0.19, UNHAPPY: 0.55, CALLED: 0.3}  # after the last complaint
ON_THEIR_OWN = 0.0075  # leave in a month, whatever we do
COME_BACK = 0.14


@dataclass(slots=True)
class Person:
    """`moments`: when complaints were settled, and how the customer felt, oldest first. `stays_until`: does not leave
    before; all in seconds. `refuses`: purposes of consent. `charged_twice`: number and moment of an order."""

    key: int
    language: str
    joined: int
    stays_until: int = 0
    moments: list[tuple[int, str]] = field(default_factory=list)
    refuses: tuple[str, ...] = ()
    charged_twice: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """From `joined` to `left` (None: still here), in seconds. `is_angry`: left over a complaint."""

    joined: int
    left: int | None = None
    is_angry: bool = False

    def holds(self, second: int) -> bool:
        return self.joined <= second and (self.left is None or second < self.left)


def stays(person: Person, draw: random.Random, now: int) -> list[Stay]:
    """One stay; an ended one; or an ended one and a return."""
    left, is_angry = _leaves(person, draw, now)
    if left is None:
        return [Stay(person.joined)]
    first = Stay(person.joined, left, is_angry)
    back = left + int(draw.uniform(40, 300) * DAY)
    if back >= now or draw.random() > COME_BACK:
        return [first]
    return [first, Stay(back)]


def _leaves(person: Person, draw: random.Random, now: int) -> tuple[int | None, bool]:
    """When, and whether over a complaint; nobody leaves with a complaint open or another to come."""
    if person.moments:
        settled, mood = person.moments[-1]
        left = settled + int(draw.uniform(4, 70) * DAY)
        if draw.random() < LEAVES[mood] and left > person.stays_until:
            return (left, True) if left < now else (None, False)
    begin = max(person.joined + 60 * DAY, person.stays_until)
    left = begin - int(math.log(1 - draw.random()) / ON_THEIR_OWN * 30 * DAY)
    return (left, False) if left < now - DAY else (None, False)
