"""What a working calendar says on paper: a time zone, weekly rows and dated exceptions (domain, SLA 3).

Pure and immutable. Parsing refuses every unclear input with a `CalendarError`; what an instant of such a
calendar means is computed in `core.calendar_compile`, the arithmetic of clocks in `core.working_time`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

DAY = 1440
"""Minutes in a paper day."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2500, 1, 1)

Row = tuple[int, int]
"""(open, close) in minutes of the wall clock after 00:00 of the row's date; close > open, at most open + 1439
or, for a row that starts at midnight, 1440."""

_READING = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NOT_A_PLACE = re.compile(r"(right|posix)(/|$)|localtime$|posixrules$|Factory$")


class CalendarError(ValueError):
    """A calendar, clock or case that has no meaning. `code` is stable, `message` is for people (English)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[CalendarError], tuple[str, str]]:
        return (CalendarError, (self.code, self.message))


@dataclass(frozen=True, slots=True)
class WeekCalendar:
    """A calendar version: `weekly` has the rows of Monday to Sunday, `exceptions` (date, rows) by date.

    Rows belong to the date on which they open. Hashing is cheap, so that compiled forms can be cached by it.
    """

    tz: str
    weekly: tuple[tuple[Row, ...], ...]
    exceptions: tuple[tuple[date, tuple[Row, ...]], ...] = ()
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        zone(self.tz)
        if len(self.weekly) != 7:
            raise CalendarError("bad_weekly", "A week has seven days.")
        dates = [day for day, _ in self.exceptions]
        if dates != sorted(set(dates)):
            raise CalendarError("duplicate_date", "Exceptions must be in order, one for each date.")
        object.__setattr__(self, "_hash", hash((self.tz, self.weekly, self.exceptions)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return (WeekCalendar, (self.tz, self.weekly, self.exceptions))

    @property
    def zone(self) -> ZoneInfo:
        """The calendar's time zone."""
        return zone(self.tz)

    @classmethod
    def parse(cls, data: object) -> WeekCalendar:
        """Read `{"tz", "weekly": {"mon": [["09:00", "17:00"]]}, "exceptions": [{"date", "intervals"}]}`.

        Raises CalendarError: bad_calendar, unknown_zone, bad_weekly, bad_weekday, bad_interval, bad_reading,
        empty_interval, bad_exceptions, bad_date, duplicate_date.
        """
        if not isinstance(data, Mapping):
            raise CalendarError("bad_calendar", "A calendar is an object with tz, weekly and exceptions.")
        tz = data.get("tz")
        zone(tz)
        return cls(str(tz), _weekly(data.get("weekly", {})), _exceptions(data.get("exceptions", [])))

    def as_json(self) -> dict[str, Any]:
        """Return the shape that `parse` reads; closed weekdays are left out."""
        return {
            "tz": self.tz,
            "weekly": {name: _row_texts(rows) for name, rows in zip(WEEKDAYS, self.weekly, strict=True) if rows},
            "exceptions": [{"date": day.isoformat(), "intervals": _row_texts(rows)} for day, rows in self.exceptions],
        }


def zone(key: object) -> ZoneInfo:
    """Return the IANA zone named `key` (cached by zoneinfo). Raises CalendarError unknown_zone."""
    if isinstance(key, str) and key and not _NOT_A_PLACE.match(key):
        try:
            return ZoneInfo(key)
        except (KeyError, ValueError, OSError):
            pass
    raise CalendarError("unknown_zone", f"Unknown time zone: {_shown(key)}.")


def _weekly(data: object) -> tuple[tuple[Row, ...], ...]:
    if not isinstance(data, Mapping):
        raise CalendarError("bad_weekly", "The weekly rows are an object with a list for each weekday.")
    for name in data:
        if name not in WEEKDAYS:
            raise CalendarError("bad_weekday", f"Unknown weekday: {_shown(name)}; use mon to sun.")
    return tuple(_rows(data.get(name, []), name) for name in WEEKDAYS)


def _exceptions(data: object) -> tuple[tuple[date, tuple[Row, ...]], ...]:
    if not isinstance(data, list | tuple):
        raise CalendarError("bad_exceptions", "The exceptions are a list of dates with their intervals.")
    found: dict[date, tuple[Row, ...]] = {}
    for item in data:
        if not isinstance(item, Mapping) or "date" not in item or "intervals" not in item:
            raise CalendarError("bad_exceptions", "An exception has a date and a list of intervals.")
        day = _date(item["date"])
        if day in found:
            raise CalendarError("duplicate_date", f"Two exceptions for {day.isoformat()}.")
        found[day] = _rows(item["intervals"], day.isoformat())
    return tuple(sorted(found.items()))


def _date(text: object) -> date:
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if FIRST_DATE < day < LAST_DATE:
            return day
    raise CalendarError("bad_date", f"Not a date as YYYY-MM-DD from 1900 to 2499: {_shown(text)}.")


def _rows(data: object, where: str) -> tuple[Row, ...]:
    if not isinstance(data, list | tuple):
        raise CalendarError("bad_interval", f"{where}: a day has a list of intervals.")
    return tuple(sorted({_row(item, where) for item in data}))


def _row(data: object, where: str) -> Row:
    if not isinstance(data, list | tuple) or len(data) != 2:
        raise CalendarError("bad_interval", f"{where}: an interval is a pair of opening and closing time.")
    opens, closes = _reading(data[0], where), DAY if data[1] == "24:00" else _reading(data[1], where)
    if opens == closes:
        raise CalendarError("empty_interval", f"{where}: the interval opens and closes at {data[0]}.")
    return (opens, closes if closes > opens else closes + DAY)


def _reading(text: object, where: str) -> int:
    if text == "24:00":
        raise CalendarError("bad_reading", f"{where}: 24:00 can only be a closing time.")
    found = _READING.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise CalendarError("bad_reading", f"{where}: not a time as HH:MM: {_shown(text)}.")
    return int(found[1]) * 60 + int(found[2])


def _row_texts(rows: Iterable[Row]) -> list[list[str]]:
    return [[_text(opens), "24:00" if closes == DAY else _text(closes % DAY)] for opens, closes in rows]


def _text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _shown(value: object) -> str:
    """Return a short printable form of a refused value."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
