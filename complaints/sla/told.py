"""What an action made of the deadlines of a case, for its trail: looked at before and after (domain, SLA 3, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.models import Clock, ClockState
from complaints.sla import clocks as sla
from complaints.sla import policies, recompute
from complaints.sla.reading import day_length


@dataclass(frozen=True, slots=True)
class Before:
    """The clocks of a case before a change, by key: deadlines, working seconds left of those that stand still, what is
    over."""

    due: dict[int, datetime | None]
    left: dict[int, int | None]
    over: frozenset[int]


def before(clocks: Iterable[Clock], at: datetime) -> Before:
    """Query cost: 1 for each clock that stands still."""
    clocks = list(clocks)
    return Before(
        {clock.pk: clock.due_at for clock in clocks},
        _left(clocks, at),
        frozenset(clock.pk for clock in clocks if clock.is_finished),
    )


def after(then: Before, clocks: Sequence[Clock], at: datetime) -> dict[str, Any]:
    """What the trail says, as `complaints.sla.tally.on_trail` says it of an edit; new clocks stand among "deadlines",
    as [null, deadline]. Empty if nothing changed. Query cost: 1 for each clock that stands still."""
    now = _left([clock for clock in clocks if clock.pk in then.left], at)
    still = [clock for clock in clocks if clock.pk in now and now[clock.pk] != then.left[clock.pk]]
    found: dict[str, Any] = {
        "deadlines": moved(then.due, clocks),
        "left": {name_of(clock): [then.left[clock.pk], now[clock.pk]] for clock in still},
        "day_seconds": next((_day(clock) for clock in still), 0),
        "ended": [
            name_of(clock)
            for clock in clocks
            if clock.state == ClockState.CANCELLED and clock.pk in then.due and clock.pk not in then.over
        ],
    }
    return {name: value for name, value in found.items() if value}


def moved(before: Mapping[int, datetime | None], clocks: Iterable[Clock]) -> dict[str, list[str | None]]:
    """Deadlines that changed, by kind or rule: from -> to; `before`: by key. No query."""
    return {
        name_of(clock): [instant(before.get(clock.pk)), instant(clock.due_at)]
        for clock in clocks
        if before.get(clock.pk) != clock.due_at
    }


def name_of(clock: Clock) -> str:
    """A clock's kind, or the code of a statutory rule."""
    return clock.code or str(clock.kind)


def instant(at: datetime | None) -> str | None:
    """As the trail keeps it."""
    return at.isoformat() if at else None


def _left(clocks: Iterable[Clock], at: datetime) -> dict[int, int | None]:
    waiting = [clock for clock in clocks if clock.state == ClockState.PAUSED]
    return {clock.pk: recompute.left_of(clock, sla.story_of(clock), at) for clock in waiting}


def _day(clock: Clock) -> int:
    version = clock.calendar_version_id
    return day_length(policies.calendar_of(version)) if version is not None else 0
