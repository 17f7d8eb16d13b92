"""Surveys for tests: since when they ask, a settled complaint, an invitation that went out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from complaints.actions import decide
from complaints.models import Complaint
from complaints.reference import catalogue
from core.actor import Actor
from metrics.actions.invite import invite
from metrics.models import Invitation, Survey, SurveyVersion
from metrics.survey_links import token_of
from tests.cast import MONDAY, Cast

DAY = timedelta(days=1)


def asking_since(at: datetime = MONDAY - 30 * DAY) -> Survey:
    """The recommendation survey of the migrations, as if it had been there for a month. Asks at once."""
    SurveyVersion.objects.update(published_at=at)
    Survey.objects.filter(code="nps").update(is_active=True, delay_seconds=0)
    return Survey.objects.get(code="nps")


def settle(complaint: Complaint, *, at: datetime = MONDAY, outcome: str = "upheld") -> Complaint:
    return decide.resolve(
        complaint,
        by=Actor.person(complaint.owner),
        at=at,
        outcome=outcome,
        root_cause=catalogue().causes["people-mistake"],
        summary="Sent the second lamp.",
        answer="The second lamp is on its way.",
    )


def settled(cast: Cast, *, at: datetime = MONDAY, **filing: Any) -> Complaint:
    """A complaint of the customer, filed and resolved at `at`."""
    return settle(cast.complaint(at=at, **filing), at=at)


def invited(cast: Cast, *, at: datetime = MONDAY, **filing: Any) -> Invitation:
    """An invitation about such a complaint that has been sent, by the job."""
    asking_since()
    complaint = settled(cast, at=at, **filing)
    invite(at=at)
    found = Invitation.objects.get(complaint=complaint)
    assert found.sent_at == at, found.suppressed
    return found


def link(invitation: Invitation) -> str:
    return f"/survey/{token_of(invitation.key)}/"
