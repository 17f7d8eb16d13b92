"""The jobs of the ground floor. Each is safe to repeat, to run twice at once and to lose (domain, SLA 6).

When they run stands in config/celery.py.
"""

from __future__ import annotations

import logging
import threading

from celery import shared_task
from django.db import connections

from core import clock, trail
from core.actions import notifications, outbox, upkeep, webhook_delivery

log = logging.getLogger("amends.webhooks")
_delivering = threading.Lock()


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


@shared_task(name="core.send_webhooks")
def send_webhooks() -> None:
    """Deliver webhooks, in a thread beside the worker: a receiver that lets us wait must not hold up deadlines."""
    if webhook_delivery.waiting(at=clock.now()) and _delivering.acquire(blocking=False):
        threading.Thread(target=_deliver, name="webhooks", daemon=True).start()


def _deliver() -> None:
    """A thread that dies with its worker leaves claims that end by themselves."""
    try:
        webhook_delivery.run()
    except Exception:
        log.exception("delivering webhooks stopped; the next beat begins again")
    finally:
        connections.close_all()
        _delivering.release()
