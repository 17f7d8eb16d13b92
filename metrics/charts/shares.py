"""The net promoter score: a line with its interval above, the three shares stacked below, on one axis of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from metrics.charts.geometry import Mark, Scale, Spot, Tick, Value, band_path, bounds, broken_path, g

WIDTH, HEIGHT, LEFT, RIGHT = 540, 290, 34, 104
LINE_TOP, LINE_FLOOR, STACK_TOP, STACK_FLOOR, GAP = 12, 112, 134, 260, 1.5
KINDS = ("promoter", "passive", "detractor")
TONES = {"promoter": "1", "passive": "mute", "detractor": "2"}
LEAST_NUMBERED = 9.0  # a share under this is too low for its number


@dataclass(frozen=True, slots=True)
class Month:
    """One place on the axis: score and its interval in points, shares in per cent (None: nobody answered)."""

    label: str
    score: Value = None
    low: Value = None
    high: Value = None
    shares: tuple[float, float, float] | None = None  # promoters, passives, detractors
    title: str = ""
    titles: tuple[str, str, str] = ("", "", "")
    urls: tuple[str, str, str] = ("", "", "")
    url: str = ""


@dataclass(frozen=True, slots=True)
class Block(Mark):
    kind: str
    x: str
    y: str
    width: str
    height: str
    middle: str
    text_y: str
    text: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Dot(Mark):
    x: str
    y: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Name(Mark):
    """A kind of answer named beside the last stack. `tone`: the end of its label's class."""

    kind: str
    tone: str
    y: str


@dataclass(frozen=True, slots=True)
class ShareChart(Mark):
    """`end_y`: where the last score stands, to be named there ("" without any)."""

    rows: Sequence[Tick]
    columns: Sequence[Tick]
    line: str
    band: str
    points: Sequence[Dot]
    blocks: Sequence[Block]
    names: Sequence[Name]
    end_x: str
    end_y: str
    empty: bool
    width: str = str(WIDTH)
    height: str = str(HEIGHT)
    left: str = str(LEFT)
    right: str = str(WIDTH - RIGHT)
    tick_x: str = str(LEFT - 8)
    tick_y: str = str(HEIGHT - 12)
    name_x: str = str(WIDTH - RIGHT + 6)


def share_chart(months: Sequence[Month], *, word: Callable[[float], str]) -> ShareChart:
    """`word` writes a tick of the upper axis, with its sign. The three blocks of a month fill the stack exactly."""
    scores = [v for month in months for v in (month.score, month.low, month.high)]
    low, high, ticks = bounds(scores, floor_at=-100, ceil_at=100, most=3)
    y = Scale(low, high, LINE_FLOOR, LINE_TOP)
    step = (WIDTH - RIGHT - LEFT) / max(1, len(months))
    xs = [LEFT + step * (i + 0.5) for i in range(len(months))]

    def spots(values: Sequence[Value]) -> list[Spot | None]:
        return [None if v is None else (x, y(v)) for x, v in zip(xs, values, strict=True)]

    line = spots([month.score for month in months])
    last = next((month for month in reversed(months) if month.shares), None)
    known = [spot for spot in line if spot is not None]
    return ShareChart(
        rows=[Tick(g(y(v)), g(y(v) + 4), word(v)) for v in ticks],
        columns=[
            Tick(g(x), g(x), month.label)
            for i, (x, month) in enumerate(zip(xs, months, strict=True))
            if i % max(1, -(-len(months) // 8)) == 0
        ],
        line=broken_path(line),
        band=band_path(spots([month.high for month in months]), spots([month.low for month in months])),
        points=[
            Dot(g(spot[0]), g(spot[1]), month.title, month.url)
            for spot, month in zip(line, months, strict=True)
            if spot is not None
        ],
        blocks=[block for x, month in zip(xs, months, strict=True) for block in _stack(x, min(46.0, step - 6), month)],
        names=_names(last),
        end_x=g(known[-1][0] + 12) if known else "",
        end_y=g(known[-1][1]) if known else "",
        empty=last is None,
    )


def _stack(x: float, width: float, month: Month) -> list[Block]:
    if month.shares is None:
        return []
    blocks, top = [], float(STACK_TOP)
    for kind, share, title, url in zip(KINDS, month.shares, month.titles, month.urls, strict=True):
        tall = (STACK_FLOOR - STACK_TOP) * share / 100
        if share > 0:
            shown = max(0.4, tall - GAP)
            text = f"{share:.0f}" if share >= LEAST_NUMBERED and width >= 22 else ""
            blocks.append(
                Block(
                    kind=kind,
                    x=g(x - width / 2),
                    y=g(top),
                    width=g(width),
                    height=g(shown),
                    middle=g(x),
                    text_y=g(top + tall / 2 + 3.5),
                    text=text,
                    title=title,
                    url=url,
                )
            )
        top += tall
    return blocks


def _names(last: Month | None) -> list[Name]:
    """The kinds are named beside the last stack, at least a line apart."""
    if last is None or last.shares is None:
        return []
    names, top, floor = [], float(STACK_TOP), float(STACK_TOP)
    for kind, share in zip(KINDS, last.shares, strict=True):
        tall = (STACK_FLOOR - STACK_TOP) * share / 100
        at = max(floor, top + tall / 2 + 4)
        names.append((kind, at))
        top, floor = top + tall, at + 14
    over = max(0.0, names[-1][1] - STACK_FLOOR)
    return [Name(kind, TONES[kind], g(at - over)) for kind, at in names]
