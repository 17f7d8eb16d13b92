"""What the events of a clock say: its history for the arithmetic, and the row that follows from it (domain, SLA 3-5).

The events are the truth. `complaints.sla.clocks` changes rows step by step as things happen; `row` derives the same
row from the events alone, and `manage.py rebuild_clocks` compares or mends the stored ones with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from complaints.models.clocks import ClockState
from complaints.sla import ladder, packs, policies
from core import working_time
from core.working_time import CalendarEdit, ClockResult, EditMode, Pause, Target, TargetChange, Warn

STARTED, PAUSED, RESUMED, RETARGETED = "started", "paused", "resumed", "retargeted"
COMPLETED, REOPENED, BREACHED, CANCELLED = "completed", "reopened", "breached", "cancelled"
WARNED = "warned"


class Event(Protocol):
    """The columns of `ClockEvent` that are read here."""

    kind: str
    at: datetime
    recorded_at: datetime
    data: dict[str, Any]


@dataclass(slots=True)
class Story:
    """A clock's events told in one: its terms now, what stopped it, and what has fired."""

    started_at: datetime
    terms: dict[str, Any]
    first_terms: dict[str, Any]
    pauses: list[Pause] = field(default_factory=list)
    resolutions: list[Pause] = field(default_factory=list)
    changes: list[TargetChange] = field(default_factory=list)
    edits: list[CalendarEdit] = field(default_factory=list)
    paused_since: datetime | None = None
    completed_at: datetime | None = None
    stood_still: bool = False  # it was paused when it ended
    cancelled: bool = False
    breached_at: datetime | None = None
    detected_at: datetime | None = None
    fired: set[str] = field(default_factory=set)


def tell(events: Iterable[Event]) -> Story:
    """Read the events in order. The first one is `started`."""
    first, *later = list(events)
    story = Story(first.at, dict(first.data), dict(first.data))
    for event in later:
        _READ[event.kind](story, event)
    return story


def history(story: Story, *, as_of: datetime | None = None, warnings: tuple[Warn, ...] = ()) -> working_time.Clock:
    """The story as the pure arithmetic wants it (sla/SCHEMA.md).

    Without `completed_at`: nothing changes a finished clock, so the order of the events already says what was done
    first, even of two at the same instant. What was worked or overrun by then is asked by `as_of`.
    """
    pauses = story.pauses if story.paused_since is None else [*story.pauses, Pause(story.paused_since)]
    return working_time.Clock(
        calendar=policies.calendar_of(story.first_terms["calendar_version"]),
        start=story.started_at,
        target=Target(**story.first_terms["target"]),
        pauses=tuple(pauses),
        resolutions=tuple(story.resolutions),
        target_changes=tuple(story.changes),
        calendar_edits=tuple(story.edits),
        as_of=as_of,
        warnings=warnings,
    )


def evaluate(story: Story, kind: str, *, as_of: datetime | None = None) -> tuple[ClockResult, tuple[ladder.Step, ...]]:
    """What the arithmetic answers, with the instants of the ladder's steps in `warn_at`, and those steps."""
    steps = steps_of(story.terms, kind)
    return working_time.evaluate(history(story, as_of=as_of, warnings=ladder.warnings(steps))), steps


def steps_of(terms: dict[str, Any], kind: str) -> tuple[ladder.Step, ...]:
    """The ladder of the policy or pack that an event names."""
    if terms.get("pack"):
        return packs.rule(terms["pack"], terms["code"]).steps
    return policies.steps_of(policies.policy(terms["policy"]), kind)


def row(kind: str, events: Sequence[Event]) -> dict[str, Any]:
    """Every column of the clock's row that follows from its events."""
    story = tell(events)
    found, steps = evaluate(story, kind, as_of=story.completed_at)
    due_at = story.breached_at or found.due_at
    if story.breached_at is None and (story.paused_since is not None or story.stood_still):
        due_at = None
    rungs: list[ladder.Rung] = []
    finished = story.completed_at is not None
    if not finished and story.paused_since is None:
        fired = {*story.fired, *([one.rung for one in steps if one.percent <= 100] if story.breached_at else ())}
        rungs = ladder.rungs(steps, due_at, found.warn_at, fired)
    late = story.breached_at is not None and finished and not story.cancelled
    return {
        "state": _state(story),
        "policy_id": story.terms.get("policy"),
        "pack_id": story.terms.get("pack"),
        "calendar_version_id": story.terms["calendar_version"],
        "target_kind": story.terms["target"]["kind"],
        "target_value": story.terms["target"]["value"],
        "started_at": story.started_at,
        "due_at": due_at,
        "next_at": ladder.next_at(rungs),
        "rungs": rungs,
        "paused_since": story.paused_since,
        "completed_at": story.completed_at,
        "breached_at": story.breached_at,
        "detected_at": story.detected_at,
        "overrun_seconds": found.late_at_as_of if late else None,
    }


def _state(story: Story) -> ClockState:
    if story.breached_at is not None:
        return ClockState.BREACHED
    if story.completed_at is not None:
        return ClockState.CANCELLED if story.cancelled else ClockState.MET
    return ClockState.PAUSED if story.paused_since is not None else ClockState.RUNNING


def _paused(story: Story, event: Event) -> None:
    story.paused_since = event.at


def _resumed(story: Story, event: Event) -> None:
    if story.paused_since is not None:
        story.pauses.append(Pause(story.paused_since, event.at))
        story.paused_since = None


def _ended(story: Story, event: Event) -> None:
    story.stood_still = story.paused_since is not None
    _resumed(story, event)
    story.completed_at, story.cancelled = event.at, event.kind == CANCELLED


def _reopened(story: Story, event: Event) -> None:
    if story.completed_at is not None:
        story.resolutions.append(Pause(story.completed_at, event.at))
        story.completed_at, story.cancelled, story.stood_still = None, False, False


def _retargeted(story: Story, event: Event) -> None:
    data = event.data
    story.changes.append(TargetChange(event.at, Target(**data["target"])))
    if data["calendar_version"] != story.terms["calendar_version"]:
        mode = EditMode(data.get("mode", EditMode.WHOLE_CLOCK))
        story.edits.append(CalendarEdit(event.at, policies.calendar_of(data["calendar_version"]), mode))
    story.terms = dict(data)


def _breached(story: Story, event: Event) -> None:
    story.breached_at, story.detected_at = event.at, event.recorded_at


def _warned(story: Story, event: Event) -> None:
    story.fired.add(event.data["rung"])


_READ = {
    PAUSED: _paused, RESUMED: _resumed, COMPLETED: _ended, CANCELLED: _ended, REOPENED: _reopened,
    RETARGETED: _retargeted, BREACHED: _breached, WARNED: _warned,
}  # fmt: skip
