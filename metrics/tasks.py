"""Jobs of the metrics app. Each reads what is due from rows, may run twice and in many workers at once."""

from __future__ import annotations

from celery import shared_task

from core import clock
from metrics.actions import exports
from metrics.actions.invite import invite as invite_due
from metrics.actions.run_exports import run_exports as write_exports
from metrics.actions.run_uploads import run_uploads
from retention.actions.uploads import forget_old


@shared_task(name="metrics.invite", ignore_result=True)
def invite() -> dict[str, int]:
    """Ask those whose complaint was settled, where it is time (mission B1)."""
    return invite_due(at=clock.database_now())


@shared_task(name="metrics.import_uploads", ignore_result=True)
def import_uploads() -> int:
    """Try and record files that were uploaded, and forget those of long ago."""
    at = clock.database_now()
    forget_old(at=at)
    return run_uploads(at=at)


@shared_task(name="metrics.run_exports", ignore_result=True)
def run_exports() -> int:
    """Write files that were asked for, for a while."""
    return write_exports()


@shared_task(name="metrics.tidy_exports", ignore_result=True)
def tidy_exports() -> int:
    """Forget files that were kept long enough."""
    return exports.forget_old(at=clock.database_now())
