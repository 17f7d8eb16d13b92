"""Files of a case: uploaded as drafts, taken along by the text they come with, let go when forgotten (F14).

    draft = upload(file.chunks(), name=file.name, by=by, at=at, complaint=complaint, mode=REPLY)  # when chosen
    found = take([draft.token], by=by, complaint=complaint)       # in the transaction of the message
    attach(found, message=message)
    changes, private = facts(found)                                # for the trail entry of the message

A draft belongs to whoever uploaded it. `Attachment.draft` says to whom: "user:5:reply" (in the box for replies),
"user:5:note", "user:5:" (the API, the intake form), "user:5:held" (in a message to be sent later), "web:<origin>"
(a complainant: whoever knows the token, which nobody can guess). It is blank once the file belongs to a case.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints import errors
from complaints.models import Attachment, Complaint, Message, Note, Pending, PendingState
from core import blobs, file_names, file_types, languages
from core.actor import CUSTOMER, Actor
from core.errors import DomainError, InvalidInput

REPLY, NOTE, HELD = "reply", "note", "held"
FORGOTTEN_AFTER = timedelta(days=7)
HOUR = timedelta(hours=1)
ROUNDS = 5  # as many full messages may lie unsent
BATCH = 500


class TooMuch(DomainError):
    """More than one place may upload in a short time, or keep without sending it."""

    code = "too_many_uploads"
    status = 429
    retry_after = 600

    def __init__(self) -> None:
        super().__init__(_("These are many files in a short time. Try again a little later."))


def upload(
    chunks: Iterable[bytes],
    *,
    name: str,
    by: Actor,
    at: datetime,
    complaint: Complaint | None = None,
    mode: str = "",
    origin: str = "",
    expected: int | None = None,
) -> Attachment:
    """Keep a file as a draft of whoever sends it; its type is found by looking at it.

    `mode`: REPLY or NOTE where it is chosen in the composer; `origin`: of a complainant (actions.public.origin_of).
    `expected`: its size in bytes if it is known beforehand. Raises InvalidInput (empty_file, file_too_large 413,
    cut_off), TooMuch. Memory: one chunk. Query cost: 2. Not to be called within a transaction that may last.
    """
    _refuse_flood(by, origin, at)
    try:
        blob = blobs.store().keep(chunks, at_most=settings.ATTACHMENT_MAX_BYTES, expected=expected)
    except blobs.TooLarge:
        raise too_large(name) from None
    except blobs.Cut:
        text = _("%(name)s did not arrive whole. Send it again.")
        raise InvalidInput(text % {"name": file_names.clean(name)}, code="cut_off", field="file") from None
    except blobs.Empty:
        text = _("%(name)s is empty.")
        raise InvalidInput(text % {"name": file_names.clean(name)}, code="empty_file", field="file") from None
    return _write(blob, name, by=by, at=at, complaint=complaint, draft=_draft(by, mode, origin))


def take(tokens: Sequence[str], *, by: Actor, complaint: Complaint | None) -> list[Attachment]:
    """The caller's drafts with these tokens, in this order, equal names told apart, locked until the transaction ends.

    `complaint` None: for a case that is just being filed. Raises InvalidInput: unknown_attachment for what is not
    there, somebody else's, another case's or attached already; too_many_files, files_too_large. Query cost: 1.
    """
    wanted = list(dict.fromkeys(tokens))
    if not wanted:
        return []
    found = _found(wanted, _to_take(wanted, by, complaint).select_for_update())
    files = [found[token] for token in wanted]
    for one, name in zip(files, file_names.told_apart(one.name for one in files), strict=True):
        one.name = name  # written by `attach`
    return files


def refuse_unless_ready(tokens: Sequence[str], *, by: Actor, complaint: Complaint | None) -> None:
    """Raises what `take` would raise, and takes nothing. Query cost: 1, none without tokens."""
    if wanted := list(dict.fromkeys(tokens)):
        _found(wanted, _to_take(wanted, by, complaint))


def _to_take(tokens: Sequence[str], by: Actor, complaint: Complaint | None) -> QuerySet[Attachment]:
    return _drafts_of(by).filter(Q(complaint=complaint) | Q(complaint=None), token__in=tokens).order_by("pk")


def _found(wanted: Sequence[str], rows: QuerySet[Attachment]) -> dict[str, Attachment]:
    refuse_too_many(len(wanted))
    found = {one.token: one for one in rows}
    if len(found) < len(wanted):
        text = _("A file is no longer there, or belongs elsewhere. Remove it and choose it again.")
        raise InvalidInput(text, code="unknown_attachment", field="attachments")
    refuse_too_large(sum(one.size for one in found.values()))
    return found


def attach(
    found: Sequence[Attachment],
    *,
    message: Message | None = None,
    note: Note | None = None,
    complaint: Complaint | None = None,
) -> None:
    """Give taken drafts to the message or the note they came with, else to what `complaint` tells.

    In the transaction of `take`. Query cost: 1, whatever the number of files.
    """
    if not found:
        return
    owner = message or note
    case_id = owner.complaint_id if owner is not None else complaint.pk if complaint is not None else None
    if case_id is None:
        raise ValueError("attach() needs a message, a note or a complaint")
    for one in found:
        one.draft, one.complaint_id = "", case_id
        one.message, one.note = message, note
    Attachment.objects.bulk_update(found, ["name", "draft", "complaint", "message", "note"])


def facts(found: Iterable[Attachment]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the trail entry says of files: (changes, private), empty without any. Names are personal, hashes not."""
    files = list(found)
    if not files:
        return {}, {}
    seals = [{"sha256": one.sha256, "size": one.size, "type": one.content_type} for one in files]
    return {"attachments": seals}, {"attachments": [one.name for one in files]}


def drafts(*, by: Actor, complaint: Complaint | None, mode: str = "") -> QuerySet[Attachment]:
    """What lies ready in a place of the caller's: after a crash and on another device too. Oldest first."""
    return _drafts_of(by).filter(complaint=complaint, draft=_draft(by, mode, ""))


def park(found: Sequence[Attachment]) -> None:
    """Set taken drafts aside with a message that is sent later: no longer in the box, and not swept. Query cost: 1."""
    _move(found, HELD)


def unpark(tokens: Sequence[str], *, by: Actor, mode: str = REPLY) -> None:
    """Put files of a message that was taken back into the box again. Query cost: 2."""
    _move(list(_drafts_of(by).filter(token__in=tokens)), mode)


@transaction.atomic
def discard(tokens: Sequence[str], *, by: Actor) -> int:
    """Let go of drafts of the caller; what is attached or somebody else's stays. How many went. Query cost: 2.

    Their bytes go as soon as no row names them and they are not young (core.blobs), at the latest with `tidy`.
    """
    return _delete(list(_drafts_of(by).filter(token__in=tokens).select_for_update().order_by("pk")))


@transaction.atomic
def let_go(one: Attachment, *, by: Actor) -> None:
    """Let go of a draft of the caller. Raises FileTaken for what was sent, or waits with a message. Query cost: 3."""
    loose = _drafts_of(by).exclude(draft__endswith=f":{HELD}").filter(pk=one.pk).select_for_update()
    if not _delete(list(loose)) and Attachment.objects.filter(pk=one.pk).exists():
        raise errors.FileTaken


@transaction.atomic
def erase(rows: QuerySet[Attachment]) -> int:
    """Delete files of cases for good, drafts or not: for erasure and purges. How many went. Query cost: 2 for 500."""
    return _delete(list(rows.order_by("pk")))


def tidy(*, at: datetime, shard: int | None = None) -> dict[str, int]:
    """Sweep forgotten drafts, what was being written when a process died, and bytes that no row names.

    Each run looks through a 24th of the folders, the one of the hour of `at` (`shard` 0..23: that one; -1: all), so
    that an orphan lies for a day at most. Safe to repeat and to run twice at once.
    """
    gone = {"drafts": 0, "coming": 0, "orphans": 0}
    while rows := list(_forgotten(at)[:BATCH]):
        with transaction.atomic():
            Attachment.objects.filter(pk__in=[one.pk for one in rows]).exclude(draft="").delete()
        gone["drafts"] += len(rows)
        blobs.store().remove_unused({one.sha256 for one in rows}, used)
    gone["coming"] = blobs.store().forget_coming()
    turn = at.hour if shard is None else shard
    for number in range(256):
        if turn < 0 or number % 24 == turn:
            gone["orphans"] += _sweep(f"{number:02x}")
    return gone


def used(keys: Iterable[str]) -> set[str]:
    """Of these SHA-256 those that rows name. Query cost: 1."""
    return set(Attachment.objects.filter(sha256__in=list(keys)).values_list("sha256", flat=True))


def too_large(name: str) -> InvalidInput:
    """The refusal of one file."""
    words = {"name": file_names.clean(name), "limit": languages.file_size(settings.ATTACHMENT_MAX_BYTES)}
    text = _("%(name)s is too large: a file may have %(limit)s.") % words
    return InvalidInput(text, code="file_too_large", field="file", status=413)


def refuse_too_many(count: int) -> None:
    """Raises InvalidInput too_many_files when more come with one text than may."""
    most = settings.ATTACHMENTS_PER_MESSAGE
    if count > most:
        text = ngettext("No more than %(n)s file at once.", "No more than %(n)s files at once.", most) % {"n": most}
        raise InvalidInput(text, code="too_many_files", field="attachments")


def refuse_too_large(size: int) -> None:
    """Raises InvalidInput files_too_large when they are too large together."""
    if size > settings.ATTACHMENTS_MAX_TOTAL:
        limit = languages.file_size(settings.ATTACHMENTS_MAX_TOTAL)
        text = _("Together the files are too large: %(limit)s at most.") % {"limit": limit}
        raise InvalidInput(text, code="files_too_large", field="attachments", status=413)


@transaction.atomic
def _write(
    blob: blobs.Blob, name: str, *, by: Actor, at: datetime, complaint: Complaint | None, draft: str
) -> Attachment:
    with blobs.store().open(blob.stored) as file:
        kind = file_types.type_of(file, file_names.clean(name))
    return Attachment.objects.create(
        complaint=complaint,
        token=secrets.token_urlsafe(32),
        name=file_names.clean(name),
        content_type=kind,
        size=blob.size,
        sha256=blob.sha256,
        stored=blob.stored,
        uploaded_by=by.user,
        draft=draft,
        created_at=at,
    )


def _draft(by: Actor, mode: str, origin: str) -> str:
    return f"web:{origin}" if by.kind == CUSTOMER else f"user:{by.user_id}:{mode}"


def _drafts_of(by: Actor) -> QuerySet[Attachment]:
    if by.kind == CUSTOMER:
        return Attachment.objects.filter(draft__startswith="web:")
    return Attachment.objects.filter(uploaded_by=by.user_id, draft__startswith=f"user:{by.user_id}:")


def _refuse_flood(by: Actor, origin: str, at: datetime) -> None:
    """Raises TooMuch. What was sent with a complaint or an answer is counted there (actions.public), no longer here."""
    if by.kind == CUSTOMER:
        lying = Attachment.objects.filter(draft=f"web:{origin}", created_at__gt=at - HOUR)
        most = settings.PUBLIC_UPLOADS_PER_HOUR
    else:
        lying, most = _drafts_of(by).exclude(draft__endswith=f":{HELD}"), settings.ATTACHMENT_DRAFTS_PER_PERSON
    told = lying.aggregate(count=Count("pk"), size=Sum("size"))
    if told["count"] >= most or (told["size"] or 0) >= settings.ATTACHMENTS_MAX_TOTAL * ROUNDS:
        raise TooMuch


def _move(found: Sequence[Attachment], mode: str) -> None:
    if found:
        draft = f"user:{found[0].uploaded_by_id}:{mode}"
        Attachment.objects.filter(pk__in=[one.pk for one in found]).exclude(draft="").update(draft=draft)


def _delete(rows: Sequence[Attachment]) -> int:
    keys = {one.sha256 for one in rows}
    for start in range(0, len(rows), BATCH):
        Attachment.objects.filter(pk__in=[one.pk for one in rows[start : start + BATCH]]).delete()
    if keys:
        # The rows are gone either way; what cannot be removed now is swept later.
        transaction.on_commit(partial(_remove, keys), robust=True)
    return len(rows)


def _remove(keys: set[str]) -> None:
    blobs.store().remove_unused(keys, used)


def _forgotten(at: datetime) -> QuerySet[Attachment]:
    """Drafts nobody has sent for a week; not those of a message that still waits to be sent."""
    waiting = Pending.objects.filter(complaint=OuterRef("complaint"), state=PendingState.WAITING)
    old = Attachment.objects.filter(created_at__lt=at - FORGOTTEN_AFTER).exclude(draft="")
    return old.exclude(Q(draft__endswith=f":{HELD}") & Q(Exists(waiting))).order_by("created_at")


def _sweep(shard: str) -> int:
    gone, keys = 0, []
    for key in blobs.store().shard(shard):
        keys.append(key)
        if len(keys) == BATCH:
            gone += blobs.store().remove_unused(keys, used)
            keys = []
    return gone + (blobs.store().remove_unused(keys, used) if keys else 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a page tells about the limits."""

    each: int
    count: int
    total: int


def limits() -> Limits:
    """The limits in force, in bytes and files."""
    return Limits(settings.ATTACHMENT_MAX_BYTES, settings.ATTACHMENTS_PER_MESSAGE, settings.ATTACHMENTS_MAX_TOTAL)
