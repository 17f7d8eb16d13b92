"""/healthz, /readyz, doctor, heartbeats, create_token (interface: Pages, Commands; case F28)."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client, override_settings

from core import checks, clock, token_text
from core.actions.upkeep import alive, tidy
from core.instants import iso
from core.models import ApiToken, Heartbeat, LoginFailure
from core.tasks import SENT_AT, anchor_trail, drain_outbox, heartbeat, note_when_sent
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


def test_ready_when_everything_is_alive(working: None, django_assert_num_queries: Any) -> None:
    with clock.frozen(MONDAY):
        assert ready() == (200, {"status": "degraded", "problems": ["worker", "beat"]})
        alive("worker", at=MONDAY)
        alive("beat", at=MONDAY)
        with django_assert_num_queries(3):
            assert ready() == (200, {"status": "ok", "problems": []})
        make_mail(make_user(), "late")
    with clock.frozen(MONDAY + timedelta(minutes=3)):
        alive("worker", at=clock.now())
        assert ready() == (200, {"status": "degraded", "problems": ["beat", "outbox"]})


def test_a_broker_that_is_down_degrades_only() -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"), clock.frozen(MONDAY):
        alive("worker", at=MONDAY)
        alive("beat", at=MONDAY)
        assert ready() == (200, {"status": "degraded", "problems": ["queue"]})


def test_without_a_database_it_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "database", lambda: checks.Finding("database", False))
    assert ready() == (503, {"status": "down", "problems": ["database"]})
    monkeypatch.setattr(checks, "database", lambda: checks.Finding("database", True))

    def gone() -> None:
        raise OperationalError

    monkeypatch.setattr(checks, "pulse", gone)
    assert ready()[0] == 503


def test_a_heartbeat_tells_when_beat_sent_it() -> None:
    headers: dict[str, Any] = {}
    with clock.frozen(MONDAY):
        note_when_sent(headers=headers)
    assert headers == {SENT_AT: iso(MONDAY)}
    with clock.frozen(MONDAY + timedelta(minutes=1)):
        heartbeat.apply(headers=headers)
    seen = dict(Heartbeat.objects.values_list("name", "at"))
    assert seen == {"worker": MONDAY + timedelta(minutes=1), "beat": MONDAY}


def test_the_tasks_run() -> None:
    make_mail(make_user(), "a")
    for task in (drain_outbox, anchor_trail, tidy_task, heartbeat):
        assert task.apply().successful()


def test_old_failures_are_cleared_away() -> None:
    for hours in (1, 30):
        LoginFailure.objects.create(username="a", address=None, at=MONDAY - timedelta(hours=hours))
    assert tidy(at=MONDAY) == {"idempotency_keys": 0, "login_failures": 1}
    assert tidy(at=MONDAY) == {"idempotency_keys": 0, "login_failures": 0}


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
        "outbox",
        "clock",
    }
    assert code == 1
    assert not found["worker"]["ok"]
    assert found["database"]["ok"]
    assert found["clock"]["ok"]
    assert found["storage"]["ok"]
    alive("worker", at=clock.now())
    alive("beat", at=clock.now())
    if found["queue"]["ok"]:
        assert doctor()[0] == 0
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
