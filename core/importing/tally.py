"""What the actions that record a batch have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Row = TypeVar("Row")


@dataclass(slots=True)
class Tally:
    """How many rows made something, changed something, or told nothing new."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


def without_repeats(batch: Iterable[Row], key: str = "external_id") -> Iterator[list[Row]]:
    """The batch, cut before a `key` (an attribute) that comes again, so that the second finds the first written."""
    part: list[Row] = []
    seen: set[str] = set()
    for row in batch:
        name = getattr(row, key)
        if name in seen:
            yield part
            part, seen = [], set()
        part.append(row)
        seen.add(name)
    if part:
        yield part
