"""Root causes by how often they come, and what else recurs (mission A11): the parts of the complaints received.

Every part is counted as `complaints-received` counts, so that it leads to its rows by the filter of its name.
"""

from __future__ import annotations

from django.db.models import F

from complaints.reference import themes
from metrics.figures.base import Group, Measure, Scope
from metrics.figures.dimensions import NONE
from metrics.figures.service import Received
from metrics.figures.sql import count, tally


def pareto(scope: Scope) -> list[Group]:
    """The period's complaints by root cause, most frequent first, those without one last. Query cost: 1."""
    groups = Received().groups(scope, "root_cause")
    return sorted(groups, key=lambda group: (group.key == NONE, -group.measure.n, group.label))


def frequent(scope: Scope, by: str) -> list[Group]:
    """The period's complaints by product, lot or type, most frequent first, what is not stated last. Query cost: 1."""
    groups = Received().groups(scope, by)
    return sorted(groups, key=lambda group: (group.key == NONE, -group.measure.n, group.label))


def recurring(scope: Scope) -> list[Group]:
    """The period's complaints by theme, most frequent first; one with two themes counts in both. Query cost: 1."""
    tagged = Received().facts(scope).filter(case_themes__isnull=False).annotate(g0=F("case_themes__theme__code"))
    rows = tally(tagged.values("g0", "one"), ("count(*) AS n",), ["g0"])
    known = themes()
    groups = []
    for row in rows:
        code, n = str(row["g0"]), count(row)
        label = known[code].label if code in known else code
        groups.append(Group(code, label, Measure(n, n)))
    return sorted(groups, key=lambda group: (-group.measure.n, group.label))
