"""The customer's years on one line: orders below, complaints and their scores above, comings and goings (mission B3).

Arithmetic only: what is drawn is given; positions are SVG attributes (DESIGN, no style attribute).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.web.parts import Part

LEFT, RIGHT, END = 44.0, 857.0, 876.0
SHORTEST, TALLEST = 3.0, 16.0
MOST_TICKS = 12
CLOSE = 22.0  # scores nearer than this would cover each other


@dataclass(slots=True)
class Case(Part):
    """A complaint on the line. `score` as text; `tone`: promoter, passive, detractor, open or empty (no score)."""

    on: date
    title: str
    is_open: bool = False
    score: str = ""
    tone: str = ""
    x: str = ""
    box_x: str = ""
    stem: str = ""
    raised: bool = True


@dataclass(slots=True)
class Order(Part):
    """The orders of one month. `share`: 0..1 of the largest month."""

    on: date
    share: float
    title: str
    d: str = ""


@dataclass(slots=True)
class Mark(Part):
    """A word at a day: joined, left, back again."""

    on: date
    text: str
    leaves: bool = False
    x: str = ""
    anchor: str = "start"
    y: str = ""


@dataclass(slots=True)
class Life(Part):
    """All that templates/customers/_lifeline.html draws."""

    title: str = ""
    lines: list[str] = field(default_factory=list)
    orders: Sequence[Order] = ()
    cases: Sequence[Case] = ()
    marks: Sequence[Mark] = ()
    ticks: list[tuple[str, str]] = field(default_factory=list)
    next: str = ""


def draw(
    *,
    since: date,
    today: date,
    stays: Sequence[tuple[date | None, date | None]],
    orders: Sequence[Order],
    cases: Sequence[Case],
    marks: Sequence[Mark],
) -> Life:
    """Everything placed. `stays`: (joined, left), open where left is None; without any the line runs all along."""
    since = min(
        [
            since,
            today - timedelta(days=28),
            *(one.on for one in orders),
            *(one.on for one in cases),
            *(one.on for one in marks),
        ]
    )
    days = max((today - since).days, 1)

    def x(on: date) -> float:
        return LEFT + min(max((on - since).days / days, 0.0), 1.0) * (RIGHT - LEFT)

    life = Life(orders=orders, cases=cases, marks=marks)
    for year in _years(since, today):
        at = g(x(date(year, 1, 1)))
        life.ticks.append((at, str(year)))
    for joined, left in stays or [(None, None)]:
        life.lines.append(f"M{g(x(joined or since))} 74H{g(x(left or today))}")
    if not stays or any(left is None for _joined, left in stays):
        life.next = f"M{g(RIGHT)} 74H{g(END)}"
    for order in orders:
        height = SHORTEST + min(max(order.share, 0.0), 1.0) * (TALLEST - SHORTEST)
        order.d = f"M{g(x(order.on))} 82v{g(height)}"
    _place_cases(cases, x)
    for mark in marks:
        place = x(mark.on)
        mark.x, mark.y = g(place), "108" if mark.leaves else "60"
        mark.anchor = "end" if place > (LEFT + RIGHT) / 2 else "start"
    return life


def _place_cases(cases: Sequence[Case], x: object) -> None:
    """Circles on the line, scores above; a score too near the one before gives way to it."""
    free_from = 0.0
    for case in sorted(cases, key=lambda one: (one.on, one.is_open)):
        at: float = x(case.on)  # type: ignore[operator]
        case.x, case.box_x, case.stem = g(at), g(at - 10), f"M{g(at)} 67V46"
        case.raised = bool(case.score) and at - 10 >= free_from
        if case.raised:
            free_from = at - 10 + CLOSE


def _years(since: date, today: date) -> list[int]:
    years = list(range(since.year + 1, today.year + 1))
    step = -(-len(years) // MOST_TICKS) or 1
    return years[::-1][::step][::-1]


def g(value: float) -> str:
    """A coordinate: at most one decimal."""
    return f"{round(value, 1):.1f}".removesuffix(".0")
