"""Instants said to people outside the house: with the month's name and their zone (ux, Everywhere)."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache

from babel.dates import get_timezone_location
from django.utils import timezone
from django.utils.translation import gettext as _

from core import languages


@lru_cache(maxsize=128)
def _city(zone: str, language: str) -> str:
    return str(get_timezone_location(zone, locale=language, return_city=True))


def city(zone: tzinfo | None = None, *, language: str | None = None) -> str:
    """The place a zone is named after: Lisbon, Лиссабон. Defaults: the zone and the language of the thread."""
    name = getattr(zone or timezone.get_current_timezone(), "key", "UTC")
    try:
        return _city(name, languages.code(language))
    except (LookupError, ValueError):
        return str(name)


def named(at: datetime, zone: tzinfo | None = None) -> str:
    """An instant as it stands in a promise: 5 March 2026, 14:30 (Lisbon time), in the active language.

    For the {date} of the glossary's sentences: Italian puts the weekday before it.
    """
    there = languages.local(at, zone)
    moment = languages.moment(there, weekday=languages.voice().sentence_weekday, zone=there.tzinfo)
    # Translators: the city stands in the nominative: (Lisbon time), (hora: Lisboa), (время: Лиссабон).
    return _("%(moment)s (%(city)s time)") % {"moment": moment, "city": city(there.tzinfo)}
