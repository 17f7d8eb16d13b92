"""Instants as outsiders write them (case F06), and as whole microseconds. Pure: no Django, no clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

Otherwise = TypeVar("Otherwise")
FIRST_YEAR, LAST_YEAR = 1900, 2200
FIRST_OF_INSTANTS = 1902  # a year; before, no calendar counts working time
_FORM = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?"
    r"(?:([Zz])|([+-])(\d{2}):?(\d{2}))?",
    re.ASCII,
)
_FURTHEST_OFFSET = 14 * 60


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """An aware instant as whole microseconds since 1970, as PostgreSQL can write it too."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Microseconds since 1970 as UTC. Raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + us * _MICROSECOND


class InstantError(ValueError):
    """`code` is invalid_datetime or timezone_required."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_instant(text: str) -> datetime:
    """The UTC instant of an ISO 8601 date and time with `Z` or an offset of at most 14 hours.

    Digits beyond the microsecond are cut off. Raises InstantError: `timezone_required` for one without a
    zone (which instant is meant is never guessed), `invalid_datetime` for what does not exist or lies
    outside 1902 to 2200.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise InstantError("invalid_datetime")
    year, month, day, hour, minute, second, fraction, zulu, sign, hours, minutes = found.groups()
    try:
        wall = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "")[:6].ljust(6, "0")),
        )
        if not zulu and not sign:
            raise InstantError("timezone_required")
        at = wall.replace(tzinfo=_zone(sign, hours, minutes)).astimezone(UTC)
    except InstantError:
        raise
    except (ValueError, OverflowError):
        raise InstantError("invalid_datetime") from None
    if not FIRST_OF_INSTANTS <= at.year <= LAST_YEAR:
        raise InstantError("invalid_datetime")
    return at


def _zone(sign: str | None, hours: str | None, minutes: str | None) -> timezone:
    if sign is None or hours is None or minutes is None:
        return UTC
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > _FURTHEST_OFFSET:
        raise InstantError("invalid_datetime")
    return timezone(timedelta(minutes=total if sign == "+" else -total))


def iso(at: datetime | None) -> str | None:
    """The form in which the API states an instant: UTC with `Z`; None stays None."""
    if at is None:
        return None
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat().replace("+00:00", "Z")


def instant_or(text: str | None, otherwise: Otherwise) -> datetime | Otherwise:
    """The instant a text says, else `otherwise`: for addresses that anybody may have changed."""
    try:
        return parse_instant(text) if text else otherwise
    except InstantError:
        return otherwise
