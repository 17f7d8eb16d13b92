"""On which day an instant falls: by the clock of the house, of somebody, or of the reader of a page."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from core.actor import Actor
from core.clock import now
from core.languages import local


def of_house(at: datetime) -> date:
    """The date in TIME_ZONE."""
    return local(at, ZoneInfo(settings.TIME_ZONE)).date()


def of_actor(by: Actor, at: datetime) -> date:
    """The date where the actor is; for systems that of the house."""
    name = getattr(by.user, "time_zone", "") or settings.TIME_ZONE
    return local(at, ZoneInfo(name)).date()


def of_reader() -> date:
    """Today where the reader of this page is."""
    return local(now()).date()
