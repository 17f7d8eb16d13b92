"""Work that met another transaction's row is done again: the second time it finds that row, or draws another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.errors import Collided

Done = TypeVar("Done")

TURNS = 3  # two that meet are common in a burst, the same two meeting again are not


def anew(work: Callable[[], Done]) -> Done:
    """What `work` returns; it holds a transaction of its own and is run at most TURNS times. Raises what it raises."""
    for _turn in range(TURNS - 1):
        try:
            return work()
        except Collided:
            continue
    return work()
