"""Small reference tables kept in the process for a few seconds (policies, calendars, types, rules).

Whoever changes one clears it in their own process at once; the others follow within `SECONDS`. Values must be
treated as
read-only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
SECONDS = 5.0
_all: list[Cached] = []  # type: ignore[type-arg]


class Cached(Generic[Value]):
    """`cached()` returns what `load()` gave at most SECONDS ago."""

    def __init__(self, load: Callable[[], Value]) -> None:
        self._load = load
        self._value: Value | None = None
        self._until = 0.0
        self.__doc__ = load.__doc__
        _all.append(self)

    def __call__(self) -> Value:
        if self._value is None or time.monotonic() >= self._until:
            self._value = self._load()
            self._until = time.monotonic() + SECONDS
        return self._value

    def clear(self) -> None:
        self._until = 0.0


def clear_all() -> None:
    """Forget everything; after a change of settings, and between tests."""
    for cached in _all:
        cached.clear()
