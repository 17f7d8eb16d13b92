"""The jobs of the ground floor. Each is safe to repeat, to run twice at once and to lose (domain, SLA 6).

When they run stands in config/celery.py.
"""

from __future__ import annotations

from celery import shared_task

from core import clock, trail
from core.actions import notifications, outbox, upkeep


@shared_task(name="core.drain_outbox")
def drain_outbox() -> None:
    outbox.drain(seconds=20.0)  # then another job may have its turn; beat wakes us again at once


@shared_task(name="core.anchor_trail")
def anchor_trail() -> None:
    trail.anchor(at=clock.now())


@shared_task(name="core.tidy")
def tidy() -> None:
    upkeep.tidy(at=clock.now())


@shared_task(name="core.mail_notifications")
def mail_notifications() -> None:
    """Write the mails that bundle notifications, for whom they are due."""
    notifications.send_bundles(at=clock.now())
