"""Which files go with a message's mail (`attachments` in its context: their keys), and which only as a link (F21)."""

from __future__ import annotations

from django.conf import settings

from complaints.models import Attachment
from core import languages
from core.blobs import store
from core.file_types import OCTETS
from core.mail_files import Enclosed, Files
from core.models import OutboxMessage

TEMPLATES = ("message",)


def files_of(message: OutboxMessage) -> Files:
    """In the order they were attached, as long as they fit into ATTACHMENTS_MAIL_BYTES together; the others are linked,
    and so is what mail servers refuse for what it may hold. One erased meanwhile is left out. Query cost: 1 with files.

    Memory: the files enclosed, and as much again for each step of writing the mail.
    """
    keys = [key for key in message.context.get("attachments", []) if isinstance(key, int)]
    found = Files()
    if not keys:
        return found
    left = settings.ATTACHMENTS_MAIL_BYTES
    for one in Attachment.objects.filter(pk__in=keys, draft="", note=None).order_by("pk"):
        content = None
        if one.size <= left and one.content_type != OCTETS:
            try:
                with store().open(one.stored) as file:
                    content = file.read()
            except OSError:
                content = None
        if content is None:
            found.linked.append((one.name, languages.file_size(one.size)))
            continue
        left -= one.size
        found.enclosed.append(Enclosed(one.name, one.content_type, content))
    return found
