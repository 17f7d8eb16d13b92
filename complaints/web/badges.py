"""A clock's reading in words: "35 min left", "25 min late", "paused 2 d", "met in 19 min" (domain, SLA 8)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from complaints.sla import reading
from complaints.sla.reading import Reading
from core import languages
from core.web.parts import AT_RISK, BREACHED, MET, ON_TRACK, PAUSED, Badge


def badge(found: Reading, *, due_at: datetime | None, now: datetime, brief: bool = False) -> Badge:
    """The badge of a reading, in the language and zone of the moment.

    `brief` (the queue): "left" stays off, and a deadline on another day is named instead of counted.
    """
    seconds, day = found.seconds, found.day_seconds
    if found.state == reading.BREACHED:
        return Badge(BREACHED, languages.late(seconds or 0, day_seconds=day) if seconds is not None else _("late"), 100)
    if found.state == reading.PAUSED:
        return Badge(PAUSED, languages.paused(seconds or 0))
    if found.state == reading.MET:
        return Badge(
            MET, languages.met(seconds if seconds and seconds >= languages.MINUTE else None, day_seconds=day), 100
        )
    if found.state == reading.CANCELLED:
        return Badge(PAUSED, _("ended"))
    if seconds is None:
        return Badge(ON_TRACK, _("no deadline"))
    state = AT_RISK if found.state == reading.AT_RISK else ON_TRACK
    if not brief:
        return Badge(state, languages.left(seconds, day_seconds=day), found.percent)
    if due_at is not None and state == ON_TRACK and languages.local(due_at).date() != languages.local(now).date():
        return Badge(state, languages.near(due_at, now), found.percent)
    upward = -(-seconds // languages.MINUTE) * languages.MINUTE
    return Badge(state, languages.duration(upward, day_seconds=day, clipped=True), found.percent)
