"""Root causes by how often they come (mission A11): the rows of a Pareto chart, most frequent first."""

from __future__ import annotations

from metrics.figures.base import Group, Scope
from metrics.figures.service import Received


def pareto(scope: Scope) -> list[Group]:
    """The period's complaints by root cause, most frequent first, those without one last. Query cost: 1."""
    groups = Received().groups(scope, "root_cause")
    return sorted(groups, key=lambda group: (group.key == "-", -group.measure.n, group.label))
