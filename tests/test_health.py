"""/healthz, /readyz, doctor, heartbeats, create_token (interface: Pages, Commands; case F28)."""

from __future__ import annotations

import io
import json
import os
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client, override_settings

from core import checks, clock, token_text, watchdog
from core.actions.upkeep import alive, tidy
from core.instants import iso
from core.models import ApiToken, LoginFailure
from core.pulse import Pulse
from core.tasks import anchor_trail, drain_outbox
from core.tasks import tidy as tidy_task
from tests.cast import MONDAY, make_admin, make_user
from tests.test_outbox import make_mail

pytestmark = [pytest.mark.urls("tests.api_urls"), pytest.mark.django_db]


def ready() -> tuple[int, dict[str, Any]]:
    response = Client().get("/readyz")
    assert "no-store" in response["Cache-Control"]
    return response.status_code, response.json()


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "queue", lambda: checks.Finding("queue", True))


def test_the_process_answers_without_a_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


def seen(*parts: str, at: Any) -> None:
    for part in parts:
        alive(part, at=at, detail={"pid": 4711, "host": "box"})


def test_ready_when_everything_is_alive(working: None, django_assert_num_queries: Any) -> None:
    with clock.frozen(MONDAY):
        code, answer = ready()
        assert (code, answer["status"], answer["problems"]) == (200, "degraded", ["worker", "beat"])
        assert answer["silent"] == [{"name": "worker", "since": None}, {"name": "beat", "since": None}]
        seen("worker", "beat", "sweep", at=MONDAY)
        with django_assert_num_queries(3):
            code, answer = ready()
        assert (code, answer["status"], answer["summary"], answer["problems"]) == (200, "ok", "ok", [])
        assert answer["silent"] == []
        make_mail(make_user(), "late")
    later = MONDAY + timedelta(minutes=3)
    with clock.frozen(later):
        seen("worker", at=later)
        answer = ready()[1]
    assert (answer["summary"], answer["problems"]) == ("degraded: beat, outbox", ["beat", "outbox"])
    assert answer["silent"] == [{"name": "beat", "since": iso(MONDAY)}]
    assert answer["ages"] == {"worker": 0.0, "beat": 180.0, "sweep": 180.0}


@pytest.mark.parametrize("part", ["worker", "beat"])
def test_who_is_silent_is_named_before_a_minute_is_over(working: None, part: str) -> None:
    other = {"worker": "beat", "beat": "worker"}[part]
    seen("worker", "beat", "sweep", at=MONDAY)
    for seconds, expected in ((40, []), (41, [part]), (60, [part])):
        now = MONDAY + timedelta(seconds=seconds)
        with clock.frozen(now):
            seen(other, at=now)
            assert ready()[1]["problems"] == expected


def test_a_sweep_that_never_comes_through_is_named_though_all_live(working: None) -> None:
    seen("sweep", at=MONDAY)
    later = MONDAY + timedelta(seconds=121)
    with clock.frozen(later):
        seen("worker", "beat", at=later)
        assert ready()[1]["silent"] == [{"name": "sweep", "since": iso(MONDAY)}]


def test_a_broker_that_is_down_degrades_only() -> None:
    """F28: the health page says "degraded: queue", also when the sweep has long been waiting for it."""
    later = MONDAY + timedelta(minutes=10)
    seen("sweep", at=MONDAY)
    seen("worker", "beat", at=later)
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"), clock.frozen(later):
        began = time.monotonic()
        code, answer = ready()
    assert (code, answer["status"], answer["summary"], answer["problems"]) == (
        200,
        "degraded",
        "degraded: queue",
        ["queue"],
    )
    assert time.monotonic() - began < 1


def test_without_a_database_it_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "database", lambda: checks.Finding("database", False))
    assert ready() == (503, {"status": "down", "summary": "down: database", "problems": ["database"]})
    monkeypatch.setattr(checks, "database", lambda: checks.Finding("database", True))

    def gone() -> None:
        raise OperationalError

    monkeypatch.setattr(checks, "outbox", gone)
    assert ready()[0] == 503


def test_a_pulse_says_who_lives_and_falls_silent_with_what_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    lives = True
    pulse = Pulse("worker", lambda: time.monotonic() if lives else None)
    with clock.frozen(MONDAY):
        assert pulse.sign()
    with clock.frozen(MONDAY + timedelta(minutes=1)):
        lives = False
        assert not pulse.sign()
        sign = watchdog.signs(clock.now())["worker"]
        assert (sign.at, sign.who) == (MONDAY, f"{os.getpid()}@{socket.gethostname()}")
        lives = True

        def gone(*args: Any, **kwargs: Any) -> None:
            raise OperationalError

        monkeypatch.setattr("core.pulse.alive", gone)
        assert not pulse.sign(), "a database that is away ends no process"


def test_the_tasks_run() -> None:
    make_mail(make_user(), "a")
    for task in (drain_outbox, anchor_trail, tidy_task):
        assert task.apply().successful()


def test_old_failures_are_cleared_away() -> None:
    for hours in (1, 30):
        LoginFailure.objects.create(username="a", address=None, at=MONDAY - timedelta(hours=hours))
    others = {
        "idempotency_keys": 0,
        "drafts": 0,
        "notifications": 0,
        "presence": 0,
        "webhook_deliveries": 0,
        "workers": 0,
    }
    assert tidy(at=MONDAY) == others | {"login_failures": 1}
    assert tidy(at=MONDAY) == others | {"login_failures": 0}


def doctor() -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("doctor", json=True, stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    else:
        code = 0
    return code, {finding["name"]: finding for finding in json.loads(out.getvalue())}


def test_the_doctor_looks_at_everything() -> None:
    code, found = doctor()
    assert set(found) == {
        "database",
        "queue",
        "mail",
        "storage",
        "migrations",
        "worker",
        "beat",
        "sweep",
        "watch",
        "outbox",
        "clock",
    }
    assert code == 1
    assert not found["worker"]["ok"]
    assert found["database"]["ok"]
    assert found["clock"]["ok"]
    assert found["storage"]["ok"]
    assert found["watch"]["ok"]
    assert "not running" in found["watch"]["detail"]
    now = clock.now()
    seen("worker", "beat", "sweep", "watch", at=now)
    code, found = doctor()
    assert code == 0 or not found["queue"]["ok"]
    assert "4711@box" in found["worker"]["detail"]
    seen("worker", "watch", at=now - timedelta(seconds=61))
    code, found = doctor()
    assert (code, found["worker"]["ok"], found["watch"]["ok"], found["beat"]["ok"]) == (1, False, False, True)
    assert f"silent since {iso(now - timedelta(seconds=61))}" in found["worker"]["detail"]
    out = io.StringIO()
    with (
        override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=1),
        pytest.raises(SystemExit),
    ):
        call_command("doctor", stdout=out)
    assert "FAULT mail" in out.getvalue()


def test_create_token_prints_the_token_alone() -> None:
    admin = make_admin(username="root")
    out = io.StringIO()
    call_command("create_token", "shop", user="root", scopes="complaints:write,agents:read", days=30, stdout=out)
    plain = out.getvalue().strip()
    assert token_text.PATTERN.fullmatch(plain)
    token = ApiToken.objects.get()
    assert (token.user, token.scopes, token.hint) == (admin, ["agents:read", "complaints:write"], plain[:12])
    for options in (
        {"user": "nobody", "scopes": "all"},
        {"user": "root", "scopes": "everything"},
        {"user": "root", "scopes": ""},
    ):
        with pytest.raises(CommandError):
            call_command("create_token", "shop", **options)
    assert ApiToken.objects.count() == 1
