"""The clocks at the head of a case, each with what it rests on (domain, SLA 8; ux, Agent's desk 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from complaints.models import Clock, ClockEvent, ClockKind, ClockState, Complaint
from complaints.sla import reading, replay
from complaints.sla.reading import Reading
from complaints.web import composed
from complaints.web.badges import badge
from complaints.web.composed import Composed
from complaints.web.names import clock_name
from complaints.web.one import clockfacts
from complaints.web.one.told import Step
from core import languages, working_time
from core.web.parts import ClockView
from core.working_time import TargetKind

COLUMNS = [field.attname for field in Clock._meta.concrete_fields]
ORDER = list(ClockKind.values)


def load(complaint: Complaint) -> list[tuple[Clock, list[ClockEvent]]]:
    """All clocks of the case with their events, oldest cycle first. Query cost: 1."""
    found: dict[int, tuple[Clock, list[ClockEvent]]] = {}
    for row in _loading().rows({composed.CASE: complaint.pk}):
        values, (event_id, kind, at, recorded_at, data) = row[: len(COLUMNS)], row[len(COLUMNS) :]
        known = found.get(values[0])
        if known is None:
            known = found[values[0]] = (Clock.from_db(DEFAULT_DB_ALIAS, COLUMNS, values), [])
        if event_id is not None:
            event = ClockEvent(pk=event_id, clock_id=values[0], kind=kind, at=at, recorded_at=recorded_at, data=data)
            known[1].append(event)
    return list(found.values())


@lru_cache(maxsize=1)
def _loading() -> Composed:
    rows = Clock.objects.filter(complaint=composed.CASE).order_by("pk", "events__pk")
    events = ("events__pk", "events__kind", "events__at", "events__recorded_at", "events__data")
    return composed.compose(rows.values_list(*COLUMNS, *events))


def faces(
    clocks: Iterable[tuple[Clock, list[ClockEvent]]], trail: Sequence[Step] = (), *, now: datetime
) -> list[ClockView]:
    """The newest cycle of each kind and of each statutory rule, in words. `trail`: of the case, for why they were
    paused or moved. No query."""
    newest = {(clock.kind, clock.code): (clock, events) for clock, events in clocks}
    reasons = clockfacts.reasons(trail)
    ordered = sorted(newest.values(), key=lambda one: (ORDER.index(one[0].kind), one[0].pk))
    return [_face(clock, events, reasons, now) for clock, events in ordered]


def _face(clock: Clock, events: list[ClockEvent], reasons: clockfacts.Reasons, now: datetime) -> ClockView:
    found = _exact(clock, events, now)
    mark = badge(found, due_at=clock.due_at, now=now)
    name = clock_name(clock)
    explain = clockfacts.explain(clock, events, found, f"{name}: {mark.text}", reasons, now)
    return ClockView(kind=name, badge=mark, due=_due(clock, now), explain=explain)


def _exact(clock: Clock, events: list[ClockEvent], now: datetime) -> Reading:
    """The reading with pauses taken out of the time a clock has worked, which its row alone does not know. No pause
    stops days."""
    found = reading.read(clock, now)
    if clock.state not in (ClockState.MET, ClockState.PAUSED) or not events:
        return found
    if clock.target_kind != TargetKind.WORKING_SECONDS:
        return found
    as_of = clock.completed_at or now
    taken = working_time.evaluate(replay.history(replay.tell(events), as_of=as_of)).worked_at_as_of
    return replace(found, seconds=taken if clock.state == ClockState.MET else found.seconds, used=taken)


def _due(clock: Clock, now: datetime) -> str:
    if clock.due_at is None:
        return _("stands still") if clock.state == ClockState.PAUSED else _("no deadline")
    when = languages.near(clockfacts.last_moment(clock, clock.due_at), now)
    finished = clock.completed_at is not None or clock.due_at <= now
    return _("was due %(when)s") % {"when": when} if finished else _("due %(when)s") % {"when": when}
