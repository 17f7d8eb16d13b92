"""Take over an open complaint of a migrating team: from cut-over on it is a live case here (domain, Complaint 5)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from complaints import routing
from complaints.actions import _history
from complaints.actions.file import begin_clocks, facts
from complaints.models import Complaint, Narrative, Status
from complaints.sla import clocks as sla
from core import rows, trail
from core.actor import Actor
from core.models import User

if TYPE_CHECKING:
    from complaints.actions.record_history import HistoricComplaint

TAKEN_OVER = "complaint.taken_over"


@transaction.atomic(savepoint=False)
def take_over(
    row: HistoricComplaint,
    stated: dict[str, Any],
    *,
    source: str,
    owner: User | None,
    by: Actor,
    at: datetime,
) -> Complaint:
    """Write an open complaint as a live, new case: owned by `owner` or by the routing rules, clocks from `at` on.

    `stated`: its fields (see _history). Nothing is sent: the other system told them long ago. Raises
    NobodyToOwnIt. Query cost: 5.
    """
    complaint = Complaint(
        reference=_history.references(1)[0],
        source=source,
        external_id=row.external_id,
        created_at=at,
        updated_at=at,
        **{**stated, "status": Status.NEW},
    )
    if owner is not None:
        complaint.owner, complaint.team_id = owner, owner.team_id
        routing.take(owner, at=at)
    else:
        team = routing.team_for(
            type_id=complaint.type_id,
            channel=complaint.channel,
            language=complaint.language,
            severity=complaint.severity,
        )
        complaint.owner, complaint.team = routing.choose_owner(team=team, language=complaint.language, at=at)
    clocks = begin_clocks(complaint, complaint.customer, by, at)
    rows.give_ids(complaint)
    for clock in clocks:
        clock.complaint_id = complaint.pk
    entry = trail.build(
        complaint, TAKEN_OVER, by=by, at=at, changes={**facts(complaint), "due_at": _history.plain(row.due_at)}
    )
    narrative = Narrative(complaint=complaint, description=row.description, summary=row.summary)
    rows.insert([complaint, narrative, *sla.with_events(clocks), entry])
    return complaint
