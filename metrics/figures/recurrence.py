"""Recurrence before and after a corrective action (mission A11): complaints received, by `complaints-received`.

The complaints of the action's cause (and of what stands below it), of its product and lot where it names them, in the
days before it was done and in as many after it. Local days of TIME_ZONE; the day it was done counts on neither side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from complaints import learning
from complaints.models import CorrectiveAction
from complaints.models.catalogue import UNCLASSIFIED
from complaints.reference import catalogue
from core import dates
from core.models import User
from metrics.figures.asking import default_zone
from metrics.figures.base import Group, Scope
from metrics.figures.dimensions import NONE
from metrics.figures.service import Received


@dataclass(frozen=True, slots=True)
class Side:
    """One window: `n` complaints of the cause, and `unclear` of the same product and lot that have no cause (yet) and
    may turn out to be of it. `filters`: with the dates, what asks for exactly the `n` rows."""

    since: date
    until: date
    n: int
    unclear: int
    filters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`passed`: the window after is over; until then `after` counts what came so far."""

    before: Side
    after: Side
    measurable_on: date
    passed: bool

    @property
    def change(self) -> Decimal | None:
        """By how many per cent it went up or (below nought) down, unrounded; None where there was nothing before."""
        if not self.before.n:
            return None
        return Decimal(100 * (self.after.n - self.before.n)) / self.before.n


def recurrence(action: CorrectiveAction, viewer: User, *, at: datetime) -> Recurrence | None:
    """Over the complaints `viewer` may see, as of `at`; None until it is done. Query cost: 2."""
    if action.done_on is None:
        return None
    found = learning.windows(action.done_on, action.window_days)
    before, after = (
        _side(action, viewer, at, since, until)
        for since, until in (
            (found.before_since, found.before_until),
            (found.after_since, found.after_until),
        )
    )
    return Recurrence(before, after, found.measurable_on, found.passed(dates.of_house(at)))


def _side(action: CorrectiveAction, viewer: User, at: datetime, since: date, until: date) -> Side:
    cause = catalogue().causes_by_id[action.root_cause_id]
    narrow = {name: value for name in ("product", "lot") if (value := getattr(action, name))}
    scope = Scope(viewer=viewer, zone=default_zone(), as_of=at, since=since, until=until, filters=narrow)
    groups = Received().groups(scope, "root_cause")
    family = {cause.code, *(one.code for one in catalogue().causes.values() if one.parent_id == cause.pk)}
    return Side(
        since,
        until,
        n=_total(groups, family),
        unclear=_total(groups, (NONE, UNCLASSIFIED)),
        filters={"root_cause": cause.code, **narrow},
    )


def _total(groups: Iterable[Group], keys: Iterable[str]) -> int:
    wanted = set(keys)
    return sum(group.measure.n for group in groups if group.key in wanted)
