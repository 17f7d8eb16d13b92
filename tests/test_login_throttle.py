"""Guessing passwords (case F11)."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView
from django.test import RequestFactory, override_settings

from core import clock
from core.actions.login import FACTOR, TooManyFailures, sign_in
from core.addresses import client_address
from core.models import LoginFailure, User
from core.web.login_form import ThrottledAuthenticationForm, ThrottledLogin
from tests.cast import MONDAY, PASSWORD, make_agent

pytestmark = pytest.mark.django_db
WINDOW = timedelta(minutes=15)


@pytest.fixture
def agent() -> User:
    return make_agent(username="ana")


def guess(name: str, address: str, *, password: str = "wrong", after: int = 0) -> str:  # noqa: S107
    """What an attempt comes to: in, wrong or wait."""
    try:
        user = sign_in(None, username=name, password=password, address=address, at=MONDAY + timedelta(seconds=after))
    except TooManyFailures as refusal:
        assert 1 <= refusal.retry_after <= WINDOW.total_seconds()
        return "wait"
    return "in" if user else "wrong"


@pytest.mark.parametrize("name", ["ana", "nobody", "ANA"])
def test_two_hundred_guesses_from_one_address(agent: User, name: str) -> None:
    answers = [guess(name, "192.0.2.1", after=number) for number in range(200)]
    assert answers == ["wrong"] * 10 + ["wait"] * 190
    assert LoginFailure.objects.count() == 10


def test_two_hundred_guesses_from_twenty_addresses(agent: User) -> None:
    answers = [guess("ana", f"192.0.2.{number % 20}", after=number) for number in range(200)]
    assert answers == ["wrong"] * 10 + ["wait"] * 190


def test_the_true_user_gets_in_from_elsewhere_meanwhile(agent: User) -> None:
    for number in range(60):
        guess("ana", f"192.0.2.{number % 20}", after=number)
    assert guess("ana", "198.51.100.7", password=PASSWORD, after=60) == "in"
    assert guess("ana", "192.0.2.3", password=PASSWORD, after=60) == "wait"


def test_nobody_waits_longer_than_the_window(agent: User) -> None:
    for number in range(300):  # goes on guessing for ten minutes
        guess("ana", "192.0.2.1", after=number * 2)
    assert guess("ana", "192.0.2.1", password=PASSWORD, after=14 * 60) == "wait"
    assert guess("ana", "192.0.2.1", password=PASSWORD, after=15 * 60 + 1) == "in"


def test_signing_in_forgets_the_failures_of_that_address(agent: User) -> None:
    for _ in range(3):
        for _ in range(9):
            assert guess("ana", "192.0.2.1") == "wrong"
        assert guess("ana", "192.0.2.1", password=PASSWORD) == "in"
    assert not LoginFailure.objects.exists()


def test_one_address_cannot_try_one_password_on_everybody(agent: User) -> None:
    answers = [guess(f"user{number}", "192.0.2.1") for number in range(150)]
    assert answers == ["wrong"] * 10 * FACTOR + ["wait"] * (150 - 10 * FACTOR)
    assert guess("ana", "198.51.100.7", password=PASSWORD) == "in"


def test_every_failure_is_in_the_security_log(agent: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="security"):
        for _ in range(11):
            guess("ana\nforged", "192.0.2.1")
    lines = [record.getMessage() for record in caplog.records if record.name == "security"]
    assert len(lines) == 11
    assert all("192.0.2.1" in line and "\n" not in line for line in lines)


def test_the_form_says_429(agent: User) -> None:
    request = RequestFactory().post("/login/")
    with clock.frozen(MONDAY):
        for number in range(11):
            form = ThrottledAuthenticationForm(request, data={"username": "ana", "password": "wrong"})
            assert not form.is_valid()
            assert (form.http_status, form.retry_after) == ((429, 900) if number == 10 else (200, None))
    with clock.frozen(MONDAY + WINDOW):
        form = ThrottledAuthenticationForm(request, data={"username": "ana", "password": PASSWORD})
        assert form.is_valid()
        assert form.get_user() == agent


class Page(ThrottledLogin, LoginView):
    template_name = "429.html"  # any page does


def test_the_page_says_429_and_when_to_come_back(agent: User) -> None:
    view = Page.as_view()
    with clock.frozen(MONDAY):
        for number in range(12):
            request = RequestFactory().post("/login/", {"username": "ana", "password": "wrong"})
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
            request.user = AnonymousUser()
            response = view(request)
            expected = (429, "900") if number >= 10 else (200, None)
            assert (response.status_code, response.get("Retry-After")) == expected


def test_addresses() -> None:
    def seen(address: str, forwarded: str = "") -> str | None:
        return client_address(RequestFactory().get("/", REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=forwarded))

    assert seen("192.0.2.1", "203.0.113.9") == "192.0.2.1"
    assert seen("2001:db8:1:2:3:4:5:6") == seen("2001:db8:1:2::1") == "2001:db8:1:2::"
    assert seen("::ffff:192.0.2.1") == "192.0.2.1"
    assert seen("") is None
    with override_settings(TRUST_PROXY=True):
        assert seen("10.0.0.1", "1.1.1.1, 203.0.113.9") == "203.0.113.9"
        assert seen("10.0.0.1") == "10.0.0.1"
