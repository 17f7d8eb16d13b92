"""A group by time is the figure of those days; the figure and its groups asked together are what each says alone."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput
from metrics import periods
from metrics.figures import figures
from metrics.figures.base import Figure, Group, Measure, Scope
from metrics.periods import Period
from tests.figures.test_against_oracle import scopes, world
from tests.figures.world import World

__all__ = ["world"]
pytestmark = pytest.mark.django_db
OF_WHOLE_PARTS = ("retention-rate", "churn-rate")  # they ask who was there at both ends of a part
OF_A_MOMENT = ("backlog-age", "service-recovery")
CODES = [code for code in figures if code not in (*OF_WHOLE_PARTS, *OF_A_MOMENT)]


def said(measure: Measure) -> tuple[Any, ...]:
    """Everything a result says, without the last digits of binary fractions."""
    values = {name: number(value) for name, value in (measure.values or {}).items()}
    sure = (number(measure.low), number(measure.high), measure.immature)
    return number(measure.value), measure.n, number(measure.numerator), measure.denominator, values, sure


def number(value: Any) -> float | None:
    return None if value is None else round(float(value), 6)


def asked(world: World, figure: Figure) -> list[Scope]:
    return [one for one in scopes(world, figure, 7) if one.period is not None]


def test_a_bucket_is_the_figure_of_its_days(world: World) -> None:
    for code in CODES:
        _buckets(world, code, figures[code])


def _buckets(world: World, code: str, figure: Figure) -> None:
    for turn, scope in enumerate(asked(world, figure)[::3]):
        period = scope.period
        assert period is not None
        unit = ("week", "month", "quarter")[turn % 3]
        found = {group.key: group.measure for group in figure.groups(scope, unit)}
        parts = list(period.buckets(unit))
        assert list(found) == [periods.key(part.since, unit) for part in parts]
        for part in parts[:6]:
            days = Period(max(part.since, period.since), min(part.until, period.until))
            expected = figure.measure(scope.replace(since=days.since, until=days.until))
            assert said(found[periods.key(part.since, unit)]) == said(expected), (code, unit, days, scope)


def test_a_figure_with_its_groups_is_what_each_says_alone(world: World) -> None:
    for code, figure in figures.items():
        _together(world, code, figure)


def _together(world: World, code: str, figure: Figure) -> None:
    for turn, scope in enumerate(list(scopes(world, figure, 11))[::2]):
        by = figure.groupings[turn % len(figure.groupings)] if turn % 2 else "month"
        try:
            groups = figure.groups(scope, by)
        except InvalidInput:
            continue
        measure, together = figure.both(scope, by)
        assert said(measure) == said(figure.measure(scope)), (code, by, scope)
        assert [flat(one) for one in together] == [flat(one) for one in groups], (code, by, scope)


def flat(group: Group) -> tuple[Any, ...]:
    return group.key, group.label, said(group.measure)
