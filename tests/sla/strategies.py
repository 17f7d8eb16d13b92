"""Random SLA cases as JSON: split days, nights, holidays, clock changes, pauses, edits, reopenings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.sla.oracle import ODD_ZONES, WEEKDAYS, minutes

# Where clocks have jumped: a zone and a UTC date near the jump (or none at all).
NIGHTS = [
    ("Europe/Madrid", date(2025, 3, 30)),
    ("Europe/Madrid", date(2025, 10, 26)),
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Australia/Lord_Howe", date(2024, 10, 5)),
    ("Australia/Lord_Howe", date(2024, 4, 6)),
    ("Asia/Kathmandu", date(2025, 2, 14)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("Antarctica/Troll", date(2024, 3, 31)),
    ("Antarctica/Troll", date(2024, 10, 27)),
    ("America/Havana", date(2024, 3, 10)),
    ("America/Havana", date(2024, 11, 3)),
    ("Africa/Cairo", date(2024, 4, 26)),
    ("Africa/Casablanca", date(2025, 2, 23)),
    ("UTC", date(2024, 2, 29)),
    ("Asia/Tokyo", date(2025, 1, 1)),
]
# Its clocks jumped a minute past midnight: the oracle has to go minute by minute.
ODD_NIGHTS = [("America/St_Johns", date(2006, 10, 29)), ("America/St_Johns", date(2007, 3, 11))]
ALWAYS: dict[str, list[list[str]]] = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
OFFICE: dict[str, list[list[str]]] = {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}


def instant(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@st.composite
def rows(draw: st.DrawFn, fewest: int = 0) -> list[list[str]]:
    grid = draw(st.sampled_from([30] * 4 + [15] * 4 + [60] * 3 + [5]))
    reading = st.integers(0, 1440 // grid - 1).map(lambda n: n * grid)
    night = st.sampled_from([0, 30, 60, 90, 120, 150, 180, 1320, 1380, 1410]).filter(lambda n: n % grid == 0)
    found = []
    for _ in range(draw(st.integers(fewest, 3))):
        opens, closes = draw(reading | night), draw(reading | night | st.just(1440))
        if opens != closes:
            found.append([f"{m // 60:02d}:{m % 60:02d}" for m in (opens, closes)])
    return found


@st.composite
def calendars(draw: st.DrawFn, zone: str, near: date) -> dict[str, Any]:
    shape = draw(st.integers(0, 9))
    if shape == 0:
        weekly = ALWAYS
    elif shape == 1:
        weekly = {}
    elif shape in (2, 3):
        weekly = OFFICE
    elif shape == 4:
        weekly = dict.fromkeys(WEEKDAYS, draw(rows(fewest=1)))
    else:
        weekly = {day: draw(rows()) for day in draw(st.sets(st.sampled_from(WEEKDAYS)))}
    near_by = st.integers(-6, 12).map(lambda n: near + timedelta(days=n))
    days = draw(st.sets(near_by, max_size=4))
    exceptions = [{"date": day.isoformat(), "intervals": draw(st.just([]) | rows())} for day in sorted(days)]
    return {"tz": zone, "weekly": weekly, "exceptions": exceptions}


def week_seconds(calendar: dict[str, Any]) -> int:
    """Seconds of the rows of a paper week, overlapping ones counted twice; 6 h if only exceptions open it."""
    found = sum((minutes(b) - minutes(a)) % 1440 or 1440 for day in calendar["weekly"].values() for a, b in day)
    return found * 60 or 6 * 3600


@st.composite
def targets(draw: st.DrawFn, most: int) -> dict[str, Any]:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return {"kind": "calendar_days", "value": draw(st.integers(0, 15))}
    if kind == 1:
        return {"kind": "working_days", "value": draw(st.integers(0, 6))}
    hours = st.integers(0, most // 3600).map(lambda n: n * 3600)
    return {"kind": "working_seconds", "value": draw(hours | hours | st.integers(0, most))}


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    zone, near = draw(st.sampled_from(NIGHTS * 3 + ODD_NIGHTS))
    midnight = int(datetime(near.year, near.month, near.day, tzinfo=UTC).timestamp())
    hours = st.integers(-8 * 24, 10 * 24).map(lambda n: midnight + n * 3600)
    quarters = st.integers(-4 * 48, 4 * 48).map(lambda n: midnight + n * 900)
    anywhen = st.integers(midnight - 8 * 86400, midnight + 10 * 86400)
    at = hours | quarters | anywhen
    start = draw(at)
    calendar = draw(calendars(zone, near))
    edits = []
    if draw(st.integers(0, 3)) == 0:
        for _ in range(draw(st.integers(1, 3))):
            other = zone
            if zone not in ODD_ZONES and draw(st.integers(0, 7)) == 0:
                other = draw(st.sampled_from([name for name, _ in NIGHTS if name not in ODD_ZONES]))
            mode = draw(st.sampled_from(["from_edit", "from_edit", "whole_clock"]))
            edits.append({"at": instant(draw(at)), "mode": mode, "calendar": draw(calendars(other, near))})
    most = min(week_seconds(c) for c in [calendar, *(e["calendar"] for e in edits)]) * 2
    case: dict[str, Any] = {"calendar": calendar, "start": instant(start), "target": draw(targets(most))}
    spans = st.lists(st.tuples(at, at).map(sorted), max_size=4)
    if draw(st.booleans()):
        pauses: list[list[str | None]] = [[instant(a), instant(b)] for a, b in draw(spans)]
        if draw(st.integers(0, 4)) == 0:
            pauses.append([instant(draw(at)), None])
        case["pauses"] = draw(st.permutations(pauses))
    if draw(st.integers(0, 3)) == 0:
        case["resolutions"] = [[instant(a), instant(b)] for a, b in sorted(draw(spans))]
        case["reopen_mode"] = draw(st.sampled_from(["resume", "restart"]))
    if draw(st.integers(0, 3)) == 0:
        count = draw(st.integers(1, 3))
        case["target_changes"] = [{"at": instant(draw(at)), "target": draw(targets(most))} for _ in range(count)]
    if edits:
        case["calendar_edits"] = edits
    for name in ("completed_at", "as_of", "measure_to"):
        if draw(st.booleans()):
            case[name] = instant(draw(at))
    percent = st.integers(0, 120).map(lambda p: {"percent": p})
    before = st.integers(0, most).map(lambda s: {"before_seconds": s})
    case["warnings"] = draw(st.lists(percent | before, max_size=2))
    return case
