"""Calendars and clocks on paper: what is refused, what survives a round trip, what tzdata must be like."""

from __future__ import annotations

import json
import pickle
import struct
import zoneinfo
from datetime import UTC, datetime
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.working_time import (
    CalendarError,
    Pause,
    Target,
    TargetKind,
    Warn,
    WeekCalendar,
    due_at,
    worked,
)
from tests.sla.strategies import NIGHTS, OFFICE, calendars


def make_calendar() -> WeekCalendar:
    return WeekCalendar.parse({"tz": "Europe/Madrid", "weekly": OFFICE})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WEEK = {"mon": [["09:00", "17:00"]]}


@pytest.mark.parametrize(
    ("code", "calendar"),
    [
        ("bad_calendar", []),
        ("unknown_zone", {"weekly": WEEK}),
        *(
            ("unknown_zone", {"tz": tz, "weekly": WEEK})
            for tz in ("Mars/Olympus", "", None, 7, "../etc/passwd", "/etc/passwd", "Europe",
                       "right/Europe/Madrid", "posix/UTC", "localtime", "a\0b", "x" * 5000, "\ud800", ["UTC"])
        ),
        ("bad_weekly", {"tz": "UTC", "weekly": []}),
        ("bad_weekday", {"tz": "UTC", "weekly": {"monday": []}}),
        *(
            ("bad_interval", {"tz": "UTC", "weekly": {"mon": rows}})
            for rows in (None, "09:00", {}, ["09:00", "17:00"], [["09:00"]], [["09:00", "10:00", "11:00"]],
                         [None])
        ),
        *(
            ("bad_reading", {"tz": "UTC", "weekly": {"mon": [[opens, closes]]}})
            for opens, closes in (("24:00", "06:00"), ("9:00", "17:00"), ("09:00", "25:00"),
                                  ("09:60", "17:00"), ("09:00", "24:01"), ("09:00", 1020), (None, "17:00"),
                                  ("09:00:00", "17:00"),
                                  ("\u0660\u0669:00", "17:00"), ("09:00\n", "17:00"), ([], {}))
        ),
        ("empty_interval", {"tz": "UTC", "weekly": {"mon": [["09:00", "09:00"]]}}),
        ("empty_interval", {"tz": "UTC", "weekly": {"mon": [["00:00", "00:00"]]}}),
        ("bad_exceptions", {"tz": "UTC", "weekly": WEEK, "exceptions": {}}),
        ("bad_exceptions", {"tz": "UTC", "weekly": WEEK, "exceptions": [{"date": "2025-01-01"}]}),
        *(
            ("bad_date", {"tz": "UTC", "weekly": WEEK, "exceptions": [{"date": day, "intervals": []}]})
            for day in ("2025-02-29", "20250101", "2025-1-1", "0001-01-01", "2500-01-01", None, 20250101)
        ),
        (
            "duplicate_date",
            {"tz": "UTC", "weekly": WEEK, "exceptions": [{"date": "2025-01-01", "intervals": []}] * 2},
        ),
    ],
)  # fmt: skip
def test_a_calendar_without_meaning_is_refused(code: str, calendar: object) -> None:
    with pytest.raises(CalendarError) as refused:
        WeekCalendar.parse(calendar)
    assert refused.value.code == code
    assert len(refused.value.message) < 160
    refused.value.message.encode()


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("bad_target", lambda: Target.seconds(-1)),
        ("bad_target", lambda: Target.seconds(True)),
        ("bad_target", lambda: Target.seconds(1.5)),
        ("bad_target", lambda: Target.seconds(10**11)),
        ("bad_target", lambda: Target("hours", 1)),
        ("bad_target", lambda: Target(TargetKind.WORKING_DAYS, 10**6)),
        ("bad_pause", lambda: Pause(utc("2025-01-02"), utc("2025-01-01"))),
        ("naive_instant", lambda: Pause(datetime(2025, 1, 1), utc("2025-01-02"))),
        ("naive_instant", lambda: due_at(make_calendar(), datetime(2025, 1, 1), Target.seconds(1))),
        ("out_of_range", lambda: due_at(make_calendar(), utc("0001-01-01"), Target.seconds(1))),
        ("out_of_range", lambda: worked(make_calendar(), utc("2025-01-01"), utc("9999-12-31"))),
        ("bad_warning", lambda: Warn()),
        ("bad_warning", lambda: Warn(percent=1, before_seconds=1)),
        ("bad_warning", lambda: Warn(percent=-1)),
    ],
)
def test_a_clock_without_meaning_is_refused(code: str, make: Any) -> None:
    with pytest.raises(CalendarError) as refused:
        make()
    assert refused.value.code == code


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NIGHTS).flatmap(lambda night: calendars(*night)))
def test_a_calendar_survives_json_and_pickle(data: dict[str, Any]) -> None:
    calendar = WeekCalendar.parse(data)
    assert WeekCalendar.parse(json.loads(json.dumps(calendar.as_json()))) == calendar
    copy = pickle.loads(pickle.dumps(calendar))  # noqa: S301
    assert (copy, hash(copy)) == (calendar, hash(calendar))


# tzdata


def changes_of(key: str) -> list[tuple[int, int]]:
    """The instants at which a zone's offset changes, with the new offset, from its TZif file (RFC 9636)."""
    for folder in zoneinfo.TZPATH:
        if (Path(folder) / key).is_file():
            data = (Path(folder) / key).read_bytes()
            break
    else:
        data = resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes()
    layout = ">4sc15x6l"

    def size(head: tuple[Any, ...], width: int) -> int:
        ut, std, leap, times, kinds, chars = head[2:]
        return times * width + times + kinds * 6 + chars + leap * (width + 4) + std + ut

    at = 44 + size(struct.unpack_from(layout, data, 0), 4)
    head = struct.unpack_from(layout, data, at)
    times, kinds = head[5], head[6]
    instants = struct.unpack_from(f">{times}q", data, at + 44)
    which = struct.unpack_from(f">{times}B", data, at + 44 + times * 8)
    offsets = [struct.unpack_from(">l", data, at + 44 + times * 9 + kind * 6)[0] for kind in range(kinds)]
    found: list[tuple[int, int]] = []
    for instant, kind in zip(instants, which, strict=True):
        if not found or found[-1][1] != offsets[kind]:
            found.append((instant, offsets[kind]))
    return found


def test_no_zone_changes_and_changes_back_within_two_days() -> None:
    """What `core.calendar_compile._Calm` rests on."""
    first = int(utc("1900-01-01").timestamp())
    for key in zoneinfo.available_timezones():
        changes = [at for at, _ in changes_of(key) if at >= first]
        assert all(after - before > 2 * 86400 for before, after in pairwise(changes)), key
