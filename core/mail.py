"""Turns an outbox row into a mail and hands it to Django's mail backend.

Templates: `mail/<template>.subject.txt`, `mail/<template>.txt` and, where there is one,
`mail/<template>.html`, rendered in the row's language. They get the row's context, with every `*_at` string
turned into an instant, and `base_url`. Context keys with a meaning here: `automatic` (nobody wrote it:
Auto-Submitted), `time_zone` (IANA name for its dates), `references` (Message-IDs of earlier mails of the same
conversation, oldest first).
"""

from __future__ import annotations

import re
from contextlib import suppress
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone, translation

from core import mail_files
from core.instants import InstantError, parse_instant
from core.models import OutboxMessage

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,200}@[A-Za-z0-9.-]+>", re.ASCII)


class NeverDeliverable(Exception):
    """Trying again cannot help."""


class Courier:
    """Sends messages over one connection, opened when the first one leaves."""

    def __enter__(self) -> Courier:
        self._connection: Any = None
        self._closed: Exception | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, message: OutboxMessage) -> None:
        """Send one message. Raises NeverDeliverable, or whatever templates and the mail server raise."""
        mail = compose(message)
        if self._connection is None:
            self._connect()
        mail.connection = self._connection
        try:
            mail.send()
        except Exception:
            self._hang_up()
            raise
        if not _keeps_open():
            self._hang_up()

    def _connect(self) -> None:
        """Open the connection. A server that does not let us in is asked once a batch, not once a message."""
        if self._closed is not None:
            raise self._closed
        connection = get_connection()
        if _keeps_open():
            try:
                connection.open()
            except Exception as error:
                self._closed = error
                raise
        self._connection = connection

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.close()


def _keeps_open() -> bool:
    """SMTP is worth keeping open; the file backend writes one file a connection."""
    return "smtp" in str(settings.EMAIL_BACKEND)


def compose(message: OutboxMessage) -> EmailMultiAlternatives:
    """The mail of a row, always the same but for its Date, with its files (core.mail_files). No query without files."""
    recipient = message.recipient
    try:
        validate_email(recipient)
    except ValidationError:
        raise NeverDeliverable(f"not an address: {recipient!r}") from None
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise NeverDeliverable(f"not a Message-ID: {message.message_id!r}")
    context = _context(message.context)
    zone = _zone(context.get("time_zone"))
    with translation.override(message.language), timezone.override(zone):
        files = mail_files.of(message)
        context["linked_files"] = files.linked
        name = f"mail/{message.template}"
        subject = _CONTROL.sub(" ", _text(f"{name}.subject.txt", context)).strip()[:200]
        body = _text(f"{name}.txt", context).strip() + "\n"
        page = _page(f"{name}.html", context)
    headers = {"Message-ID": message.message_id, "Content-Language": message.language}
    if context.get("automatic"):
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    headers |= _unsubscribing(str(context.get("unsubscribe_url", "")))
    thread = [one for one in context.get("references", ()) if _MESSAGE_ID.fullmatch(str(one))]
    if thread:
        headers |= {"In-Reply-To": thread[-1], "References": " ".join(thread)}
    mail = EmailMultiAlternatives(subject, body, settings.DEFAULT_FROM_EMAIL, [recipient], headers=headers)
    if page is not None:
        mail.attach_alternative(page, "text/html")
    for one in files.enclosed:
        mail.attach(_enclosure(one))
    return mail


def _unsubscribing(url: str) -> dict[str, str]:
    """For mails that one may choose not to get: mail programs show a button. One press is enough over https alone (RFC
    8058); else the button opens the page."""
    if not url:
        return {}
    press = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url.startswith("https://") else {}
    return {"List-Unsubscribe": f"<{url}>", **press}


def _enclosure(file: mail_files.Enclosed) -> MIMEBase:
    """A file as a part of a mail, byte for byte: nothing in it is looked at or decoded, and no program shows it by
    itself."""
    main, _slash, sub = file.content_type.partition("/")
    part = MIMEBase(*(("application", "octet-stream") if main in ("message", "multipart") else (main, sub)))
    part.set_payload(file.content)
    encode_base64(part)
    name: str | tuple[str, str, str] = file.name if file.name.isascii() else ("utf-8", "", file.name)
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part


def _context(stored: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = {"base_url": settings.BASE_URL, **stored}
    for key, value in stored.items():
        if key.endswith("_at") and isinstance(value, str):
            try:
                context[key] = parse_instant(value)
            except InstantError:
                continue
    return context


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(name or settings.TIME_ZONE))
    except (KeyError, ValueError, OSError):
        return ZoneInfo(settings.TIME_ZONE)


def _text(name: str, context: dict[str, Any]) -> str:
    """A plain-text template: nothing in it is escaped for HTML."""
    template: Any = get_template(name)
    return str(template.template.render(Context(context, autoescape=False)))


def _page(name: str, context: dict[str, Any]) -> str | None:
    try:
        template = get_template(name)
    except TemplateDoesNotExist:
        return None
    return str(template.render(context))
