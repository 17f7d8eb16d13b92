"""The jobs of the ground floor. Each is safe to repeat, to run twice at once and to lose (domain, SLA 6).

When they run stands in config/celery.py.
"""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task
from celery.signals import before_task_publish

from core import clock, trail
from core.actions import outbox, upkeep
from core.instants import InstantError, iso, parse_instant

SENT_AT = "amends_sent_at"


@shared_task(name="core.drain_outbox")
def drain_outbox() -> None:
    outbox.drain(seconds=60.0)  # and one last batch: together within the time limit of a task


@shared_task(name="core.heartbeat", bind=True)
def heartbeat(task: Task[Any, Any]) -> None:
    """The worker lives now; beat lived when it sent this message."""
    at = clock.now()
    upkeep.alive("worker", at=at)
    try:
        sent_at = parse_instant(str((task.request.headers or {}).get(SENT_AT) or getattr(task.request, SENT_AT, "")))
    except InstantError:
        sent_at = at
    upkeep.alive("beat", at=min(sent_at, at))


@shared_task(name="core.anchor_trail")
def anchor_trail() -> None:
    trail.anchor(at=clock.now())


@shared_task(name="core.tidy")
def tidy() -> None:
    upkeep.tidy(at=clock.now())


@before_task_publish.connect(sender="core.heartbeat")
def note_when_sent(headers: dict[str, Any] | None = None, **_rest: Any) -> None:
    """Whoever sends a heartbeat (beat) says when, so that an old message is no sign of life."""
    if headers is not None:
        headers[SENT_AT] = iso(clock.now())
