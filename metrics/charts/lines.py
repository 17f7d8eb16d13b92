"""Rates over time: a line with its band, its target and the part that is not ripe yet (design, Chart grammar)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from metrics.charts.geometry import (
    Mark,
    Scale,
    Spot,
    Tick,
    Value,
    band_path,
    bounds,
    broken_path,
    every,
    g,
    spread,
)

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 540, 250, 34, 92, 14, 30
SPARK_WIDTH, SPARK_HEIGHT = 220, 44
LABEL_GAP = 15


@dataclass(frozen=True, slots=True)
class Series:
    """One line as the caller has it; `label`: its name where it ends."""

    values: Sequence[Value]
    label: str = ""
    lows: Sequence[Value] = ()
    highs: Sequence[Value] = ()


@dataclass(frozen=True, slots=True)
class Dot(Mark):
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Hit(Mark):
    """One place on the axis, as wide as may be pointed at: what stands there in words, and where it leads."""

    x: str
    width: str
    title: str
    url: str
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True)
class Line(Mark):
    """`number` 1, 2, 3: its colour's class. `dotted`: the part that is not ripe."""

    number: int
    path: str
    dotted: str
    band: str
    label: str
    label_y: str


@dataclass(frozen=True, slots=True)
class Hatch(Mark):
    x: str
    width: str
    label_x: str


@dataclass(frozen=True, slots=True)
class LineChart(Mark):
    """`empty`: no value at all; the template then says so in words. Coordinates of the frame are attributes too."""

    lines: Sequence[Line]
    hits: Sequence[Hit]
    rows: Sequence[Tick]
    columns: Sequence[Tick]
    hatch: Hatch | None
    target: Tick | None
    empty: bool
    width: str = str(WIDTH)
    height: str = str(HEIGHT)
    left: str = str(LEFT)
    right: str = str(WIDTH - RIGHT)
    top: str = str(TOP)
    depth: str = str(HEIGHT - TOP - BOTTOM)
    tick_x: str = str(LEFT - 8)
    label_x: str = str(WIDTH - RIGHT + 8)
    tick_y: str = str(HEIGHT - 10)
    note_y: str = str(HEIGHT - BOTTOM - 8)


def line_chart(
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    word: Callable[[float], str],
    titles: Sequence[str] = (),
    urls: Sequence[str] = (),
    target: float | None = None,
    target_label: str = "",
    ripe: int | None = None,
    floor_at: float | None = None,
    ceil_at: float | None = None,
) -> LineChart:
    """The lines over `labels`. `word` writes a tick; `titles`, `urls`: one per place, for pointing and following.

    `ripe`: how many places are ripe (None: all of them).
    Series shorter or longer than the labels raise ValueError. No value at all: an empty chart with its grid.
    """
    if any(len(one.values) != len(labels) for one in series):
        raise ValueError("every series has one value per label")
    ripe = len(labels) if ripe is None else max(0, min(ripe, len(labels)))
    everything = [v for one in series for v in (*one.values, *one.lows, *one.highs)]
    low, high, ticks = bounds([*everything, target], floor_at=floor_at, ceil_at=ceil_at)
    y = Scale(low, high, HEIGHT - BOTTOM, TOP)
    xs = spread(len(labels), LEFT, WIDTH - RIGHT)
    ends = _apart([_end(one.values, y) for one in series])
    lines = [_line(number, one, xs, y, ripe, ends[number - 1]) for number, one in enumerate(series, 1)]
    return LineChart(
        lines=lines,
        hits=_hits([_spots(one.values, xs, y) for one in series], xs, titles, urls),
        rows=[Tick(g(y(v)), g(y(v) + 4), word(v)) for v in ticks],
        columns=_columns(labels, xs),
        hatch=_hatch(xs, ripe),
        target=None if target is None else Tick(g(y(target)), _clear_of(y(target), ends), target_label),
        empty=all(v is None for one in series for v in one.values),
    )


def _columns(labels: Sequence[str], xs: Sequence[float]) -> list[Tick]:
    step = every(len(labels))
    return [Tick(g(xs[i]), g(xs[i]), labels[i]) for i in range(0, len(labels), step)]


def _hatch(xs: Sequence[float], ripe: int) -> Hatch | None:
    """From the last ripe place on; all of it where none is ripe."""
    if ripe >= len(xs):
        return None
    start, end = (xs[ripe - 1] if ripe else LEFT), WIDTH - RIGHT
    return Hatch(g(start), g(end - start), g((start + end) / 2))


def _line(number: int, one: Series, xs: Sequence[float], y: Scale, ripe: int, end: float) -> Line:
    spots = _spots(one.values, xs, y)
    return Line(
        number=number,
        path=broken_path(spots[:ripe]),
        dotted=broken_path(spots[max(0, ripe - 1) :]) if ripe < len(spots) else "",
        band=band_path(_spots(one.highs, xs, y), _spots(one.lows, xs, y)) if one.lows and one.highs else "",
        label=one.label,
        label_y=g(end),
    )


def _hits(
    series: Sequence[Sequence[Spot | None]], xs: Sequence[float], titles: Sequence[str], urls: Sequence[str]
) -> list[Hit]:
    """A strip for every place that has a value, halfway to its neighbours; strips never overlap."""
    half = (xs[1] - xs[0]) / 2 if len(xs) > 1 else (WIDTH - RIGHT - LEFT) / 2
    found = []
    for i, x in enumerate(xs):
        dots = [Dot(g(spots[i][0]), g(spots[i][1])) for spots in series if spots[i] is not None]  # type: ignore[index]
        if dots:
            start, end = max(0.0, x - half), x + half
            found.append(Hit(g(start), g(end - start), _of(titles, i), _of(urls, i), dots))
    return found


def _of(texts: Sequence[str], place: int) -> str:
    return texts[place] if place < len(texts) else ""


def _spots(values: Sequence[Value], xs: Sequence[float], y: Scale) -> list[Spot | None]:
    return [None if v is None else (x, y(float(v))) for x, v in zip(xs, values, strict=True)]


def _end(values: Sequence[Value], y: Scale) -> float:
    """Where the name of a line stands: at its last value."""
    last = next((float(v) for v in reversed(values) if v is not None), None)
    return y.start if last is None else y(last) + 4


def _apart(ends: Sequence[float]) -> list[float]:
    """The same heights, moved so that no name covers another."""
    order = sorted(range(len(ends)), key=lambda i: ends[i])
    placed = list(ends)
    for before, this in pairwise(order):
        placed[this] = max(placed[this], placed[before] + LABEL_GAP)
    over = max([end - (HEIGHT - BOTTOM + 4) for end in placed] or [0.0])
    return [end - over for end in placed] if over > 0 else placed


def _clear_of(at: float, ends: Sequence[float]) -> str:
    """A height for the target's name: above its line, below it where a series is named there."""
    wanted = at - 6
    if any(abs(end - wanted) < LABEL_GAP for end in ends):
        wanted = at + 14
    if any(abs(end - wanted) < LABEL_GAP for end in ends):
        wanted = min(ends) - LABEL_GAP
    return g(wanted)


@dataclass(frozen=True, slots=True)
class Spark(Mark):
    path: str
    dotted: str
    band: str
    width: str = str(SPARK_WIDTH)
    height: str = str(SPARK_HEIGHT)


def spark(values: Sequence[Value], lows: Sequence[Value] = (), highs: Sequence[Value] = (), *, ripe: int = -1) -> Spark:
    """A line without axis, its band behind it; bands wider than three times the line's own reach are cut off."""
    known = [float(v) for v in values if v is not None]
    if not known:
        return Spark("", "", "")
    low, high = min(known), max(known)
    reach = max(high - low, abs(high) * 0.02, 1e-9)
    edges = [float(v) for v in (*lows, *highs) if v is not None]
    low, high = max(min([*edges, low]), low - reach * 1.5), min(max([*edges, high]), high + reach * 1.5)
    y = Scale(low - (high - low) * 0.1, high, SPARK_HEIGHT - 4, 4)
    xs = spread(len(values), 2, SPARK_WIDTH - 5)
    spots = _spots(values, xs, y)
    ripe = len(spots) if ripe < 0 else ripe
    band = band_path(_spots(highs, xs, y), _spots(lows, xs, y)) if lows and highs else ""
    dotted = broken_path(spots[max(0, ripe - 1) :]) if ripe < len(spots) else ""
    return Spark(broken_path(spots[:ripe]), dotted, band)


@dataclass(frozen=True, slots=True)
class Interval(Mark):
    """A bar for the interval, a dot for the value, a tick for the value before (empty: none)."""

    bar: str
    dot: str
    previous: str
    axis: str = "M4 7h212"


def interval(value: float, low: float, high: float, previous: Value = None) -> Interval:
    """Drawn within its own surroundings: half the interval more on either side, and the value before."""
    known = [low, high, value, *([previous] if previous is not None else [])]
    room = (max(known) - min(known)) * 0.35 or 1.0
    x = Scale(min(known) - room, max(known) + room, 4, 216)
    return Interval(
        bar=f"M{g(x(low))} 7H{g(x(high))}",
        dot=g(x(value)),
        previous="" if previous is None else f"M{g(x(previous))} 2v10",
    )
