"""The ladder: whom a clock tells, and at which share of its working time (domain, SLA 7). Knows no Django.

A policy writes it as [{"percent": 75, "to": ["owner"], "clocks": ["resolve"], "hand_over": false}, ...]; without
`clocks` a step holds for every kind. 100 percent is the deadline itself: its rung is "breach", there always is one.

On a clock stand the rungs still to fire, [microseconds since 1970, rung, addressees, hand over (0 or 1)] in order of
time, so that the sweep needs neither calendars nor policies to know what is due.

Another target or calendar begins another term of a clock: what rang before and lies ahead again rings again, once in
each term, and is named with its number ("warn:75:2"), since a name fires once for ever. A pause begins none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from core import working_time
from core.instants import from_us, to_us
from core.week_calendar import WeekCalendar
from core.working_time import Target, TargetKind, Warn

OWNER, LEAD, MANAGER, DEPUTY = 1, 2, 4, 8
TO = {"owner": OWNER, "lead": LEAD, "manager": MANAGER, "deputy": DEPUTY}
AGAIN = 16  # beside the roles: this clock's breach was told before, and taken back when a merge was undone
BREACH = "breach"
MOST_PERCENT = 1000
NONE_FIRED: Mapping[str, int] = MappingProxyType({})
Rung = list[Any]


@dataclass(frozen=True, slots=True)
class Term:
    """A stretch of a clock under one target and calendar: its number (1: the first) and since when it runs."""

    number: int = 1
    began_at: datetime | None = None


FIRST = Term()


@dataclass(frozen=True, slots=True)
class Step:
    """Tell `to` (OWNER | LEAD | ...) at `percent` of the target; `hand_over`: move one its owner leaves lying, too."""

    percent: int
    to: int
    hand_over: bool = False

    @property
    def rung(self) -> str:
        """Its stable name: "warn:75", "breach", "late:150"."""
        if self.percent == 100:
            return BREACH
        return f"{'warn' if self.percent < 100 else 'late'}:{self.percent}"


DEADLINE = Step(100, OWNER | LEAD)


def steps(ladder: Iterable[Mapping[str, Any]], kind: str) -> tuple[Step, ...]:
    """The steps for one kind of clock, lowest first; the deadline tells owner and lead unless the ladder says whom."""
    found = {
        one["percent"]: Step(one["percent"], addressees(one.get("to", ())), bool(one.get("hand_over")))
        for one in ladder
        if kind in one.get("clocks", (kind,))
    }
    found.setdefault(100, DEADLINE)
    return tuple(found[percent] for percent in sorted(found))


def addressees(names: Iterable[str]) -> int:
    """The roles named, as one number. Raises KeyError for an unknown one."""
    return sum({TO[name] for name in names})


def percent_of(rung: str) -> int:
    """What share of the target a rung stands for, in whichever term."""
    return 100 if rung == BREACH else int(rung.split(":")[1])


def step_of(rung: str) -> str:
    """The step a rung stands for, without its term: "warn:75" of "warn:75:2"."""
    return ":".join(rung.split(":")[:2])


def warnings(steps: Sequence[Step]) -> tuple[Warn, ...]:
    """The steps as `core.working_time.evaluate` takes them."""
    return tuple(Warn(percent=one.percent) for one in steps)


def rungs(
    steps: Sequence[Step],
    due_at: datetime | None,
    at: Sequence[datetime | None],
    fired: Mapping[str, int] = NONE_FIRED,
    term: Term = FIRST,
) -> list[Rung]:
    """What is still to fire. `at`: the instant of each step; those before the deadline are none later than it, those
    behind it none earlier. `fired`: the term in which each step fired last; one of an earlier term fires again if it
    lies behind the beginning of this `term`, a deadline never. Empty without a deadline."""
    if due_at is None:
        return []
    due, found = to_us(due_at), []
    for step, instant in zip(steps, at, strict=True):
        if instant is None and step.percent != 100:
            continue
        us = due if step.percent == 100 or instant is None else to_us(instant)
        us = min(us, due) if step.percent < 100 else max(us, due)
        if step.rung not in fired:
            found.append((us, step, step.rung))
        elif step.percent != 100 and fired[step.rung] < term.number and us > to_us(term.began_at or due_at):
            found.append((us, step, f"{step.rung}:{term.number}"))
    found.sort(key=lambda one: (one[0], one[1].percent))
    return [[us, rung, step.to, int(step.hand_over)] for us, step, rung in found]


def first_rungs(
    steps: Sequence[Step], calendar: WeekCalendar, start: datetime, target: Target, due_at: datetime | None
) -> list[Rung]:
    """The rungs of a new clock, that nothing has stopped or changed yet."""
    if due_at is None:
        return []
    total = target.value
    if target.kind is not TargetKind.WORKING_SECONDS:
        total = working_time.worked(calendar, start, due_at)
    return rungs(steps, due_at, shares(steps, calendar, start, total))


def shares(steps: Sequence[Step], calendar: WeekCalendar, start: datetime, total: int) -> tuple[datetime | None, ...]:
    """When each step's share of `total` working seconds from `start` on has gone; None for the deadline itself."""
    return tuple(
        None
        if step.percent == 100
        else working_time.due_at(calendar, start, Target.seconds(-(-total * step.percent // 100)))
        for step in steps
    )


def next_at(rungs: Sequence[Rung]) -> datetime | None:
    """When the sweep must look again; None: never."""
    return from_us(rungs[0][0]) if rungs else None
