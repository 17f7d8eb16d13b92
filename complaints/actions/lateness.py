"""Why a case came late, said afterwards (domain, SLA 5): who resolves it over the API, or many at once, need not know.

Until somebody says it the reason is owed: the case shows it, and the report counts it as not given.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import decisions, errors
from complaints.actions import _base
from complaints.models import Clock, ClockState, Complaint, LateReason, Narrative
from complaints.sla import packs
from core.actor import Actor
from core.errors import DomainError, InvalidInput

NOT_STATED = "not_stated"  # what the trail says of a late case resolved without a reason


class NotLate(DomainError):
    code = "not_late"
    message = gettext_lazy("No deadline of this complaint was missed.")


def is_late(clocks: Iterable[Clock]) -> bool:
    """Whether a recorded breach asks for a reason; the end of a mere window does not. No query."""
    return any(clock.state == ClockState.BREACHED and not packs.is_window(clock) for clock in clocks)


@transaction.atomic
def explain(complaint: Complaint, *, by: Actor, at: datetime, late_reason: str, late_note: str = "") -> Complaint:
    """Say why a decided case came late, or say it better; closed ones too. The same again changes nothing.

    Raises InvalidInput invalid_choice, NotResolved or NotLate; then nothing is written. Query cost: 7.
    """
    if late_reason not in LateReason.values:
        raise InvalidInput(_("Choose one of the reasons."), code="invalid_choice", field="late_reason")
    complaint = _base.locked(complaint)
    if complaint.status not in decisions.DECIDED or complaint.is_history:
        raise errors.NotResolved(_("It is not decided yet: say it when it is resolved."))
    if not is_late(_base.clocks_of(complaint)):
        raise NotLate
    note, before = late_note.strip(), complaint.late_reason
    narrative = Narrative.objects.get(complaint=complaint)
    if (before, narrative.late_note) == (late_reason, note):
        return complaint
    narrative.late_note = note
    narrative.save(update_fields=["late_note"])
    complaint.late_reason = late_reason
    return _base.finish(
        complaint,
        "complaint.lateness_explained",
        by=by,
        at=at,
        fields=["late_reason"],
        changes={"late_reason": [before or NOT_STATED, late_reason]},
        private={"late_note": note} if note else None,
    )
