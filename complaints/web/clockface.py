"""The clocks at the head of a case, each with what it rests on (domain, SLA 8; ux, Agent's desk 3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Complaint
from complaints.sla import reading, replay
from complaints.sla.reading import DAY_SECONDS, Reading
from complaints.web import composed
from complaints.web.badges import badge
from complaints.web.composed import Composed
from complaints.web.names import terms
from core import languages, working_time
from core.web.parts import ClockView, Explain
from core.working_time import TargetKind

COLUMNS = [field.attname for field in Clock._meta.concrete_fields]
ORDER = list(ClockKind.values)


def load(complaint: Complaint) -> list[tuple[Clock, list[ClockEvent]]]:
    """All clocks of the case with their events, oldest cycle first. Query cost: 1."""
    found: dict[int, tuple[Clock, list[ClockEvent]]] = {}
    for row in _loading().rows({composed.CASE: complaint.pk}):
        values, (event_id, kind, at, data) = row[: len(COLUMNS)], row[len(COLUMNS) :]
        known = found.get(values[0])
        if known is None:
            known = found[values[0]] = (Clock.from_db(DEFAULT_DB_ALIAS, COLUMNS, values), [])
        if event_id is not None:
            known[1].append(ClockEvent(pk=event_id, clock_id=values[0], kind=kind, at=at, data=data))
    return list(found.values())


@lru_cache(maxsize=1)
def _loading() -> Composed:
    rows = Clock.objects.filter(complaint=composed.CASE).order_by("pk", "events__pk")
    return composed.compose(rows.values_list(*COLUMNS, "events__pk", "events__kind", "events__at", "events__data"))


def faces(clocks: Iterable[tuple[Clock, list[ClockEvent]]], *, now: datetime) -> list[ClockView]:
    """The newest cycle of each kind, in words. No query."""
    newest = {clock.kind: (clock, events) for clock, events in clocks}
    return [_face(*newest[kind], now) for kind in ORDER if kind in newest]


def _face(clock: Clock, events: list[ClockEvent], now: datetime) -> ClockView:
    found = _exact(clock, events, now)
    mark = badge(found, due_at=clock.due_at, now=now)
    name = str(ClockKind(clock.kind).label)
    return ClockView(
        kind=name, badge=mark, due=_due(clock, now), explain=_explain(clock, events, found, f"{name}: {mark.text}", now)
    )


def _exact(clock: Clock, events: list[ClockEvent], now: datetime) -> Reading:
    """The reading, with pauses taken out of the time a finished clock took (the row alone does not know them)."""
    found = reading.read(clock, now)
    if clock.state != ClockState.MET or not events:
        return found
    taken = working_time.evaluate(replay.history(replay.tell(events), as_of=clock.completed_at)).worked_at_as_of
    return Reading(
        found.state, taken, 100, used=taken, total=found.total or clock.target_value, day_seconds=found.day_seconds
    )


def _due(clock: Clock, now: datetime) -> str:
    if clock.due_at is None:
        return _("stands still") if clock.state == ClockState.PAUSED else _("no deadline")
    when = languages.near(clock.due_at, now)
    finished = clock.completed_at is not None or clock.due_at <= now
    return _("was due %(when)s") % {"when": when} if finished else _("due %(when)s") % {"when": when}


def _explain(clock: Clock, events: list[ClockEvent], found: Reading, title: str, now: datetime) -> Explain | None:
    if not events:
        return (
            None
            if not clock.stated
            else Explain(f"clock-{clock.pk}", title, [(_("Verdict"), _("as the imported file states it"))])
        )
    terms_now = next(event.data for event in reversed(events) if "target" in event.data)
    policy = terms().policies.get(terms_now.get("policy"))
    calendar = terms().calendars.get(terms_now.get("calendar_version"))
    facts: list[tuple[str, str]] = []
    if policy:
        facts.append((_("Policy"), _("%(name)s, version %(number)s") % {"name": policy[0], "number": policy[1]}))
        facts.append((_("Chosen"), _chosen(terms_now.get("because", []))))
    facts.append((_("Target"), _target(terms_now["target"], found)))
    if found.used is not None and found.total:
        day = found.day_seconds
        words = {
            "used": _span(found.used, day),
            "total": _span(found.total, day),
            "percent": languages.percent(found.used * 100 // found.total),
        }
        facts.append((_("Used"), _("%(used)s of %(total)s (%(percent)s)") % words))
    if calendar:
        facts.append((_("Calendar"), _("%(name)s, version %(number)s") % {"name": calendar[0], "number": calendar[1]}))
    facts += [(_("Paused"), one) for one in _pauses(events, now)]
    if clock.breached_at:
        facts.append((_("Missed"), languages.near(clock.breached_at, now)))
    if clock.completed_at:
        facts.append((_("Finished"), languages.near(clock.completed_at, now)))
    return Explain(f"clock-{clock.pk}", title, facts, _note(clock))


def _chosen(because: list[str]) -> str:
    names = {
        "type": _("type"),
        "channel": _("channel"),
        "severity": _("severity"),
        "tier": _("tier"),
        "team": _("team"),
    }
    if not because:
        return _("no narrower policy fits")
    return _("by %(conditions)s") % {"conditions": ", ".join(names.get(one, one) for one in because)}


def _target(target: dict[str, Any], found: Reading) -> str:
    kind, value = target["kind"], target["value"]
    if kind == TargetKind.WORKING_SECONDS:
        return _("%(time)s of working time") % {"time": _span(value, found.day_seconds)}
    if kind == TargetKind.WORKING_DAYS:
        return ngettext("%(n)s working day", "%(n)s working days", value) % {"n": value}
    return ngettext("%(n)s calendar day", "%(n)s calendar days", value) % {"n": value}


def _span(seconds: int, day_seconds: int) -> str:
    if seconds < languages.MINUTE:
        return f"0 {languages.voice().minute}"
    return languages.duration(seconds, day_seconds=day_seconds or DAY_SECONDS)


def _pauses(events: list[ClockEvent], now: datetime) -> list[str]:
    found: list[str] = []
    since: datetime | None = None
    for event in events:
        if event.kind == replay.PAUSED:
            since = event.at
        elif since is not None and event.kind in (replay.RESUMED, replay.COMPLETED, replay.CANCELLED):
            words = {"start": languages.near(since, now), "end": languages.near(event.at, now)}
            found.append(_("%(start)s to %(end)s") % words)
            since = None
    if since is not None:
        found.append(_("since %(start)s") % {"start": languages.near(since, now)})
    return found


def _note(clock: Clock) -> str:
    if clock.kind == ClockKind.RESOLVE:
        return _("Counts working time. Stands still while we wait on the customer.")
    if clock.kind == ClockKind.ACKNOWLEDGE:
        return _("Counts working time. An automatic receipt does not stop it.")
    return ""
