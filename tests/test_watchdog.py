"""Administrators hear once that nobody watches the deadlines, and once that it is over (issue: watchdog; F28, F29)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import translation

from core import clock, watchdog
from core.actions import watchdog as actions
from core.actions.upkeep import alive
from core.actions.watchdog import GRACE, Watcher, tell
from core.models import OutboxMessage, User
from tests.cast import MONDAY, make_admin, make_agent, make_manager
from tests.test_outbox import make_mail

pytestmark = pytest.mark.django_db
ALL = ("worker", "beat", "sweep")


def seen(*parts: str, at: datetime, pid: int = 4711) -> None:
    for part in parts:
        alive(part, at=at, detail={"pid": pid, "host": "box"})


def after(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def written() -> list[tuple[str, str, str]]:
    rows = OutboxMessage.objects.order_by("pk")
    return [(row.template, row.context["part"], row.recipient) for row in rows]


@pytest.fixture
def admins(db: None) -> list[User]:
    """Two who are to hear; beside them one without address, one who has left, and a manager."""
    make_admin(email="")
    make_admin(is_active=False)
    make_manager()
    return [make_admin(language="en", time_zone="Europe/Lisbon"), make_admin(language="en")]


def test_each_silence_and_each_recovery_is_told_once_to_every_admin(admins: list[User], mailoutbox: list[Any]) -> None:
    to = sorted(admin.email for admin in admins)
    seen(*ALL, at=MONDAY)
    assert tell(at=after(30)) == 0
    seen("beat", at=after(60))
    assert tell(at=after(60)) == 2
    assert [tell(at=after(s)) for s in (61, 70)] == [0, 0]
    assert sorted(written()) == [("watch_silent", "worker", address) for address in to]
    seen(*ALL, at=after(90), pid=4712)
    assert tell(at=after(91)) == 2
    assert tell(at=after(92)) == 0
    assert sorted(written())[:2] == [("watch_heard", "worker", address) for address in to]
    seen("beat", at=after(200))
    assert tell(at=after(200)) == 2, "another silence is another mail"
    assert OutboxMessage.objects.values("message_id").distinct().count() == 6


def test_a_mail_says_since_when_who_and_in_whose_time(admins: list[User], mailoutbox: list[Any]) -> None:
    seen(*ALL, at=MONDAY)
    with clock.frozen(after(100)):
        seen("beat", "sweep", at=after(100))
        call_command("watch", once=True)
    with clock.frozen(after(200)):
        seen(*ALL, at=after(200), pid=4712)
        call_command("watch", once=True)
    mails = {mail.subject: mail.body for mail in mailoutbox if mail.to == [admins[0].email]}
    (silent, first), (heard, second) = mails.items()
    assert silent == "Deadlines are not being watched since 2 March 2026, 09:00 (Lisbon time)"
    assert "No worker gives a sign of life." in first
    assert "Last process: 4711@box" in first
    assert "A worker is back" in heard
    assert "4712@box" in second
    assert len(mailoutbox) == 4


def test_the_watcher_sends_only_its_own_mails(admins: list[User], mailoutbox: list[Any]) -> None:
    with clock.frozen(MONDAY):
        other = make_mail(admins[0], "somebody else's")
        call_command("watch", once=True)
    assert len(mailoutbox) == 4, "worker and beat have never been seen"
    other.refresh_from_db()
    assert other.sent_at is None
    assert all("yet" in mail.subject for mail in mailoutbox)


def test_that_the_sweep_waits_is_no_news_while_the_worker_is_dead(admins: list[User]) -> None:
    seen(*ALL, at=MONDAY)
    seen("beat", at=after(300))
    tell(at=after(300))
    assert {part for _template, part, _to in written()} == {"worker"}
    seen("worker", "beat", at=after(310))
    tell(at=after(311), judged=watchdog.RUNNERS)
    assert {part for _template, part, _to in written()} == {"worker"}, "it has had no time to sweep yet"
    seen("worker", "beat", at=after(360))
    tell(at=after(360))
    assert ("watch_silent", "sweep", admins[0].email) in written()
    seen("beat", at=after(420))
    tell(at=after(420))
    assert ("watch_heard", "sweep", admins[0].email) not in written(), "a worse fault is no recovery"


@pytest.mark.django_db(transaction=True)
def test_several_watchers_tell_once(mailoutbox: list[Any]) -> None:
    admin = make_admin()
    seen(*ALL, at=MONDAY)
    seen("beat", at=after(60))
    gate, errors = threading.Barrier(4), []

    def look() -> None:
        try:
            gate.wait()
            tell(at=after(60))
            actions.drain(at=clock.now(), only=actions.TEMPLATES)
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert written() == [("watch_silent", "worker", admin.email)]
    assert len(mailoutbox) == 1


class Time:
    """A monotonic clock to turn by hand, with the database's clock beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        monkeypatch.setattr("core.actions.watchdog.time.monotonic", lambda: 1000 + self.seconds)

    def look(self, watcher: Watcher, seconds: float, *alive_now: str) -> bool:
        self.seconds = seconds
        seen(*alive_now, at=after(seconds))
        with clock.frozen(after(seconds)):
            return watcher.look()


def test_a_watcher_that_has_just_come_accuses_nobody(admins: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    """After a night switched off every sign is old; worker and beat get time to start."""
    turn, watcher = Time(monkeypatch), Watcher()
    seen(*ALL, at=MONDAY - timedelta(hours=9))
    assert turn.look(watcher, 0)
    turn.look(watcher, 20)
    turn.look(watcher, GRACE - 1, "beat")
    assert written() == []
    turn.look(watcher, GRACE + 1)
    assert {part for _template, part, _to in written()} == {"worker"}
    assert watchdog.signs(after(GRACE + 1))["beat"].is_fresh(after(GRACE + 1))


def test_a_silence_is_mailed_within_a_minute(
    admins: list[User], monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    turn, watcher = Time(monkeypatch), Watcher()
    for second in range(0, 100, 10):
        turn.look(watcher, second, *ALL)
    assert mailoutbox == []
    for second in range(100, 151, 10):
        turn.look(watcher, second, "beat", "sweep")
    assert len(mailoutbox) == 2, "last sign at 90, now it is 150"
    assert all(mail.to in ([admins[0].email], [admins[1].email]) for mail in mailoutbox)


def test_a_database_that_was_away_makes_nobody_a_suspect(admins: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    turn, watcher = Time(monkeypatch), Watcher()
    for second in range(0, 100, 10):
        turn.look(watcher, second, *ALL)

    def away(at: datetime) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr("core.actions.watchdog.watchdog.signs", away)
        assert [turn.look(watcher, s) for s in range(100, 400, 10)] == [False] * 30
    assert turn.look(watcher, 400), "it goes on by itself"
    turn.look(watcher, 410, *ALL)
    assert written() == []


def page(client: Client, user: User, url: str) -> str:
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("url", ["/dashboard/", "/settings/"])
def test_managers_and_admins_see_a_banner(client: Client, url: str) -> None:
    manager = make_manager(time_zone="Europe/Lisbon", language="en")
    seen(*ALL, at=MONDAY)
    with clock.frozen(after(30)):
        assert "not being watched" not in page(client, manager, url)
    with clock.frozen(after(600)):
        seen("beat", at=after(600))
        said = page(client, manager, url)
        assert "Deadlines are not being watched since 09:00" in said
        assert "No worker gives a sign of life." in said
        assert "(beat)" not in said
        assert "not being watched" not in page(client, manager, "/complaints/")
    with clock.frozen(after(86_400)):
        assert "since 2 March 2026, 09:00" in page(client, manager, url)


def test_an_agent_is_not_bothered(client: Client) -> None:
    agent = make_agent(language="en")
    with clock.frozen(MONDAY):
        assert "not being watched" not in page(client, agent, "/complaints/")
        assert "not being watched yet" in page(client, make_admin(language="en"), "/settings/")


@pytest.mark.parametrize("language", ["en", "es", "pt", "it", "ru"])
def test_the_mails_render_in_every_language(language: str, mailoutbox: list[Any]) -> None:
    make_admin(language=language)
    with translation.override("en"):
        for part in ALL:
            alive(part, at=MONDAY)
        tell(at=after(60))
        tell(at=after(300), judged=())
        seen(*ALL, at=after(300))
        tell(at=after(301))
        actions.drain(at=after(400))
    assert len(mailoutbox) == 4
    assert all(mail.subject.strip() and "{" not in mail.body for mail in mailoutbox)
