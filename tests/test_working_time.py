"""Working time and SLA clocks: published cases, a slow second implementation, laws (domain, SLA)."""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.calendar_compile import compiled, reached
from core.sla_cases import outputs, parse_case
from core.working_time import (
    CalendarEdit,
    Clock,
    Pause,
    Reason,
    ReopenMode,
    Target,
    TargetChange,
    TargetKind,
    Warn,
    WeekCalendar,
    due_at,
    evaluate,
    is_open,
    next_opening,
    worked,
)
from tests.sla import oracle
from tests.sla.strategies import ALWAYS, NIGHTS, ODD_NIGHTS, OFFICE, calendars, cases

CASES = json.loads((Path(__file__).parent / "sla" / "cases.json").read_text())["cases"]
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def budget(usual: int, thorough: int) -> settings:
    """So many random examples; HYPOTHESIS_PROFILE=long: the thorough number, new ones each time."""
    return settings(
        max_examples=thorough if LONG else usual,
        deadline=None,
        suppress_health_check=HEALTH,
        derandomize=not LONG,
        database=None,
    )


def make_calendar(tz: str = "Europe/Madrid", weekly: Any = OFFICE, exceptions: Any = ()) -> WeekCalendar:
    return WeekCalendar.parse(
        {"tz": tz, "weekly": weekly, "exceptions": [{"date": d, "intervals": i} for d, i in exceptions]}
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOUR = 3600
SECONDS = st.integers(int(utc("2024-01-01").timestamp()), int(utc("2026-01-01").timestamp()))
INSTANTS = SECONDS.map(lambda s: datetime.fromtimestamp(s, UTC))


# The cases


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_field_of_every_published_case(case: dict[str, Any]) -> None:
    found = outputs(parse_case(case))
    assert {name: found[name] for name in case["expected"]} == case["expected"]


@pytest.mark.parametrize("case", [c for c in CASES if c["id"] != "S28"], ids=lambda case: case["id"])
def test_the_oracle_agrees_with_the_published_cases(case: dict[str, Any]) -> None:
    found = oracle.answer(case)
    assert {name: found[name] for name in case["expected"]} == case["expected"]


@budget(usual=80, thorough=20_000)
@given(cases())
def test_random_cases_agree_with_the_oracle_on_every_field(case: dict[str, Any]) -> None:
    assert outputs(parse_case(case)) == oracle.answer(case)


# The laws


@st.composite
def anywhere(draw: st.DrawFn) -> tuple[WeekCalendar, list[datetime]]:
    """A calendar and three instants in order, near a night on which clocks jumped."""
    zone, near = draw(st.sampled_from(NIGHTS + ODD_NIGHTS))
    midnight = int(datetime(near.year, near.month, near.day, tzinfo=UTC).timestamp())
    second = st.integers(midnight - 40 * 86400, midnight + 40 * 86400)
    instants = sorted(draw(st.lists(second, min_size=3, max_size=3)))
    return WeekCalendar.parse(draw(calendars(zone, near))), [datetime.fromtimestamp(s, UTC) for s in instants]


@budget(usual=80, thorough=4_000)
@given(anywhere(), st.booleans())
def test_worked_adds_up_and_never_exceeds_real_time(found: tuple[WeekCalendar, list[datetime]], paused: bool) -> None:
    calendar, (a, b, c) = found
    pauses = [Pause(a + (b - a) // 2, b + (c - b) // 2)] if paused else []
    whole = worked(calendar, a, c, pauses)
    assert worked(calendar, a, b, pauses) + worked(calendar, b, c, pauses) == whole
    assert 0 <= whole <= -(-(c - a) // timedelta(seconds=1))
    assert worked(calendar, c, a) == 0


@budget(usual=80, thorough=4_000)
@given(anywhere(), st.integers(0, 60 * HOUR), st.integers(0, 60 * HOUR))
def test_due_is_the_smallest_instant_and_grows_with_the_target(
    found: tuple[WeekCalendar, list[datetime]], seconds: int, more: int
) -> None:
    calendar, (start, a, b) = found
    pauses = [Pause(a, b)]
    due = due_at(calendar, start, Target.seconds(seconds), pauses)
    later = due_at(calendar, start, Target.seconds(seconds + more), pauses)
    if due is None:
        assert later is None
        return
    assert due >= start
    assert worked(calendar, start, due, pauses) == seconds
    if seconds:
        assert worked(calendar, start, due - timedelta(seconds=1), pauses) == seconds - 1
    if later is not None:
        assert later >= due
        assert worked(calendar, due, later, pauses) == more
    unpaused = due_at(calendar, start, Target.seconds(seconds))
    assert unpaused is not None
    assert unpaused <= due


@budget(usual=80, thorough=4_000)
@given(anywhere())
def test_openings(found: tuple[WeekCalendar, list[datetime]]) -> None:
    calendar, (at, _, end) = found
    opening = next_opening(calendar, at)
    if opening is None:
        assert worked(calendar, at, end) == 0
        return
    assert opening >= at
    assert is_open(calendar, opening)
    assert worked(calendar, at, opening) == 0
    assert is_open(calendar, at) == (opening == at)


@budget(usual=60, thorough=2_000)
@given(anywhere(), st.integers(1, 999_999))
def test_a_fraction_of_a_second_counts_from_the_next_second(
    found: tuple[WeekCalendar, list[datetime]], micros: int
) -> None:
    calendar, (start, a, b) = found
    bit, second = timedelta(microseconds=micros), timedelta(seconds=1)

    def clock(shift: timedelta) -> Clock:
        warnings = (Warn(percent=75), Warn(before_seconds=HOUR))
        return Clock(
            calendar, start + shift, Target.seconds(9 * HOUR), (Pause(a + shift, b + shift),),
            completed_at=b + shift, as_of=a + shift, warnings=warnings,
        )  # fmt: skip

    assert evaluate(clock(bit)) == evaluate(clock(second))


@pytest.mark.parametrize(("zone", "near"), NIGHTS + ODD_NIGHTS)
def test_a_reading_is_reached_when_the_clock_first_shows_it_or_a_later_one(zone: str, near: date) -> None:
    tz = ZoneInfo(zone)
    begin = int(datetime(near.year, near.month, near.day, tzinfo=UTC).timestamp()) - 3 * 86400
    walk = range(begin, begin + 7 * 86400, 60)
    furthest = list(accumulate((datetime.fromtimestamp(s, tz).replace(tzinfo=None, fold=0) for s in walk), max))
    for day in (near - timedelta(days=1), near, near + timedelta(days=1)):
        for minute in range(0, 2881, 7):
            wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
            assert reached(tz, day.toordinal(), minute) == walk[bisect_left(furthest, wall)]


# Borders


def test_done_exactly_at_the_deadline_is_met_and_a_microsecond_later_is_not() -> None:
    clock = Clock(make_calendar(), utc("2025-01-14T08:00"), Target.seconds(8 * HOUR))
    due = evaluate(clock).due_at
    assert due == utc("2025-01-14T16:00")
    met = evaluate(Clock(clock.calendar, clock.start, clock.target, completed_at=due))
    assert (met.met, met.breached_at, met.overrun_seconds) == (True, None, 0)
    late = evaluate(Clock(clock.calendar, clock.start, clock.target, completed_at=due + timedelta(microseconds=1)))
    assert (late.met, late.breached_at, late.overrun_seconds) == (False, due, 0)


def test_done_at_once_meets_a_target_of_nothing_within_a_second() -> None:
    start = utc("2025-01-18T10:00:00.400")
    result = evaluate(Clock(make_calendar(), start, Target.seconds(0), completed_at=start))
    assert result.met is True
    assert result.due_at == utc("2025-01-18T10:00:01")


@pytest.mark.parametrize("kind", [TargetKind.CALENDAR_DAYS, TargetKind.WORKING_DAYS])
def test_the_last_moment_of_a_date_belongs_to_it(kind: TargetKind) -> None:
    calendar = make_calendar("UTC")
    before, after = utc("2025-01-14T23:59:59.999"), utc("2025-01-15T00:00")
    assert due_at(calendar, before, Target(kind, 1)) == due_at(calendar, utc("2025-01-14T12:00"), Target(kind, 1))
    assert due_at(calendar, before, Target(kind, 1)) != due_at(calendar, after, Target(kind, 1))


def test_a_pause_from_before_the_start_stops_the_clock_from_the_start() -> None:
    pause = Pause(utc("2025-01-13T00:00"), utc("2025-01-14T10:00"))
    due = due_at(make_calendar(), utc("2025-01-14T08:00"), Target.seconds(HOUR), [pause])
    assert due == utc("2025-01-14T11:00")


def test_a_pause_that_begins_as_the_budget_ends_moves_nothing() -> None:
    start, pauses = utc("2025-01-14T08:00"), [Pause(utc("2025-01-14T10:00"))]
    assert due_at(make_calendar(), start, Target.seconds(2 * HOUR), pauses) == utc("2025-01-14T10:00")
    assert due_at(make_calendar(), start, Target.seconds(2 * HOUR + 1), pauses) is None


def test_done_while_paused_is_met() -> None:
    result = evaluate(
        Clock(
            make_calendar(), utc("2025-01-14T08:00"), Target.seconds(4 * HOUR),
            (Pause(utc("2025-01-14T10:00")),),
            completed_at=utc("2025-01-16T10:00"), as_of=utc("2025-01-17T10:00"),
        )
    )  # fmt: skip
    assert (result.due_at, result.reason, result.met, result.breached_at) == (None, Reason.PAUSED, True, None)
    assert (result.worked_to_completion, result.overrun_seconds) == (2 * HOUR, 0)
    assert (result.worked_at_as_of, result.remaining_at_as_of, result.late_at_as_of) == (
        2 * HOUR,
        2 * HOUR,
        0,
    )


def test_late_is_working_time_since_the_deadline() -> None:
    clock = Clock(make_calendar(), utc("2025-01-17T08:00"), Target.seconds(8 * HOUR), as_of=utc("2025-01-20T08:25"))
    assert evaluate(clock).late_at_as_of == 25 * 60


def test_several_changes_in_any_order_count_in_order_of_time() -> None:
    start = utc("2025-07-01T07:00")
    shorter = TargetChange(utc("2025-07-01T09:00"), Target.seconds(HOUR))  # worked 2 h: due at the change
    late = TargetChange(utc("2025-07-01T09:01"), Target.seconds(80 * HOUR))  # too late
    result = evaluate(Clock(make_calendar(), start, Target.seconds(8 * HOUR), target_changes=(late, shorter)))
    assert result.due_at == utc("2025-07-01T09:00")
    assert result.changes_ignored == (False, True)
    at_once = TargetChange(shorter.at, Target.seconds(4 * HOUR))  # same instant: due is not past yet
    result = evaluate(Clock(make_calendar(), start, Target.seconds(8 * HOUR), target_changes=(shorter, at_once)))
    assert result.due_at == utc("2025-07-01T11:00")
    assert result.changes_ignored == (False, False)


def test_a_change_after_the_work_was_done_is_ignored() -> None:
    done = utc("2025-07-01T08:00")
    change = TargetChange(done, Target.seconds(60))
    clock = Clock(
        make_calendar(),
        utc("2025-07-01T07:00"),
        Target.seconds(8 * HOUR),
        target_changes=(change,),
        completed_at=done,
    )
    assert evaluate(clock).due_at == utc("2025-07-01T15:00")
    assert evaluate(clock).change_ignored_because_breached_or_done is True


def test_three_versions_of_a_calendar_each_govern_their_own_span() -> None:
    nights = make_calendar(weekly={day: [["22:00", "06:00"]] for day in ALWAYS})
    edits = (
        CalendarEdit(utc("2025-07-01T21:00"), make_calendar(weekly=ALWAYS)),
        CalendarEdit(utc("2025-07-01T23:00"), make_calendar()),
    )
    clock = Clock(nights, utc("2025-07-01T12:00"), Target.seconds(4 * HOUR), calendar_edits=edits)
    # 22:00 is 20:00Z: an hour of nights, two hours of round the clock, then the office opens at 07:00Z.
    assert evaluate(clock).due_at == utc("2025-07-02T08:00")


def test_restart_takes_the_last_reopening_and_resume_all_of_them() -> None:
    resolutions = (
        Pause(utc("2025-07-01T08:00"), utc("2025-07-01T09:00")),
        Pause(utc("2025-07-01T10:00"), utc("2025-07-01T12:00")),
    )
    start, target = utc("2025-07-01T07:00"), Target.seconds(3 * HOUR)
    resumed = Clock(make_calendar(), start, target, resolutions=resolutions)
    afresh = Clock(make_calendar(), start, target, resolutions=resolutions, reopen_mode=ReopenMode.RESTART)
    assert evaluate(resumed).due_at == utc("2025-07-01T13:00")
    assert evaluate(afresh).due_at == utc("2025-07-01T15:00")
    assert evaluate(afresh).start_at == utc("2025-07-01T12:00")


def test_calendars_that_open_rarely_or_never() -> None:
    start, hour = utc("2025-06-02T07:00"), Target.seconds(HOUR)
    assert due_at(make_calendar(weekly={}), start, hour) is None
    once = make_calendar("UTC", {}, [("2061-03-01", [["09:00", "11:00"]])])
    assert due_at(once, start, hour) == utc("2061-03-01T10:00")
    assert due_at(once, start, Target.seconds(2 * HOUR)) == utc("2061-03-01T11:00")
    assert due_at(once, start, Target.seconds(2 * HOUR + 1)) is None
    assert due_at(once, start, Target(TargetKind.WORKING_DAYS, 1)) == utc("2061-03-01T11:00")
    assert due_at(once, start, Target(TargetKind.WORKING_DAYS, 2)) is None
    weekly = make_calendar("UTC", {"mon": [["09:00", "09:01"]]})
    assert due_at(weekly, start, Target.seconds(52 * 30 * 60)) == utc("2055-04-19T09:01")
    closed = evaluate(Clock(once, utc("2070-01-01"), hour, as_of=utc("2071-01-01")))
    assert (closed.reason, closed.remaining_at_as_of) == (Reason.NEVER_OPENS, HOUR)


def test_years_back_and_ahead_give_the_same_answers_as_fresh_tables() -> None:
    grown = make_calendar()
    for year in (2025, 1990, 2060, 2025):
        fresh = make_calendar(exceptions=[(f"{year + 20}-01-01", [])])
        start = utc(f"{year}-05-05T05:55")
        for target in (Target.seconds(70 * HOUR), Target(TargetKind.WORKING_DAYS, 15)):
            assert due_at(grown, start, target) == due_at(fresh, start, target)


@budget(usual=30, thorough=1_000)
@given(st.lists(st.tuples(INSTANTS, st.integers(0, 500 * HOUR)), min_size=2, max_size=6))
def test_the_order_of_questions_does_not_matter(questions: list[tuple[datetime, int]]) -> None:
    compiled.cache_clear()
    calendar = make_calendar()
    answers = [due_at(calendar, start, Target.seconds(seconds)) for start, seconds in questions]
    compiled.cache_clear()
    again = [due_at(calendar, start, Target.seconds(seconds)) for start, seconds in reversed(questions)]
    assert answers == again[::-1]
