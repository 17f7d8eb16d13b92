"""How often one may ask the API, counted by several processes in Redis (which runs beside PostgreSQL in tests)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from core import clock
from core.api import limits
from core.shared_cache import SharedCache
from tests.cast import MONDAY, make_manager
from tests.tokens import bearer

pytestmark = [pytest.mark.urls("tests.api_urls"), pytest.mark.django_db, pytest.mark.postgresql]
TEAMS = "/api/v1/teams/"


@pytest.fixture(autouse=True)
def three_a_minute(settings: Any) -> Iterator[None]:
    settings.API_RATE_PER_MINUTE = 3
    limits.forget()
    with clock.frozen(MONDAY):
        yield
    limits.forget()


def ask(headers: dict[str, str]) -> tuple[int, int]:
    answer = Client().get(TEAMS, headers=headers)
    return answer.status_code, int(answer["RateLimit-Remaining"])


def test_processes_count_together_in_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = bearer(make_manager())
    server = caches["default"]._cache.get_client("any")  # type: ignore[attr-defined]
    sent: list[int] = []
    packed = type(server.connection_pool.make_connection()).send_packed_command

    def noted(self: Any, *arguments: Any, **rest: Any) -> Any:
        sent.append(1)
        return packed(self, *arguments, **rest)

    assert ask(headers) == (200, 2)
    monkeypatch.setattr(type(server.connection_pool.make_connection()), "send_packed_command", noted)
    limits.forget()  # as another process would: it has counted nothing itself
    assert ask(headers) == (200, 1)
    assert len(sent) == 1
    limits.forget()
    assert ask(headers) == (200, 0)
    assert ask(headers) == (429, 0)
    (name,) = server.scan_iter("*rate:token*")
    assert 60 <= server.ttl(name) <= 120, "forgotten by itself"


def test_nobody_is_refused_because_redis_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = bearer(make_manager())
    assert [ask(headers) for _ in range(3)][-1] == (200, 0)
    monkeypatch.setattr(SharedCache, "_until", float("inf"))  # as after a failure
    assert [ask(headers) for _ in range(3)] == [(200, 2), (200, 1), (200, 0)], "each process counts for itself"
