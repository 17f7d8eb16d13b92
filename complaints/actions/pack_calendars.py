"""The calendar in which a pack's business days are counted: one there is, or a new one without a country's holidays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel import Locale
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.sla import policies
from complaints.sla.pack_files import PackFile
from core import cached, holidays_of, languages, trail
from core.actions import calendars
from core.actor import Actor
from core.errors import InvalidInput
from core.models import Calendar
from core.week_calendar import CalendarError, WeekCalendar, zone

YEARS = 6  # of holidays, this one included; the calendar's own page brings in more
WORKING_DAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE_HOURS = [["09:00", "17:00"]]


def default() -> Calendar:
    """That of the last policy, which always holds. Query cost: 1."""
    return Calendar.objects.get(pk=policies.book().policies[-1].calendar_id)


def said_of(calendar: WeekCalendar) -> str:
    """Its zone and how many days it leaves out: Europe/London, 48 holidays."""
    closed = sum(1 for _day, rows in calendar.exceptions if not rows)
    return zone_and_holidays(calendar.tz, closed)


def zone_and_holidays(tz: str, closed: int) -> str:
    """Europe/London, 48 holidays; or that there are none."""
    if not closed:
        return _("%(zone)s, no public holidays") % {"zone": tz}
    words = {"zone": tz, "n": languages.number(closed)}
    return ngettext("%(zone)s, %(n)s holiday", "%(zone)s, %(n)s holidays", closed) % words


def name_of(place: str, language: str | None = None) -> str:
    """The name of a calendar made for a place ("GB-ENG"): Business days, United Kingdom (ENG)."""
    return _("Business days, %(country)s") % {"country": country_name(place, language)}


def country_name(place: str, language: str | None = None) -> str:
    """United Kingdom (ENG)."""
    country, _dash, part = place.partition("-")
    name = str(Locale.parse(languages.code(language)).territories.get(country, country))
    return f"{name} ({part})" if part else name


@transaction.atomic
def of_country(place: str, pack: PackFile, *, by: Actor, at: datetime, time_zone: str = "") -> Calendar:
    """A published calendar of Monday to Friday without the public holidays of `place`, in the house's hours and in
    `time_zone` (default: the country's own); one of that name and zone that is there already is taken.

    Raises NotAllowed or InvalidInput unknown_country (none of the pack), unknown_zone. Nothing counts by a new calendar
    yet, so there is nothing to preview.
    """
    if place not in pack.countries:
        raise InvalidInput(_("This rule pack does not hold in this country."), code="unknown_country", field="country")
    tz = _zone(time_zone or pack.zones[place])
    newest = policies.book().newest
    name, whole = name_of(place), _("%(name)s (%(zone)s)") % {"name": name_of(place), "zone": tz}
    known = {one.name: one for one in Calendar.objects.filter(name__in=(name, whole))}
    for one in known.values():
        if one.is_active and one.pk in newest and policies.calendar_of(newest[one.pk]).tz == tz:
            return one
    calendar = calendars.create_calendar(whole if name in known else name, _source(place, tz, at), by=by, at=at)
    draft = calendars.draft_of(calendar)
    if draft is None:
        raise LookupError(f"calendar {calendar.pk} was made without hours")
    draft.published_at = draft.effective_at = at
    draft.save(update_fields=["published_at", "effective_at"])
    trail.append(calendar, "calendar.published", by=by, at=at, changes={"number": draft.number, "mode": "new_only"})
    cached.clear_all()
    return calendar


def holidays_in(place: str, year: int) -> list[holidays_of.Found]:
    """The public holidays that a calendar made for a place in `year` leaves out. Raises InvalidInput."""
    country, _dash, part = place.partition("-")
    try:
        return holidays_of.public_holidays(country, part, year, year + YEARS - 1)
    except CalendarError as error:
        raise InvalidInput(error.message, code=error.code, field="country") from error


def _zone(name: str) -> str:
    try:
        return zone(name).key
    except CalendarError:
        raise InvalidInput(_("There is no such time zone."), code="unknown_zone", field="time_zone") from None


def _source(place: str, tz: str, at: datetime) -> dict[str, Any]:
    house = policies.calendar_of(policies.book().newest[policies.book().policies[-1].calendar_id])
    weekly = house.as_json()["weekly"]
    hours = next((weekly[day] for day in WORKING_DAYS if day in weekly), OFFICE_HOURS)
    found = holidays_in(place, at.year)
    return {
        "tz": tz,
        "weekly": {day: weekly.get(day, hours) for day in WORKING_DAYS},
        "holidays": [{"date": one.day.isoformat(), "name": one.name, "intervals": []} for one in found],
    }
