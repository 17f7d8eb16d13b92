"""Public holidays of a country, and of a part of it, from the library `holidays` (domain, SLA 3).

The library's tables are compiled into it: no network. It is loaded when somebody asks, since it costs half a second
that no other page should pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale

from core import languages
from core.calendar_source import MAX_NAME
from core.week_calendar import CalendarError

FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_YEARS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A date somebody may want to close on."""

    day: date
    name: str


def countries(language: str | None = None) -> list[tuple[str, str]]:
    """(code, name) of every country the library knows, by name in the reader's language."""
    return list(_countries(languages.code(language)))


@lru_cache(maxsize=8)
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(language).territories
    found = [(code, str(names.get(code, code))) for code in _supported()]
    return tuple(sorted(found, key=lambda one: one[1].casefold()))


def subdivisions(country: str) -> list[tuple[str, str]]:
    """(code, name) of the parts of a country that have holidays of their own, by name. Raises CalendarError."""
    _known(country, "")
    kind: Any = _library().country_holidays(country)
    aliases = kind.get_subdivision_aliases()
    found = [(code, (aliases.get(code) or [code])[0]) for code in _supported()[country]]
    return sorted(found, key=lambda one: one[1].casefold())


def public_holidays(
    country: str, subdivision: str, first: int, last: int, *, language: str | None = None
) -> list[Found]:
    """The public holidays of the years `first` to `last`, by date, named in the reader's language where the library
    has it, else in English, else as the country says. Raises CalendarError unknown_country, unknown_subdivision,
    bad_years."""
    _known(country, subdivision)
    if not (FIRST_YEAR <= first <= last <= LAST_YEAR and last - first < MAX_YEARS):
        raise CalendarError("bad_years", f"At most {MAX_YEARS} years from {FIRST_YEAR} to {LAST_YEAR}.")
    library = _library()
    spoken = _spoken(getattr(library, country), languages.code(language))
    found = library.country_holidays(
        country, subdiv=subdivision or None, years=range(first, last + 1), language=spoken, expand=False
    )
    return [Found(day, _name(name)) for day, name in sorted(found.items()) if first <= day.year <= last]


def _spoken(kind: Any, language: str) -> str | None:
    """The library's language nearest to the reader's; None: the country's own."""
    known: tuple[str, ...] = getattr(kind, "supported_languages", ())
    for wanted in (language, "en"):
        for one in known:
            if one == wanted or one.partition("_")[0] == wanted:
                return one
    return None


def _known(country: str, subdivision: str) -> None:
    if country not in _supported():
        raise CalendarError("unknown_country", f"No holidays are known of: {ascii(country)[:40]}.")
    if subdivision and subdivision not in _supported()[country]:
        raise CalendarError("unknown_subdivision", f"No holidays are known of this part: {ascii(subdivision)[:40]}.")


@lru_cache(maxsize=1)
def _supported() -> dict[str, list[str]]:
    return dict(_library().list_supported_countries(include_aliases=False))


def _name(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME]


def _library() -> Any:
    import holidays

    return holidays
