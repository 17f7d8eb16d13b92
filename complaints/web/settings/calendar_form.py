"""The form of a calendar's hours: a week, seasons and holidays as text, which a browser with JavaScript also draws.

Every field is a line of text (09:00-12:00, 13:00-18:00), so the page works with a keyboard alone and without scripts;
`static/js/week-grid.js` puts a week to draw in above the lines and writes into them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.web.settings.calendar_words import changed
from complaints.web.settings.editing import Difference, SettingsForm
from core import languages
from core.actions.calendars import draft_of, source_of, version_of, words_of
from core.calendar_source import (
    MAX_NAME,
    MAX_SEASONS,
    Source,
    SourceError,
    Weekly,
    hours,
    rows_of_text,
)
from core.clock import now
from core.models import Calendar, CalendarVersion
from core.web.account import time_zones
from core.web.fields import Line, PlainSelect
from core.week_calendar import WEEKDAYS

BLANK_DAYS, BLANK_SEASONS = 3, 1
ROOM = 200  # characters of a line of hours
MOST_DAYS = 280  # rows that are read; fewer are kept
_INDEXED = re.compile(r"(season|day)_([0-9]{1,3})_[a-z]+", re.ASCII)
_DATE = {"type": "date", "min": "1901-01-01", "max": "2499-12-31"}


@dataclass(slots=True)
class SeasonPart:
    """One season: name and dates, and seven lines of hours. `open`: something in it is wrong."""

    id: str
    title: str
    note: str
    open: bool
    dates: list[BoundField]
    week: list[BoundField]


@dataclass(slots=True)
class DayPart:
    """One holiday: a row of three inputs."""

    fields: list[BoundField]
    weekday: str


@dataclass(slots=True)
class YearPart:
    """Holidays of one year, or empty rows."""

    title: str
    count: int
    open: bool
    days: list[DayPart]


class HoursForm(SettingsForm):
    """Zone, weekly hours, seasons, holidays. `row`: the Calendar; None for a new one, which also has a name and begins
    in the zone of the house.

    `do`: save, or look at the week first, or save and go on to public holidays (`holidays`), to a file (`file`) or to
    more empty rows (`rows`).
    """

    do = forms.ChoiceField(
        required=False,
        choices=[(one, one) for one in ("save", "look", "holidays", "file", "rows")],
        widget=forms.HiddenInput,
    )
    name = Line(label=pgettext_lazy("of a thing", "Name"), max_length=80)
    _rows: list[tuple[str, str]]  # places of the source, and the fields they were read from
    tz = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        widget=PlainSelect,
        help_text=gettext_lazy("the clock on the wall of the office"),
    )

    def build(self) -> None:
        if self.row is not None:
            del self.fields["name"]
        source = self._stored()
        zones = [*time_zones()]
        begins = source.tz if source is not None else settings.TIME_ZONE
        if begins not in dict(zones):
            zones.append((begins, begins))
        self.fields["tz"].choices = _by_area(zones)  # type: ignore[attr-defined]
        seasons, days = self._counts(source)
        for key, label in zip(WEEKDAYS, languages.voice().weekdays, strict=True):
            self.fields[key] = _hours_line(label)
        for n in range(seasons):
            self._add_season(n)
        for n in range(days):
            self._add_day(n)
        if self.row is None and not self.is_bound:
            self.initial = {"tz": settings.TIME_ZONE, **dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")}

    def _stored(self) -> Source | None:
        """What the editor begins with: the draft, else the version in force. Query cost: 1 or 2."""
        if not isinstance(self.row, Calendar):
            return None
        version = draft_of(self.row) or newest_of(self.row)
        return source_of(version) if version is not None else None

    def _counts(self, source: Source | None) -> tuple[int, int]:
        """How many seasons and holidays there are fields for: those sent, or those stored and some empty ones."""
        if not self.is_bound:
            seasons, days = (len(source.seasons), len(source.holidays)) if source else (0, 0)
            return min(seasons + BLANK_SEASONS, MAX_SEASONS), days + BLANK_DAYS
        sent = {"season": 0, "day": 0}
        for name in self.data:
            if found := _INDEXED.fullmatch(name):
                sent[found[1]] = max(sent[found[1]], int(found[2]) + 1)
        return min(sent["season"], MAX_SEASONS), min(sent["day"], MOST_DAYS)

    def _add_season(self, n: int) -> None:
        self.fields[f"season_{n}_name"] = Line(
            label=pgettext_lazy("of a thing", "Name"), max_length=MAX_NAME, required=False
        )
        for end, label in (("from", _("First day")), ("to", _("Last day"))):
            self.fields[f"season_{n}_{end}"] = Line(
                label=label, max_length=10, required=False, widget=forms.TextInput(attrs=_DATE)
            )
        for key, label in zip(WEEKDAYS, languages.voice().weekdays, strict=True):
            self.fields[f"season_{n}_{key}"] = _hours_line(label)

    def _add_day(self, n: int) -> None:
        self.fields[f"day_{n}_date"] = Line(
            label=_("Date"), max_length=10, required=False, widget=forms.TextInput(attrs=_DATE)
        )
        self.fields[f"day_{n}_name"] = Line(
            label=pgettext_lazy("of a thing", "Name"), max_length=MAX_NAME, required=False
        )
        self.fields[f"day_{n}_hours"] = _hours_line(_("Hours, if any"))

    def start(self, row: Any) -> dict[str, Any]:
        source = self._stored()
        if source is None:
            return {"tz": settings.TIME_ZONE}
        found: dict[str, Any] = {"tz": source.tz, **_week("", source.weekly)}
        for n, season in enumerate(source.seasons):
            found[f"season_{n}_name"] = season.name
            found[f"season_{n}_from"], found[f"season_{n}_to"] = season.first.isoformat(), season.last.isoformat()
            found |= _week(f"season_{n}_", season.weekly)
        for n, one in enumerate(source.holidays):
            found |= {
                f"day_{n}_date": one.day.isoformat(),
                f"day_{n}_name": one.name,
                f"day_{n}_hours": hours(one.rows),
            }
        return found

    def also(self) -> str:
        return str(version_of(self.row)) if isinstance(self.row, Calendar) else ""

    def clean(self) -> dict[str, Any]:
        """Read the lines as one source, kept as `source`; what is wrong stands at its field."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                given["source"] = Source.parse(self._source(given)).as_json()
            except SourceError as error:
                self.add_error(self._field_of(error.place), words_of(error))
        return given

    def _source(self, given: dict[str, Any]) -> dict[str, Any]:
        """The JSON of a source; empty rows are left out. Raises SourceError with a field for its place."""
        self._rows = []
        seasons: list[dict[str, Any]] = []
        days: list[dict[str, Any]] = []
        for n in range(self._how_many("season")):
            own = {name: given[f"season_{n}_{name}"] for name in ("name", "from", "to", *WEEKDAYS)}
            if any(own.values()):
                self._rows.append((f"seasons.{len(seasons)}.", f"season_{n}_"))
                dates = {name: own[name] for name in ("name", "from", "to")}
                seasons.append({**dates, "weekly": _read_week(given, f"season_{n}_")})
        for n in range(self._how_many("day")):
            day, name, text = (given[f"day_{n}_{part}"] for part in ("date", "name", "hours"))
            if day or name or text:
                self._rows.append((f"holidays.{len(days)}.", f"day_{n}_"))
                days.append({"date": day, "name": name, "intervals": rows_of_text(text, f"day_{n}_hours")})
        return {"tz": given["tz"], "weekly": _read_week(given, ""), "seasons": seasons, "holidays": days}

    def _how_many(self, kind: str) -> int:
        return sum(1 for name in self.fields if re.fullmatch(rf"{kind}_[0-9]+_name", name))

    def _field_of(self, place: str) -> str | None:
        """The field for a place of the source: seasons.0.weekly.mon, holidays.3.intervals, weekly.mon, tz."""
        for start, prefix in self._rows:
            if place.startswith(start):
                part = place.removeprefix(start).removeprefix("weekly.")
                return prefix + {"intervals": "hours"}.get(part, part)
        name = place.removeprefix("weekly.")
        return name if name in self.fields else None

    def compare(self, stored: SettingsForm) -> None:
        """What is stored now beside what was typed, by places of the source."""
        before = stored._stored() if isinstance(stored, HoursForm) else None
        typed = self.cleaned_data.get("source")
        if before is None or typed is None:
            return
        self.differences += [Difference(*one) for one in changed(before, Source.parse(typed))]

    # What the template places

    @property
    def head(self) -> list[BoundField]:
        return [self[name] for name in ("name", "tz") if name in self.fields]

    @property
    def week(self) -> list[BoundField]:
        return [self[key] for key in WEEKDAYS]

    @property
    def seasons(self) -> Iterator[SeasonPart]:
        for n in range(self._how_many("season")):
            dates = [self[f"season_{n}_{end}"] for end in ("name", "from", "to")]
            week = [self[f"season_{n}_{key}"] for key in WEEKDAYS]
            filled = any(field.value() for field in (*dates, *week))
            title = str(dates[0].value() or "") or (_("Season") if filled else _("Add a season"))
            wrong = any(field.errors for field in (*dates, *week))
            yield SeasonPart(f"season-{n}", title, _span(dates[1].value(), dates[2].value()), wrong, dates, week)

    @property
    def years(self) -> list[YearPart]:
        """Holidays by year; rows without a date come first, and years past are folded up unless something is wrong."""
        found: dict[str, list[DayPart]] = {"": []}
        for n in range(self._how_many("day")):
            fields = [self[f"day_{n}_{name}"] for name in ("date", "hours", "name")]
            day = _day(str(fields[0].value() or ""))
            weekday = languages.voice().short_weekdays[day.weekday()] if day else ""
            found.setdefault(str(day.year) if day else "", []).append(DayPart(fields, weekday))
        this = str(languages.local(now()).year)
        return [
            YearPart(
                year or _("Add a day"),
                len(days),
                not year or year >= this or any(field.errors for one in days for field in one.fields),
                days,
            )
            for year, days in sorted(found.items())
        ]


def newest_of(calendar: Calendar) -> CalendarVersion | None:
    """The version in force. Query cost: 1."""
    return CalendarVersion.objects.filter(calendar=calendar, published_at__isnull=False).order_by("-number").first()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _hours_line(label: str) -> Line:
    hint = {"placeholder": _("closed"), "inputmode": "text", "autocomplete": "off", "spellcheck": "false"}
    return Line(label=label, max_length=ROOM, required=False, widget=forms.TextInput(attrs=hint))


def _week(prefix: str, weekly: Weekly) -> dict[str, str]:
    return {f"{prefix}{key}": hours(rows) for key, rows in zip(WEEKDAYS, weekly, strict=True)}


def _read_week(given: dict[str, Any], prefix: str) -> dict[str, list[list[str]]]:
    return {key: rows_of_text(given[f"{prefix}{key}"], f"{prefix}{key}") for key in WEEKDAYS}


def _by_area(zones: list[tuple[str, str]]) -> list[tuple[str, Any]]:
    """Zones under the name of their continent, as a select shows them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, label in zones:
        area, _slash, place = label.partition("/")
        found.setdefault(area if place else "", []).append((key, place or label))
    return [*found.pop("", []), *found.items()]


def _span(first: Any, last: Any) -> str:
    start, end = _day(str(first or "")), _day(str(last or ""))
    if start is None or end is None:
        return ""
    return _("%(start)s to %(end)s") % {"start": languages.day(start), "end": languages.day(end)}
