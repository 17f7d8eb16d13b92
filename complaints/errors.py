"""The refusals of complaint actions. `code` is part of the API."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidInput

if TYPE_CHECKING:
    from complaints.models import Message, Pending


class AlreadyAcknowledged(DomainError):
    code = "already_acknowledged"
    message = _("This complaint has already been acknowledged.")


class AlreadyInvestigating(DomainError):
    code = "already_investigating"
    message = _("This complaint is already being investigated.")


class AlreadyWaiting(DomainError):
    code = "already_waiting"
    message = _("This complaint already waits on the customer.")


class NotWaiting(DomainError):
    code = "not_waiting"
    message = _("This complaint does not wait on the customer.")


class AlreadyResolved(DomainError):
    code = "already_resolved"
    message = _("This complaint has already been resolved.")


class NotResolved(DomainError):
    code = "not_resolved"
    message = _("Only a resolved complaint can be closed.")


class AlreadyClosed(DomainError):
    code = "already_closed"
    message = _("This complaint is closed. It can be reopened.")


class AlreadyEnded(DomainError):
    code = "already_ended"
    message = _("This complaint was withdrawn or merged; nothing more can be done with it.")


class NotEnded(DomainError):
    code = "still_open"
    message = _("This complaint is still open.")


class SameOwner(DomainError):
    code = "same_owner"
    message = _("This person already owns the complaint.")


class OwnerUnavailable(DomainError):
    code = "owner_unavailable"
    message = _("This person cannot take complaints: inactive, or without a role that handles cases.")


class NothingChanged(DomainError):
    code = "nothing_changed"
    message = _("Neither the type nor the severity would change.")


class CauseRequired(InvalidInput):
    code = "root_cause_required"
    message = _("Name the root cause: “unclassified” is none.")


class DuplicateExternalId(DomainError):
    code = "duplicate_external_id"
    message = _("A complaint with this external id from this source already exists.")


class NotInQuarantine(DomainError):
    code = "not_in_quarantine"
    message = _("This complaint is not in quarantine.")


class Stale(DomainError):
    code = "stale"
    message = _("Somebody else changed this complaint in the meantime.")


class AmendedMeanwhile(Stale):
    """`differing`: by field, what somebody else made of it and what was wanted."""

    def __init__(self, differing: "Mapping[str, tuple[str, str]]") -> None:
        super().__init__()
        self.differing = dict(differing)


class AnsweredMeanwhile(DomainError):
    """`answers`: what was said since, oldest first; `leaving`: what a colleague is sending at this moment."""

    code = "answered_meanwhile"
    message = _("There is a newer message than the ones you saw. Yours was not sent.")

    def __init__(self, answers: "Sequence[Message]" = (), leaving: "Sequence[Pending]" = ()) -> None:
        super().__init__()
        self.answers, self.leaving = answers, leaving


class AlreadyOffered(DomainError):
    code = "already_offered"
    message = _("This complaint is already offered to somebody.")


class NotOffered(DomainError):
    code = "not_offered"
    message = _("There is no open offer any more: it was answered, taken back, or the complaint moved on.")


class AlreadyEscalated(DomainError):
    code = "already_escalated"
    message = _("This person was already asked and has not answered yet.")


class NotEscalated(DomainError):
    code = "not_escalated"
    message = _("There is no open escalation any more: it was answered or taken back.")


class NobodyAbove(DomainError):
    code = "nobody_above"
    message = _("There is nobody above you to ask. Name somebody.")


class AlreadySnoozed(DomainError):
    code = "already_snoozed"
    message = _("This complaint is already snoozed until then.")


class NotSnoozed(DomainError):
    code = "not_snoozed"
    message = _("This complaint is not snoozed.")


class NotInHand(DomainError):
    code = "not_in_hand"
    message = _("Only a complaint that is being handled can be snoozed.")


class FileTaken(DomainError):
    code = "file_taken"
    message = _("This file was sent, or waits with a message to be sent.")


class NotPending(DomainError):
    code = "not_pending"
    message = _("This message does not wait any more: it was sent or taken back.")


class DemandOpen(DomainError):
    code = "demand_open"
    message = _("Say what you decide about each thing they ask for.")


class NothingSought(DomainError):
    code = "nothing_sought"
    message = _("The complainant did not say what would put it right.")


class AlreadyDemanded(DomainError):
    code = "already_demanded"
    message = _("This stands among their demands already.")


class RemedyAwaiting(DomainError):
    code = "remedy_awaiting"
    message = _("A remedy waits for approval. It has to be decided, or taken back, before the case can be closed.")


class UndeliveredAnswer(DomainError):
    code = "undelivered_answer"
    message = _(
        "The final answer did not arrive: the mail failed, and they have not seen it on their page. Tell them, and "
        "write down how."
    )


class OpenPromise(DomainError):
    code = "open_promise"
    message = _("A promise is still open. It has to be kept, renegotiated or released before the case can be closed.")


class AlreadySettled(DomainError):
    code = "already_settled"
    message = _("This promise is not open any more: it was kept, agreed anew or released.")


class NothingToPay(DomainError):
    code = "nothing_to_pay"
    message = _("Nothing is to be paid: all of it is with finance already, or paid.")


class NotWithFinance(DomainError):
    code = "not_with_finance"
    message = _("Finance has not been given this amount, so it cannot say what became of it.")


class AlreadyPaid(DomainError):
    code = "already_paid"
    message = _("This was paid already, as finance confirmed.")


class NotPaid(DomainError):
    code = "not_paid"
    message = _("Only what finance has paid can come back.")


class CameBack(DomainError):
    code = "came_back"
    message = _("The payment of that day under that reference came back. It has to be paid anew.")


class AlreadyFailed(DomainError):
    code = "already_failed"
    message = _("Finance has reported already, with another reason, that this could not be paid.")


class CaseFileTooLarge(DomainError):
    code = "case_file_too_large"
    message = _("This case is too large for one file. Its messages, trail and attachments can be read one by one.")


class CaseFileBusy(DomainError):
    code = "case_file_busy"
    status = 503
    message = _("Other case files are being made at the moment. Try again in a minute.")


class CaseFileFailed(DomainError):
    code = "case_file_failed"
    status = 503
    message = _("The PDF could not be made. The JSON edition says the same.")
