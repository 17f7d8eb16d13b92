"""What ought to have fired, worked out a second time, slowly and plainly: from each clock's started event alone.

Only for clocks that nobody touched, on a calendar that never closes: then working time is time. Shares no code with
the product.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

WHOLE_DAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


@dataclass(frozen=True, slots=True)
class Step:
    """One firing that is to come: its rung, its instant, the roles it tells."""

    rung: str
    at: datetime
    to: frozenset[str]


def deadline(event: dict[str, Any], definition: dict[str, Any]) -> datetime:
    """`event`: at (aware) and data of a started event; `definition`: of its calendar version."""
    weekly = definition["weekly"]
    if {day: [list(pair) for pair in pairs] for day, pairs in weekly.items()} != WHOLE_DAYS or definition["exceptions"]:
        raise ValueError("this plain arithmetic knows only a calendar that never closes")
    target = event["data"]["target"]
    if target["kind"] != "working_seconds":
        raise ValueError(f"this plain arithmetic does not know {target['kind']}")
    start: datetime = event["at"]
    return start + timedelta(seconds=target["value"])


def steps(event: dict[str, Any], definition: dict[str, Any], ladder: list[dict[str, Any]], kind: str) -> list[Step]:
    """Every firing of a clock that nobody stops, in order of time. The deadline always fires, to owner and lead."""
    found = {"breach": Step("breach", deadline(event, definition), frozenset({"owner", "lead"}))}
    seconds = event["data"]["target"]["value"]
    for one in ladder:
        if "clocks" in one and kind not in one["clocks"]:
            continue
        percent = one["percent"]
        rung = "breach" if percent == 100 else f"warn:{percent}" if percent < 100 else f"late:{percent}"
        after = -(-seconds * percent // 100)  # a started second counts as a whole one
        found[rung] = Step(rung, event["at"] + timedelta(seconds=after), frozenset(one["to"]))
    return sorted(found.values(), key=lambda step: (step.at, step.rung))


def mails(steps: list[Step], collapsed: set[str]) -> dict[str, frozenset[str]]:
    """By rung: the roles one mail each goes to. A rung noticed together with later ones (`collapsed`) is told by the
    first later one that is not; whoever it would have told is told then."""
    found: dict[str, frozenset[str]] = defaultdict(frozenset)
    waiting: frozenset[str] = frozenset()
    for step in steps:
        waiting |= step.to
        if step.rung not in collapsed:
            found[step.rung], waiting = waiting, frozenset()
    if waiting:
        raise ValueError("the last rung of a clock cannot be collapsed")
    return dict(found)
