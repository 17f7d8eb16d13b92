"""Jobs of the metrics app. Each reads what is due from rows, may run twice and in many workers at once."""

from __future__ import annotations

from celery import shared_task

from core import clock
from metrics.actions.invite import invite as invite_due


@shared_task(name="metrics.invite", ignore_result=True)
def invite() -> dict[str, int]:
    """Ask those whose complaint was settled, where it is time (mission B1)."""
    return invite_due(at=clock.database_now())
