"""Jobs of the complaints app. Each reads what is due from rows, may run twice and in many workers at once."""

from __future__ import annotations

from celery import shared_task

from complaints.actions import (
    attachments,
    bulk,
    corrective_due,
    hand_over,
    incident_updates,
    pending,
    silence,
    sla_edits,
    snooze,
    staff,
)
from complaints.sla.sweep import sweep_and_tell
from core import clock

BULK_FOR = 30.0  # seconds; then it goes on with the next beat
EDIT_FOR = 30.0  # seconds; the sweep shall not wait longer for a lone worker
TELL_ALL_FOR = 30.0  # seconds
SEND_FOR = 20.0  # seconds, likewise
SWEEP_FOR = 60.0  # seconds; what is left waits for the next beat, far inside the task time limit


@shared_task(name="complaints.sweep_sla", ignore_result=True)
def sweep_sla() -> dict[str, float]:
    """Mark every breach there is; beat wakes it every few seconds (domain, SLA 6).

    What was to be sent before a deadline is sent first, so that nothing is late that only waited for us.
    """
    pending.send_due(seconds=SEND_FOR)
    return sweep_and_tell(seconds=SWEEP_FOR)


@shared_task(name="complaints.hand_over_absent", ignore_result=True)
def hand_over_absent() -> int:
    """Move the cases of those whose absence has begun (domain, Complaint 2)."""
    return staff.hand_over_absent(at=clock.database_now())


@shared_task(name="complaints.hand_over_silent", ignore_result=True)
def hand_over_silent() -> int:
    """Give the cases that nobody has taken up in time to somebody else (domain, SLA 7)."""
    return silence.hand_over_silent()


@shared_task(name="complaints.apply_sla_edits", ignore_result=True)
def apply_sla_edits() -> int:
    """Go on counting and applying edits of calendars and policies (domain, SLA 3)."""
    return sla_edits.advance(seconds=EDIT_FOR)


@shared_task(name="complaints.wake", ignore_result=True)
def wake() -> int:
    """Take back the cases whose snooze is over (ux, Agent's desk 8)."""
    return snooze.wake_due()


@shared_task(name="complaints.run_bulk", ignore_result=True)
def run_bulk() -> int:
    """Go on with changes of many complaints, row by row (ux, Agent's desk 7)."""
    return bulk.advance(seconds=BULK_FOR)


@shared_task(name="complaints.send_pending", ignore_result=True)
def send_pending() -> int:
    """Send the messages whose time has come (ux, Agent's desk)."""
    return pending.send_due(seconds=SEND_FOR)


@shared_task(name="complaints.remind_of_offers", ignore_result=True)
def remind_of_offers() -> int:
    """Tell those once more who have left an offer of a case without answer (mission D3)."""
    return hand_over.remind(at=clock.database_now())


@shared_task(name="complaints.tidy_attachments", ignore_result=True)
def tidy_attachments() -> dict[str, int]:
    """Sweep files nobody sent, and bytes no row names (case F14)."""
    return attachments.tidy(at=clock.now())


@shared_task(name="complaints.send_incident_updates", ignore_result=True)
def send_incident_updates() -> int:
    """Go on with updates to all customers of an incident, case by case (mission A8)."""
    return incident_updates.advance(seconds=TELL_ALL_FOR)


@shared_task(name="complaints.tell_of_corrective", ignore_result=True)
def tell_of_corrective() -> int:
    """Tell owners which corrective actions are overdue and which can be measured (mission A11)."""
    return corrective_due.tell_due(at=clock.database_now())
