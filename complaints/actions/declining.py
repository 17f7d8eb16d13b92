"""What happens by itself when a complainant does not accept the decision (on_decline; domain, Complaint 6).

The owner is told in any case. What an agent writes down on the complainant's behalf starts nothing: whoever heard it
decides what to do.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import escalate
from complaints.actions.converse import REOPENS_WITHIN
from complaints.actions.decide import reopen_locked
from complaints.models import Complaint, Status
from complaints.reference import organisation
from core.actor import Actor
from core.models.organisation import OnDecline

DECLINED = "declined"


def rule_for(complaint: Complaint, *, at: datetime) -> OnDecline:
    """What is set, as far as it can still happen: a case that was closed long ago, or that another system decided, is
    not taken up again by itself."""
    rule = OnDecline(organisation().on_decline)
    if complaint.is_history:
        return OnDecline.TELL
    long_ago = complaint.closed_at is not None and at - complaint.closed_at > REOPENS_WITHIN
    return OnDecline.TELL if complaint.status == Status.CLOSED and long_ago else rule


def after_decline(complaint: Complaint, comment: str, *, at: datetime) -> Complaint:
    """Do what is set for a locked case that was just declined by the complainant, and return it as it is then.

    Where nobody stands above the owner, or the one who does was asked already, telling the owner has to do.
    """
    rule = rule_for(complaint, at=at)
    if rule == OnDecline.REOPEN:
        return reopen_locked(complaint, by=Actor.customer(), at=at, reason=comment or DECLINED, declined=True)
    if rule == OnDecline.ESCALATE:
        try:
            escalate.decline(complaint, at=at, reason=comment or _said(complaint), what=DECLINED)
        except (errors.NobodyAbove, errors.AlreadyEscalated, errors.OwnerUnavailable):
            return complaint
    return complaint


def _said(complaint: Complaint) -> str:
    """What stands as the reason where the complainant gave none, in the language of the one who reads it first."""
    with translation.override(complaint.owner.language or None):
        return _("The complainant does not accept the decision.")
