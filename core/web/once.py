"""A form has one effect, however often it is sent (case F25): its nonce is kept in the transaction of the effect."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest, QueryDict

from core.models import IdempotencyKey

FIELD = "nonce"
PREFIX = "form:"
LONGEST = 64


class Repeated(Exception):
    """This very form has been carried out before. `location` is where its answer led."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class OnceForm(forms.Form):
    """A form with a nonce in a hidden field; each form shown has a fresh one."""

    nonce = forms.CharField(widget=forms.HiddenInput, required=False, max_length=LONGEST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[FIELD].initial = fresh


def fresh() -> str:
    """A new nonce: 128 random bits."""
    return secrets.token_urlsafe(16)


def renewed(data: Mapping[str, Any], **hidden: str) -> Mapping[str, Any]:
    """What was typed into a form, with other hidden values: a copy, since that of a request cannot be changed."""
    copy = cast("QueryDict", data).copy()
    for name, value in hidden.items():
        copy[name] = value
    return copy


def claim(request: HttpRequest, nonce: str, *, at: datetime) -> IdempotencyKey | None:
    """Take the nonce for the effect that follows in the caller's transaction; without a nonce nothing is guarded.

    Raises Repeated when it was taken by an effect that stands. While another transaction holds it, waits for its end
    (on SQLite transactions wait for each other anyway). Query cost: 1, and 1 more when repeated.
    """
    if not nonce:
        return None
    row = IdempotencyKey(
        principal=f"user:{request.user.pk}",
        key=PREFIX + nonce,
        fingerprint=hashlib.sha256(request.path.encode()).hexdigest(),
        status=200,
        answer="",
        location=request.path[:300],
        created_at=at,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        earlier = IdempotencyKey.objects.filter(principal=row.principal, key=row.key).first()
        raise Repeated(earlier.location if earlier else "") from None
    return row


def answered(row: IdempotencyKey | None, location: str) -> None:
    """Note where the effect led, for those who send the form again. Query cost: 1."""
    if row is not None:
        IdempotencyKey.objects.filter(pk=row.pk).update(location=location[:300])
