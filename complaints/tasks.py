"""Jobs of the complaints app. Each reads what is due from rows, may run twice and in many workers at once."""

from __future__ import annotations

from celery import shared_task

from complaints.actions import staff
from complaints.sla.sweep import sweep_and_tell
from core import clock

SWEEP_FOR = 60.0  # seconds; what is left waits for the next beat, far inside the task time limit


@shared_task(name="complaints.sweep_sla", ignore_result=True)
def sweep_sla() -> dict[str, float]:
    """Mark every breach there is; beat wakes it every few seconds (domain, SLA 6)."""
    return sweep_and_tell(seconds=SWEEP_FOR)


@shared_task(name="complaints.hand_over_absent", ignore_result=True)
def hand_over_absent() -> int:
    """Move the cases of those whose absence has begun (domain, Complaint 2)."""
    return staff.hand_over_absent(at=clock.database_now())
