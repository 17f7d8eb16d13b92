"""Bars: lying (causes, groups) and standing (the backlog by age). Axes start at nought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.charts.geometry import Mark, g

WIDTH, HEAD = 540, 22
STANDING_HEIGHT, STANDING_FOOT, STANDING_TOP, INSET = 236, 28, 32, 14
LEAST, REACH = 3.0, 24.0


@dataclass(frozen=True, slots=True)
class Form:
    """Where the parts of a lying bar stand, in units that are pixels on a phone and about that on a desk. `letters`:
    as many of a name fit; `name_y`, `bar_y`, `text_y`: below the upper edge of a row."""

    width: int
    row: int
    letters: int
    name_x: int
    name_anchor: str
    name_y: int
    bar_x: int
    bar_y: int
    bar_length: int
    text_y: int


BESIDE = Form(540, 27, 29, 204, "end", 12, 214, 0, 204, 12)  # the name before its bar
ABOVE = Form(310, 42, 46, 0, "start", 11, 0, 17, 204, 29)  # the name over its bar, for a phone


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
    """`name`: as much of the bar's as there is room for."""

    bar: Bar
    name: str
    name_y: str
    text_y: str
    bar_y: str
    length: str
    label_x: str


@dataclass(frozen=True, slots=True)
class LyingBars(Mark):
    """`narrow`: the same bars for a phone."""

    bars: Sequence[Lying]
    height: str
    width: str
    name_x: str
    name_anchor: str
    bar_x: str
    bar_height: str = "17"
    narrow: LyingBars | None = None


def lying(bars: Sequence[Bar], *, most: float | None = None) -> LyingBars:
    """Bars under each other in the order given; `most`: the value that fills the width (default: the greatest)."""
    longest = max([most or 0, *(bar.value for bar in bars)])
    return _lying(bars, longest, BESIDE, narrow=_lying(bars, longest, ABOVE))


def _lying(bars: Sequence[Bar], longest: float, form: Form, *, narrow: LyingBars | None = None) -> LyingBars:
    placed = []
    for i, bar in enumerate(bars):
        top = HEAD + i * form.row
        length = max(0.0, bar.value) / longest * form.bar_length if longest > 0 else 0.0
        name, label_x = _fitting(bar.name, form.letters), g(form.bar_x + length + 8)
        placed.append(
            Lying(bar, name, g(top + form.name_y), g(top + form.text_y), g(top + form.bar_y), g(length), label_x)
        )
    return LyingBars(
        placed,
        height=g(HEAD + form.row * len(bars)),
        width=str(form.width),
        name_x=str(form.name_x),
        name_anchor=form.name_anchor,
        bar_x=str(form.bar_x),
        narrow=narrow,
    )


def _fitting(name: str, letters: int) -> str:
    """As much of a name as there is room for; of a path its last step, which tells the most."""
    name = name.rpartition(" › ")[2]
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


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
