"""What a measurement is: how many in how long, and how long each took."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Timing:
    """`seconds`: wall time of the whole; `each`: seconds of every single one; `cpu`: seconds of the server's CPU."""

    seconds: float
    each: list[float] = field(default_factory=list)
    cpu: float = 0.0
    failures: int = 0
    rows: int = 0

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds

    def __add__(self, other: Timing) -> Timing:
        return Timing(
            self.seconds + other.seconds,
            self.each + other.each,
            self.cpu + other.cpu,
            self.failures + other.failures,
            self.rows + other.rows,
        )

    def summary(self) -> dict[str, float | int]:
        """Figures for the report; milliseconds."""
        count = len(self.each)
        found: dict[str, float | int] = {
            "n": count,
            "per_second": round(count / self.seconds, 1) if self.seconds else 0.0,
            "p50_ms": round(percentile(self.each, 50) * 1000, 2),
            "p95_ms": round(percentile(self.each, 95) * 1000, 2),
            "failures": self.failures,
        }
        if self.cpu:
            found["cpu_ms"] = round(self.cpu / max(count, 1) * 1000, 2)
        return found


def percentile(values: Sequence[float], share: float) -> float:
    """By linear interpolation; 0 without values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = (len(ordered) - 1) * share / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
