"""What was decided on a case and how the complainant learned of it, read (domain, Complaint 6-7).

An imported history has no decision row, nor have cases decided before there were any: everything here copes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from complaints.models import Complaint, Decision, Demand, Message, Remedy, RemedyStatus, Status
from core.models import OutboxMessage

DECIDED = (Status.RESOLVED, Status.CLOSED)


class MailState(StrEnum):
    """What became of the mail with the final answer. NONE: it goes by the status page alone, or there is none."""

    NONE = ""
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the complainant learned of a decision. `mail_at`: sent or given up; `answered`: there is a final answer."""

    answered: bool = False
    mail: MailState = MailState.NONE
    mail_to: str = ""
    mail_at: datetime | None = None
    error: str = ""
    seen_at: datetime | None = None
    told_at: datetime | None = None
    told_how: str = ""
    told_by_id: int | None = None

    @property
    def known(self) -> bool:
        """They have it for certain, or as far as a mail server can say."""
        return self.mail == MailState.SENT or self.seen_at is not None or self.told_at is not None

    @property
    def lost(self) -> bool:
        """The mail failed for good, and they learned of it in no other way."""
        return self.mail == MailState.FAILED and self.seen_at is None and self.told_at is None


@dataclass(frozen=True, slots=True)
class Standing:
    """What must be true before a case can be closed, as the case stands now."""

    decided: bool
    has_cause: bool
    demands: int = 0
    open_demands: int = 0
    promise_due_at: datetime | None = None  # the earliest that is still owed
    remedies_awaiting: int = 0
    delivery: Delivery = Delivery()

    def unmet(self) -> list[str]:
        """The codes of what holds it back, in the order of the guards."""
        return [code for code, met in self.guards() if not met]

    def guards(self) -> list[tuple[str, bool]]:
        """Every condition by the code of its refusal, with whether it is met."""
        found = [("not_resolved", self.decided), ("root_cause_required", self.has_cause)]
        if self.demands:
            found.append(("demand_open", self.open_demands == 0))
        return [
            *found,
            ("open_promise", self.promise_due_at is None),
            ("remedy_awaiting", self.remedies_awaiting == 0),
            ("undelivered_answer", self.decided and not self.delivery.lost),
        ]


def current(complaint: Complaint) -> Decision | None:
    """The decision in force, None for a case without one. Query cost: 1."""
    standing = Decision.objects.filter(complaint=complaint, superseded_at__isnull=True)
    return standing.select_related("answer").order_by("-number").first()


def demands(complaint: Complaint) -> list[Demand]:
    """What the complainant asks for, in order; of a joint case also what the same customer asked for in the cases
    merged into it. Query cost: 1."""
    own = Q(complaint=complaint)
    if complaint.customer_id is not None:
        own |= Q(complaint__merged_into=complaint.pk, complaint__customer=complaint.customer_id)
    return list(Demand.objects.filter(own).order_by("complaint_id", "position", "pk"))


def mail_of(answer: Message | None) -> OutboxMessage | None:
    """The mail that carries a final answer. Query cost: 1 if it goes by mail."""
    if answer is None or not answer.by_mail_to:
        return None
    return OutboxMessage.objects.filter(key=f"message:{answer.pk}").first()


def delivery(decision: Decision | None) -> Delivery:
    """How the complainant learned of it. Query cost: 1 where it goes by mail."""
    if decision is None:
        return Delivery()
    mail = mail_of(decision.answer)
    state, at = fate(mail.sent_at, mail.failed_at) if mail is not None else (MailState.NONE, None)
    return Delivery(
        answered=decision.answer_id is not None,
        mail=state,
        mail_to=mail.recipient if mail is not None else "",
        mail_at=at,
        error=mail.error if mail is not None and state == MailState.FAILED else "",
        seen_at=decision.seen_at,
        told_at=decision.told_at,
        told_how=decision.told_how,
        told_by_id=decision.told_by_id,
    )


def fate(sent_at: datetime | None, failed_at: datetime | None) -> tuple[MailState, datetime | None]:
    """What became of a mail, and when. Held back counts as failed: it will not arrive."""
    if sent_at is not None:
        return MailState.SENT, sent_at
    return (MailState.FAILED, failed_at) if failed_at is not None else (MailState.WAITING, None)


def standing(complaint: Complaint) -> Standing:
    """Query cost: 4 at most."""
    decided = complaint.status in DECIDED
    asked = demands(complaint)
    whole = Q(complaint=complaint.pk) | Q(complaint__merged_into=complaint.pk)
    awaiting = Remedy.objects.filter(whole, status=RemedyStatus.AWAITING)
    return Standing(
        decided=decided,
        has_cause=decided and complaint.root_cause_id is not None,
        demands=len(asked),
        open_demands=sum(not one.outcome for one in asked),
        promise_due_at=complaint.promise_due_at,
        remedies_awaiting=awaiting.count(),
        delivery=delivery(current(complaint)) if decided else Delivery(),
    )
