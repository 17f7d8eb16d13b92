"""Read single values of a file: blanks, instants in a local time, addresses. Pure, but for the settings' zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from core.calendar_compile import reached, to_instant

FIRST_YEAR, LAST_YEAR, FIRST_OF_INSTANTS = 1900, 2200, 1902


class Rejected(ValueError):
    """This record cannot be recorded; the message is the reason."""


def instant(text: str, zone: ZoneInfo, column: str) -> datetime | None:
    """The UTC instant of an ISO date or date and time; None for a blank.

    Without an offset it is local time in `zone`: a bare date is midnight, a reading that occurs twice its first
    occurrence, one that a jump skips the instant of the jump. Raises Rejected.
    """
    text = text.strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        at = found.astimezone(UTC) if found.tzinfo else from_local(found, zone)
    except (ValueError, OverflowError):
        raise Rejected(_("%(column)s: “%(text)s” is no date (YYYY-MM-DD, with or without a time).") % {
            "column": column, "text": text[:40],
        }) from None  # fmt: skip
    if not FIRST_OF_INSTANTS <= at.year <= LAST_YEAR:
        raise Rejected(_("%(column)s: the year %(year)s is not believable.") % {"column": column, "year": at.year})
    return at


def from_local(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local reading (naive)."""
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall:
        return at
    return to_instant(reached(zone, wall.toordinal(), wall.hour * 60 + wall.minute))


def midnight(text: str, zone: ZoneInfo, column: str) -> datetime:
    """The first instant of a local date that has to be there. Raises Rejected."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Rejected(
            _("%(column)s: “%(text)s” is no date (YYYY-MM-DD).") % {"column": column, "text": text[:40]}
        ) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Rejected(_("%(column)s: the year %(year)s is not believable.") % {"column": column, "year": day.year})
    return to_instant(reached(zone, day.toordinal(), 0))


def email(text: str, column: str) -> str:
    """An e-mail address or blank. Raises Rejected."""
    text = text.strip()
    if text:
        try:
            validate_email(text)
        except ValidationError:
            raise Rejected(
                _("%(column)s: “%(text)s” is no e-mail address.") % {"column": column, "text": text[:60]}
            ) from None
        if len(text) > 254:
            raise Rejected(_("%(column)s: longer than 254 characters.") % {"column": column})
    return text


def one_of(text: str, known: Mapping[str, str], column: str) -> str:
    """What `known` maps the word to. Raises Rejected for any other."""
    found = known.get(text)
    if found is None:
        raise Rejected(_("%(column)s: “%(text)s” is not known.") % {"column": column, "text": text[:60]})
    return found


def shortened(text: str, most: int) -> str:
    """At most `most` characters, a cut shown by an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
