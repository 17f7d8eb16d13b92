"""Did the complainant accept our decision? Kept apart from it and from their score (domain, Complaint 6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import _base, telling
from complaints.actions.decide import DECISIONS
from complaints.models import Complaint, Status
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
    the complainant declines, the owner is told. Raises NotResolved before a decision, or InvalidInput too_long.
    """
    if len(comment) > COMMENT:
        raise InvalidInput(_("This is too long."), code="too_long", field="comment")
    complaint, comment = _base.locked(complaint), comment.strip()
    if not may_be_said(complaint):
        raise errors.NotResolved(_("There is no decision yet that could be accepted."))
    before = complaint.accepted
    if before == accepted and not comment:
        return complaint
    complaint.accepted, complaint.accepted_at = accepted, at
    return _base.finish(
        complaint,
        KIND,
        by=by,
        at=at,
        fields=["accepted", "accepted_at"],
        changes={"accepted": [before, accepted]},
        private={"comment": comment} if comment else None,
        also=telling.declined(complaint, comment, at=at) if by.kind == CUSTOMER and not accepted else (),
    )


def word_on(complaint: Complaint) -> Word:
    """What stands now, with the comment that came with it. Query cost: 1, none where nothing was said."""
    if complaint.accepted is None:
        return Word(None, None)
    entry = trail.of(complaint).filter(kind=KIND).order_by("-seq").first()
    private = json.loads(entry.private) if entry is not None and entry.private else {}
    return Word(complaint.accepted, complaint.accepted_at, private.get("comment", ""))
