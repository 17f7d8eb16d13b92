"""What a clock rests on, as its card tells it: working time, calendar, pauses, "why this deadline", the ladder (domain,
SLA 1, 3, 7, 8). Nothing here queries: the clock comes with its events, names are in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Status
from complaints.sla import clocks as sla
from complaints.sla import ladder, packs, policies, reading, replay
from complaints.sla.reading import DAY_SECONDS, Reading
from complaints.web.names import terms
from complaints.web.one.told import Step
from core import languages
from core.instants import from_us
from core.web.parts import Explain
from core.working_time import EditMode, TargetKind

LATE = timedelta(minutes=5)  # a sweep that was not there, or looked at something past
Reasons = dict[datetime, str]  # why something happened to the case, by its instant
Fact = tuple[str, str]


def reasons(trail: Sequence[Step]) -> Reasons:
    """The reasons that people gave, by the instant of what they did."""
    found: Reasons = {}
    for step in trail:
        if step.private and (reason := json.loads(step.private).get("reason")):
            found[step.at] = str(reason)
    return found


def explain(
    clock: Clock, events: Sequence[ClockEvent], found: Reading, title: str, reasons: Reasons, now: datetime
) -> Explain | None:
    """The card of a clock; None for one that nothing is known of."""
    if not events:
        if not clock.stated:
            return None
        return Explain(f"clock-{clock.pk}", title, [(_("Verdict"), _("as the imported file states it"))])
    told = [event.data for event in events if "target" in event.data]
    facts = [
        *_time(clock, found, told[-1], now),
        *_calendar(told[-1]),
        *((_("Paused"), one) for one in (() if _in_days(clock) else _pauses(events, reasons, now))),
        *_why(told[-1]),
        *((_("Changed"), one) for one in _changes(events, reasons, now)),
        *((_("Merged"), one) for one in _brought(events, now)),
        *_ladder(clock, events, now),
        *_ends(clock, now),
    ]
    return Explain(f"clock-{clock.pk}", title, facts, _note(clock))


def _time(clock: Clock, found: Reading, said: dict[str, Any], now: datetime) -> Iterator[Fact]:
    """State, target, working time used and left, deadline."""
    late = found.state == reading.BREACHED and clock.state == ClockState.RUNNING  # not noticed yet
    state = ClockState.BREACHED if late else ClockState(clock.state)
    yield _("State"), str(state.label)
    yield _("Target"), target(said["target"], found.day_seconds)
    day = found.day_seconds
    if found.used is not None and found.total:
        words = {
            "used": span(found.used, day),
            "total": span(found.total, day),
            "percent": languages.percent(found.used * 100 // found.total),
        }
        yield _("Used"), _("%(used)s of %(total)s (%(percent)s)") % words
        if clock.completed_at is None and found.used < found.total:
            yield pgettext("working time", "Left"), span(found.total - found.used, day)
    if clock.due_at is not None:
        yield _("Deadline"), languages.moment(last_moment(clock, clock.due_at), weekday=True)


def last_moment(clock: Clock, due_at: datetime) -> datetime:
    """The deadline as people say it: days of the calendar end with their last minute, not with the next day's first."""
    if clock.target_kind != TargetKind.CALENDAR_DAYS or clock.calendar_version_id is None:
        return due_at
    there = due_at.astimezone(policies.calendar_of(clock.calendar_version_id).zone)
    return due_at if there.hour or there.minute or there.second else due_at - timedelta(minutes=1)


def _calendar(said: dict[str, Any]) -> Iterator[Fact]:
    if calendar := terms().calendars.get(said.get("calendar_version", 0)):
        yield _("Calendar"), _version(calendar)


def _version(known: tuple[str, int]) -> str:
    return _("%(name)s, version %(number)s") % {"name": known[0], "number": known[1]}


def _why(said: dict[str, Any]) -> Iterator[Fact]:
    """Why this deadline: the policy or pack that set it, and the conditions that matched."""
    if said.get("pack"):
        pack = packs.pack(said["pack"])
        words = {"name": packs.said(pack.definition["name"]), "edition": pack.edition}
        yield _("Rule pack"), _("%(name)s, edition %(edition)s") % words
        if source := pack.definition.get("source"):
            yield _("Source"), f"{source['law']}, {source['section']}"
        yield _("Chosen"), _chosen(said.get("because", []), _("holds for every complaint"))
    elif policy := terms().policies.get(said.get("policy") or 0):
        yield _("Policy"), _version(policy)
        yield _("Chosen"), _chosen(said.get("because", []), _("no narrower policy fits"))


def _chosen(because: list[str], otherwise: str) -> str:
    names = {
        "type": _("type"),
        "channel": _("channel"),
        "severity": _("severity"),
        "tier": _("tier"),
        "team": _("team"),
    }
    if not because:
        return otherwise
    return _("by %(conditions)s") % {"conditions": ", ".join(names.get(one, one) for one in because)}


def _changes(events: Sequence[ClockEvent], reasons: Reasons, now: datetime) -> Iterator[str]:
    """Each time the clock was set anew: when, what, and why."""
    before: dict[str, Any] = {}
    for event in events:
        if event.kind == replay.CANCELLED and "policy" in event.data:
            words = {"when": languages.near(event.at, now), "policy": _policy(event.data["policy"])}
            yield _("%(when)s: no longer asked for, by policy %(policy)s") % words
        if "target" not in event.data:
            continue
        if before:
            what = ", ".join(_differences(before, event.data)) or _("set anew")
            words = {"when": languages.near(event.at, now), "what": what}
            said = _("%(when)s: %(what)s") % words
            reason = reasons.get(event.at)
            yield f"{said} ({reason})" if reason else said
        before = event.data


def _policy(key: int) -> str:
    found = terms().policies.get(key)
    return _version(found) if found else languages.DASH


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    if after.get("policy") != before.get("policy") and (policy := terms().policies.get(after.get("policy") or 0)):
        yield _("policy %(policy)s") % {"policy": _version(policy)}
    if after["target"] != before["target"]:
        words = {
            "before": target(before["target"], _day(before)),
            "after": target(after["target"], _day(after)),
        }
        if after.get("extended") and not before.get("extended"):
            yield _("extended from %(before)s to %(after)s") % words
        else:
            yield _("%(after)s instead of %(before)s") % words
    if after["calendar_version"] != before["calendar_version"]:
        calendar = terms().calendars.get(after["calendar_version"])
        words = {"calendar": _version(calendar) if calendar else languages.DASH}
        if after.get("mode") == EditMode.FROM_EDIT:
            yield _("calendar %(calendar)s, from then on") % words
        else:
            yield _("calendar %(calendar)s, for the whole time") % words


def _day(said: dict[str, Any]) -> int:
    """How long a working day is by the calendar that an event names."""
    version = said.get("calendar_version")
    return reading.day_length(policies.calendar_of(version)) if version else DAY_SECONDS


def _brought(events: Sequence[ClockEvent], now: datetime) -> Iterator[str]:
    """Deadlines that came with a merged case, or went with it again."""
    for event in events:
        if event.kind == replay.CAPPED:
            due_at = languages.near(datetime.fromisoformat(event.data["due_at"]), now)
            words = {"when": languages.near(event.at, now), "deadline": due_at}
            yield _("%(when)s: no later than the other case's deadline, %(deadline)s") % words
        elif event.kind == replay.LIFTED:
            yield _("%(when)s: its own deadline again") % {"when": languages.near(event.at, now)}


@dataclass(slots=True)
class _Rang:
    """A rung that fired: `due_at` it was due, at `at` somebody looked, and told `to`, if not a later one did."""

    rung: str
    due_at: datetime
    at: datetime
    to: int
    told_with: str = ""


def _ladder(clock: Clock, events: Sequence[ClockEvent], now: datetime) -> Iterator[Fact]:
    """Whom it has told at which share of its time and when, what passed without a word of its own, and whom it will
    tell."""
    for one in _rang(clock, events):
        due_at = languages.near(one.due_at, now)
        if one.told_with:
            told = _("told with %(percent)s") % {"percent": languages.percent(ladder.percent_of(one.told_with))}
            yield pgettext("a warning", "Passed"), _rung(one.rung, 0, due_at, told)
        elif not one.to:
            yield pgettext("a warning", "Passed"), _rung(one.rung, 0, due_at)
        elif one.at - one.due_at < LATE:
            yield _("Told"), _rung(one.rung, one.to, languages.near(one.at, now))
        else:
            late = _("due %(when)s") % {"when": due_at}
            yield _("Told"), _rung(one.rung, one.to, languages.near(one.at, now), late)
    for us, rung, to, _hand_over in clock.rungs:
        yield _("Will tell"), _rung(rung, to, languages.near(from_us(us), now))


def _rang(clock: Clock, events: Sequence[ClockEvent]) -> list[_Rang]:
    """What fired, by the ladder of the time. Found at one look, the last rung up to the deadline tells of those before
    it, and so does the last behind it (`sla.firings.due`); a deadline that was missed before tells nobody again."""
    steps: dict[str, ladder.Step] = {}
    found: list[_Rang] = []
    missed = False
    for event in events:
        if "target" in event.data and (event.data.get("pack") or event.data.get("policy")):
            steps = {one.rung: one for one in replay.steps_of(event.data, clock.kind)}
        elif event.kind in (replay.WARNED, replay.BREACHED):
            rung = event.data.get("rung", ladder.BREACH)
            step = steps.get(ladder.step_of(rung), ladder.DEADLINE if rung == ladder.BREACH else None)
            to = step.to if step is not None and not (missed and rung == ladder.BREACH) else 0
            found.append(_Rang(rung, event.at, event.recorded_at, to))
            missed = missed or rung == ladder.BREACH
    last: dict[tuple[datetime, bool], _Rang] = {}
    for one in reversed(found):
        side = one.at, ladder.percent_of(one.rung) > 100
        if side in last:
            one.told_with, last[side].to = last[side].rung, last[side].to | one.to
        else:
            last[side] = one
    return found


def _rung(rung: str, to: int, when: str, also: str = "") -> str:
    names = {
        ladder.OWNER: pgettext("told by a clock", "owner"),
        ladder.LEAD: pgettext("told by a clock", "lead"),
        ladder.MANAGER: pgettext("told by a clock", "manager"),
        ladder.DEPUTY: pgettext("told by a clock", "deputy"),
    }
    people = ", ".join(name for role, name in names.items() if to & role)
    parts = [languages.percent(ladder.percent_of(rung)), people, when, also]
    return " · ".join(part for part in parts if part)


def _ends(clock: Clock, now: datetime) -> Iterator[Fact]:
    if clock.breached_at:
        yield _("Missed"), languages.near(last_moment(clock, clock.breached_at), now)
    if clock.completed_at:
        yield _("Finished"), languages.near(clock.completed_at, now)


def target(said: dict[str, Any], day_seconds: int = DAY_SECONDS) -> str:
    """A target in words. `day_seconds`: how long a working day is."""
    kind, value = said["kind"], said["value"]
    if kind == TargetKind.WORKING_SECONDS:
        return _("%(time)s of working time") % {"time": span(value, day_seconds)}
    if kind == TargetKind.WORKING_DAYS:
        return ngettext("%(n)s working day", "%(n)s working days", value) % {"n": value}
    return ngettext("%(n)s calendar day", "%(n)s calendar days", value) % {"n": value}


def span(seconds: int, day_seconds: int) -> str:
    """A duration that may be none: "0 min"."""
    if seconds < languages.MINUTE:
        return f"0 {languages.voice().minute}"
    return languages.duration(seconds, day_seconds=day_seconds or DAY_SECONDS)


def _pauses(events: Sequence[ClockEvent], reasons: Reasons, now: datetime) -> Iterator[str]:
    since: ClockEvent | None = None
    for event in events:
        if event.kind == replay.PAUSED:
            since = event
        elif event.kind == replay.CANCELLED and event.data.get("because"):
            continue  # merged: taken back, the pause goes on
        elif since is not None and event.kind in (replay.RESUMED, replay.COMPLETED, replay.CANCELLED):
            words = {"start": languages.near(since.at, now), "end": languages.near(event.at, now)}
            yield _because(_("%(start)s to %(end)s") % words, since, reasons)
            since = None
    if since is not None:
        yield _because(_("since %(start)s") % {"start": languages.near(since.at, now)}, since, reasons)


def _because(said: str, event: ClockEvent, reasons: Reasons) -> str:
    status = event.data.get("because", "")
    reason = reasons.get(event.at) or (str(Status(status).label) if status in Status.values else "")
    return f"{said} ({reason})" if reason else said


def _in_days(clock: Clock) -> bool:
    return clock.target_kind in (TargetKind.WORKING_DAYS, TargetKind.CALENDAR_DAYS)


def _note(clock: Clock) -> str:
    if clock.kind == ClockKind.STATUTORY:
        return _by_law(clock)
    counts = {
        TargetKind.WORKING_DAYS: _("Counts working days."),
        TargetKind.CALENDAR_DAYS: _("Counts calendar days."),
    }
    said = {
        ClockKind.RESOLVE: _("It goes on while we wait on the customer: days do not stand still.")
        if _in_days(clock)
        else _("Stands still while we wait on the customer."),
        ClockKind.ACKNOWLEDGE: _("An automatic receipt does not stop it."),
        ClockKind.UPDATE: _("Begins anew with each message to the customer."),
    }
    what = counts.get(TargetKind(clock.target_kind), _("Counts working time."))
    return f"{what} {said[ClockKind(clock.kind)]}"


def _by_law(clock: Clock) -> str:
    if packs.is_window(clock):
        return _("Set by law; no pause moves it. Passing it breaks no rule, only this easier way is closed then.")
    if sla.stopped_by(clock) == packs.ACKNOWLEDGED:
        return _("Set by law; no pause moves it. Only a word to the complainant meets it: a message, a call, a letter.")
    return _("Set by law; no pause moves it.")
