"""Versions of calendars in words: their state, and what changed from one to the next (domain, SLA 3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from django.utils.translation import gettext as _

from complaints.web.names import name_of
from complaints.web.settings import week
from core import languages
from core.actions.calendars import source_of
from core.calendar_source import Source, differences
from core.models import CalendarVersion
from core.week_calendar import WEEKDAYS

MOST_LINES = 60
_KEPT = re.compile(r"(?P<name>.*) \u2192 (?P<last>[0-9]{4}-[0-9]{2}-[0-9]{2}): (?P<week>.*)", re.ASCII | re.DOTALL)
_KEPT_DAY = re.compile(rf"(?P<name>{'|'.join(WEEKDAYS)}) (?P<hours>[^;]+)", re.ASCII)
_HOURS = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", re.ASCII)


@dataclass(slots=True)
class VersionRow:
    """One version of the history. `lines`: (what, before, after); `more`: how many lines are not shown."""

    number: int
    title: str
    note: str
    is_draft: bool
    lines: list[tuple[str, str, str]]
    more: int = 0


def place_name(place: str) -> str:
    """weekly.mon: Monday; holiday.2026-12-24: 24 December 2026."""
    kind, _dot, rest = place.partition(".")
    if kind == "tz":
        return _("Time zone")
    if kind == "weekly":
        return languages.voice().weekdays[WEEKDAYS.index(rest)].capitalize()
    day = languages.day(date.fromisoformat(rest))
    return _("Season from %(day)s") % {"day": day} if kind == "season" else day


def changed(before: Source | None, after: Source) -> list[tuple[str, str, str]]:
    """What changed, in words."""
    found = []
    for place, old, new in differences(before, after):
        if place.startswith("season."):
            first = place.removeprefix("season.")
            old, new = _season(before, first), _season(after, first)
        nothing = _("closed") if place.startswith("weekly") else languages.DASH
        found.append((place_name(place), _said(old) or nothing, _said(new) or nothing))
    return found


def from_trail(place: str, text: str) -> str:
    """A value as the trail keeps it, in the reader's language: "Summer → 2027-08-31: mon 08:00-15:00" of the place
    season.2027-07-01 is read like `changed` says it. What looks otherwise stays as it is."""
    first = place.removeprefix("season.")
    found = _KEPT.fullmatch(text)
    if first == place or found is None:
        return _said(text)
    weekdays = languages.voice().weekdays
    groups: dict[str, list[str]] = {}
    for day in _KEPT_DAY.finditer(found["week"]):
        groups.setdefault(_said(day["hours"]), []).append(weekdays[WEEKDAYS.index(day["name"])])
    hours = "; ".join(f"{_upper(', '.join(names))} {said}" for said, names in groups.items()) or _("closed")
    try:
        days = {"start": date.fromisoformat(first), "end": date.fromisoformat(found["last"])}
    except ValueError:
        return text
    span = _("%(start)s to %(end)s") % {key: languages.day(day) for key, day in days.items()}
    return f"{found['name']}, {span}: {hours}" if found["name"] else f"{span}: {hours}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _season(source: Source | None, first: str) -> str:
    """Summer, 1 July 2027 to 31 August 2027: Monday, Tuesday 08:00–15:00."""
    one = next((one for one in source.seasons if one.first.isoformat() == first), None) if source else None
    if one is None:
        return ""
    span = _("%(start)s to %(end)s") % {"start": languages.day(one.first), "end": languages.day(one.last)}
    hours = "; ".join(f"{names} {said}" for names, said in week.by_hours(one.weekly))
    return f"{one.name}, {span}: {hours}" if one.name else f"{span}: {hours}"


def history(versions: Sequence[CalendarVersion]) -> list[VersionRow]:
    """Versions from the newest back, each with what it changed; the oldest given is only compared with.
    No query where `created_by` is in memory."""
    rows = []
    for newer, older in zip_longest(versions, versions[1:]):
        before = source_of(older) if older is not None else None
        lines = changed(before, source_of(newer)) if older is not None or newer.number > 1 else []
        rows.append(
            VersionRow(
                newer.number,
                _("version %(number)s") % {"number": newer.number},
                _note(newer),
                newer.published_at is None,
                lines[:MOST_LINES],
                max(0, len(lines) - MOST_LINES),
            )
        )
    return rows


def _note(version: CalendarVersion) -> str:
    who = name_of(version.created_by_id) if version.created_by_id else ""
    if version.published_at is None:
        words = {"moment": languages.moment(version.created_at), "who": who}
        return _("draft of %(moment)s, %(who)s") % words if who else _("draft of %(moment)s") % words
    words = {"moment": languages.moment(version.effective_at), "who": who}
    if not who:
        return _("in force since %(moment)s") % words
    return _("in force since %(moment)s, written by %(who)s") % words


def _said(text: str) -> str:
    """Hours with the dash that people read."""
    return _HOURS.sub(r"\1–\2", text)
