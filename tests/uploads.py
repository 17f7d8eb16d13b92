"""Uploading in tests: through the browser's doors and the API's, as scripts and as plain forms do."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints.actions import attachments
from complaints.models import Attachment, Complaint
from core import blobs, clock
from core.actor import Actor
from core.models import User
from tests.tokens import bearer

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
_TOKEN = re.compile(r'name="(attachments\w*)" value="([\w-]{43})"')


def file(name: str = "photo.png", content: bytes = PNG, kind: str = "text/html") -> SimpleUploadedFile:
    """What a browser sends; the type it states is a lie unless said otherwise."""
    return SimpleUploadedFile(name, content, content_type=kind)


def draft(
    by: User, complaint: Complaint | None = None, name: str = "photo.png", content: bytes = PNG, **more: Any
) -> str:
    """The token of a draft, made by the action."""
    made = attachments.upload(
        [content], name=name, by=Actor.person(by), at=clock.now(), complaint=complaint, **{"mode": "reply", **more}
    )
    return made.token


@dataclass(frozen=True, slots=True)
class Sent:
    """What a door said to a file: 201 and its token, or why not."""

    status: int
    token: str = ""
    text: str = ""


def by_browser(user: User, complaint: Complaint, sent: Any, mode: str = "reply") -> Sent:
    client = Client()
    client.force_login(user)
    answer = client.post(f"/complaints/{complaint.reference}/attachments/", {"mode": mode, "file": sent})
    text = answer.content.decode()
    found = _TOKEN.search(text)
    return Sent(answer.status_code, found[2] if found else "", text)


def by_api(user: User, complaint: Complaint, sent: Any, mode: str = "") -> Sent:
    client = Client(headers=bearer(user))
    answer = client.post(f"/api/v1/complaints/{complaint.reference}/attachments/", {"file": sent})
    token = answer.json()["id"] if answer.status_code == 201 else ""
    return Sent(answer.status_code, token, answer.content.decode())


UPLOADS = [by_browser, by_api]


def stored() -> list[Path]:
    """The files below the storage that hold bytes of somebody."""
    folder = Path(blobs.store().location)
    return [path for path in folder.rglob("*") if path.is_file() and path.parent.name != blobs.LOCKS]


def make_old(sha256: str, seconds: float = 86_400) -> None:
    path = blobs.store().path(blobs.stored_at(sha256))
    os.utime(path, (time.time() - seconds,) * 2)


def empty_storage() -> None:
    for path in stored():
        path.unlink()


def names(**having: Any) -> list[str]:
    return list(Attachment.objects.filter(**having).values_list("name", flat=True))
