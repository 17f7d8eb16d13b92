"""What no page may lack and no link may do: headers on every route (F18), reading changes nothing (F10)."""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.test import Client, override_settings

from complaints.actions.handle import acknowledge
from core import cached
from core.actor import Actor
from core.clock import now
from core.references import status_token
from tests.cast import Cast, make_cast, make_complaint
from tests.test_access import ROLES, routes

FRAMED = {"complain"}  # the public form alone may be framed, by hosts that are configured
VOLATILE = {"django_session", "core_heartbeat"}  # what signing in and the jobs write
CRAWLED_AT_MOST = 400
LINK = re.compile(r'(?:href|src|hx-get|action)="([^"#]+)')


@pytest.fixture
def cast(db) -> Cast:
    cached.clear_all()
    return make_cast()


def refused(answer, path: str, *, framable: bool) -> list[str]:
    """What is wrong with the headers of an answer."""
    policy = answer.headers.get("Content-Security-Policy", "")
    wanted = {
        "no policy": bool(policy),
        "may be framed": framable or "frame-ancestors 'none'" in policy,
        "unsafe policy": "unsafe-inline" not in policy and "unsafe-eval" not in policy,
        "sniffable": answer.headers.get("X-Content-Type-Options") == "nosniff",
        "tells referrers": answer.headers.get("Referrer-Policy") in ("same-origin", "no-referrer"),
        "no HSTS": "max-age=31536000" in answer.headers.get("Strict-Transport-Security", ""),
    }
    found = [f"{path}: {name}" for name, well in wanted.items() if not well]
    for name, cookie in answer.cookies.items():
        kept = cookie["secure"] and cookie["samesite"] in ("Lax", "Strict")
        if cookie["max-age"] == 0 and not cookie.value:
            continue  # taken back: it holds nothing
        if not kept or not (cookie["httponly"] or name == "language"):
            found.append(f"{path}: cookie {name}: {cookie.OutputString()}")
    return found


@pytest.mark.sqlite  # headers are set by middleware; that every page opens on PostgreSQL: the test below
@pytest.mark.parametrize("role", ["nobody", "manager", "admin"])
def test_every_route_carries_the_headers(cast, role):
    client = Client()
    if role != "nobody":
        client.force_login(cast.people()[role])
    strict = override_settings(
        SECURE_HSTS_SECONDS=31536000, SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True, LANGUAGE_COOKIE_SECURE=True
    )
    faults: list[str] = []
    with strict:
        client.handler.load_middleware()
        for name, path, _view in routes():
            if name == "logout":
                continue
            for method in ("GET", "POST"):
                answer = client.generic(method, path, "{}", content_type="application/json", secure=True)
                faults += refused(answer, f"{method} {path}", framable=name in FRAMED)
        for path in ("/nowhere/", "/api/v1/nowhere/", "/.git/config", "/admin/", "/static/none.css"):
            answer = client.get(path, secure=True)
            assert answer.status_code in (404, 302), path
            faults += refused(answer, path, framable=False)
    assert faults == []


def test_an_unknown_host_is_refused(client, settings):
    settings.ALLOWED_HOSTS = ["desk.example.org"]
    assert client.get("/login/", headers={"Host": "evil.example"}).status_code == 400


def rows_of_all_tables() -> dict[str, list[tuple[object, ...]]]:
    return {
        model._meta.db_table: sorted(repr(list(map(_plain, row))) for row in model._base_manager.values_list())
        for model in apps.get_models()
        if model._meta.db_table not in VOLATILE and model._meta.managed
    }


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


@pytest.mark.parametrize("role", ROLES)
def test_following_every_link_changes_no_row(cast, role):
    """GET and HEAD on whatever pages link to, forms' addresses included (F10)."""
    case = make_complaint(owner=cast.agent, subject="Kettle leaks")
    case = acknowledge(case, by=Actor.person(cast.agent), at=now(), message="We look at it.")
    client = Client()
    client.force_login(cast.people()[role])
    before = rows_of_all_tables()
    start = ["/", f"/complaints/{case.reference}/", f"/status/{status_token(case.reference)}/", "/complain/"]
    waiting, seen = deque(start), set(start)
    while waiting and len(seen) < CRAWLED_AT_MOST:
        path = waiting.popleft()
        answer = client.get(path)
        assert answer.status_code < 500, path
        client.head(path)
        if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.streaming:
            continue
        for link in LINK.findall(answer.content.decode()):
            url = urlsplit(urljoin(path, link.replace("&amp;", "&")))
            target = url.path + (f"?{url.query}" if url.query else "")
            ours = not url.netloc and url.scheme in ("", "http") and not url.path.startswith(("/static/", "/logout"))
            if ours and target not in seen:
                seen.add(target)
                waiting.append(target)
    assert len(seen) > 10
    assert rows_of_all_tables() == before
