"""The arithmetic of deadlines, and what an edit of a calendar does to the complaints in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from complaints.actions import sla_edits
from complaints.models import SlaEdit, SlaPolicy
from core import clock
from core.actions import calendars
from core.actor import Actor
from core.calendar_compile import CompiledCalendar, to_second
from core.models import Calendar
from core.week_calendar import WeekCalendar
from core.working_time import Target, due_at, worked
from tests.bench.figures import Timing

YEARS = range(2020, 2040)
HOLIDAYS = ((1, 1), (1, 6), (4, 25), (5, 1), (6, 10), (8, 15), (10, 5), (11, 1), (12, 8), (12, 25))
DAY = ((9 * 60, 13 * 60), (14 * 60, 18 * 60))
HOURS = {"4 hours": 4, "4 weeks": 160, "a year": 2_000, "9 years": 18_000}
COMPILED, CALLS = 15, 4_000
WIDER = {day: [["08:00", "19:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
Found = dict[str, Any]


def arithmetic() -> Iterator[tuple[str, Found]]:
    """To compile a calendar of twenty years with ten holidays each; to add working time and to count it, over spans
    from four hours to nine years, from as many starts as calls."""
    each = []
    for turn in range(COMPILED):
        compiled = CompiledCalendar(_calendar(turn))
        started = time.perf_counter()
        compiled.between(to_second(datetime(2020, 1, 1, tzinfo=UTC)), to_second(datetime(2040, 1, 1, tzinfo=UTC)))
        each.append(time.perf_counter() - started)
    yield "compile 20 years", Timing(sum(each), each).summary()
    office = _calendar(0)
    starts = [datetime(2021, 1, 4, tzinfo=UTC) + timedelta(minutes=997 * turn) for turn in range(CALLS)]
    for name, hours in HOURS.items():
        target = Target.seconds(hours * 3600)
        yield f"add {name}", _calls(partial(due_at, office, target=target), starts)
    for name, hours in HOURS.items():
        span = timedelta(days=hours / 8 * 7 / 5)
        yield f"between {name}", _calls(partial(_worked_in, office, span), starts)


def _calendar(turn: int) -> WeekCalendar:
    """A week of 40 hours in Lisbon; no two turns make the same."""
    closed = sorted({date(year, *day) for year in YEARS for day in HOLIDAYS} | {date(2041, 1, 1 + turn)})
    return WeekCalendar("Europe/Lisbon", (DAY,) * 5 + ((), ()), tuple((day, ()) for day in closed))


def _worked_in(calendar: WeekCalendar, span: timedelta, at: datetime) -> int:
    return worked(calendar, at, at + span)


def _calls(work: Callable[[datetime], object], starts: list[datetime]) -> Found:
    for at in starts[:50]:
        work(at)
    each = []
    for at in starts:
        started = time.perf_counter()
        work(at)
        each.append(time.perf_counter() - started)
    found = Timing(sum(each), each).summary()
    return {"per_second": found["per_second"], "p50_us": round(sorted(each)[len(each) // 2] * 1e6, 2)}


def edit() -> Iterator[tuple[str, Found]]:
    """Longer hours for the calendar of the last policy, from now on: counting what that moves, moving it, and looking
    again when every process knows the new hours. `rows`: complaints in hand."""
    by = Actor.system("bench")
    calendar = Calendar.objects.get(pk=SlaPolicy.objects.order_by("-version", "-position")[0].calendar_id)
    zone = calendar.versions.latest("number").definition["tz"]
    draft = calendars.save_draft(calendar, {"tz": zone, "weekly": WIDER}, by=by, at=clock.now())
    started = time.perf_counter()
    made = sla_edits.preview(by=by, at=clock.now(), mode=SlaEdit.Mode.FROM_NOW, calendar_version=draft)
    made = _until(made, lambda edit: edit.status == SlaEdit.Status.COUNTED)
    yield "preview of an edit", _told(made, time.perf_counter() - started)
    started = time.perf_counter()
    made = sla_edits.apply(made, by=by, at=clock.now())
    made = _until(made, lambda edit: edit.looked >= edit.total)
    yield "edit applied", _told(made, time.perf_counter() - started)
    while not made.found.get("settled"):
        time.sleep(0.2)
        sla_edits.advance(seconds=0.05)
        made.refresh_from_db()
    started, left = time.perf_counter(), made.total
    made = _until(made, lambda edit: edit.status == SlaEdit.Status.DONE)
    yield "second look", {**_told(made, time.perf_counter() - started), "rows": left}


def _until(edit: SlaEdit, done: Callable[[SlaEdit], bool]) -> SlaEdit:
    """Let the job work until `done`."""
    while not done(edit):
        sla_edits.advance(seconds=5)
        edit.refresh_from_db()
    return edit


def _told(edit: SlaEdit, seconds: float) -> Found:
    return {
        "rows": edit.total,
        "moved": edit.found["moved"],
        "seconds": round(seconds, 1),
        "per_second": round(edit.total / seconds, 1),
    }
