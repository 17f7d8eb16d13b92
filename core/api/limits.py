"""How often one caller may ask: API_RATE_PER_MINUTE requests a minute, all at once if need be.

Counted per token, for sessions per user, for callers nobody knows (public routes, no credentials, wrong ones) per
address. A caller's minute begins at a second of its own, so that not everybody comes back at once. With Redis all
processes count together, in one round trip; without it, or while it is away, each process counts for itself, so a
caller may then ask up to as many times more as there are processes. Nobody is refused because Redis is. No query.
"""

from __future__ import annotations

import threading
from typing import NamedTuple
from zlib import crc32

from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import clock
from core.addresses import client_address
from core.api.problem import Refusal
from core.shared_cache import SharedCache

WINDOW = 60  # seconds
MOST_KEPT = 20_000  # callers one process remembers
_lock = threading.Lock()
_counts: dict[str, tuple[int, int]] = {}  # caller -> its minute, requests in it
_shut: dict[str, float] = {}  # address that has used up its minute -> when that ends (seconds since 1970)
_known: set[int] = set()  # hashes of credentials that were good


class Standing(NamedTuple):
    """Where a caller stands: requests allowed in its minute, those left, seconds until it ends."""

    limit: int
    left: int
    reset: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.left)),
            "RateLimit-Reset": str(self.reset),
        }

    def refuse_beyond(self) -> None:
        """Raises Refusal 429 `rate_limited` for a request that is one too many."""
        if self.left < 0:
            raise _refusal(self.reset)


def count(caller: str) -> Standing | None:
    """Count one request of `caller` ("token:7", "user:3", "address:203.0.113.9"). None: there is no limit."""
    limit: int = settings.API_RATE_PER_MINUTE
    if limit <= 0:
        return None
    minute, passed = divmod(int(clock.now().timestamp()) + crc32(caller.encode()) % WINDOW, WINDOW)
    standing = Standing(limit, limit - _counted(caller, minute), WINDOW - passed)
    if standing.left < 0 and caller.startswith("address:"):
        _remember_shut(caller.removeprefix("address:"), standing.reset)
    return standing


def of_address(request: HttpRequest) -> str:
    return f"address:{client_address(request)}"


def refuse_guessing(request: HttpRequest) -> None:
    """Refuse credentials that were never good, unread, from an address that has used up its minute (case F09).

    What was good in this process is looked up all the same: an integration does not suffer from its neighbours.
    Raises Refusal 429.
    """
    if not _shut or (until := _shut.get(str(client_address(request)))) is None:
        return
    left = until - clock.now().timestamp()
    if 0 < left <= WINDOW and hash(request.META.get("HTTP_AUTHORIZATION")) not in _known:
        raise _refusal(max(1, int(left)))


def note_good(request: HttpRequest) -> None:
    """These credentials are somebody's."""
    if len(_known) > MOST_KEPT:
        _known.clear()
    _known.add(hash(request.META.get("HTTP_AUTHORIZATION")))


def forget() -> None:
    """Begin anew in this process (tests)."""
    with _lock:
        _counts.clear()
        _shut.clear()
        _known.clear()


def _counted(caller: str, minute: int) -> int:
    """Requests of `caller` in its minute, this one included."""
    shared = caches[DEFAULT_CACHE_ALIAS]
    if isinstance(shared, SharedCache):
        found = shared.count(f"rate:{caller}:{minute}", 2 * WINDOW)
        if found is not None:
            return found
    with _lock:
        held, number = _counts.get(caller, (minute, 0))
        number = number + 1 if held == minute else 1
        if len(_counts) >= MOST_KEPT and caller not in _counts:
            _counts.clear()
        _counts[caller] = (minute, number)
    return number


def _remember_shut(address: str, seconds: int) -> None:
    with _lock:
        if len(_shut) >= MOST_KEPT:
            _shut.clear()
        _shut[address] = clock.now().timestamp() + seconds


def _refusal(seconds: int) -> Refusal:
    detail = _("Too many requests. Wait as many seconds as Retry-After says.")
    return Refusal(429, "rate_limited", detail, headers={"Retry-After": str(seconds)})
