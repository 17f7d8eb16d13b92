"""What each figure is aimed at, and within which bounds a target makes sense."""

from __future__ import annotations

from collections.abc import Mapping

from core.cached import Cached
from metrics.figures import figures
from metrics.figures.base import HOURS, PERCENT, POINTS, SCORE, Figure
from metrics.models import FigureTargets

BOUNDS: Mapping[str, tuple[float, float]] = {PERCENT: (0, 100), POINTS: (-100, 100), HOURS: (0, 10_000), SCORE: (1, 7)}


@Cached
def targets() -> dict[str, float]:
    """The target of each figure that has one, in its unit. Query cost: 1, none for a few seconds after."""
    row = FigureTargets.objects.filter(pk=1).first()
    return {code: float(value) for code, value in row.by_figure.items() if code in figures} if row else {}


def aimed_at(figure: Figure, basis: str = "", kind: str = "") -> float | None:
    """The target of a figure in its first reading; other readings (by acceptance, by another clock) have none."""
    first_basis = not basis or basis == figure.bases[0]
    first_kind = not kind or kind == figure.kinds[0]
    return targets().get(figure.code) if first_basis and first_kind else None


def aimable() -> dict[str, Figure]:
    """The figures that can have a target: not counts, whose fall may mean that people cannot complain, nor money."""
    return {code: figure for code, figure in figures.items() if figure.unit in BOUNDS}
