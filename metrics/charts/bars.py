"""Bars: lying (causes, groups) and standing (the backlog by age). Axes start at nought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.charts.geometry import Mark, g

WIDTH, ROW, HEAD = 540, 27, 22
NAME_END, BAR_START, BAR_LENGTH = 158, 168, 250
STANDING_HEIGHT, STANDING_FOOT, STANDING_TOP, INSET = 236, 28, 24, 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as the caller has it. `kind`: "", mute (the rest), hatch (unclassified). `part`: late ones of it."""

    name: str
    value: float
    label: str = ""
    note: str = ""
    kind: str = ""
    part: float = 0
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Lying(Mark):
    bar: Bar
    text_y: str
    bar_y: str
    length: str
    label_x: str


@dataclass(frozen=True, slots=True)
class LyingBars(Mark):
    bars: Sequence[Lying]
    height: str
    width: str = str(WIDTH)
    name_x: str = str(NAME_END)
    bar_x: str = str(BAR_START)
    bar_height: str = "17"


def lying(bars: Sequence[Bar], *, most: float | None = None) -> LyingBars:
    """Bars under each other in the order given; `most`: the value that fills the width (default: the greatest)."""
    longest = max([most or 0, *(bar.value for bar in bars)])
    placed = []
    for i, bar in enumerate(bars):
        top = HEAD - 4 + i * ROW
        length = max(0.0, bar.value) / longest * BAR_LENGTH if longest > 0 else 0.0
        placed.append(Lying(bar, g(top + 16), g(top + 4), g(length), g(BAR_START + length + 8)))
    return LyingBars(placed, g(HEAD + ROW * len(bars)))


@dataclass(frozen=True, slots=True)
class Standing(Mark):
    bar: Bar
    x: str
    y: str
    height: str
    part_y: str
    part_height: str
    middle: str
    label_y: str


@dataclass(frozen=True, slots=True)
class StandingBars(Mark):
    bars: Sequence[Standing]
    bar_width: str
    width: str = str(WIDTH)
    height: str = str(STANDING_HEIGHT)
    floor: str = str(STANDING_HEIGHT - STANDING_FOOT)
    tick_y: str = str(STANDING_HEIGHT - 9)


def standing(bars: Sequence[Bar]) -> StandingBars:
    """Bars beside each other; `part` (the late ones) stands at the foot of each and never exceeds it."""
    if not bars:
        return StandingBars([], "0")
    step, floor = WIDTH / len(bars), STANDING_HEIGHT - STANDING_FOOT
    most = max(bar.value for bar in bars)
    room = floor - STANDING_TOP
    placed = []
    for i, bar in enumerate(bars):
        tall = max(0.0, bar.value) / most * room if most > 0 else 0.0
        low = min(tall, max(0.0, bar.part) / most * room) if most > 0 else 0.0
        left = step * i + INSET
        placed.append(
            Standing(
                bar=bar,
                x=g(left),
                y=g(floor - tall),
                height=g(tall),
                part_y=g(floor - low),
                part_height=g(low) if bar.part else "",
                middle=g(left + (step - 2 * INSET) / 2),
                label_y=g(floor - tall - 6),
            )
        )
    return StandingBars(placed, g(step - 2 * INSET))
