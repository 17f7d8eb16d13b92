"""The service recovery picture: people flow through columns of boxes to those who stayed and those who left.

In every box those who stayed lie above those who left, so the loss is one stream along the lower edges (design, Chart
grammar). All labels are sums of the same flows. The columns are data: complaint type and score today, remedy and
promise as soon as they are kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.charts.geometry import Mark, g

WIDTH, HEIGHT, TOP, BOTTOM, GAP, END_GAP = 1120, 440, 46, 6, 10, 26
BOX_SHARE, RAIL, END = 0.49, 7, 10  # of a step: the rest is for the ribbons
LETTER = 7.2  # a letter of a name, about
LAST_ROOM = 208  # for the last bar and its words
LOW = 12  # a box under this has no room for a name
THIN = 6  # fewer people than this: a thin ribbon
STAYED, LEFT = 0, 1


@dataclass(frozen=True, slots=True)
class Flow:
    """People who took one way: a key per column; how many stayed and how many left."""

    keys: tuple[str, ...]
    stayed: int
    left: int


@dataclass(frozen=True, slots=True)
class Column:
    """One step: its name and its boxes (key -> name) from top to bottom."""

    name: str
    boxes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Box(Mark):
    column: int
    key: str
    name: str
    short: str  # the name as far as it fits
    stayed: int
    left: int
    x: str
    y: str
    height: str
    rail_x: str
    stayed_height: str
    left_y: str
    left_height: str
    name_x: str
    name_y: str
    num_y: str
    roomy: bool  # two lines of words fit into it

    @property
    def people(self) -> int:
        return self.stayed + self.left


@dataclass(frozen=True, slots=True)
class Ribbon(Mark):
    """`thickness` in the unit of the picture; `people` is what it stands for. `keys`: of the box it leaves and of the
    one it reaches ("" where it reaches the end), both from `column` on."""

    path: str
    people: int
    gone: bool
    thin: bool
    source: str
    target: str  # the name of the box it reaches; "" where it reaches the end
    thickness: float
    column: int = 0
    keys: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Finish(Mark):
    kind: str  # stayed, left
    people: int
    x: str
    y: str
    height: str
    words_x: str
    big_y: str
    num_y: str


@dataclass(frozen=True, slots=True)
class Step(Mark):
    name: str
    x: str


@dataclass(frozen=True, slots=True)
class Picture(Mark):
    people: int
    stayed: int
    left: int
    steps: Sequence[Step]
    boxes: Sequence[Box]
    ribbons: Sequence[Ribbon]
    finishes: Sequence[Finish]
    seam: str
    box: str
    width: str = str(WIDTH)
    height: str = str(HEIGHT)
    rail: str = str(RAIL)
    end: str = str(END)


Total = list[int]  # [stayed, left]


def totals(flows: Sequence[Flow], column: int) -> dict[str, Total]:
    """Of every box of one column: how many stayed, how many left."""
    found: dict[str, Total] = defaultdict(lambda: [0, 0])
    for flow in flows:
        found[flow.keys[column]][STAYED] += flow.stayed
        found[flow.keys[column]][LEFT] += flow.left
    return found


def links(flows: Sequence[Flow], column: int) -> dict[tuple[str, str], Total]:
    """Between the boxes of a column and those of the next: how many stayed, how many left."""
    found: dict[tuple[str, str], Total] = defaultdict(lambda: [0, 0])
    for flow in flows:
        pair = found[flow.keys[column], flow.keys[column + 1]]
        pair[STAYED] += flow.stayed
        pair[LEFT] += flow.left
    return found


def picture(columns: Sequence[Column], flows: Sequence[Flow], last: str) -> Picture | None:
    """The whole picture, `last` naming its last step; None when there is nobody to show.

    A flow must have a key for every column and each key must be a box of it; else ValueError.
    """
    _check(columns, flows)
    people = sum(flow.stayed + flow.left for flow in flows)
    if not people or not columns:
        return None
    return _Drawing(columns, [flow for flow in flows if flow.stayed or flow.left], people).done(last)


def _check(columns: Sequence[Column], flows: Sequence[Flow]) -> None:
    for flow in flows:
        if len(flow.keys) != len(columns):
            raise ValueError("a flow names one box of every column")
        if any(key not in column.boxes for key, column in zip(flow.keys, columns, strict=True)):
            raise ValueError(f"{flow.keys} names a box that is not there")
        if flow.stayed < 0 or flow.left < 0:
            raise ValueError("people are counted from nought")


class _Drawing:
    """Works out heights top down, then lets every ribbon take its share of both boxes in order."""

    def __init__(self, columns: Sequence[Column], flows: Sequence[Flow], people: int) -> None:
        self.columns, self.flows, self.people = columns, flows, people
        self.totals = [totals(flows, i) for i in range(len(columns))]
        self.keys = [[key for key in column.boxes if key in self.totals[i]] for i, column in enumerate(columns)]
        most = max(len(keys) for keys in self.keys)
        self.room = HEIGHT - TOP - BOTTOM
        self.gap = min(GAP, self.room / 3 / max(1, most - 1))
        self.unit = (self.room - max((most - 1) * self.gap, END_GAP)) / people
        step = (WIDTH - LAST_ROOM) / len(columns)
        self.xs = [step * i for i in range(len(columns))]
        self.box = round(step * BOX_SHARE)
        self.end_x = float(WIDTH - LAST_ROOM)
        self.stayed = sum(flow.stayed for flow in flows)
        self.left = people - self.stayed
        self.tops = [self._tops(i) for i in range(len(columns))]
        used = people * self.unit + (END_GAP if self.stayed and self.left else 0)
        stayed_top = TOP + (self.room - used) / 2
        self.ends = (stayed_top, stayed_top + self.stayed * self.unit + (END_GAP if self.stayed else 0))

    def _tops(self, column: int) -> dict[str, float]:
        keys = self.keys[column]
        y = TOP + (self.room - self.people * self.unit - self.gap * (len(keys) - 1)) / 2
        tops = {}
        for key in keys:
            tops[key] = y
            y += sum(self.totals[column][key]) * self.unit + self.gap
        return tops

    def done(self, last: str) -> Picture:
        return Picture(
            people=self.people,
            stayed=self.stayed,
            left=self.left,
            steps=[
                *(Step(c.name, g(x)) for c, x in zip(self.columns, self.xs, strict=True)),
                Step(last, g(self.end_x)),
            ],
            boxes=[self._box(i, key) for i, keys in enumerate(self.keys) for key in keys],
            ribbons=sorted(self._ribbons(), key=lambda one: one.gone),
            finishes=self._finishes(),
            seam=self._seam(),
            box=g(self.box),
        )

    def _seam(self) -> str:
        """A gold line with one mended crack between two steps."""
        mended = "".join(f"H{g(x - 96)}l10 -4 12 8 12 -9 10 7 8 -2" for x in [*self.xs[1:], self.end_x])
        return f"M0 32{mended}H{WIDTH}"

    def _box(self, column: int, key: str) -> Box:
        (stayed, left), top, x = self.totals[column][key], self.tops[column][key], self.xs[column]
        tall = (stayed + left) * self.unit
        roomy = tall >= 26
        middle = top + tall / 2
        return Box(
            column=column,
            key=key,
            name=self.columns[column].boxes[key],
            short=self._short(self.columns[column].boxes[key]) if tall >= LOW else "",
            stayed=stayed,
            left=left,
            x=g(x),
            y=g(top),
            height=g(tall),
            rail_x=g(x + self.box - RAIL),
            stayed_height=g(stayed * self.unit),
            left_y=g(top + stayed * self.unit),
            left_height=g(left * self.unit),
            name_x=g(x + 10),
            name_y=g(middle - 2.5 if roomy else middle + 4),
            num_y=g(middle + 11),
            roomy=roomy,
        )

    def _short(self, name: str) -> str:
        room = int((self.box - RAIL - 16) / LETTER)
        return name if len(name) <= room else f"{name[: room - 1].rstrip()}…"

    def _ribbons(self) -> list[Ribbon]:
        found: list[Ribbon] = []
        for i in range(len(self.columns) - 1):
            leaving, arriving, between = self._edges(i), self._edges(i + 1), links(self.flows, i)
            for a in self.keys[i]:
                for b in self.keys[i + 1]:
                    for side in (STAYED, LEFT):
                        if count := between.get((a, b), [0, 0])[side]:
                            spots = (self.xs[i] + self.box, leaving[a][side], self.xs[i + 1], arriving[b][side])
                            leaving[a][side] += count * self.unit
                            arriving[b][side] += count * self.unit
                            found.append(self._ribbon(spots, count, side, i, (a, b)))
        found += self._into_the_end()
        return found

    def _into_the_end(self) -> list[Ribbon]:
        last, arriving = len(self.columns) - 1, list(self.ends)
        leaving, found = self._edges(last), []
        for key in self.keys[last]:
            for side in (STAYED, LEFT):
                if count := self.totals[last][key][side]:
                    spots = (self.xs[last] + self.box, leaving[key][side], self.end_x, arriving[side])
                    arriving[side] += count * self.unit
                    found.append(self._ribbon(spots, count, side, last, (key, "")))
        return found

    def _edges(self, column: int) -> dict[str, list[float]]:
        """Where the next ribbon of a box begins: of those who stayed, of those who left."""
        tops, sums = self.tops[column], self.totals[column]
        return {key: [tops[key], tops[key] + sums[key][STAYED] * self.unit] for key in self.keys[column]}

    def _ribbon(
        self, spots: tuple[float, float, float, float], count: int, side: int, column: int, keys: tuple[str, str]
    ) -> Ribbon:
        xa, ya, xb, yb = spots
        thick, middle = count * self.unit, (xa + xb) / 2
        shape = (
            f"M{g(xa)} {g(ya)}C{g(middle)} {g(ya)} {g(middle)} {g(yb)} {g(xb)} {g(yb)}V{g(yb + thick)}"
            f"C{g(middle)} {g(yb + thick)} {g(middle)} {g(ya + thick)} {g(xa)} {g(ya + thick)}Z"
        )
        gone, source = side == LEFT, self.columns[column].boxes[keys[0]]
        target = self.columns[column + 1].boxes[keys[1]] if keys[1] else ""
        return Ribbon(shape, count, gone, gone and count < THIN, source, target, thick, column, keys)

    def _finishes(self) -> list[Finish]:
        found = []
        for kind, count, top in (("stayed", self.stayed, self.ends[0]), ("left", self.left, self.ends[1])):
            if count:
                middle = top + count * self.unit / 2
                found.append(
                    Finish(
                        kind=kind,
                        people=count,
                        x=g(self.end_x),
                        y=g(top),
                        height=g(count * self.unit),
                        words_x=g(self.end_x + 26),
                        big_y=g(middle + 4),
                        num_y=g(middle + 22),
                    )
                )
        return found
