"""How often one may ask the API, and from which pages (cases F05, F09; interface, REST API)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from core.api import limits
from core.models import User
from tests.cast import MONDAY, make_manager
from tests.tokens import bearer

pytestmark = [pytest.mark.urls("tests.api_urls"), pytest.mark.django_db, pytest.mark.sqlite]
TEAMS, ECHO, SCHEMA = "/api/v1/teams/", "/api/v1/echo/", "/api/v1/schema/"
NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
SHOP = "https://shop.example"


@pytest.fixture
def manager(db: None) -> User:
    return make_manager()


@pytest.fixture(autouse=True)
def three_a_minute(settings: Any) -> Iterator[None]:
    settings.API_RATE_PER_MINUTE = 3
    limits.forget()
    with clock.frozen(MONDAY):
        yield
    limits.forget()


def standing(answer: Any) -> tuple[int, int, int]:
    return tuple(int(answer[name]) for name in NAMES)  # type: ignore[return-value]


def refused(answer: Any) -> bool:
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    return (answer.status_code, body["status"], body["code"]) == (429, 429, "rate_limited")


def test_a_token_may_ask_so_often_a_minute_and_each_answer_says_what_is_left(manager: User) -> None:
    headers = bearer(manager)
    answers = [Client().get(TEAMS, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    found = [standing(answer) for answer in answers]
    assert [(limit, left) for limit, left, _reset in found] == [(3, 2), (3, 1), (3, 0)]
    reset = found[0][2]
    assert 1 <= reset <= 60 and {one[2] for one in found} == {reset}
    over = Client().get(TEAMS, headers=headers)
    assert refused(over)
    assert over["Retry-After"] == str(reset)
    assert standing(over) == (3, 0, reset)
    with clock.frozen(MONDAY + timedelta(seconds=reset - 1)):
        assert refused(Client().get(TEAMS, headers=headers))
    with clock.frozen(MONDAY + timedelta(seconds=reset)):
        again = Client().get(TEAMS, headers=headers)
    assert again.status_code == 200
    assert standing(again) == (3, 2, 60)


def test_each_token_and_each_user_has_a_minute_of_its_own(manager: User) -> None:
    first, second = bearer(manager), bearer(manager)
    for _ in range(4):
        last = Client().get(TEAMS, headers=first)
    assert refused(last)
    assert standing(Client().get(TEAMS, headers=second))[1] == 2
    browser = Client()
    browser.force_login(manager)
    assert [standing(browser.get(TEAMS))[1] for _ in range(3)] == [2, 1, 0]
    assert refused(browser.get(TEAMS))
    other = Client()
    other.force_login(manager)
    assert refused(other.get(TEAMS)), "another session of the same user is the same caller"


def test_refusals_and_errors_count_and_say_so_too(manager: User) -> None:
    headers = bearer(manager, "teams:read")
    forbidden = Client().post(TEAMS, "{}", content_type="application/json", headers=headers)
    wrong = Client().get(TEAMS + "?nonsense=1", headers=headers)
    missing = Client().get(TEAMS + "999/", headers=headers)
    assert [one.status_code for one in (forbidden, wrong, missing)] == [403, 400, 404]
    assert [standing(one)[1] for one in (forbidden, wrong, missing)] == [2, 1, 0]


def test_replays_count(manager: User) -> None:
    headers = {**bearer(manager), "Idempotency-Key": "k"}

    def post() -> Any:
        return Client().post(ECHO, {"text": "a"}, content_type="application/json", headers=headers)

    answers = [post() for _ in range(3)]
    assert [answer.get("Idempotent-Replayed") for answer in answers] == [None, "true", "true"]
    assert [standing(answer)[1] for answer in answers] == [2, 1, 0]
    assert refused(post())


def test_guessing_tokens_is_slowed_per_address_and_nobody_else_suffers(manager: User) -> None:
    good, fresh = bearer(manager), bearer(manager)
    assert Client().get(TEAMS, headers=good).status_code == 200
    wrong = {"Authorization": "Bearer amends_" + "A" * 43}
    guesses = [Client().get(TEAMS, headers=wrong) for _ in range(4)]
    assert [guess.status_code for guess in guesses] == [401, 401, 401, 429]
    assert refused(guesses[-1]) and int(guesses[-1]["Retry-After"]) >= 1
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert refused(Client().get(TEAMS, headers=wrong))
    assert len(asked) == 0, "not even looked up"
    assert refused(Client().get(TEAMS, headers=fresh)), "never seen before: it could be a guess"
    assert Client().get(TEAMS, headers=good).status_code == 200
    assert Client(REMOTE_ADDR="203.0.113.9").get(TEAMS, headers=wrong).status_code == 401
    with clock.frozen(MONDAY + timedelta(seconds=60)):
        assert Client().get(TEAMS, headers=wrong).status_code == 401
        assert Client().get(TEAMS, headers=fresh).status_code == 200


def test_who_has_no_token_counts_by_address() -> None:
    answers = [Client().get(SCHEMA), Client().get(TEAMS), Client().get(SCHEMA)]
    assert [answer.status_code for answer in answers] == [200, 401, 200]
    assert [standing(answer)[1] for answer in answers] == [2, 1, 0]
    assert refused(Client().get(SCHEMA))
    assert Client(REMOTE_ADDR="203.0.113.9").get(SCHEMA).status_code == 200


def test_the_address_is_the_proxys_word_only_where_there_is_one(settings: Any) -> None:
    told = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    for _ in range(4):
        last = Client().get(SCHEMA, headers=told)
    assert refused(last)
    assert refused(Client().get(SCHEMA)), "what a caller says of itself changes nothing"
    settings.TRUST_PROXY = True
    assert Client().get(SCHEMA, headers=told).status_code == 200


def test_nought_is_no_limit(manager: User, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 0
    headers = bearer(manager)
    for _ in range(5):
        answer = Client().get(TEAMS, headers=headers)
        assert answer.status_code == 200
        assert not any(name in answer for name in NAMES)


def test_counting_asks_the_database_nothing(manager: User, settings: Any) -> None:
    headers = bearer(manager)
    asked = []
    for rate in (0, 100, 0, 100):
        settings.API_RATE_PER_MINUTE = rate
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(TEAMS, headers=headers).status_code == 200
        asked.append(len(queries))
    assert asked[2] == asked[3]


def test_threads_of_one_process_count_each_request_once() -> None:
    seen: list[int] = []
    at = clock.now()

    def ask() -> None:
        with clock.frozen(at):
            seen.extend(limits.count("token:1").left for _ in range(50))  # type: ignore[union-attr]

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen, reverse=True) == list(range(2, 2 - 400, -1))


def test_what_a_process_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEPT", 10)
    for number in range(100):
        limits.count(f"address:203.0.113.{number}")
    assert len(limits._counts) <= 10


# Pages of other origins


@pytest.fixture
def shop(settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 100
    settings.CORS_ALLOWED_ORIGINS = [SHOP]


@pytest.mark.usefixtures("shop")
def test_a_preflight_needs_no_token(manager: User) -> None:
    asks = {"Origin": SHOP, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}
    answer = Client().options(ECHO, headers=asks)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
    allowed = set(answer["Access-Control-Allow-Headers"].split(", "))
    assert {"authorization", "content-type", "idempotency-key", "if-match", "if-none-match"} <= allowed
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.usefixtures("shop")
def test_pages_of_allowed_origins_read_answers_and_refusals(manager: User) -> None:
    asked = [
        Client().get(ECHO, headers={**bearer(manager), "Origin": SHOP}),
        Client().get(ECHO, headers={"Origin": SHOP}),
        Client().get("/api/v1/nowhere/", headers={"Origin": SHOP}),
        Client().post(ECHO, "x" * 1_000_001, content_type="application/json", headers={"Origin": SHOP}),
    ]
    assert [answer.status_code for answer in asked] == [200, 401, 404, 413]
    for answer in asked:
        assert answer["Access-Control-Allow-Origin"] == SHOP
        assert "origin" in answer["Vary"].lower()
        assert {"ETag", "Location", *NAMES, "Retry-After", "X-Request-Id", "Idempotent-Replayed"} == set(
            answer["Access-Control-Expose-Headers"].split(", ")
        )
        assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://shop.example.evil.example", "null", "http://shop.example"]
)
def test_other_origins_are_told_nothing(manager: User, origin: str) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for answer in (
        Client().options(ECHO, headers=asks),
        Client().get(ECHO, headers={**bearer(manager), "Origin": origin}),
    ):
        assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.usefixtures("shop")
def test_pages_outside_of_the_api_are_nobodys_to_read(manager: User) -> None:
    answer = Client().get("/open/", headers={"Origin": SHOP})
    assert answer.status_code == 200
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.usefixtures("shop")
def test_an_allowed_origin_still_changes_nothing_with_a_session(manager: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(manager)
    answer = browser.post(ECHO, {"text": "a"}, content_type="application/json", headers={"Origin": SHOP})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_by_default_no_origin_is_allowed(settings: Any) -> None:
    assert settings.CORS_ALLOWED_ORIGINS == []
