"""Grounds of cells: five levels by fixed bounds, so that two periods can be compared by eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.charts.geometry import Mark, Value

LEAST = 20  # fewer than this and a rate gets no colour (design, Chart grammar)
IN_TIME = (72.0, 82.0, 88.0, 94.0)
STAYED = (90.0, 92.0, 94.0, 97.0)
BOUGHT = (10.0, 20.0, 30.0, 40.0)


def level(value: Value, n: int | None, bounds: Sequence[float], *, least: int = LEAST) -> int:
    """1 (low) to 5 (high); 0: no rate, or too few to say anything."""
    if value is None or (n is not None and n < least):
        return 0
    return 1 + sum(value >= bound for bound in bounds)


@dataclass(frozen=True, slots=True)
class Cell(Mark):
    """One cell: what it prints, of how many, its ground, where it leads."""

    text: str
    n: str
    level: int
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Row(Mark):
    name: str
    cells: Sequence[Cell | None]
    total: Cell | None = None
    url: str = ""


def triangle(rows: Sequence[Sequence[Value]], width: int) -> list[list[Value]]:
    """Rows of equal width: what has not been reached stays None."""
    return [[row[i] if i < len(row) else None for i in range(width)] for row in rows]
