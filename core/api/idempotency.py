"""`Idempotency-Key`: a POST that is repeated has its effect once and gets the same answer (case F05).

The answer is stored in the transaction of its effect, as its last row. A second call does the work too,
meets the unique key, is rolled back whole and gets the stored answer; while the first still runs, the second
waits for it. Refusals are not stored: nothing happened, so the same call may succeed later. Query cost: one
insert, and one more for a form with files.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from core import clock, sealed
from core.anew import anew
from core.api.authentication import Token
from core.api.problem import FieldError, Refusal, bad_input
from core.api.rendering import JSON
from core.blobs import pieces
from core.file_names import clean
from core.models import IdempotencyKey

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
SEALED = "sealed:"  # no JSON begins like this
_SOUND = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?", re.ASCII)
_CONSTRAINT = "idempotencykey_once"
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Taken(Exception):
    """The key has an answer already; leaving the transaction with it undoes this call's work."""


def once(request: Request, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Run `work` and store its answer under the request's key, or replay the stored one.

    Raises Refusal 400 for an unusable key, 422 `idempotency_key_reused` when it was used for something else, and what
    reading the body raises.
    """
    key = key_of(request)
    if key is None:
        return work()
    principal, fingerprint = principal_of(request), fingerprint_of(request, seal_of(request.data))
    if isinstance(request.data, QueryDict) and (known := stored(principal, key, fingerprint)) is not None:
        return known  # a file is not kept a second time only to find that it was

    def run() -> HttpResponse:
        with transaction.atomic():
            done = work()
            if done.status_code < 300:
                store(principal, key, fingerprint, done)
            return done

    try:
        response = anew(run)
    except Taken:
        pass
    except Exception:
        # The work itself may refuse a repetition ("already acknowledged") before the key is met.
        if (answer := stored(principal, key, fingerprint)) is not None:
            return answer
        raise
    else:
        return response
    answer = stored(principal, key, fingerprint)
    if answer is None:  # the first call was undone after we met its key
        raise Refusal(
            409,
            "in_flight",
            _("The first call with this key has not ended yet."),
            headers={"Retry-After": "1"},
        )
    return answer


def key_of(request: Request) -> str | None:
    """The request's key, if it has one. Raises Refusal 400 for an unusable one."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not _SOUND.fullmatch(key):
        detail = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        raise bad_input([FieldError("", "invalid_idempotency_key", detail)])
    return key


def principal_of(request: Request) -> str:
    return f"token:{request.auth.pk}" if isinstance(request.auth, Token) else f"user:{request.user.pk}"


def seal_of(data: Any) -> str:
    """What tells a body from another: what it says, whatever its spaces and the order of its keys. Of a form its fields
    and the names and bytes of its files, read piece by piece."""
    if isinstance(data, QueryDict):
        data = {name: _digest(value) if isinstance(value, UploadedFile) else value for name, value in data.items()}
    return _canonical.encode(data)


def _digest(file: UploadedFile[bytes]) -> list[str]:
    digest = hashlib.sha256()
    for piece in pieces(file):
        digest.update(piece)
    file.seek(0)
    return [clean(file.name or ""), digest.hexdigest()]


def fingerprint_of(request: Request, seal: str) -> str:
    """SHA-256 of method, address and what stands for the body."""
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n{seal}".encode()).hexdigest()


def store(principal: str, key: str, fingerprint: str, response: HttpResponse) -> None:
    """Keep an answer in the transaction that is open. Raises Taken: then that transaction must be left with it."""
    table = connection.ops.quote_name(IdempotencyKey._meta.db_table)
    at = connection.ops.adapt_datetimefield_value(clock.now())
    values: list[Any] = [
        principal,
        key,
        fingerprint,
        response.status_code,
        _kept(response),
        response.get("Location", ""),
        response.get("ETag", ""),
        at,
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} "  # noqa: S608 - our own table's name
                "(principal, key, fingerprint, status, answer, location, etag, created_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                values,
            )
    except IntegrityError:
        raise Taken from None


def _kept(response: HttpResponse) -> str:
    """The answer as it is stored: encrypted where it shows a secret (`shows_secret`)."""
    answer = response.content.decode()
    return SEALED + sealed.close(answer) if getattr(response, "shows_secret", False) else answer


def stored(principal: str, key: str, fingerprint: str) -> HttpResponse | None:
    """The answer kept under a key, marked as replayed.

    Raises Refusal 422 if it was used for something else, 409 `answer_sealed` if its secret cannot be read any more.
    """
    row = IdempotencyKey.objects.filter(principal=principal, key=key).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Refusal(422, "idempotency_key_reused", _("This Idempotency-Key was used for another request."))
    secret = row.answer.startswith(SEALED)
    answer = _opened(row.answer) if secret else row.answer
    response = HttpResponse(answer.encode(), status=row.status, content_type=JSON if answer else None)
    kept = {"Location": row.location, "ETag": row.etag, "Cache-Control": "no-store" if secret else ""}
    for name, value in kept.items():
        if value:
            response[name] = value
    response[REPLAYED] = "true"
    return response


def _opened(answer: str) -> str:
    try:
        return sealed.open_(answer.removeprefix(SEALED))
    except sealed.Unreadable:
        raise Refusal(409, "answer_sealed", _("It was done, but its answer cannot be shown any more.")) from None
