"""The cache of several web processes in Redis, that nobody has to wait for (case F28).

What is kept here can always be made anew. So a Redis that is away, slow or full is a miss and no error: an answer
is waited for a quarter of a second at most, and after a failure nobody asks again for a few seconds. Nothing
that has to be true (sessions, limits of money, locks) belongs in here: it stands in the database. How often somebody
asks the API is counted here, and by each process for itself while Redis is away (core.api.limits).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

PATIENCE = 0.25  # seconds for one answer
PAUSE = 5.0  # seconds without asking after a failure
log = logging.getLogger("amends.cache")


class SharedCache(RedisCache):
    """Django's Redis cache, with misses instead of errors. One per thread, as Django makes them."""

    _until: float = 0.0  # of all threads of the process: nobody asks before (monotonic)

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        quick = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
        super().__init__(server, {**params, "OPTIONS": {**quick, **params.get("OPTIONS", {})}})

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().add, True, *args, **kwargs)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._softly(super().get, default, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().set, None, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().touch, False, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().delete, False, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().get_many, {}, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().has_key, False, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().set_many, list(data), data, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(super().delete_many, None, *args, **kwargs)

    def count(self, key: str, seconds: int) -> int | None:
        """Add one to `key`, which is forgotten after `seconds` without being counted: its value then; None when Redis
        does not answer. One round trip."""
        found: int | None = self._softly(self._count, None, key, seconds)
        return found

    def _count(self, key: str, seconds: int) -> int:
        name = self.make_and_validate_key(key)
        pipeline = self._cache.get_client(key, write=True).pipeline(transaction=False)
        pipeline.incr(name)
        pipeline.expire(name, seconds)
        return int(pipeline.execute()[0])

    def clear(self) -> Any:
        return self._softly(super().clear, False)

    def _softly(self, ask: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        """What `ask` gives, or `otherwise` when Redis does not answer (or did not just now)."""
        if time.monotonic() < SharedCache._until:
            return otherwise
        try:
            return ask(*args, **kwargs)
        except (RedisError, OSError) as error:
            SharedCache._until = time.monotonic() + PAUSE
            log.warning("Redis does not answer (%s); doing without for %g s", type(error).__name__, PAUSE)
            return otherwise
