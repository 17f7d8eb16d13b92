"""The outbox: what an action wants to tell somebody leaves with its transaction, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models

from core.models import OutboxMessage
from core.trail import subject_of


def mail(
    key: str,
    *,
    to: str,
    language: str,
    template: str,
    context: Mapping[str, Any],
    about: models.Model | None,
    at: datetime,
    due_at: datetime | None = None,
) -> OutboxMessage:
    """A mail not yet written to the database (the action inserts it with its other rows).

    `key` is unique for ever (`receipt:AM-...`); `template` names `templates/mail/<template>.subject.txt` and `.txt`;
    `context` is plain JSON; `to` is one address; `language` one of ours.
    """
    subject_kind, subject_id = subject_of(about) if about is not None else ("", None)
    return OutboxMessage(
        key=key,
        message_id=message_id(key),
        recipient=to,
        language=language or settings.LANGUAGE_CODE,
        template=template,
        context=dict(context),
        subject_kind=subject_kind,
        subject_id=subject_id,
        created_at=at,
        due_at=due_at or at,
    )


def message_id(key: str) -> str:
    """The stable Message-ID of a key: the same however often it is sent."""
    safe = "".join(c if c.isalnum() or c in "-." else "." for c in key)
    return f"<{safe}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"
