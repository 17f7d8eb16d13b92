"""Bars: lying (causes, groups) and standing (the backlog by age). Axes start at nought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.charts.geometry import Mark, g

WIDTH, ROW, HEAD = 540, 27, 22
NAME_END, BAR_START, BAR_LENGTH = 204, 214, 204
STANDING_HEIGHT, STANDING_FOOT, STANDING_TOP, INSET = 236, 28, 32, 14
LEAST, REACH = 3.0, 24.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as the caller has it. `kind`: "", mute (the rest), hatch (unclassified). `part`: late ones of it; then
    `part_*` and `rest_*` are the words and the address of the two blocks, `title` and `url` those of the whole."""

    name: str
    value: float
    label: str = ""
    note: str = ""
    kind: str = ""
    part: float = 0
    title: str = ""
    url: str = ""
    part_title: str = ""
    part_url: str = ""
    rest_title: str = ""
    rest_url: str = ""


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
    """`y`, `height`: of the whole; `part_*`: the block of late ones at its foot, "" without any; `rest_height`: the
    block over it, from `y` down, "" without any. `label_y`, `reach_y`: its number, and the upper edge of its link."""

    bar: Bar
    x: str
    y: str
    height: str
    part_y: str
    part_height: str
    rest_height: str
    middle: str
    label_y: str
    reach_y: str


@dataclass(frozen=True, slots=True)
class StandingBars(Mark):
    bars: Sequence[Standing]
    bar_width: str
    width: str = str(WIDTH)
    height: str = str(STANDING_HEIGHT)
    floor: str = str(STANDING_HEIGHT - STANDING_FOOT)
    tick_y: str = str(STANDING_HEIGHT - 9)
    reach: str = str(int(REACH))


def standing(bars: Sequence[Bar]) -> StandingBars:
    """Bars beside each other; `part` (the late ones) stands at the foot of each and never exceeds it.

    What is there is seen: a block of anything at all is at least `LEAST` high, so that it can be pointed at.
    """
    if not bars:
        return StandingBars([], "0")
    step, floor = WIDTH / len(bars), STANDING_HEIGHT - STANDING_FOOT
    most = max(bar.value for bar in bars)
    room = floor - STANDING_TOP
    placed = []
    for i, bar in enumerate(bars):
        part = max(0.0, min(bar.part, bar.value))
        low = _height(part, most, room)
        rest = _height(bar.value - part, most, room)
        tall = low + rest
        left = step * i + INSET
        placed.append(
            Standing(
                bar=bar,
                x=g(left),
                y=g(floor - tall),
                height=g(tall),
                part_y=g(floor - low),
                part_height=g(low) if low else "",
                rest_height=g(rest) if rest else "",
                middle=g(left + (step - 2 * INSET) / 2),
                label_y=g(floor - tall - 6),
                reach_y=g(floor - tall - REACH),
            )
        )
    return StandingBars(placed, g(step - 2 * INSET))


def _height(value: float, most: float, room: float) -> float:
    return max(LEAST, value / most * room) if value > 0 else 0.0
