"""The arithmetic of SLA clocks: one definition, exact to the second (domain, SLA 2-8).

    W(a, b) = number of seconds s in [a, b) at which the calendar is open and the clock is not stopped
    due     = the smallest instant t >= start with W(start, t) >= target

Pure: no Django, no database, no "now". Takes aware datetimes, answers in UTC; whole numbers throughout.
An instant between two seconds counts from the next whole second, which is what [a, b) says; so `met` and
"already breached" compare exactly, and a deadline, always a whole second, is never before its start.

Everyday questions: `due_at`, `worked`, `next_opening`, `is_open`. The whole story of a clock: `evaluate`.
A clock on days (statutory) is stopped by nothing: its worked and remaining seconds ignore pauses too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.calendar_compile import compiled, to_instant, to_second
from core.calendar_versions import FOREVER, Stop, Versions
from core.week_calendar import CalendarError, WeekCalendar

__all__ = [
    "CalendarEdit", "CalendarError", "Clock", "ClockResult", "EditMode", "Pause", "Reason", "ReopenMode",
    "Target", "TargetChange", "TargetKind", "Warn", "WeekCalendar", "due_at", "evaluate", "is_open",
    "next_opening", "worked",
]  # fmt: skip

MAX_SECONDS = 3_200_000_000
"""The longest target in working seconds, a century of them."""
MAX_DAYS = 36_600
"""The longest target in days, a century."""


class TargetKind(StrEnum):
    """What a target counts."""

    WORKING_SECONDS = "working_seconds"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


class EditMode(StrEnum):
    """From when an edited calendar governs a running clock."""

    FROM_EDIT = "from_edit"
    WHOLE_CLOCK = "whole_clock"


class ReopenMode(StrEnum):
    """What reopening does to a clock."""

    RESUME = "resume"
    RESTART = "restart"


class Reason(StrEnum):
    """Why a clock has no deadline."""

    PAUSED = "paused"
    NEVER_OPENS = "never_opens"


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: so many working seconds, working days or calendar days. Raises CalendarError bad_target."""

    kind: TargetKind
    value: int

    def __post_init__(self) -> None:
        try:
            kind = TargetKind(self.kind)
        except ValueError:
            raise CalendarError("bad_target", "Unknown kind of target.") from None
        limit = MAX_SECONDS if kind is TargetKind.WORKING_SECONDS else MAX_DAYS
        if type(self.value) is not int or not 0 <= self.value <= limit:
            raise CalendarError("bad_target", f"A target is a whole number from 0 to {limit}.")
        object.__setattr__(self, "kind", kind)

    @classmethod
    def seconds(cls, value: int) -> Target:
        """So many working seconds."""
        return cls(TargetKind.WORKING_SECONDS, value)

    @property
    def in_days(self) -> bool:
        """Days are counted, so nothing stops the clock."""
        return self.kind is not TargetKind.WORKING_SECONDS


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands still in [start, end); `end` None: it still does. Raises CalendarError bad_pause."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.end is not None and to_second(self.end) < to_second(self.start):
            raise CalendarError("bad_pause", "A pause ends before it begins.")


@dataclass(frozen=True, slots=True)
class Warn:
    """A rung of the ladder: at `percent` of the target, or `before_seconds` working seconds before its end.

    Raises CalendarError bad_warning unless exactly one is given, a whole number of 0 or more.
    """

    percent: int | None = None
    before_seconds: int | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.percent, self.before_seconds) if value is not None]
        if len(given) != 1 or type(given[0]) is not int or not 0 <= given[0] <= MAX_SECONDS:
            raise CalendarError("bad_warning", "A warning has either percent or before_seconds, 0 or more.")

    def seconds_of(self, total: int) -> int:
        """Return how many of the clock's `total` working seconds have gone when it warns."""
        if self.percent is not None:
            return -(-total * self.percent // 100)
        return max(0, total - (self.before_seconds or 0))


@dataclass(frozen=True, slots=True)
class TargetChange:
    """From `at` the promise is another one."""

    at: datetime
    target: Target


@dataclass(frozen=True, slots=True)
class CalendarEdit:
    """At `at` the calendar is edited, for the instants from then on or for the whole clock."""

    at: datetime
    calendar: WeekCalendar
    mode: EditMode = EditMode.FROM_EDIT


@dataclass(frozen=True, slots=True)
class Clock:
    """Everything that ever happened to one clock.

    `resolutions` are [resolved, reopened): they stop the clock; in mode restart the clock starts afresh at
    the last reopening. Changes and edits may come in any order.
    """

    calendar: WeekCalendar
    start: datetime
    target: Target
    pauses: tuple[Pause, ...] = ()
    resolutions: tuple[Pause, ...] = ()
    reopen_mode: ReopenMode = ReopenMode.RESUME
    target_changes: tuple[TargetChange, ...] = ()
    calendar_edits: tuple[CalendarEdit, ...] = ()
    completed_at: datetime | None = None
    as_of: datetime | None = None
    measure_to: datetime | None = None
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockResult:
    """What a clock says. Instants are UTC, durations working seconds; None where the question was not asked.

    `due_local` has the zone of the calendar in force at the deadline. `late_at_as_of` is W(due, as_of).
    `changes_ignored` answers for each change in order of time. Without a deadline `met` is true.
    """

    start_at: datetime
    target: Target
    due_at: datetime | None
    due_local: datetime | None
    reason: Reason | None
    warn_at: tuple[datetime | None, ...] = ()
    worked_at_as_of: int | None = None
    remaining_at_as_of: int | None = None
    late_at_as_of: int | None = None
    worked_to_measure: int | None = None
    met: bool | None = None
    breached_at: datetime | None = None
    worked_to_completion: int | None = None
    overrun_seconds: int | None = None
    changes_ignored: tuple[bool, ...] = ()

    @property
    def change_ignored_because_breached_or_done(self) -> bool:
        """At least one change came too late to count."""
        return any(self.changes_ignored)


def due_at(calendar: WeekCalendar, start: datetime, target: Target, pauses: Iterable[Pause] = ()) -> datetime | None:
    """Return the deadline of a clock; None while it is paused, or if the calendar never opens long enough."""
    if target.kind is TargetKind.WORKING_SECONDS and not pauses:
        found = compiled(calendar).reach(to_second(start), target.value)
    else:
        found = _due(Versions.only(compiled(calendar)), start, target, _stops(pauses))
    return None if found is None else to_instant(found)


def worked(calendar: WeekCalendar, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> int:
    """Return the working seconds in [start, end) outside the pauses; 0 when `end` is not after `start`."""
    begin, finish = to_second(start), to_second(end)
    if not pauses:
        return compiled(calendar).between(begin, finish)
    return Versions.only(compiled(calendar)).worked(begin, finish, _stops(pauses))


def next_opening(calendar: WeekCalendar, at: datetime) -> datetime | None:
    """Return the first whole second from `at` on at which the calendar is open; None if there is none."""
    found = compiled(calendar).next_opening(to_second(at))
    return None if found is None else to_instant(found)


def is_open(calendar: WeekCalendar, at: datetime) -> bool:
    """Say whether the calendar is open at `at`; at a closing time it is not."""
    second = to_second(at)
    return compiled(calendar).is_open(second - 1 if at.microsecond else second)


def evaluate(clock: Clock) -> ClockResult:
    """Answer everything about a clock from its history (see ClockResult). Raises CalendarError."""
    begin, stops = _begin(clock), _stops((*clock.pauses, *clock.resolutions))
    versions, target, due, ignored = _in_force(clock, begin, stops)
    start = to_second(begin)
    if target.in_days:
        stops = ()
    due_instant = None if due is None else to_instant(due)
    worked_as_of, remaining, late = _as_of(clock, versions, start, target, stops, due)
    met, to_completion, overrun = _completion(clock, versions, start, stops, due)
    return ClockResult(
        start_at=to_instant(start),
        target=target,
        due_at=due_instant,
        due_local=due_instant and due_instant.astimezone(versions.governing(due or 0).zone),
        reason=_reason(due, stops),
        warn_at=_warnings(clock, versions, start, target, stops, due),
        worked_at_as_of=worked_as_of,
        remaining_at_as_of=remaining,
        late_at_as_of=late,
        worked_to_measure=_worked_to(clock.measure_to, versions, start, stops),
        met=met,
        breached_at=due_instant if met is False else None,
        worked_to_completion=to_completion,
        overrun_seconds=overrun,
        changes_ignored=ignored,
    )


def _begin(clock: Clock) -> datetime:
    """Return the instant the clock runs from: in mode restart the last reopening, if there was one."""
    if clock.reopen_mode == ReopenMode.RESTART:
        return max((stop.end for stop in clock.resolutions if stop.end is not None), default=clock.start)
    return clock.start


def _stops(pauses: Iterable[Pause]) -> tuple[Stop, ...]:
    """Return the union of the pauses, in order, disjoint and without empty ones."""
    union: list[Stop] = []
    for start, end in sorted(
        (to_second(pause.start), FOREVER if pause.end is None else to_second(pause.end)) for pause in pauses
    ):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        elif start < end:
            union.append((start, end))
    return tuple(union)


def _due(versions: Versions, begin: datetime, target: Target, stops: tuple[Stop, ...]) -> int | None:
    start = to_second(begin)
    if target.kind is TargetKind.WORKING_SECONDS:
        return versions.reach_past(start, target.value, stops)
    # The last fraction of a second before midnight still belongs to its own date.
    within = start - 1 if begin.microsecond else start
    if target.kind is TargetKind.CALENDAR_DAYS:
        return max(start, versions.date_end(within, target.value))
    found = versions.working_day_end(within, target.value)
    return None if found is None else max(start, found)


def _in_force(
    clock: Clock, begin: datetime, stops: tuple[Stop, ...]
) -> tuple[Versions, Target, int | None, tuple[bool, ...]]:
    """Go through the changes in order of time; return what holds after them and which were ignored."""
    versions, target = Versions.only(compiled(clock.calendar)), clock.target
    due = _due(versions, begin, target, stops)
    ignored: list[bool] = []
    changes: list[TargetChange | CalendarEdit] = [*clock.target_changes, *clock.calendar_edits]
    completed_at = clock.completed_at
    if completed_at is not None:
        to_second(completed_at)  # refuses an instant without a zone before it is compared
    for at, change in sorted(((to_second(c.at), c) for c in changes), key=lambda pair: (pair[0], pair[1].at)):
        done = completed_at is not None and completed_at <= change.at
        breached = due is not None and due < at
        ignored.append(done or breached)
        if done or breached:
            continue
        if isinstance(change, TargetChange):
            target = change.target
        elif change.mode == EditMode.FROM_EDIT:
            versions = versions.edited(at, compiled(change.calendar))
        else:
            versions = Versions.only(compiled(change.calendar))
        due = _due(versions, begin, target, stops)
        if due is not None:
            # No one can be late before the promise existed.
            due = max(due, at)
    return versions, target, due, tuple(ignored)


def _reason(due: int | None, stops: tuple[Stop, ...]) -> Reason | None:
    if due is not None:
        return None
    return Reason.PAUSED if stops and stops[-1][1] >= FOREVER else Reason.NEVER_OPENS


def _warnings(
    clock: Clock, versions: Versions, start: int, target: Target, stops: tuple[Stop, ...], due: int | None
) -> tuple[datetime | None, ...]:
    """Return the instant of each warning. A target in days has the working seconds up to its deadline."""
    if not clock.warnings:
        return ()
    if target.in_days and due is None:
        return (None,) * len(clock.warnings)
    total = versions.between(start, due or start) if target.in_days else target.value
    found = (versions.reach_past(start, warn.seconds_of(total), stops) for warn in clock.warnings)
    return tuple(None if second is None else to_instant(second) for second in found)


def _as_of(
    clock: Clock, versions: Versions, start: int, target: Target, stops: tuple[Stop, ...], due: int | None
) -> tuple[int | None, int | None, int | None]:
    """Return worked, remaining and late at `as_of`; on days, what remains is working time to the deadline."""
    if clock.as_of is None:
        return None, None, None
    at = to_second(clock.as_of)
    done = versions.worked(start, at, stops)
    late = 0 if due is None else versions.worked(due, at, stops)
    if not target.in_days:
        return done, max(0, target.value - done), late
    return done, None if due is None else versions.between(max(start, at), due), late


def _completion(
    clock: Clock, versions: Versions, start: int, stops: tuple[Stop, ...], due: int | None
) -> tuple[bool | None, int | None, int | None]:
    """Return met, worked to completion and overrun, all None while the work is not done."""
    if clock.completed_at is None:
        return None, None, None
    at = to_second(clock.completed_at)
    to_completion = versions.worked(start, at, stops)
    if due is None or at <= due:
        return True, to_completion, 0
    return False, to_completion, versions.worked(due, at, stops)


def _worked_to(at: datetime | None, versions: Versions, start: int, stops: tuple[Stop, ...]) -> int | None:
    return None if at is None else versions.worked(start, to_second(at), stops)
