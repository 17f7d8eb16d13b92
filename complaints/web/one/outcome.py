"""What must be true before a case can be closed, and what came of it (domain, Complaint 6-7)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from complaints.models import OPEN, Complaint, Outcome, Status
from core.web.parts import Guard


def guards(complaint: Complaint) -> list[Guard]:
    """What must be true before the case can be closed (domain, Complaint 7)."""
    if complaint.is_quarantined or complaint.status not in (*OPEN, Status.RESOLVED):
        return []
    decided = complaint.status == Status.RESOLVED
    if decided and complaint.root_cause_id is not None:
        return []
    cause = decided and complaint.root_cause_id is not None
    return [
        Guard(_("Decision and summary"), met=decided, icon="scale"),
        Guard(_("Root cause"), met=cause, icon="search"),
        Guard(_("The answer is on the status page"), met=decided, icon="send"),
    ]


def decided(complaint: Complaint) -> dict[str, str] | None:
    """The three outcomes kept apart: decision, acceptance, score (domain, Complaint 6). Query cost: 1 when decided."""
    if not complaint.outcome:
        return None
    accepted = {True: _("accepted"), False: _("not accepted"), None: _("not asked yet")}[complaint.accepted]
    return {"outcome": str(Outcome(complaint.outcome).label), "acceptance": accepted, "score": _score(complaint)}


def _score(complaint: Complaint) -> str:
    """The newest score given about it, "9 of 10"; empty without one. Query cost: 1."""
    answers = complaint.survey_responses.filter(score__isnull=False)  # of the floor above
    newest = answers.order_by("-pk").first()
    return newest.score_of if newest is not None else ""
