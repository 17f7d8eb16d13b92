"""What complainants do themselves, once however often it is sent: file, answer, find their case (F25, F11).

A form carries a nonce. It is written with the form's effect under a unique key (core.models.IdempotencyKey),
so the second of two posts meets the first one's row and gets its result. The rows also are what the rate limit
counts: `principal` is a keyed digest of the address that opened the form, never the address.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from complaints.actions import acceptance, converse
from complaints.actions.file import Filing, file
from complaints.models import Complaint
from core.actor import Actor
from core.errors import Collided, DomainError
from core.models import IdempotencyKey, LoginFailure
from core.references import reference_for_code

HOUR = timedelta(hours=1)
_CODE_TRY = "return-code:"  # among failed sign-ins; no user name begins like this by chance


class TooMany(DomainError):
    """`retry_after`: seconds until another one is taken."""

    code = "throttled"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(_("This is more than we take from one place in a short time."))
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a form: the reference, when it was taken, and whether it had been sent before."""

    reference: str
    at: datetime
    repeated: bool = False
    changed: bool = False  # sent before, but with other answers: those were not taken


def origin_of(address: str | None) -> str:
    """A keyed digest of a caller's address, 96 bits: enough to count by, nothing to find a person by."""
    return salted_hmac("amends.form-origin", address or "", algorithm="sha256").hexdigest()[:24]


def file_once(
    filing: Filing,
    *,
    nonce: str,
    origin: str,
    fingerprint: str,
    by: Actor,
    at: datetime,
    attachments: Sequence[str] = (),
) -> Sent:
    """File the complaint of a form, or return what the same form has filed already.

    `fingerprint` tells its answers apart (64 characters at most). Raises TooMany over PUBLIC_FORMS_PER_HOUR,
    and what `file` raises; then nothing is written. Query cost: 4 more than `file`.
    """

    def work() -> str:
        return file(filing, by=by, at=at, attachments=attachments).reference

    return _once(f"form:{origin}", nonce, fingerprint, work, at)


def answer_once(
    complaint: Complaint,
    body: str,
    *,
    nonce: str,
    origin: str,
    fingerprint: str,
    by: Actor,
    at: datetime,
    attachments: Sequence[str] = (),
) -> Sent:
    """Take the complainant's answer on the status page once. Raises TooMany, and what `incoming` raises."""

    def work() -> str:
        converse.incoming(complaint, by=by, at=at, body=body, channel="web", attachments=attachments)
        return complaint.reference

    return _once(f"answer:{origin}", nonce, fingerprint, work, at)


def accept_once(
    complaint: Complaint,
    *,
    accepted: bool,
    comment: str,
    nonce: str,
    origin: str,
    fingerprint: str,
    by: Actor,
    at: datetime,
) -> Sent:
    """Take the complainant's word on the decision once. Raises TooMany, and what `accept` raises."""

    def work() -> str:
        return acceptance.accept(complaint, accepted=accepted, comment=comment, by=by, at=at).reference

    return _once(f"accept:{origin}", nonce, fingerprint, work, at)


def find_by_code(reference: str, code: str, *, address: str | None, at: datetime) -> Complaint | None:
    """The complaint a reference and its return code name, else None, whatever of them is wrong.

    Raises TooMany after LOGIN_FAILURES_ALLOWED wrong tries from an address within LOGIN_FAILURE_WINDOW.
    Query cost: 3.
    """
    tries = LoginFailure.objects.filter(
        address=address, at__gt=at - settings.LOGIN_FAILURE_WINDOW, username__startswith=_CODE_TRY
    )
    newest = list(tries.order_by("-at").values_list("at", flat=True)[: settings.LOGIN_FAILURES_ALLOWED])
    if len(newest) >= settings.LOGIN_FAILURES_ALLOWED:
        raise TooMany(_seconds(newest[-1] + settings.LOGIN_FAILURE_WINDOW - at))
    found: Complaint | None = Complaint.objects.filter(reference=reference).first()
    if reference_for_code(reference, code) is not None and found is not None:
        return found
    LoginFailure.objects.create(username=f"{_CODE_TRY}{reference}"[:150], address=address, at=at)
    return None


def _once(principal: str, nonce: str, fingerprint: str, work: Callable[[], str], at: datetime) -> Sent:
    """Run `work` (it returns a reference) unless the nonce is taken. A parallel post waits for the first."""
    for last_try in (False, True):
        if (before := _before(principal, nonce, fingerprint)) is not None:
            return before
        try:
            with transaction.atomic():
                row = IdempotencyKey.objects.create(
                    principal=principal,
                    key=nonce,
                    fingerprint=fingerprint,
                    status=303,
                    answer="",
                    created_at=at,
                )
                _refuse_flood(principal, row.pk, at)
                row.answer = work()
                row.save(update_fields=["answer"])
                return Sent(row.answer, at)
        except (IntegrityError, Collided):
            # The nonce was taken meanwhile, or two random references met: the next round tells which.
            if last_try:
                raise
    raise AssertionError("unreachable")


def _before(principal: str, nonce: str, fingerprint: str) -> Sent | None:
    row = IdempotencyKey.objects.filter(principal=principal, key=nonce).first()
    if row is None:
        return None
    return Sent(row.answer, row.created_at, repeated=True, changed=row.fingerprint != fingerprint)


def _refuse_flood(principal: str, own: int, at: datetime) -> None:
    """Raises TooMany when the hour before `at` holds the allowed number already, without the row `own`."""
    limit = settings.PUBLIC_FORMS_PER_HOUR
    recent = IdempotencyKey.objects.filter(principal=principal, created_at__gt=at - HOUR).exclude(pk=own)
    newest = list(recent.order_by("-created_at").values_list("created_at", flat=True)[:limit])
    if len(newest) >= limit:
        raise TooMany(_seconds(newest[-1] + HOUR - at) if newest else int(HOUR.total_seconds()))


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))
