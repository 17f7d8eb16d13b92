"""Did the complainant accept our decision? Kept apart from it and from their score (domain, Complaint 6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import decisions, errors
from complaints.actions import _base, telling
from complaints.actions.decide import DECISIONS
from complaints.actions.declining import after_decline
from complaints.models import Complaint, Decision, Status
from core import trail
from core.actor import CUSTOMER, Actor
from core.errors import InvalidInput

KIND = "complaint.accepted"
COMMENT = 20_000
DECIDED = (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Word:
    """The complainant's last word: whether they accept, since when, and what they said. `accepted` None: not asked."""

    accepted: bool | None
    at: datetime | None
    comment: str = ""


def may_be_said(complaint: Complaint) -> bool:
    """There is a decision to accept."""
    return complaint.status in DECIDED and complaint.outcome in DECISIONS


@transaction.atomic
def accept(complaint: Complaint, *, accepted: bool, by: Actor, at: datetime, comment: str = "") -> Complaint:
    """Note whether the complainant accepts the decision; the last word wins, the trail keeps the earlier ones.

    Said by the complainant, or by somebody of ours who heard it. The same word without a comment changes nothing. When
    the complainant declines, the owner is told, and once for each decision what the organisation has set happens
    (`declining`). Raises NotResolved before a decision, or InvalidInput too_long.
    """
    if len(comment) > COMMENT:
        raise InvalidInput(_("This is too long."), code="too_long", field="comment")
    complaint, comment = _base.locked(complaint), comment.strip()
    if not may_be_said(complaint):
        if not accepted and not comment and complaint.accepted is False:
            return complaint  # said before, and the case was opened again because of it
        raise errors.NotResolved(_("There is no decision yet that could be accepted."))
    decision = decisions.current(complaint)
    before = decision.accepted if decision is not None else complaint.accepted
    if before == accepted and not comment:
        return complaint
    complaint.accepted, complaint.accepted_at = accepted, at
    if decision is not None:
        decision.accepted, decision.accepted_at = accepted, at
        decision.save(update_fields=["accepted", "accepted_at"])
    declined = by.kind == CUSTOMER and not accepted
    complaint = _base.finish(
        complaint,
        KIND,
        by=by,
        at=at,
        fields=["accepted", "accepted_at"],
        changes={"accepted": [before, accepted]},
        private={"comment": comment} if comment else None,
        also=telling.declined(complaint, comment, at=at) if declined else (),
    )
    return after_decline(complaint, comment, at=at) if declined and before is not False else complaint


def word_on(complaint: Complaint, decision: Decision | None = None) -> Word:
    """What stands now about the decision in force, with the comment that came with it. `decision`: that one, where it
    was read already. Query cost: 1, 1 more where it is not given and something was said."""
    if complaint.accepted is None:
        return Word(None, None)
    decision = decision or decisions.current(complaint)
    known = decision if decision is not None else complaint
    accepted, at = known.accepted, known.accepted_at
    if accepted is None:  # their word was about an earlier decision
        return Word(None, None)
    entry = trail.of(complaint).filter(kind=KIND).order_by("-seq").first()
    private = json.loads(entry.private) if entry is not None and entry.private else {}
    return Word(accepted, at, private.get("comment", ""))
