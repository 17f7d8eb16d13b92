"""What happens to every request: id, limits, language, personal settings, access (F02, F03, F10, F17)."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from csp.constants import NONCE
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from core import request_id
from core.content_policy import PolicyMiddleware
from core.middleware import BodyLimitMiddleware
from core.models import User
from tests.cast import make_agent, make_manager

pytestmark = pytest.mark.urls("tests.api_urls")


@pytest.fixture
def russian(db: None) -> User:
    return make_agent(language="ru", time_zone="Asia/Tokyo")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        ("abcd-1234", True),
        ("a.b_c-d.1234", True),
        ("my-id-1", True),
        ("x", True),
        ("", False),
        ("x" * 65, False),
        ("abcd 1234", False),
        ("abcd\n1234", False),
    ],
)
def test_a_sound_request_id_is_kept(offered: str, kept: bool) -> None:
    answered = Client().get("/open/", headers={"X-Request-ID": offered})["X-Request-ID"]
    assert (answered == offered) is kept
    assert kept or len(answered) >= 8
    assert request_id.current() == "-"


def test_log_lines_carry_the_request_id() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "", (), None)
    token = request_id.begin("abcd-1234")
    try:
        assert request_id.RequestIdFilter().filter(record)
    finally:
        request_id.end(token)
    assert record.request_id == "abcd-1234"


@override_settings(MAX_FORM_BYTES=100)
def test_a_large_form_is_refused_with_a_page() -> None:
    response = Client().post("/form/", {"text": "a" * 200})
    assert response.status_code == 413
    assert response["Content-Type"].startswith("text/html")
    assert Client().post("/form/", "text=abc", content_type="application/x-www-form-urlencoded").content == b"abc"


class Chunks(io.BytesIO):
    """What gunicorn hands over for a chunked body."""


@pytest.mark.parametrize(
    ("size", "terminated", "status", "length"),
    [(50, True, 200, "50"), (101, True, 413, None), (50, False, 200, None), (10**6, True, 413, None)],
)
@override_settings(MAX_FORM_BYTES=100)
def test_chunked_bodies_are_read_up_to_the_limit(size: int, terminated: bool, status: int, length: str | None) -> None:
    seen: list[HttpRequest] = []
    middleware = BodyLimitMiddleware(lambda request: seen.append(request) or HttpResponse())  # type: ignore[func-returns-value]
    stream = Chunks(b"a" * size)
    request = RequestFactory().generic("POST", "/form/")
    request.META.update(
        {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": stream, "wsgi.input_terminated": terminated}
    )
    request.META["CONTENT_LENGTH"] = ""
    assert middleware(request).status_code == status
    if length:
        assert seen[0].META["CONTENT_LENGTH"] == length
        assert seen[0].body == b"a" * size
    assert stream.tell() <= 101


@pytest.mark.parametrize(
    ("path", "status"),
    [("/open/%00", 404), ("/open/?q=%00", 400), ("/api/v1/teams/%00/", 404), ("/api/v1/schema/?q=%00", 400)],
)
def test_nul_in_an_address_is_refused(path: str, status: int) -> None:
    response = Client().get(path)
    assert response.status_code == status
    assert response["Content-Type"].startswith("application/problem+json" if path.startswith("/api/") else "text/html")


def test_nul_that_only_the_database_noticed_is_refused() -> None:
    middleware = BodyLimitMiddleware(lambda _request: HttpResponse())
    said = ValueError("A string literal cannot contain NUL (0x00) characters.")
    for path in ("/form/", "/api/v1/teams/"):
        answer = middleware.process_exception(RequestFactory().post(path), said)
        assert answer is not None and answer.status_code == 400
    assert middleware.process_exception(RequestFactory().post("/form/"), ValueError("something else")) is None


def test_the_browser_chooses_among_our_languages() -> None:
    for accept, language in [
        ("pt-BR, en;q=0.5", "pt"),
        ("fr, it;q=0.3", "it"),
        ("fr", "en"),
        ("xx;q=nan", "en"),
        ("", "en"),
    ]:
        response = Client().get("/open/", headers={"Accept-Language": accept})
        assert response.content.decode() == f"{language} {settings.TIME_ZONE}", accept
        assert response["Content-Language"] == language
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    assert client.get("/open/", headers={"Accept-Language": "ru"}).content.startswith(b"es")


def test_personal_settings_hold_on_own_pages_only(russian: User) -> None:
    client = signed_in(russian)
    assert client.get("/own/", headers={"Accept-Language": "it"}).content == b"ru Asia/Tokyo"
    assert client.get("/open/", headers={"Accept-Language": "it"}).content.startswith(b"it")
    assert Client().get("/open/").content.decode() == f"en {settings.TIME_ZONE}"


def test_an_unknown_time_zone_is_no_error(russian: User) -> None:
    User.objects.filter(pk=russian.pk).update(time_zone="Mars/Olympus")
    assert signed_in(russian).get("/own/").content.decode() == f"ru {settings.TIME_ZONE}"


@pytest.mark.django_db
def test_a_page_that_declares_nothing_is_not_there(russian: User) -> None:
    assert Client().get("/undeclared/").status_code == 404
    assert signed_in(russian).get("/undeclared/").status_code == 404


@pytest.mark.django_db
def test_roles_open_pages() -> None:
    assert signed_in(make_manager()).get("/managers/").status_code == 200
    refused = signed_in(make_agent())
    assert refused.get("/managers/").status_code == 403
    assert refused.get("/own/").status_code == 200


def test_strangers_are_sent_to_sign_in_and_back() -> None:
    response = Client().get("/own/?a=1&b=%2F")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/own/%3Fa%3D1%26b%3D%252F")
    assert Client().get("/api/v1/plain/").json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("referer", "next_page"),
    [
        ("http://testserver/own/?q=1", "/own/%3Fq%3D1"),
        ("https://evil.example/own/", "/"),
        ("http://testserver.evil.example/", "/"),
        ("//evil.example/own/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_a_post_of_a_stranger_leads_back_to_our_pages_only(referer: str, next_page: str) -> None:
    response = Client().post("/own/", headers={"Referer": referer})
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={next_page}")
    response = Client().get("/own/", headers={"HX-Request": "true", "HX-Current-URL": referer})
    assert (response.status_code, response["HX-Redirect"]) == (200, f"/login/?next={next_page}")


def test_a_busy_database_is_503_with_a_page() -> None:
    response = Client().get("/broken/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert b"locked" not in response.content


@pytest.mark.django_db
def test_a_session_without_its_database_is_503_too(russian: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(russian)

    def gone(*_args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("django.contrib.auth.middleware.get_user", gone)
    for path in ("/own/", "/api/v1/teams/"):
        response = client.get(path)
        assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert client.get("/healthz").content == b"ok"


def test_errors_are_pages_or_problems_by_their_address() -> None:
    assert Client().get("/lost/")["Content-Type"].startswith("text/html")
    assert Client().get("/api/lost/")["Content-Type"] == "application/problem+json"


def own_frame(request: HttpRequest) -> HttpResponse:
    response = HttpResponse()
    response._csp_replace = {"frame-ancestors": ["https://shop.example"]}  # type: ignore[attr-defined]
    return response


def with_nonce(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.csp_nonce))  # type: ignore[attr-defined]


@pytest.mark.parametrize("view", [lambda request: HttpResponse(), own_frame])
def test_the_composed_policy_is_the_one_django_csp_writes(view: Any) -> None:
    request = RequestFactory().get("/")
    answers = [middleware(view)(request) for middleware in (PolicyMiddleware, CSPMiddleware, PolicyMiddleware)]
    assert len({answer["Content-Security-Policy"] for answer in answers}) == 1


@override_settings(CONTENT_SECURITY_POLICY={"DIRECTIVES": {"script-src": [NONCE]}})
def test_a_nonce_is_in_the_policy_of_its_answer_only() -> None:
    answer = PolicyMiddleware(with_nonce)(RequestFactory().get("/"))
    assert f"script-src 'nonce-{answer.content.decode()}'" in answer["Content-Security-Policy"]
    other = PolicyMiddleware(lambda request: HttpResponse())(RequestFactory().get("/"))
    assert "nonce" not in other.get("Content-Security-Policy", "")


def test_another_policy_in_the_settings_is_taken_at_once() -> None:
    middleware = PolicyMiddleware(lambda request: HttpResponse())
    middleware(RequestFactory().get("/"))
    with override_settings(CONTENT_SECURITY_POLICY={"DIRECTIVES": {"default-src": ["https://one.example"]}}):
        answer = middleware(RequestFactory().get("/"))
        assert answer["Content-Security-Policy"] == "default-src https://one.example"
