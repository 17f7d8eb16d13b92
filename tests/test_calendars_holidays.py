"""Holidays to tick: of a country, and of a calendar file from anywhere (SLA 3; cases F03, F04)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import holiday_files, holidays_of
from core.week_calendar import CalendarError

# --- holidays of a country --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "name"), [("es", "Natividad del Señor"), ("en", "Christmas Day"), ("ru", "Christmas Day")]
)
def test_holidays_are_named_in_the_readers_language_or_english(language: str, name: str) -> None:
    found = {one.day: one.name for one in holidays_of.public_holidays("ES", "", 2026, 2027, language=language)}
    assert found[date(2026, 12, 25)] == name and {day.year for day in found} == {2026, 2027}


def test_a_part_of_a_country_has_its_own() -> None:
    whole = {one.day for one in holidays_of.public_holidays("ES", "", 2026, 2026)}
    madrid = {one.day for one in holidays_of.public_holidays("ES", "MD", 2026, 2026)}
    assert date(2026, 5, 2) in madrid - whole
    assert ("MD", "Madrid") in holidays_of.subdivisions("ES")
    assert dict(holidays_of.countries("ru"))["ES"] == "Испания" and dict(holidays_of.countries("en"))["ES"] == "Spain"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("XX", "", 2026, 2026), "unknown_country"),
        (("list_supported_countries", "", 2026, 2026), "unknown_country"),
        (("ES", "XX", 2026, 2026), "unknown_subdivision"),
        (("ES", "", 2027, 2026), "bad_years"),
        (("ES", "", 2026, 2036), "bad_years"),
        (("ES", "", 1, 2), "bad_years"),
    ],
)
def test_odd_questions_for_holidays_are_refused(asked: Any, code: str) -> None:
    with pytest.raises(CalendarError) as refused:
        holidays_of.public_holidays(*asked)
    assert refused.value.code == code


# --- calendar files ---------------------------------------------------------------------------------------------------

TODAY = date(2026, 11, 22)


def ics(*entries: str, head: str = "") -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\n{one}\r\nEND:VEVENT\r\n" for one in entries)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{body}END:VCALENDAR\r\n".encode()


def days(*entries: str) -> list[str]:
    return [one.day.isoformat() for one in holiday_files.read(ics(*entries), today=TODAY).found]


def test_whole_days_are_read_and_timed_entries_counted() -> None:
    reading = holiday_files.read(
        ics(
            "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\\, all\r\n  of it",
            "DTSTART:20261230T090000Z\r\nSUMMARY:Meeting",
            "DTSTART;TZID=Nowhere:20261230T090000\r\nSUMMARY:Meeting",
            "DTSTART;VALUE=DATE:20261399\r\nSUMMARY:No such month",
            "SUMMARY:No date",
            "DTSTART;VALUE=DATE:20261231\r\nSTATUS:CANCELLED\r\nSUMMARY:Off",
            "DTSTART;VALUE=DATE:20261226\r\nSUMMARY:Boxing day",
        ),
        today=TODAY,
    )
    assert [(one.day.isoformat(), one.name) for one in reading.found] == [
        ("2026-12-24", "Christmas, all of it"),
        ("2026-12-25", "Christmas, all of it"),
        ("2026-12-26", "Christmas, all of it; Boxing day"),
    ]
    assert (reading.timed, reading.unread) == (2, 2)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=YEARLY", [f"{year}-01-06" for year in range(2026, 2036)]),
        ("FREQ=YEARLY;COUNT=9", ["2026-01-06", "2027-01-06", "2028-01-06"]),
        ("FREQ=YEARLY;UNTIL=20270106", ["2026-01-06", "2027-01-06"]),
        ("FREQ=YEARLY;INTERVAL=5", ["2030-01-06", "2035-01-06"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20281231", ["2026-11-26", "2027-11-25", "2028-11-23"]),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20271231", ["2026-05-25", "2027-05-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29"]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1;UNTIL=20271231", ["2026-12-31", "2027-12-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []),
    ],
)
def test_yearly_rules_reach_ten_years(rule: str, expected: list[str]) -> None:
    anchor = "DTSTART;VALUE=DATE:20260101\r\nSUMMARY:Anchor"
    start = "20200106" if "BYMONTH" not in rule else "20200101"
    assert [
        day for day in days(anchor, f"DTSTART;VALUE=DATE:{start}\r\nRRULE:{rule}") if day != "2026-01-01"
    ] == expected


def test_exceptions_of_a_series_are_left_out() -> None:
    series = "UID:1\r\nDTSTART;VALUE=DATE:20260106\r\nRRULE:FREQ=YEARLY;COUNT=3\r\nEXDATE;VALUE=DATE:20270106"
    moved = "UID:1\r\nRECURRENCE-ID;VALUE=DATE:20280106\r\nDTSTART;VALUE=DATE:20280107"
    assert days(series, moved) == ["2026-01-06", "2028-01-07"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_calendar"),
        (b"PK\x03\x04 a zip", "not_a_calendar"),
        (b"\xff\xfe\x00BEGIN:VCALENDAR", "not_a_calendar"),
        (b"<html>login</html>", "not_a_calendar"),
        (ics(), "nothing_found"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 2001, "nothing_found"),
        (ics(*["DTSTART;VALUE=DATE:20261225"] * 2001), "too_many_entries"),
        (b"BEGIN:VCALENDAR\r\n" + b"x" * 1_000_001, "too_large"),
        (ics(*[f"DTSTART;VALUE=DATE:2027{m:02}01\r\nDURATION:P300D" for m in (1, 12)]), "too_many_days"),
        (ics("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=SECONDLY"), "nothing_found"),
        (ics("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY;BYHOUR=1,2,3"), "nothing_found"),
        (ics("DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY;INTERVAL=0"), "nothing_found"),
        (ics("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:99990101"), "nothing_found"),
        (ics("DTSTART;VALUE=DATE:00010101\r\nRRULE:FREQ=YEARLY;BYDAY=99XX"), "nothing_found"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VTIMEZONE\r\n" * 40_000, "nothing_found"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_words_and_in_no_time(data: bytes, code: str) -> None:
    began = datetime.now(UTC)
    with pytest.raises(CalendarError) as refused:
        holiday_files.read(data, today=TODAY)
    assert refused.value.code == code
    assert datetime.now(UTC) - began < timedelta(seconds=5)


LINES = [
    "DTSTART;VALUE=DATE:20261225", "DTSTART:20261225", "RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;BYDAY=MO",
    "RRULE:FREQ=YEARLY;COUNT=-1", "RRULE:COUNT=x", "EXDATE:nonsense", "RDATE;VALUE=PERIOD:20260101T000000Z/P1D",
    "DURATION:P1000000000W", "DTEND;VALUE=DATE:20260101", "BEGIN:VALARM", "END:VEVENT", "SUMMARY:\u202e\x07 tricky",
    "UID:", "RECURRENCE-ID:x", "DTSTART;TZID=\u0000:20261225T000000",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=8))
def test_no_mixture_of_lines_ends_in_anything_but_days_or_a_refusal(lines: list[str]) -> None:
    try:
        reading = holiday_files.read(ics("\r\n".join(lines)), today=TODAY)
    except CalendarError as error:
        assert error.code
    else:
        assert len(reading.found) <= holiday_files.MAX_DAYS
