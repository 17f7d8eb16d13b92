"""What the editor of a calendar shows, and the definition of sla/SCHEMA.md that follows of it (domain, SLA 3).

    {"tz": "Europe/Madrid", "weekly": {"mon": [["09:00", "13:00"], ["14:00", "18:00"]]},
     "seasons": [{"name": "Summer", "from": "2027-07-01", "to": "2027-08-31", "weekly": {"mon": [["08:00", "15:00"]]}}],
     "holidays": [{"date": "2026-12-24", "name": "Christmas Eve", "intervals": [["09:00", "13:00"]]}]}

A season gives its dates (`to` inclusive) other weekly hours, a holiday gives one date other hours or none; holidays win
over seasons. Both become exceptions of the definition, so that the arithmetic of clocks knows nothing of them.
Stricter than SCHEMA.md, since a person wrote it: overlapping rows, overlapping seasons and a week without any hours are
refused. Pure; the messages are English, `core.actions.calendars` has them in the reader's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from core.week_calendar import DAY, FIRST_DATE, LAST_DATE, WEEKDAYS, CalendarError, Row, WeekCalendar, zone

Weekly = tuple[tuple[Row, ...], ...]

MAX_ROWS = 12
"""Intervals a day."""
MAX_SEASONS = 12
MAX_SEASON_DAYS = 3653
"""All seasons together: ten years."""
MAX_HOLIDAYS = 250
MAX_NAME = 80

_READING = re.compile(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?", re.ASCII)
_DASH = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")
_BETWEEN = re.compile(r"[,;\n]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class SourceError(CalendarError):
    """What is wrong with a source. `place` says where: tz, weekly.mon, seasons.0.from, holidays.3.date; `about` holds
    what the words of the message name."""

    def __init__(self, code: str, place: str, message: str, **about: str) -> None:
        super().__init__(code, f"{place}: {message}")
        self.place = place
        self.about = about

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (self.code, self.place, self.message.removeprefix(f"{self.place}: "), self.about))


def _again(code: str, place: str, message: str, about: dict[str, str]) -> SourceError:
    return SourceError(code, place, message, **about)


@dataclass(frozen=True, slots=True)
class Season:
    """Other weekly hours from `first` to `last`, both included."""

    name: str
    first: date
    last: date
    weekly: Weekly

    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def as_json(self) -> dict[str, Any]:
        dates = {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return {"name": self.name, **dates, "weekly": _weekly_texts(self.weekly)}


@dataclass(frozen=True, slots=True)
class Holiday:
    """One date with other hours; none: closed. A half-day has some."""

    day: date
    name: str
    rows: tuple[Row, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"date": self.day.isoformat(), "name": self.name, "intervals": row_texts(self.rows)}


@dataclass(frozen=True, slots=True)
class Source:
    """A source that has been read and makes sense. Seasons by their first day, holidays by date."""

    tz: str
    weekly: Weekly
    seasons: tuple[Season, ...] = ()
    holidays: tuple[Holiday, ...] = ()

    @classmethod
    def parse(cls, data: object) -> Source:
        """Read the JSON above; names are trimmed. Raises SourceError: bad_calendar, unknown_field, unknown_zone,
        bad_weekly, bad_interval, bad_reading, empty_interval, overlap, too_many_rows, bad_seasons, bad_date, bad_name,
        backwards, seasons_overlap, too_long, too_many_seasons, bad_holidays, duplicate_date, too_many_holidays,
        never_opens."""
        found = _object(data, "", ("tz", "weekly", "seasons", "holidays"), "bad_calendar")
        try:
            zone(found.get("tz"))
        except CalendarError as error:
            raise SourceError("unknown_zone", "tz", error.message, value=_shown(found.get("tz"))) from None
        weekly = _weekly(found.get("weekly", {}), "weekly")
        source = cls(str(found["tz"]), weekly, _seasons(found.get("seasons", [])), _holidays(found.get("holidays", [])))
        if not any(weekly):
            # Seasons and holidays end: behind the last one no clock would ever be due.
            raise SourceError("never_opens", "weekly", "No weekday has hours, so the calendar never opens.")
        return source

    @classmethod
    def of_definition(cls, definition: object, names: Mapping[str, str]) -> Source:
        """A source for a definition that was written without one: its exceptions are holidays, overlapping rows
        become one. Raises CalendarError. What it defines is equal, except that nothing is cut off: it may hold more
        holidays than the editor takes."""
        calendar = WeekCalendar.parse(definition)
        weekly = tuple(_union(rows) for rows in calendar.weekly)
        days = (
            Holiday(day, str(names.get(day.isoformat(), ""))[:MAX_NAME], _union(rows))
            for day, rows in calendar.exceptions
        )
        return cls(calendar.tz, weekly, (), tuple(days))

    def as_json(self) -> dict[str, Any]:
        """What `parse` reads, in one spelling; closed weekdays are left out."""
        return {
            "tz": self.tz,
            "weekly": _weekly_texts(self.weekly),
            "seasons": [one.as_json() for one in self.seasons],
            "holidays": [one.as_json() for one in self.holidays],
        }

    def calendar(self) -> WeekCalendar:
        """The calendar that clocks count by. A date on which a season changes nothing is no exception."""
        found: dict[date, tuple[Row, ...]] = {}
        for season in self.seasons:
            for day in season.days():
                rows = season.weekly[day.weekday()]
                if rows != self.weekly[day.weekday()]:
                    found[day] = rows
        found.update((one.day, one.rows) for one in self.holidays)
        return WeekCalendar(self.tz, self.weekly, tuple(sorted(found.items())))

    def definition(self) -> dict[str, Any]:
        """The JSON of sla/SCHEMA.md."""
        return self.calendar().as_json()

    def closed_names(self) -> dict[str, str]:
        """Why a date is not as usual, by date, for display: holidays by their names, days that a season closes by
        its."""
        found: dict[str, str] = {}
        for season in self.seasons:
            for day in season.days():
                if season.name and self.weekly[day.weekday()] and not season.weekly[day.weekday()]:
                    found[day.isoformat()] = season.name
        for one in self.holidays:
            found.pop(one.day.isoformat(), None)
            if one.name:
                found[one.day.isoformat()] = one.name
        return dict(sorted(found.items()))


def differences(before: Source | None, after: Source) -> list[tuple[str, str, str]]:
    """What changed, as (place, before, after): tz, weekly.mon, season.2027-07-01, holiday.2026-12-24. An empty text is
    closed for a weekday, and "not there" for seasons and holidays."""
    old, new = _flat(before) if before else {}, _flat(after)
    places = [*new, *(place for place in old if place not in new)]
    changed = [(place, old.get(place, ""), new.get(place, "")) for place in places]
    return sorted((one for one in changed if one[1] != one[2]), key=lambda one: _order(one[0]))


def _order(place: str) -> tuple[int, str]:
    kind, _, rest = place.partition(".")
    if kind == "weekly":
        return 1, str(WEEKDAYS.index(rest))
    return {"tz": 0, "season": 2}.get(kind, 3), rest


def _flat(source: Source) -> dict[str, str]:
    found = {"tz": source.tz}
    found |= {f"weekly.{name}": hours(rows) for name, rows in zip(WEEKDAYS, source.weekly, strict=True)}
    for season in source.seasons:
        week = "; ".join(f"{name} {hours(rows)}" for name, rows in zip(WEEKDAYS, season.weekly, strict=True) if rows)
        found[f"season.{season.first.isoformat()}"] = f"{season.name} \u2192 {season.last.isoformat()}: {week or '-'}"
    for one in source.holidays:
        found[f"holiday.{one.day.isoformat()}"] = f"{one.name or '-'}{': ' + hours(one.rows) if one.rows else ''}"
    return found


# --- hours as people type them ----------------------------------------------------------------------------------------


def rows_of_text(text: str, place: str) -> list[list[str]]:
    """The intervals of "09:00-12:00, 13:00-18:00"; also 9-12, 9.30-12 and any dash. Nothing: no interval.

    Raises SourceError bad_reading. What the intervals mean is checked by `Source.parse`.
    """
    found = []
    for part in (one.strip() for one in _BETWEEN.split(text)):
        if not part:
            continue
        ends = _DASH.split(part)
        readings = [_READING.fullmatch(one) for one in ends]
        if len(ends) != 2 or not all(readings):
            raise SourceError("bad_reading", place, f"not hours: {_shown(part)}", value=_shown(part))
        found.append([f"{int(one[1]):02d}:{one[2] or '00'}" for one in readings if one])
    return found


def hours(rows: Iterable[Row]) -> str:
    """Rows as `rows_of_text` reads them: 09:00-12:00, 22:00-06:00."""
    return ", ".join(f"{opens}-{closes}" for opens, closes in row_texts(rows))


def row_texts(rows: Iterable[Row]) -> list[list[str]]:
    """Rows as the JSON has them."""
    return [[_text(opens), "24:00" if closes == DAY else _text(closes % DAY)] for opens, closes in rows]


# --- reading ----------------------------------------------------------------------------------------------------------


def _object(data: object, place: str, known: tuple[str, ...], code: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise SourceError(code, place, "an object is expected")
    for name in data:
        if name not in known:
            raise SourceError("unknown_field", f"{place}.{name}".strip(".")[:80], "there is no such field")
    return data


def _weekly(data: object, place: str) -> Weekly:
    found = _object(data, place, WEEKDAYS, "bad_weekly")
    return tuple(_rows(found.get(name, []), f"{place}.{name}") for name in WEEKDAYS)


def _seasons(data: object) -> tuple[Season, ...]:
    if not isinstance(data, list | tuple):
        raise SourceError("bad_seasons", "seasons", "a list is expected")
    if len(data) > MAX_SEASONS:
        raise SourceError("too_many_seasons", "seasons", f"more than {MAX_SEASONS}", limit=str(MAX_SEASONS))
    found: list[tuple[Season, int]] = []
    for index, item in enumerate(data):
        place = f"seasons.{index}"
        one = _object(item, place, ("name", "from", "to", "weekly"), "bad_seasons")
        first, last = _date(one.get("from"), f"{place}.from"), _date(one.get("to"), f"{place}.to")
        if last < first:
            raise SourceError("backwards", f"{place}.to", "the season ends before it begins")
        if (last - first).days >= MAX_SEASON_DAYS:
            raise SourceError("seasons_too_long", f"{place}.to", "more than ten years of seasons")
        name, weekly = _name(one.get("name", ""), f"{place}.name"), _weekly(one.get("weekly", {}), f"{place}.weekly")
        found.append((Season(name, first, last, weekly), index))
    found.sort(key=lambda pair: pair[0].first)
    for (earlier, _), (later, index) in pairwise(found):
        if later.first <= earlier.last:
            day = later.first.isoformat()
            raise SourceError("seasons_overlap", f"seasons.{index}.from", f"two seasons on {day}", day=day)
    if sum((one.last - one.first).days + 1 for one, _ in found) > MAX_SEASON_DAYS:
        raise SourceError("seasons_too_long", "seasons", "more than ten years of seasons")
    return tuple(one for one, _ in found)


def _holidays(data: object) -> tuple[Holiday, ...]:
    if not isinstance(data, list | tuple):
        raise SourceError("bad_holidays", "holidays", "a list is expected")
    if len(data) > MAX_HOLIDAYS:
        raise SourceError("too_many_holidays", "holidays", f"more than {MAX_HOLIDAYS}", limit=str(MAX_HOLIDAYS))
    found: dict[date, Holiday] = {}
    for index, item in enumerate(data):
        place = f"holidays.{index}"
        one = _object(item, place, ("date", "name", "intervals"), "bad_holidays")
        day = _date(one.get("date"), f"{place}.date")
        if day in found:
            raise SourceError("duplicate_date", f"{place}.date", f"{day.isoformat()} twice", day=day.isoformat())
        rows = _rows(one.get("intervals", []), f"{place}.intervals")
        found[day] = Holiday(day, _name(one.get("name", ""), f"{place}.name"), rows)
    return tuple(one for _, one in sorted(found.items()))


def _rows(data: object, place: str) -> tuple[Row, ...]:
    if not isinstance(data, list | tuple):
        raise SourceError("bad_interval", place, "a day has a list of intervals")
    if len(data) > MAX_ROWS:
        raise SourceError("too_many_rows", place, f"more than {MAX_ROWS} intervals", limit=str(MAX_ROWS))
    rows = sorted(_row(item, place) for item in data)
    for (opens, closes), (after, until) in pairwise(rows):
        if after < closes:
            one, other = hours([(opens, closes)]), hours([(after, until)])
            raise SourceError("overlap", place, f"{one} and {other} overlap", one=one, other=other)
    return tuple(rows)


def _row(data: object, place: str) -> Row:
    if not isinstance(data, list | tuple) or len(data) != 2:
        raise SourceError("bad_interval", place, "an interval is a pair of opening and closing time")
    opens, closes = _reading(data[0], place), _reading(data[1], place, closing=True)
    if opens == closes:
        raise SourceError("empty_interval", place, f"opens and closes at {data[0]}", value=str(data[0]))
    return (opens, closes if closes > opens else closes + DAY)


def _reading(text: object, place: str, *, closing: bool = False) -> int:
    found = re.fullmatch(r"([0-2][0-9]):([0-5][0-9])", text, re.ASCII) if isinstance(text, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY + 1
    if minutes > DAY or (minutes == DAY and not closing):
        raise SourceError("bad_reading", place, f"not a time as HH:MM: {_shown(text)}", value=_shown(text))
    return minutes


def _date(text: object, place: str) -> date:
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if FIRST_DATE < day < LAST_DATE:
            return day
    raise SourceError("bad_date", place, f"not a date as YYYY-MM-DD: {_shown(text)}", value=_shown(text))


def _name(text: object, place: str) -> str:
    name = " ".join(text.split()) if isinstance(text, str) else None
    if name is None or len(name) > MAX_NAME or not name.isprintable():
        raise SourceError("bad_name", place, f"a name has at most {MAX_NAME} characters", limit=str(MAX_NAME))
    return name


def _union(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows with overlapping ones joined, as the arithmetic counts them. None becomes longer than a row can be."""
    found: list[Row] = []
    for opens, closes in sorted(rows):
        if found and opens < found[-1][1]:
            joined = max(found[-1][1], closes)
            # Over 24 hours is no row: the second then begins where the first ends.
            if joined - found[-1][0] < DAY or (found[-1][0] == 0 and joined == DAY):
                found[-1] = (found[-1][0], joined)
            elif joined > found[-1][1]:
                found.append((found[-1][1], joined))
        else:
            found.append((opens, closes))
    return tuple(found)


def _weekly_texts(weekly: Weekly) -> dict[str, list[list[str]]]:
    return {name: row_texts(rows) for name, rows in zip(WEEKDAYS, weekly, strict=True) if rows}


def _text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) and value.isprintable() else ascii(value)
    return text if len(text) <= 40 else text[:39] + "\u2026"
