"""Deny by default: every route x role, read from the URL table (domain, Roles; cases F07, F10).

`tests/access_matrix.txt` says for each route who may open it. A new route without a line there fails, so does a line
whose
route is gone or opens to somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from core import access, cached
from tests.cast import Cast, make_cast, make_user

MATRIX = Path(__file__).parent / "access_matrix.txt"
ROLES = ("agent", "lead", "manager", "admin")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
SAMPLES = {
    "reference": "AM-2222-2222",
    "token": "nobody",
    "figure": "nps",
    "code": "none",
    "other": "AM-2222-2222",
    "uidb64": "MQ",
    "kind": "types",
}


def fitting(group: re.Match[str]) -> str:
    """A made-up value that a named group of a pattern takes."""
    values = (SAMPLES.get(group[1], "none"), "999999", "n" * 43, "n" * 22)
    return next(value for value in values if re.fullmatch(group[2], value))


def routes() -> Iterator[tuple[str, str, object]]:
    """Name, an address with made-up arguments, and the view of every route of ours."""

    def walk(patterns, prefix: str) -> Iterator[tuple[str, str, object]]:
        for pattern in patterns:
            part = str(pattern.pattern).removeprefix("^").removesuffix("$")
            for name, converter in pattern.pattern.converters.items():
                sample = "999999" if type(converter).__name__ == "IntConverter" else SAMPLES.get(name, "none")
                start = part.index("<")
                end = part.index(">", start)
                part = part[:start] + sample + part[end + 1 :]
            part = re.sub(r"\(\?P<(\w+)>([^)]*)\)", fitting, part)  # of re_path
            if isinstance(pattern, URLPattern):
                yield pattern.name or prefix + part, "/" + prefix + part, pattern.callback
            else:
                yield from walk(pattern.url_patterns, prefix + part)

    yield from walk(get_resolver().url_patterns, "")


def declared(view) -> access.Access | None:
    cls = getattr(view, "cls", None)
    return getattr(cls, "access", None) if cls is not None else access.declared(view)


def who(found: access.Access | None) -> str:
    if found is None:
        return "nobody"
    if found.public:
        return "public"
    return " ".join(role for role in ROLES if role in found.roles) or "signed-in"


def test_every_route_stands_in_the_matrix_as_it_is():
    stated = {
        line.split(":")[0]: line.split(":")[1].strip()
        for line in MATRIX.read_text().splitlines()
        if line and not line.startswith("#")
    }
    actual = {name: who(declared(view)) for name, _, view in routes()}
    assert "nobody" not in actual.values()
    assert actual == stated, "\n".join(
        f"{name}: {roles}" for name, roles in sorted(actual.items()) if stated.get(name) != roles
    )


def test_names_are_unique():
    names = [name for name, _, _ in routes()]
    assert len(names) == len(set(names))


@pytest.fixture
def cast(db) -> Cast:
    cached.clear_all()
    return make_cast()


def permitted(view, role: str) -> bool:
    found = declared(view)
    assert found is not None
    return found.public or not found.roles or role in found.roles


@pytest.mark.sqlite  # who may do what is decided before any row is read
@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_it_may_and_nothing_else(cast, role):
    client = Client()
    client.force_login(cast.people()[role])
    for name, path, view in routes():
        if name == "logout":
            continue
        for method in ("GET", "POST"):
            status = client.generic(
                method, path, "{}" if "/api/" in path else "", content_type="application/json"
            ).status_code
            assert status < 500, (method, path, status)
            if permitted(view, role):
                assert status not in (401,), (method, path, status)
                assert status != 403 or "/api/" in path or name in SECOND_LOCK, (method, path, status)
            else:
                assert status == 403, (method, path, status)
        client.force_login(cast.people()[role])


SECOND_LOCK: set[str] = set()  # routes whose action refuses more narrowly than their role


@pytest.mark.sqlite  # who may do what is decided before any row is read
def test_nobody_opens_anything_private_without_signing_in(cast):
    client = Client()
    for _name, path, view in routes():
        if declared(view).public:
            continue
        for method in ("GET", *WRITES):
            answer = client.generic(method, path)
            if "/api/" in path:
                assert answer.status_code == 401, (method, path)
                assert answer["WWW-Authenticate"].startswith("Bearer")
            else:
                assert answer.status_code in (302, 401, 403), (method, path, answer.status_code)
                if answer.status_code == 302:
                    assert answer["Location"].startswith("/login/"), (path, answer["Location"])


@pytest.mark.sqlite  # who may do what is decided before any row is read
def test_every_writing_route_demands_a_csrf_token(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.manager)
    for _name, path, _view in routes():
        for method in WRITES if "/api/" in path else ("POST",):  # no page takes another
            answer = client.generic(method, path, "{}", content_type="application/json")
            assert answer.status_code in (403, 404, 405), (method, path, answer.status_code)
            foreign = client.generic(
                method, path, "{}", content_type="application/json", headers={"Origin": "https://evil.example"}
            )
            assert foreign.status_code in (403, 404, 405), (method, path, foreign.status_code)


@pytest.mark.sqlite
def test_a_number_beyond_all_ids_is_not_found(cast):
    boss = make_user("Bo Boss", username="bo", is_agent=True, is_manager=True, is_admin=True)
    client = Client(raise_request_exception=False)
    client.force_login(boss)
    asked = 0
    for name, path, view in routes():
        if "/999999/" in path and not path.startswith("/api/") and not declared(view).public:
            for method in ("get", "post"):
                answer = getattr(client, method)(path.replace("/999999/", f"/{10**24}/"))
                assert answer.status_code == 404, (name, method)
            asked += 1
    assert asked > 80
