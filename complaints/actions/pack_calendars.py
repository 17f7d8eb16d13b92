"""The calendar in which a pack's business days are counted: one there is, or a new one without a country's holidays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from babel import Locale
from django.db import transaction
from django.utils.translation import gettext as _

from complaints.sla import policies
from core import cached, holidays_of, languages, trail
from core.actions import calendars
from core.actor import Actor
from core.errors import InvalidInput
from core.models import Calendar
from core.week_calendar import CalendarError

YEARS = 6  # of holidays, this one included; the calendar's own page brings in more
WORKING_DAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE_HOURS = [["09:00", "17:00"]]


def default() -> Calendar:
    """That of the last policy, which always holds. Query cost: 1."""
    return Calendar.objects.get(pk=policies.book().policies[-1].calendar_id)


def name_of(place: str, language: str | None = None) -> str:
    """The name of a calendar made for a place ("GB-ENG"): Business days, United Kingdom (ENG)."""
    return _("Business days, %(country)s") % {"country": country_name(place, language)}


def country_name(place: str, language: str | None = None) -> str:
    """United Kingdom (ENG)."""
    country, _dash, part = place.partition("-")
    name = str(Locale.parse(languages.code(language)).territories.get(country, country))
    return f"{name} ({part})" if part else name


@transaction.atomic
def of_country(place: str, among: Sequence[str], *, by: Actor, at: datetime) -> Calendar:
    """A published calendar of Monday to Friday without the public holidays of `place`, in the house's hours and zone;
    one of that name that is there already is taken.

    Raises NotAllowed or InvalidInput unknown_country (not `among` those of the pack). Nothing counts by a new calendar
    yet, so there is nothing to preview.
    """
    if place not in among:
        raise InvalidInput(_("This rule pack does not hold in this country."), code="unknown_country", field="country")
    name = name_of(place)
    known = Calendar.objects.filter(name=name, is_active=True).first()
    if known is not None and known.pk in policies.book().newest:
        return known
    calendar = calendars.create_calendar(name, _source(place, at), by=by, at=at)
    draft = calendars.draft_of(calendar)
    if draft is None:
        raise LookupError(f"calendar {calendar.pk} was made without hours")
    draft.published_at = draft.effective_at = at
    draft.save(update_fields=["published_at", "effective_at"])
    trail.append(calendar, "calendar.published", by=by, at=at, changes={"number": draft.number, "mode": "new_only"})
    cached.clear_all()
    return calendar


def _source(place: str, at: datetime) -> dict[str, Any]:
    country, _dash, part = place.partition("-")
    house = policies.calendar_of(policies.book().newest[policies.book().policies[-1].calendar_id])
    weekly = house.as_json()["weekly"]
    hours = next((weekly[day] for day in WORKING_DAYS if day in weekly), OFFICE_HOURS)
    year = at.year
    try:
        found = holidays_of.public_holidays(country, part, year, year + YEARS - 1)
    except CalendarError as error:
        raise InvalidInput(error.message, code=error.code, field="country") from error
    return {
        "tz": house.tz,
        "weekly": {day: weekly.get(day, hours) for day in WORKING_DAYS},
        "holidays": [{"date": one.day.isoformat(), "name": one.name, "intervals": []} for one in found],
    }
