"""Errors of the API: one shape for all of them, idempotency keys, the document (cases, rule 2; F05)."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from core import clock
from core.actions.upkeep import tidy
from core.api import problem
from core.api.rendering import to_json
from core.api.words.codes import codes
from core.models import IdempotencyKey, Team, User
from core.web.errors import CODES
from tests.cast import make_manager
from tests.test_api_access import refused
from tests.tokens import bearer, make_token

pytestmark = [pytest.mark.urls("tests.api_urls"), pytest.mark.django_db]
TEAMS, ECHO = "/api/v1/teams/", "/api/v1/echo/"


@pytest.fixture
def manager(db: None) -> User:
    return make_manager()


def post(headers: dict[str, str], body: Any, path: str = TEAMS, **more: str) -> Any:
    return Client().post(path, json.dumps(body), content_type="application/json", headers={**headers, **more})


def test_what_is_not_there_looks_like_what_is_not_ours(manager: User) -> None:
    theirs = Team.objects.create(name="theirs", lead=manager)
    headers = bearer(manager)
    bodies = []
    for path in (f"{TEAMS}{theirs.pk}/", f"{TEAMS}999999/", "/api/v1/nowhere/"):
        response = Client().get(path, headers={**headers, "X-Request-ID": "the-same-for-all"})
        assert refused(response, 404, "not_found")
        bodies.append(response.content)
    assert len(set(bodies)) == 1


def test_methods_and_media_types(manager: User) -> None:
    headers = bearer(manager)
    response = Client().delete(TEAMS, headers=headers)
    assert refused(response, 405, "method_not_allowed")
    assert set(response["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}
    assert refused(Client().get(TEAMS, headers={**headers, "Accept": "text/xml"}), 406, "not_acceptable")
    for accept in ("*/*", "application/json", "text/html, */*;q=0.1", "application/problem+json"):
        assert Client().get(TEAMS, headers={**headers, "Accept": accept}).status_code == 200
    assert refused(Client().generic("BREW", TEAMS, headers=headers), 405, "method_not_allowed")
    options = Client().options(TEAMS, headers=headers)
    assert (options.status_code, options.content) == (204, b"")
    head = Client().head(TEAMS, headers=headers)
    assert (head.status_code, head.content) == (200, b"")


def test_a_bug_tells_nothing(manager: User) -> None:
    response = Client(raise_request_exception=False).get(f"{TEAMS}500/", headers=bearer(manager))
    assert response.status_code == 500
    assert response["Content-Type"] == problem.MEDIA_TYPE
    assert response.json()["code"] == "internal"
    assert b"secret" not in response.content


def test_the_codes_of_refusals_without_a_view_are_in_the_catalogue() -> None:
    assert {status: code for status, code in CODES.items() if str(status) not in codes()[code].status} == {}


def test_a_busy_database_is_503(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = bearer(manager)

    def locked(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("core.api.authentication.look_up", locked)
    response = Client().get(TEAMS, headers=headers)
    assert refused(response, 503, "unavailable")
    assert response["Retry-After"] == "5"
    assert b"locked" not in response.content


def test_unknown_hosts_are_refused_as_problems(manager: User) -> None:
    response = Client().get(TEAMS, headers={**bearer(manager), "Host": "evil.example"})
    assert response.status_code == 400
    assert response["Content-Type"] == problem.MEDIA_TYPE


def test_details_speak_the_callers_language_and_codes_do_not(manager: User) -> None:
    response = Client().get("/api/v1/nowhere/", headers={"Accept-Language": "ru"})
    assert response.json()["code"] == "not_found"
    assert response["Content-Language"] == "ru"


def test_json_has_no_nan_and_states_utc() -> None:
    assert (
        to_json({"at": clock.now().replace(2026, 3, 2, 9, 0, 0, 5), "text": "é"})
        == '{"at":"2026-03-02T09:00:00.000005Z","text":"é"}'.encode()
    )
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"value": float("nan")})


# F05


def test_a_replay_gets_the_first_answer_and_one_row(manager: User) -> None:
    headers = bearer(manager)
    first = post(headers, {"name": "New"}, **{"Idempotency-Key": "k-1"})
    again = post(headers, {"name": "New"}, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.content, first["Location"]) == (again.content, again["Location"])
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Team.objects.filter(name="New").count() == 1


def test_another_body_or_address_under_the_key_is_refused(manager: User) -> None:
    headers = bearer(manager)
    key = {"Idempotency-Key": "k-1"}
    assert post(headers, {"name": "New"}, **key).status_code == 201
    for body, path in [
        ({"name": "Other"}, TEAMS),
        ({"name": 3}, TEAMS),
        ({"text": "a"}, ECHO),
    ]:
        assert refused(post(headers, body, path, **key), 422, "idempotency_key_reused"), body
    assert not Team.objects.filter(name="Other").exists()


def test_a_key_belongs_to_its_token(manager: User) -> None:
    key = {"Idempotency-Key": "k-1"}
    assert post(bearer(manager), {"text": "a"}, ECHO, **key).status_code == 201
    assert "Idempotent-Replayed" not in post(bearer(manager), {"text": "b"}, ECHO, **key)


def test_refusals_are_not_kept(manager: User) -> None:
    headers = bearer(manager)
    taken = Team.objects.create(name="New", lead=manager)
    key = {"Idempotency-Key": "k-1"}
    assert refused(post(headers, {"name": "New"}, **key), 409, "already_there")
    taken.delete()
    assert post(headers, {"name": "New"}, **key).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "tab\there", "naïve"])
def test_unusable_keys_are_refused(manager: User, key: str) -> None:
    assert refused(post(bearer(manager), {"name": "New"}, **{"Idempotency-Key": key}), 400, "invalid_idempotency_key")
    assert not Team.objects.filter(name="New").exists()


def test_get_ignores_the_key(manager: User) -> None:
    for _ in range(2):
        response = Client().get(TEAMS, headers={**bearer(manager), "Idempotency-Key": "k" * 300})
        assert response.status_code == 200
    assert not IdempotencyKey.objects.exists()


def test_answers_are_kept_a_week(manager: User) -> None:
    post(bearer(manager), {"text": "a"}, ECHO, **{"Idempotency-Key": "k"})
    kept = IdempotencyKey.objects.get()
    tidy(at=kept.created_at + clock.timedelta(days=6))
    assert IdempotencyKey.objects.exists()
    assert tidy(at=kept.created_at + clock.timedelta(days=8))["idempotency_keys"] == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_calls_with_one_key_make_one_row() -> None:
    manager = make_manager()
    headers = {"Authorization": f"Bearer {make_token(manager)[1]}", "Idempotency-Key": "the-one"}
    answers: list[Any] = []

    def call() -> None:
        try:
            answers.append(post(headers, {"name": "One"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 12
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert Team.objects.filter(name="One").count() == 1


# The document


def test_the_document_describes_what_views_declare() -> None:
    response = Client().get("/api/v1/schema/")
    assert response.status_code == 200
    document = response.json()
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}
    create = document["paths"]["/api/v1/teams/"]["post"]
    assert create["tags"] == ["teams"]
    assert "teams:write" in create["description"]
    assert "Idempotency-Key" in [parameter["name"] for parameter in create["parameters"]]
    assert {"201", "400", "401", "403", "409", "415", "422", "503"} <= set(create["responses"])
    assert list(create["responses"]["409"]["content"]) == [problem.MEDIA_TYPE]
    listing = document["paths"]["/api/v1/teams/"]["get"]
    assert {"cursor", "page_size", "ordering", "fields", "is_active", "name", "lead"} == {
        p["name"] for p in listing["parameters"]
    }
    page = listing["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][page]["required"] == ["results", "next", "previous"]
    body = document["components"]["schemas"]["EverythingRequest"]
    assert body["properties"]["text"]["maxLength"] == 50
    assert body["required"] == ["text"]
    assert "/api/v1/schema/" not in document["paths"]
    again = Client().get("/api/v1/schema/", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_the_interactive_page_runs_no_inline_script() -> None:
    response = Client().get("/api/v1/docs/")
    assert response.status_code == 200
    assert b"<style" not in response.content
    assert response.content.count(b"<script") == response.content.count(b"<script defer src=")
    assert "unsafe" not in response["Content-Security-Policy"]
