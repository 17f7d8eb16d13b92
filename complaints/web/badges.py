"""A clock's reading in words: "35 min left", "25 min late", "paused 2 d", "met in 19 min" (domain, SLA 8)."""

from __future__ import annotations

from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from complaints.sla import reading
from complaints.sla.reading import Reading
from core import languages
from core.web.parts import AT_RISK, BREACHED, MET, ON_TRACK, PAUSED, Badge


def badge(
    found: Reading,
    *,
    due_at: datetime | None,
    now: datetime,
    brief: bool = False,
    language: str | None = None,
    zone: tzinfo | None = None,
) -> Badge:
    """The badge of a reading, in the language and zone of the moment; both are quicker given for many.

    `brief` (the queue): "left" stays off, and a deadline on another day is named instead of counted.
    """
    seconds, day = found.seconds, found.day_seconds
    if found.state == reading.BREACHED:
        if seconds is None:
            return Badge(BREACHED, _("late"), 100)
        return Badge(BREACHED, languages.late(seconds, day_seconds=day, language=language), 100)
    if found.state == reading.PAUSED:
        return Badge(PAUSED, languages.paused(seconds or 0, language=language))
    if found.state == reading.MET:
        taken = seconds if seconds and seconds >= languages.MINUTE else None
        return Badge(MET, languages.met(taken, day_seconds=day, language=language), 100)
    if found.state == reading.CANCELLED:
        return Badge(PAUSED, _("ended"))
    if seconds is None:
        return Badge(ON_TRACK, _("no deadline"))
    state = AT_RISK if found.state == reading.AT_RISK else ON_TRACK
    if not brief:
        return Badge(state, languages.left(seconds, day_seconds=day, language=language), found.percent)
    if due_at is not None and state == ON_TRACK and not _same_day(due_at, now, zone):
        return Badge(state, languages.near(due_at, now, language=language, zone=zone), found.percent)
    upward = -(-seconds // languages.MINUTE) * languages.MINUTE
    return Badge(state, languages.duration(upward, day_seconds=day, clipped=True, language=language), found.percent)


def _same_day(one: datetime, other: datetime, zone: tzinfo | None) -> bool:
    return languages.local(one, zone).date() == languages.local(other, zone).date()
