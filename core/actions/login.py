"""Sign in with a limit on guesses (case F11).

Failures of the last LOGIN_FAILURE_WINDOW are counted three ways:
- by user name and address: at LOGIN_FAILURES_ALLOWED the pair has to wait;
- by user name: at LOGIN_FAILURES_ALLOWED, addresses that have failed have to wait. One that has not may still
  sign in with the right password (so the true user gets in while others guess), but a wrong one is answered
  like the others;
- by address, and by user name for strangers too: at FACTOR times that, all have to wait.
Refused attempts count for nothing, so nobody waits longer than the window. Known and unknown names take the
same work.
"""

from __future__ import annotations

import logging
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import request_id
from core.errors import DomainError
from core.models import LoginFailure, User

FACTOR = 10
security = logging.getLogger("security")


class TooManyFailures(DomainError):
    """`retry_after`: seconds until another attempt is heard."""

    code = "too_many_failures"
    status = 429
    message = _("Too many failed attempts. Try again in a few minutes.")

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


def sign_in(
    request: HttpRequest | None, *, username: str, password: str, address: str | None, at: datetime
) -> User | None:
    """The user of that name and password, None if they do not fit. Raises TooManyFailures.

    Query cost: 4 to 7.
    """
    name = unicodedata.normalize("NFKC", username).casefold()[:150]
    recent = LoginFailure.objects.filter(at__gt=at - settings.LOGIN_FAILURE_WINDOW)
    limit = settings.LOGIN_FAILURES_ALLOWED
    here, of_name = recent.filter(username=name, address=address), recent.filter(username=name)
    _refuse_at(limit, here, name, address, at)
    _refuse_at(limit * FACTOR, recent.filter(address=address), name, address, at)
    _refuse_at(limit * FACTOR, of_name, name, address, at)
    pressed = _wait(limit, of_name, at)
    if pressed and here.exists():
        _refuse(pressed, name, address)
    user: Any = authenticate(request, username=username, password=password)
    if user is not None:
        here.delete()
        return user  # type: ignore[no-any-return]
    LoginFailure.objects.create(username=name, address=address, at=at)
    security.warning("sign-in failed name=%r address=%s request=%s", name, address, request_id.current())
    if pressed:
        _refuse(pressed, name, address)
    return None


def _refuse_at(limit: int, failures: QuerySet[LoginFailure], name: str, address: str | None, at: datetime) -> None:
    if wait := _wait(limit, failures, at):
        _refuse(wait, name, address)


def _wait(limit: int, failures: QuerySet[LoginFailure], at: datetime) -> int:
    """Seconds until fewer than `limit` of the failures are left in the window, 0 if that is so now."""
    nth = failures.order_by("-at").values_list("at", flat=True)[limit - 1 : limit].first()
    if nth is None:
        return 0
    return max(1, -((at - nth - settings.LOGIN_FAILURE_WINDOW) // timedelta(seconds=1)))


def _refuse(wait: int, name: str, address: str | None) -> None:
    security.warning(
        "sign-in throttled name=%r address=%s wait=%s request=%s", name, address, wait, request_id.current()
    )
    raise TooManyFailures(wait)
