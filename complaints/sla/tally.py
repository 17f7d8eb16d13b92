"""What an edit of deadlines changes, counted: how many, by how much, which are due at once (domain, SLA 3).

What was counted stands on the edit as plain JSON that names no case but among its examples:

    {"open", "complaints", "moved", "earlier", "later", "late_at_once", "late_complaints", "paused", "paused_spent",
     "added", "ended",
     "shifts": {"earlier": {"sum", "most", "worked_sum", "worked_most"}, "later": {...}, "left": {"sum", "most"}},
     "spread": {"policy:12 resolve earlier:2": how many}, "days": [seconds of a working day], "examples": [...]}

`complaints`: those of which any clock changes. `paused`: clocks that stand still and have less or more time left;
`paused_spent`: those that have none left and are due as soon as they go on. `left` sums working seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from heapq import nsmallest
from operator import itemgetter
from typing import Any

from complaints.models import Complaint, SlaEditRow
from complaints.sla import policies
from complaints.sla.reading import day_length
from complaints.sla.recompute import ADDED, ENDED, LEFT, MOVED, STILL, Move
from complaints.sla.told import instant, name_of
from core import bulk

EXAMPLES = 20
A_SECOND = timedelta(seconds=1)
EARLIER, LATER, LESS, MORE = "earlier", "later", "less", "more"
BANDS = (4 * 3600, 86_400, 7 * 86_400)  # seconds; a shift stands in the first that holds it, else in the last, 4
NUMBERS = (
    "open", "complaints", "moved", "earlier", "later", "late_at_once", "late_complaints", "paused", "paused_spent",
    "added", "ended",
)  # fmt: skip
_SHIFT = {"sum": 0, "most": 0, "worked_sum": 0, "worked_most": 0}


def nothing() -> dict[str, Any]:
    """Before anything is counted."""
    shifts = {EARLIER: dict(_SHIFT), LATER: dict(_SHIFT), "left": {"sum": 0, "most": 0}}
    return {**dict.fromkeys(NUMBERS, 0), "shifts": shifts, "spread": {}, "days": [], "examples": []}


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """The counts alone, whole even of an edit that was counted before all of them were."""
    empty = nothing()
    return {name: found.get(name, value) for name, value in empty.items()}


def changed(found: dict[str, Any]) -> int:
    """How many clocks change."""
    return sum(found.get(name, 0) for name in ("moved", "paused", "added", "ended"))


def is_late(move: Move, at: datetime) -> bool:
    """Whether an open clock is due at once: at the moment of the change, rounded up to a second as deadlines are."""
    return move.what == MOVED and move.after is not None and move.after < at + A_SECOND


def add(found: dict[str, Any], moves: Iterable[tuple[Complaint, Sequence[Move]]], at: datetime) -> dict[str, Any]:
    """What was found, with the moves of further complaints. Query cost: 1 for each draft of a calendar."""
    found = {**nothing(), **found}
    found["shifts"], found["spread"] = deepcopy(found["shifts"]), dict(found["spread"])
    versions, shown_first = set(), []
    for complaint, own in moves:
        real = [move for move in own if move.what != STILL]
        late = False
        for move in real:
            at_once = is_late(move, at)
            _count(found, move)
            found["late_at_once"] += at_once
            late = late or at_once
            key = _key(move)
            found["spread"][key] = found["spread"].get(key, 0) + 1
            versions.add(move.row["calendar_version_id"])
            shown_first.append((_first(at_once, move.seconds, move.left), complaint, move))
        found["complaints"] += bool(real)
        found["late_complaints"] += late
    fresh = [
        _example(one, move, not rank[0]) for rank, one, move in nsmallest(EXAMPLES, shown_first, key=itemgetter(0))
    ]
    examples = sorted(
        [*found["examples"], *fresh], key=lambda one: _first(one.get("late"), one.get("seconds"), one.get("left"))
    )
    days = {*found["days"], *(day_length(policies.calendar_of(version)) for version in versions)}
    return {**found, "days": sorted(days), "examples": examples[:EXAMPLES]}


def rows(edit_id: int, moves: Iterable[tuple[Complaint, Sequence[Move]]], at: datetime) -> None:
    """Keep which clocks those are. Query cost: 1 for any number."""
    table = bulk.Table(SlaEditRow, keyless=True, edit_id=edit_id)
    values = [
        table.row(
            complaint_id=complaint.pk,
            clock=name_of(move.clock),
            what=move.what,
            late=is_late(move, at),
            before_at=move.before,
            after_at=move.after,
            seconds=move.seconds,
            worked=move.worked,
            left_before=move.left[0] if move.left else None,
            left_after=move.left[1] if move.left else None,
        )
        for complaint, own in moves
        for move in own
        if move.what != STILL
    ]
    if values:
        table.load(values)


def on_trail(moves: Iterable[Move]) -> dict[str, Any]:
    """What the complaint's trail says of them; empty if no deadline changes.

    {"deadlines": {clock: [before, after]}, "left": {clock: [working seconds before, after]},
    "added": {clock: deadline}, "ended": [clock]}, each only where there is one; beside "left" stands "day_seconds", how
    long a working day is.
    """
    deadlines: dict[str, Any] = {}
    left: dict[str, Any] = {}
    added: dict[str, Any] = {}
    ended: list[str] = []
    day = 0
    for move in moves:
        name = name_of(move.clock)
        if move.what == MOVED:
            deadlines[name] = [instant(move.before), instant(move.after)]
        elif move.what == LEFT:
            left[name] = list(move.left or ())
            day = day_length(policies.calendar_of(move.row["calendar_version_id"]))
        elif move.what == ADDED:
            added[name] = instant(move.after)
        elif move.what == ENDED:
            ended.append(name)
    told = {"deadlines": deadlines, "left": left, "day_seconds": day, "added": added, "ended": ended}
    return {name: value for name, value in told.items() if value}


def side_of(move: Move) -> str:
    """Which way it changes: earlier, later, less or more time left, added, ended; moved, where nothing compares."""
    if move.what == LEFT and move.left is not None:
        before, after = move.left
        return MOVED if before is None or after is None else LESS if after < before else MORE
    if move.what == MOVED and move.seconds is not None:
        return EARLIER if move.seconds < 0 else LATER
    return move.what


def _count(found: dict[str, Any], move: Move) -> None:
    side = side_of(move)
    if move.what == LEFT:
        found["paused"] += 1
        before, after = move.left or (None, None)
        found["paused_spent"] += after == 0
        if before is not None and after is not None:
            _sum(found["shifts"]["left"], abs(after - before))
    else:
        found[move.what] += 1
    if side in (EARLIER, LATER):
        found[side] += 1
        _sum(found["shifts"][side], abs(move.seconds or 0))
        _sum(found["shifts"][side], abs(move.worked or 0), "worked_")


def _sum(shift: dict[str, int], seconds: int, prefix: str = "") -> None:
    shift[f"{prefix}sum"] += seconds
    shift[f"{prefix}most"] = max(shift[f"{prefix}most"], seconds)


def _key(move: Move) -> str:
    """policy:12 resolve earlier:2; of a statutory clock pack:3 and its code."""
    pack = move.row["pack_id"]
    of = f"pack:{pack}" if pack else f"policy:{move.row['policy_id']}"
    side = side_of(move)
    band = f":{_band(abs(move.seconds or 0))}" if side in (EARLIER, LATER) else ""
    return f"{of} {name_of(move.clock)} {side}{band}"


def _band(seconds: int) -> int:
    return next((place for place, most in enumerate(BANDS, start=1) if seconds <= most), len(BANDS) + 1)


def limits(place: int) -> tuple[int, int | None]:
    """Between how many seconds a shift of a band lies: more than the first, at most the second (None: any more)."""
    inner = (0, *BANDS)
    return inner[place - 1], BANDS[place - 1] if place <= len(BANDS) else None


def _example(complaint: Complaint, move: Move, late: bool) -> dict[str, Any]:
    return {
        "reference": complaint.reference,
        "clock": name_of(move.clock),
        "what": move.what,
        "late": late,
        "from": instant(move.before),
        "to": instant(move.after),
        "seconds": move.seconds,
        "worked": move.worked,
        "left": list(move.left) if move.left else None,
    }


def _first(late: bool | None, seconds: int | None, left: Sequence[int | None] | None) -> tuple[bool, int]:
    """Those due at once come first, then those that move most."""
    before, after = left or (0, 0)
    return not late, -abs(seconds or (before or 0) - (after or 0))
