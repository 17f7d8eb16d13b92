"""Who may call the API: tokens, scopes, sessions, roles (cases F09, F10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock, scopes, token_text, trail
from core.actions.tokens import issue_token, revoke_token
from core.actor import Actor
from core.api import authentication
from core.errors import DomainError
from core.models import ApiToken, User
from tests.cast import MONDAY, PASSWORD, make_agent, make_manager, make_team
from tests.tokens import bearer, make_token

pytestmark = [pytest.mark.urls("tests.api_urls"), pytest.mark.django_db]
TEAMS, ECHO = "/api/v1/teams/", "/api/v1/echo/"


@pytest.fixture
def manager(db: None) -> User:
    return make_manager()


def call(plain: str, path: str = TEAMS, method: str = "get") -> Any:
    headers = {"Authorization": f"Bearer {plain}"}
    return (
        getattr(Client(), method)(path, data="{}", content_type="application/json", headers=headers)
        if method != "get"
        else Client().get(path, headers=headers)
    )


def refused(response: Any, status: int, code: str) -> bool:
    body = response.json()
    return (response.status_code, body["code"], response["Content-Type"]) == (
        status,
        code,
        "application/problem+json",
    )


def test_a_token_is_stored_hashed_and_leaves_a_trail(manager: User) -> None:
    token, plain = make_token(manager, "teams:read")
    assert token_text.PATTERN.fullmatch(plain)
    stored = ApiToken.objects.values().get(pk=token.pk)
    assert plain not in str(stored)
    assert stored["digest"] == token_text.digest_of(plain)
    assert [entry.kind for entry in trail.of(token)] == ["token.issued"]
    assert plain not in trail.of(token).get().body


def test_revoking_works_on_the_next_request(manager: User) -> None:
    token, plain = make_token(manager)
    assert call(plain).status_code == 200
    revoke_token(token, by=Actor.person(manager), at=clock.now())
    response = call(plain)
    assert refused(response, 401, "invalid_token")
    assert response["WWW-Authenticate"] == 'Bearer realm="amends", error="invalid_token"'
    with pytest.raises(DomainError) as refusal:
        revoke_token(token, by=Actor.person(manager), at=clock.now())
    assert refusal.value.code == "already_revoked"


def test_a_token_expires(manager: User) -> None:
    with clock.frozen(MONDAY):
        _token, plain = make_token(manager, days=1)
        assert call(plain).status_code == 200
    with clock.frozen(MONDAY + timedelta(days=1)):
        assert refused(call(plain), 401, "invalid_token")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer amends_short",
        "Basic dXNlcjpwYXNz",
        "Bearer " + "amends_" + "A" * 43,
        "Bearer amends_" + "A" * 42 + "é",
        "amends_" + "A" * 43,
        "Bearer  amends_" + "A" * 43,
    ],
)
def test_what_is_no_token_of_ours_is_refused(header: str) -> None:
    response = Client().get(TEAMS, headers={"Authorization": header})
    assert refused(response, 401, "invalid_token")
    assert "WWW-Authenticate" in response


def test_nobody_is_asked_to_sign_in() -> None:
    response = Client().get(TEAMS)
    assert refused(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="amends"'


def test_a_token_in_the_address_is_refused_even_beside_a_good_header(manager: User) -> None:
    plain = make_token(manager)[1]
    for query in (f"?access_token={plain}", f"?name={plain}"):
        response = Client().get(TEAMS + query, headers={"Authorization": f"Bearer {plain}"})
        assert refused(response, 401, "token_in_query")
    assert refused(Client().get(f"{TEAMS}?access_token={plain}"), 401, "token_in_query")


def test_the_token_of_somebody_who_left_is_dead(manager: User) -> None:
    plain = make_token(manager)[1]
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert refused(call(plain), 401, "invalid_token")


@pytest.mark.parametrize(
    ("held", "method", "status"),
    [
        (["teams:read"], "get", 200),
        (["teams:read"], "post", 403),
        (["teams:write"], "get", 200),
        (["teams:write"], "post", 400),
        (["complaints:write"], "get", 403),
        (["all"], "post", 400),
    ],
)
def test_scopes_narrow_what_a_token_may_do(manager: User, held: list[str], method: str, status: int) -> None:
    response = call(make_token(manager, *held)[1], method=method)
    assert response.status_code == status
    if status == 403:
        assert refused(response, 403, "insufficient_scope")
        assert "insufficient_scope" in response["WWW-Authenticate"]


def test_roles_still_count() -> None:
    agent, manager = make_agent(), make_manager()
    assert refused(call(make_token(agent)[1], "/api/v1/managers/", "post"), 403, "not_allowed")
    response = call(make_token(manager, name="shop")[1], "/api/v1/managers/", "post")
    assert response.json() == {"by": "shop"}


def test_what_declares_nothing_answers_nobody(manager: User) -> None:
    plain = make_token(manager)[1]
    assert refused(call(plain, "/api/v1/undeclared/"), 403, "not_allowed")
    assert refused(call(plain, "/api/v1/unscoped/"), 403, "insufficient_scope")
    assert refused(Client().get("/api/v1/undeclared/"), 403, "not_allowed")


def test_a_session_works_with_its_csrf_token_only(manager: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    assert client.get(TEAMS).status_code == 200
    body = {"data": {"text": "a"}, "content_type": "application/json"}
    assert refused(client.post(ECHO, **body), 403, "csrf_failed")
    client.cookies["csrftoken"] = "a" * 32
    assert refused(client.post(ECHO, **body, headers={"X-CSRFToken": "b" * 32}), 403, "csrf_failed")
    assert client.post(ECHO, **body, headers={"X-CSRFToken": "a" * 32}).status_code == 201
    foreign = {"X-CSRFToken": "a" * 32, "Origin": "https://evil.example"}
    assert refused(client.post(ECHO, **body, headers=foreign), 403, "csrf_failed")
    form = {"csrfmiddlewaretoken": "a" * 32, "text": "a"}
    assert refused(client.post(ECHO, form), 403, "csrf_failed"), "in the header only"
    assert refused(client.post(ECHO, form, headers={"X-CSRFToken": "a" * 32}), 415, "unsupported_media_type")


def test_a_token_needs_no_csrf_token_and_beats_the_session(manager: User) -> None:
    agent = make_agent()
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    response = client.post("/api/v1/managers/", "{}", content_type="application/json", headers=bearer(agent))
    assert refused(response, 403, "not_allowed")


def test_authentication_takes_one_query_and_notes_the_use_once_a_minute(manager: User) -> None:
    make_team(lead=manager)
    token, plain = make_token(manager)
    with clock.frozen(MONDAY):
        call(plain)
    token.refresh_from_db()
    assert token.last_used_at == MONDAY
    with clock.frozen(MONDAY + timedelta(seconds=30)), CaptureQueriesContext(connection) as queries:
        user, light = authentication.look_up(plain)
    assert len(queries) == 1
    assert (light.pk, light.name, light.scopes) == (token.pk, "test", frozenset({"all"}))
    stored = User.objects.get(pk=manager.pk)
    assert {f.attname: getattr(user, f.attname) for f in User._meta.concrete_fields} == {
        f.attname: getattr(stored, f.attname) for f in User._meta.concrete_fields
    }
    with CaptureQueriesContext(connection) as queries:
        assert user.roles == frozenset({"manager", "lead"}) == stored.roles
    assert len(queries) == 1  # that of `stored`
    with clock.frozen(MONDAY + timedelta(seconds=61)):
        authentication._noted.clear()
        call(plain)
    token.refresh_from_db()
    assert token.last_used_at == MONDAY + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"scopes": ["complaints:delete"]}, "unknown_scope"),
        ({"scopes": []}, "unknown_scope"),
        ({"name": " "}, "invalid"),
        ({"name": "x" * 81}, "invalid"),
        ({"days": 0}, "invalid"),
        ({"days": 10**9}, "invalid"),
    ],
)
def test_bad_tokens_are_not_issued(manager: User, values: dict[str, Any], code: str) -> None:
    settings: dict[str, Any] = {"name": "shop", "scopes": ["all"], **values}
    with pytest.raises(DomainError) as refusal:
        issue_token(settings.pop("name"), user=manager, by=Actor.person(manager), at=clock.now(), **settings)
    assert (refusal.value.code, refusal.value.status) == (code, 400)
    assert not ApiToken.objects.exists()


def test_every_resource_of_the_contract_has_its_scopes() -> None:
    assert scopes.needed("complaints", "HEAD") == "complaints:read"
    assert scopes.needed("complaints", "DELETE") == "complaints:write"
    assert not scopes.unknown(["customers:read", "loyalty-entries:write", "all"])
    assert scopes.unknown(["complaints", "complaints:admin", "ALL"]) == [
        "complaints",
        "complaints:admin",
        "ALL",
    ]


def test_the_unsigned_in_browser_and_the_wrong_password_get_no_session(manager: User) -> None:
    client = Client()
    assert not client.login(username=manager.username, password=PASSWORD + "x")
    assert refused(client.get(TEAMS), 401, "not_authenticated")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_in_between_is_replaced_before_anybody_notices(manager: User) -> None:
    _token, plain = make_token(manager)
    assert call(plain).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        own = cursor.fetchone()[0]
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own])
    finally:
        other.close()
    assert call(plain).status_code == 200
