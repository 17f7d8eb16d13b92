"""What the events of a clock say: its history for the arithmetic, and the row that follows from it (domain, SLA 3-5).

The events are the truth. `complaints.sla.clocks` changes rows step by step as things happen; `row` derives the same
row from the events alone, and `manage.py rebuild_clocks` compares or mends the stored ones with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from complaints.models.clocks import ClockState
from complaints.sla import ladder, packs, policies
from core import working_time
from core.working_time import CalendarEdit, ClockResult, EditMode, Pause, Target, TargetChange, Warn

STARTED, PAUSED, RESUMED, RETARGETED = "started", "paused", "resumed", "retargeted"
COMPLETED, REOPENED, BREACHED, CANCELLED = "completed", "reopened", "breached", "cancelled"
WARNED = "warned"
CAPPED, LIFTED, RESTORED = "capped", "lifted", "restored"  # what merging and unmerging do to clocks


class Event(Protocol):
    """The columns of `ClockEvent` that are read here."""

    kind: str
    at: datetime
    recorded_at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cap:
    """A deadline that came with a case merged into this one: not later than `due_at`, known from `at` on.

    `moves`: what stops the clock stops it too, by working time of `calendar_version`; days go by whatever happens.
    """

    due_at: datetime
    at: datetime
    calendar_version: int | None
    moves: bool

    def after(self, start: datetime, end: datetime) -> Cap:
        """Behind a pause from `start` to `end`."""
        start = max(start, self.at)
        if not self.moves or self.calendar_version is None or not start < min(end, self.due_at):
            return self
        calendar = policies.calendar_of(self.calendar_version)
        left = working_time.worked(calendar, start, self.due_at)
        due_at = working_time.due_at(calendar, end, Target.seconds(left)) if left else max(self.due_at, end)
        return replace(self, due_at=due_at or self.due_at)


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
    term: ladder.Term = ladder.FIRST
    fired: dict[str, int] = field(default_factory=dict)  # by step: the term in which it fired last
    caps: dict[int, Cap] = field(default_factory=dict)  # by the merge
    set_aside: dict[int, datetime] = field(default_factory=dict)  # since when it was paused when a cap broke the pause
    before_end: tuple[datetime | None, list[Pause], dict[int, Cap]] | None = None
    taken_back: bool = False  # a breach was, when the merge it came from was undone

    @property
    def in_days(self) -> bool:
        """Days are counted now, so that waiting stops nothing."""
        return Target(**self.terms["target"]).in_days

    @property
    def stands_still(self) -> bool:
        """Paused, by terms that a pause stops."""
        return self.paused_since is not None and not self.in_days


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


def deadline(story: Story, own: datetime | None, *, without: int | None = None) -> datetime | None:
    """The earliest of the clock's own deadline and those that merged cases brought, but for the merge `without`."""
    brought = [cap.due_at for merge, cap in story.caps.items() if merge != without]
    return min([*brought, *([own] if own is not None else [])], default=None)


def steps_of(terms: dict[str, Any], kind: str) -> tuple[ladder.Step, ...]:
    """The ladder of the policy or pack that an event names."""
    if terms.get("pack"):
        return packs.rule(terms["pack"], terms["code"]).steps
    return policies.steps_of(policies.policy(terms["policy"]), kind)


def row(kind: str, events: Sequence[Event]) -> dict[str, Any]:
    """Every column of the clock's row that follows from its events."""
    story = tell(events)
    found, steps = evaluate(story, kind, as_of=story.completed_at)
    due_at = story.breached_at or deadline(story, found.due_at)
    if story.breached_at is None and (story.stands_still or story.stood_still):
        due_at = None
    rungs: list[ladder.Rung] = []
    finished = story.completed_at is not None
    if not finished and not story.stands_still:
        passed = [one.rung for one in steps if one.percent <= 100] if story.breached_at else []
        fired = {**story.fired, **dict.fromkeys(passed, story.term.number)}
        warn_at = found.warn_at if due_at == found.due_at else _warn_at(story, steps, due_at)
        rungs = ladder.rungs(steps, due_at, warn_at, fired, story.term)
        if story.taken_back:
            rungs = [[us, rung, to | ladder.AGAIN * (rung == ladder.BREACH), over] for us, rung, to, over in rungs]
    late = story.breached_at is not None and finished and not story.cancelled
    overrun = found.late_at_as_of if due_at == found.due_at else _overrun(story)
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
        "paused_since": story.paused_since if story.stands_still else None,
        "completed_at": story.completed_at,
        "breached_at": story.breached_at,
        "detected_at": story.detected_at,
        "overrun_seconds": overrun if late else None,
    }


def _warn_at(story: Story, steps: Sequence[ladder.Step], due_at: datetime | None) -> tuple[datetime | None, ...]:
    """When to warn of a deadline that is not the clock's own: by shares of the working time up to it."""
    if due_at is None:
        return (None,) * len(steps)
    calendar = policies.calendar_of(story.terms["calendar_version"])
    total = working_time.worked(calendar, story.started_at, due_at)
    return ladder.shares(steps, calendar, story.started_at, total)


def _overrun(story: Story) -> int | None:
    """Working time from such a deadline to the work done too late."""
    if story.breached_at is None or story.completed_at is None:
        return None
    calendar = policies.calendar_of(story.terms["calendar_version"])
    return working_time.worked(calendar, story.breached_at, story.completed_at, [*story.pauses, *story.resolutions])


def _state(story: Story) -> ClockState:
    if story.breached_at is not None:
        return ClockState.BREACHED
    if story.completed_at is not None:
        return ClockState.CANCELLED if story.cancelled else ClockState.MET
    return ClockState.PAUSED if story.stands_still else ClockState.RUNNING


def _paused(story: Story, event: Event) -> None:
    story.paused_since = story.paused_since or event.at


def _resumed(story: Story, event: Event) -> None:
    if story.paused_since is not None:
        story.pauses.append(Pause(story.paused_since, event.at))
        _move_caps(story, story.paused_since, event.at)
        story.paused_since = None


def _move_caps(story: Story, start: datetime, end: datetime) -> None:
    story.caps = {merge: cap.after(start, end) for merge, cap in story.caps.items()}


def _ended(story: Story, event: Event) -> None:
    story.before_end = story.paused_since, list(story.pauses), dict(story.caps)
    story.stood_still = story.stands_still
    _resumed(story, event)
    story.completed_at, story.cancelled = event.at, event.kind == CANCELLED


def _reopened(story: Story, event: Event) -> None:
    if story.completed_at is not None:
        story.resolutions.append(Pause(story.completed_at, event.at))
        _move_caps(story, story.completed_at, event.at)
        story.completed_at, story.cancelled, story.stood_still = None, False, False


def _retargeted(story: Story, event: Event) -> None:
    data = event.data
    story.changes.append(TargetChange(event.at, Target(**data["target"])))
    if any(data[name] != story.terms[name] for name in ("target", "calendar_version")):
        _another_term(story, event)
    if data["calendar_version"] != story.terms["calendar_version"]:
        mode = EditMode(data.get("mode", EditMode.WHOLE_CLOCK))
        story.edits.append(CalendarEdit(event.at, policies.calendar_of(data["calendar_version"]), mode))
    story.terms = dict(data)


def _another_term(story: Story, event: Event) -> None:
    story.term = ladder.Term(story.term.number + 1, event.at)


def _breached(story: Story, event: Event) -> None:
    story.breached_at, story.detected_at = event.at, event.recorded_at


def _warned(story: Story, event: Event) -> None:
    story.fired[ladder.step_of(event.data["rung"])] = story.term.number


def _capped(story: Story, event: Event) -> None:
    data = event.data
    merge, due_at = data["merge"], datetime.fromisoformat(data["due_at"])
    story.caps[merge] = Cap(due_at, event.at, data["calendar_version"], data["moves"])
    if story.paused_since is not None and due_at < event.at:
        # The case it brought is late already: what is late does not stand still.
        story.set_aside[merge] = story.paused_since
        story.pauses.append(Pause(story.paused_since, event.at))
        story.paused_since = None


def _lifted(story: Story, event: Event) -> None:
    merge = event.data["merge"]
    story.caps.pop(merge, None)
    since = story.set_aside.pop(merge, None)
    _another_term(story, event)
    if not event.data["breach"]:
        return
    story.breached_at, story.detected_at, story.taken_back = None, None, True
    if since is not None and event.data["waits"]:
        story.pauses = [one for one in story.pauses if one.start != since]
        story.paused_since = since


def _restored(story: Story, event: Event) -> None:
    """As if it had not ended."""
    if story.before_end is not None:
        story.paused_since, story.pauses, story.caps = story.before_end
        story.completed_at, story.cancelled, story.stood_still, story.before_end = None, False, False, None


_READ = {
    PAUSED: _paused, RESUMED: _resumed, COMPLETED: _ended, CANCELLED: _ended, REOPENED: _reopened,
    RETARGETED: _retargeted, BREACHED: _breached, WARNED: _warned,
    CAPPED: _capped, LIFTED: _lifted, RESTORED: _restored,
}  # fmt: skip
