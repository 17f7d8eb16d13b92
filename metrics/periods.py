"""Periods of local dates in a named time zone, and what they are compared with (domain, Figures). Pure: no Django.

Dates are inclusive at both ends. A local day begins at its first instant, whatever daylight saving does at midnight.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY, WEEK, MONTH, QUARTER, YEAR = "day", "week", "month", "quarter", "year"
UNITS = (DAY, WEEK, MONTH, QUARTER, YEAR)
_MONTHS = {MONTH: 1, QUARTER: 3, YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to `until`, both included. Raises ValueError for one that ends before it begins."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise ValueError("the period ends before it begins")

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def unit(self) -> str:
        """`month`, `quarter` or `year` when the period is exactly one of them, else ""."""
        return next((unit for unit in _MONTHS if bucket(self.since, unit) == self), "")

    def previous(self) -> Period:
        """The calendar unit before a whole month, quarter or year; else as many days just before."""
        last = self.since - timedelta(days=1)
        return bucket(last, self.unit) if self.unit else Period(last - timedelta(days=self.days - 1), last)

    def year_before(self) -> Period:
        """The same dates a year earlier; a whole month, quarter or year stays whole. 29 February becomes the 28th."""
        since = _a_year_earlier(self.since)
        return bucket(since, self.unit) if self.unit else Period(since, _a_year_earlier(self.until))

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first instant and the first instant after it, UTC."""
        return first_instant(self.since, zone), first_instant(self.until + timedelta(days=1), zone)

    def buckets(self, unit: str) -> Iterator[Period]:
        """The days, weeks (from Monday), months, quarters or years it touches, whole ones, in order."""
        current = bucket(self.since, unit)
        while current.since <= self.until:
            yield current
            current = bucket(current.until + timedelta(days=1), unit)


def bucket(day: date, unit: str) -> Period:
    """The whole day, week (from Monday), month, quarter or year that `day` lies in."""
    if unit == DAY:
        return Period(day, day)
    if unit == WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    months = _MONTHS[unit]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    return Period(date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1]))


def key(day: date, unit: str) -> str:
    """The name of the bucket `day` lies in: 2026-03-09, 2026-W11, 2026-03, 2026Q1, 2026."""
    if unit == WEEK:
        year, week, _day = day.isocalendar()
        return f"{year}-W{week:02}"
    if unit == QUARTER:
        return f"{day.year}Q{(day.month + 2) // 3}"
    return {DAY: day.isoformat(), MONTH: f"{day.year}-{day.month:02}", YEAR: str(day.year)}[unit]


def month_of(text: str) -> Period | None:
    """The month that `2026-03` names; None for anything else, and for years far away."""
    year, _dash, month = text.partition("-")
    if len(text) != 7 or not (text.isascii() and year.isdigit() and month.isdigit()):
        return None
    if not 1900 < int(year) < 2200 or not 1 <= int(month) <= 12:
        return None
    return bucket(date(int(year), int(month), 1), MONTH)


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """When the local day begins, UTC. Where midnight is skipped that is the moment the clocks go forward; where it
    comes twice, the first time."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return at.astimezone(zone).date()


def _a_year_earlier(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
