"""Jobs of the complaints app. Each reads what is due from rows, may run twice and in many workers at once."""

from __future__ import annotations

from celery import shared_task

from complaints.sla.sweep import sweep_and_tell

SWEEP_FOR = 60.0  # seconds; what is left waits for the next beat, far inside the task time limit


@shared_task(name="complaints.sweep_sla", ignore_result=True)
def sweep_sla() -> dict[str, float]:
    """Mark every breach there is; beat wakes it every few seconds (domain, SLA 6)."""
    return sweep_and_tell(seconds=SWEEP_FOR)
