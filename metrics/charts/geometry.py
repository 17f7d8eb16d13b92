"""What all charts share: a scale, a path, sensible ticks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

Value = float | None
Spot = tuple[float, float]


class Mark:
    """Base of what a template reads: `mark.x` is looked up as `mark["x"]` first and must not pay for an exception."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None


def g(value: float) -> str:
    """A coordinate as an attribute: at most one decimal, never an exponent, never -0."""
    rounded = round(value, 1)
    text = f"{rounded:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values to coordinates; a scale without width maps everything to its middle."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Tick(Mark):
    """A line of the grid or a name on the axis: where, and the number it stands for (worded by the caller)."""

    at: str
    label_at: str
    label: str


def path(spots: Sequence[Spot]) -> str:
    return "M" + "L".join(f"{g(x)} {g(y)}" for x, y in spots) if spots else ""


def broken_path(spots: Iterable[Spot | None]) -> str:
    """A line that stops where a value is missing and goes on behind it; a lone spot becomes a short dash."""
    parts: list[str] = []
    run: list[Spot] = []
    for spot in [*spots, None]:
        if spot is not None:
            run.append(spot)
        elif run:
            parts.append(path(run) if len(run) > 1 else f"M{g(run[0][0] - 1)} {g(run[0][1])}h2")
            run = []
    return "".join(parts)


def band_path(highs: Sequence[Spot | None], lows: Sequence[Spot | None]) -> str:
    """The ground between two lines, in pieces where one of them has no value."""
    parts: list[str] = []
    run: list[tuple[Spot, Spot]] = []
    for high, low in [*zip(highs, lows, strict=True), (None, None)]:
        if high is not None and low is not None:
            run.append((high, low))
            continue
        if len(run) > 1:
            parts.append(path([one for one, _ in run] + [other for _, other in reversed(run)]) + "Z")
        run = []
    return "".join(parts)


def spread(count: int, start: float, end: float) -> list[float]:
    """`count` places from start to end; a single one stands in the middle."""
    if count == 1:
        return [(start + end) / 2]
    return [start + (end - start) * i / (count - 1) for i in range(count)]


def step_of(span: float, most: int = 4) -> float:
    """A round step (1, 2, 2.5, 5 times a power of ten) that cuts `span` into at most `most` parts."""
    if span <= 0:
        return 1.0
    rough = span / most
    power = 10.0 ** floor(log10(rough))
    return next((m * power for m in (1, 2, 2.5, 5) if m * power >= rough - 1e-12), 10 * power)


def bounds(
    values: Iterable[Value], *, floor_at: float | None = None, ceil_at: float | None = None, most: int = 4
) -> tuple[float, float, list[float]]:
    """Round ends for an axis that holds all values, and its ticks; `floor_at` and `ceil_at`: never beyond these."""
    known = [float(v) for v in values if v is not None] or [0.0, 1.0]
    low, high = min(known), max(known)
    if high - low < 1e-9:
        pad = abs(high) * 0.05 or 1.0
        low, high = low - pad, high + pad
    if floor_at is not None:
        low = max(low, floor_at)
    if ceil_at is not None:
        high = min(high, ceil_at)
    step = step_of(max(high - low, 1e-9), most)
    first, last = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    if floor_at is not None and first < floor_at:
        first = floor_at
    if ceil_at is not None and last > ceil_at:
        last = ceil_at
    if last <= first:
        last = first + step
    count = round((last - first) / step)
    ticks = [round(first + step * i, 10) for i in range(count + 1) if first + step * i <= last + 1e-9]
    return first, last, ticks


def every(count: int, most: int = 6) -> int:
    """Name every how-manieth place so that at most `most` names stand on an axis."""
    return max(1, ceil(count / most))
