"""What goes out to the complainant by mail: outbox rows, not yet written, in the complaint's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings

from complaints.models import Attachment, Complaint, Message
from core import outbox
from core.models import OutboxMessage
from core.references import status_token
from retention.models import Customer
from retention.models.customers import EMAIL

THREAD = 9  # earlier mails a mail names beside the first one


def address(customer: Customer | None) -> str:
    """The e-mail to write to: the preferred one first; blank if there is none. Query cost: 1."""
    if customer is None:
        return ""
    found = customer.contact_points.filter(kind=EMAIL).order_by("-is_preferred", "pk").values_list("value", flat=True)
    return found.first() or ""


def status_url(complaint: Complaint) -> str:
    """The absolute address of the complainant's status page."""
    return f"{settings.BASE_URL}/status/{status_token(complaint.reference)}/"


def receipt(complaint: Complaint, email: str, *, at: datetime) -> list[OutboxMessage]:
    """The automatic receipt with reference and status link, if there is an address. It stops no clock."""
    if not email:
        return []
    return [_letter(complaint, "receipt", f"receipt:{complaint.reference}", email, {"automatic": True}, at)]


def message(
    complaint: Complaint, sent: Message, *, author: str, at: datetime, files: Sequence[Attachment] = ()
) -> list[OutboxMessage]:
    """A message a person wrote, if it goes by mail. `author` signs it; `files` come with it (complaints.mail_files).

    Query cost: 1 if it goes.
    """
    if not sent.by_mail_to:
        return []
    context: dict[str, object] = {"body": sent.body, "author": author, "purpose": str(sent.purpose)}
    context["references"] = earlier(complaint, sent)
    if files:
        context["attachments"] = [one.pk for one in files]
    return [_letter(complaint, "message", f"message:{sent.pk}", sent.by_mail_to, context, at)]


def earlier(complaint: Complaint, sent: Message) -> list[str]:
    """The Message-IDs of the case's earlier mails to the same address, oldest first: the receipt's (whether or not it
    left, programs thread by it) and those of the newest messages. Query cost: 1."""
    mails = Message.objects.filter(complaint=complaint, by_mail_to=sent.by_mail_to).exclude(pk=sent.pk)
    newest = list(mails.order_by("-created_at", "-pk").values_list("pk", flat=True)[:THREAD])
    keys = [f"receipt:{complaint.reference}", *(f"message:{pk}" for pk in reversed(newest))]
    return [outbox.message_id(key) for key in keys]


def _letter(
    complaint: Complaint, template: str, key: str, email: str, context: Mapping[str, object], at: datetime
) -> OutboxMessage:
    due_at = complaint.queue_at if complaint.queue_at.year < 9999 else None
    known = {
        "reference": complaint.reference,
        "subject": complaint.subject,
        "status_url": status_url(complaint),
        "due_at": due_at.isoformat() if due_at else "",
    }
    return outbox.mail(
        key,
        to=email,
        language=complaint.language,
        template=template,
        context={**known, **context},
        about=complaint,
        at=at,
    )
