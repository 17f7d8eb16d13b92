"""Which period a dashboard shows, in what steps its trends go, and what a step is called. No query."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from babel.dates import format_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import languages
from metrics import periods
from metrics.periods import DAY, MONTH, QUARTER, WEEK, YEAR, Period

FOUR_WEEKS, TWELVE_WEEKS, LAST_YEAR, CHOSEN = "4w", "12w", "year", "choose"
DEFAULT = TWELVE_WEEKS
PRESETS: dict[str, str | Promise] = {
    FOUR_WEEKS: gettext_lazy("4 weeks"),
    TWELVE_WEEKS: gettext_lazy("12 weeks"),
    LAST_YEAR: gettext_lazy("Year"),
    CHOSEN: gettext_lazy("Choose"),
}
_WEEKS = {FOUR_WEEKS: 4, TWELVE_WEEKS: 12}
# The longest period that is still shown in such steps, days.
_LONGEST = ((DAY, 14), (WEEK, 183), (MONTH, 1100), (QUARTER, 3700))


def preset(name: str, today: date) -> Period:
    """Whole weeks from a Monday, or whole months, up to today: the running one included."""
    if name == LAST_YEAR:
        month = date(today.year, today.month, 1)
        for _step in range(11):
            month = (month - timedelta(days=1)).replace(day=1)
        return Period(month, today)
    monday = today - timedelta(days=today.weekday())
    return Period(monday - timedelta(weeks=_WEEKS[name] - 1), today)


def step(period: Period | None) -> str:
    """The unit of a trend: about four to thirty steps. Without both ends: months."""
    if period is None:
        return MONTH
    return next((unit for unit, longest in _LONGEST if period.days <= longest), YEAR)


def first_day(key: str, unit: str) -> date:
    """The first day of the bucket with this key (metrics.periods.key)."""
    if unit == WEEK:
        year, _w, week = key.partition("-W")
        return date.fromisocalendar(int(year), int(week), 1)
    if unit == QUARTER:
        year, _q, quarter = key.partition("Q")
        return date(int(year), 3 * int(quarter) - 2, 1)
    if unit == MONTH:
        return date.fromisoformat(f"{key}-01")
    return date(int(key), 1, 1) if unit == YEAR else date.fromisoformat(key)


def part_of(key: str, unit: str, within: Period | None) -> Period:
    """The days of a bucket that lie in the period asked for."""
    whole = periods.bucket(first_day(key, unit), unit)
    if within is None:
        return whole
    return Period(max(whole.since, within.since), min(whole.until, within.until))


@lru_cache(maxsize=4096)
def _month(day: date, pattern: str, language: str) -> str:
    return str(format_date(day, pattern, locale=language))


def short(key: str, unit: str) -> str:
    """On an axis: 9 Mar, Mar 26, Q1 26, 2026."""
    day = first_day(key, unit)
    if unit == MONTH:
        return f"{_month(day, 'LLL', languages.code())} {day:%y}"
    if unit == QUARTER:
        return f"{key[-2:]} {day:%y}"
    if unit == YEAR:
        return key
    return languages.short_day(day, now=day)  # type: ignore[arg-type]


def long(key: str, unit: str) -> str:
    """In a sentence or a table: Week of 9 March 2026, March 2026."""
    day = first_day(key, unit)
    if unit == WEEK:
        return _("Week of %(day)s") % {"day": languages.day(day)}
    if unit == MONTH:
        return f"{_month(day, 'LLLL', languages.code())} {day.year}"
    if unit == QUARTER:
        return f"{key[-2:]} {day.year}"
    return key if unit == YEAR else languages.day(day)
