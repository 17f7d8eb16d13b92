"""The outbox leaves once, in order, whatever breaks (mission E1; cases F27 to F29)."""

from __future__ import annotations

import io
import json
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from core import clock, outbox, rows
from core.actions.outbox import BATCH, backlog, drain, wait_before
from core.mail import compose
from core.models import OutboxMessage, User
from tests.cast import MONDAY, make_user

pytestmark = pytest.mark.django_db
TO = "ana@customer.example"


@pytest.fixture
def about(db: None) -> User:
    return make_user()


def make_mail(about: User | None, key: str, **values: Any) -> OutboxMessage:
    context = {
        "link": "https://house.example/x?a=1&b=2",
        "name": "Ana <b>O'Neill</b>",
        **values.pop("context", {}),
    }
    message = outbox.mail(
        key,
        to=values.pop("to", TO),
        language=values.pop("language", "en"),
        template=values.pop("template", "password_reset"),
        context=context,
        about=about,
        at=MONDAY,
        **values,
    )
    rows.insert([message])
    return OutboxMessage.objects.get(key=key)


def run(after: float = 0, **options: Any) -> tuple[int, int, int]:
    at = MONDAY + timedelta(seconds=after)
    with clock.frozen(at):
        done = drain(**options)
    return done.sent, done.postponed, done.failed


def test_a_message_leaves_once_with_its_own_id(about: User, mailoutbox: list[Any]) -> None:
    message = make_mail(about, "receipt:AM-1")
    assert run() == (1, 0, 0)
    assert run() == (0, 0, 0)
    (sent,) = mailoutbox
    real = sent.message()
    assert real["Message-ID"] == message.message_id == outbox.message_id("receipt:AM-1")
    assert real["To"] == TO
    assert parsedate_to_datetime(real["Date"]) is not None
    assert "Auto-Submitted" not in real
    assert "Ana <b>O'Neill</b>" in sent.body
    assert "a=1&b=2" in sent.body
    message.refresh_from_db()
    assert (message.sent_at, message.attempts, message.error) == (MONDAY, 1, "")


def test_it_speaks_the_recipients_language(about: User) -> None:
    real = compose(make_mail(about, "b", language="pt")).message()
    assert real["Content-Language"] == "pt"


def test_automatic_mail_says_so(about: User) -> None:
    real = compose(make_mail(about, "a", context={"automatic": True})).message()
    assert (real["Auto-Submitted"], real["X-Auto-Response-Suppress"]) == ("auto-generated", "All")


@pytest.mark.parametrize(
    "to", ["", "no address", "a@b.example, c@d.example", "a@b.example\nBcc: x@y.example", "a@b\r.example"]
)
def test_what_is_no_address_is_given_up_at_once(about: User, mailoutbox: list[Any], to: str) -> None:
    message = make_mail(about, "a", to=to)
    good = make_mail(about, "b")
    assert run() == (1, 0, 1)
    message.refresh_from_db()
    assert message.failed_at == MONDAY
    assert [sent.to for sent in mailoutbox] == [[good.recipient]]


def test_a_subject_is_one_line(about: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "core.mail._text",
        lambda name, context: "Hello\r\nBcc: x@y.example\u2028end" if "subject" in name else "body",
    )
    assert compose(make_mail(about, "a")).message()["Subject"] == "Hello Bcc: x@y.example end"


def test_one_bad_message_blocks_no_other(about: User, mailoutbox: list[Any]) -> None:
    bad = make_mail(about, "bad", template="there_is_none", to="bad@customer.example")
    others = [make_mail(about, f"good{number}") for number in range(BATCH * 2)]
    assert run() == (len(others), 1, 0)
    bad.refresh_from_db()
    assert "TemplateDoesNotExist" in bad.error
    assert bad.due_at > MONDAY
    assert bad.sent_at is bad.failed_at is None


def test_messages_about_one_thing_leave_in_order(
    about: User, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_mail(about, "first"), make_mail(about, "second")
    elsewhere = make_mail(make_user(), "elsewhere")
    later = make_mail(about, "planned", due_at=MONDAY + timedelta(days=1))
    refuse = {first.key}
    real = compose

    def sometimes(message: OutboxMessage) -> Any:
        if message.key in refuse:
            raise ConnectionError("421 try later")
        return real(message)

    monkeypatch.setattr("core.mail.compose", sometimes)
    assert run() == (1, 1, 0)
    assert OutboxMessage.objects.get(key="elsewhere").sent_at
    refuse.clear()
    assert run(after=60) == (2, 0, 0)
    ids = [sent.extra_headers["Message-ID"] for sent in mailoutbox]
    assert ids == [elsewhere.message_id, first.message_id, second.message_id]
    assert run(after=86400) == (1, 0, 0)
    assert OutboxMessage.objects.get(pk=later.pk).sent_at


@override_settings(OUTBOX_MAX_ATTEMPTS=3)
def test_it_tries_ever_less_often_and_then_gives_up(about: User) -> None:
    message = make_mail(about, "bad", template="there_is_none")
    after = 0.0
    waits = []
    for expected in [(0, 1, 0), (0, 1, 0), (0, 0, 1)]:
        assert run(after) == expected
        message.refresh_from_db()
        waits.append((message.due_at - MONDAY).total_seconds() - after)
        after = (message.due_at - MONDAY).total_seconds()
    assert 12 <= waits[0] <= 18 < 24 <= waits[1] <= 36
    assert message.failed_at is not None
    assert run(after + 10**6) == (0, 0, 0)
    assert wait_before(40) <= 6 * 3600 * 1.2


def test_a_worker_that_dies_before_marking_leaves_the_message_to_others(
    about: User, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = make_mail(about, "a")

    class Killed(BaseException):
        pass

    def die(*_args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("core.actions.outbox._save", die)
        with pytest.raises(Killed):
            run()
    assert len(mailoutbox) == 1
    assert run(after=60) == (1, 0, 0)
    assert {sent.extra_headers["Message-ID"] for sent in mailoutbox} == {message.message_id}
    assert run(after=600) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_everything_once_and_in_order() -> None:
    subjects = [make_user() for _ in range(6)]
    for number in range(60):
        make_mail(subjects[number % 6], f"m{number}")
    sent: list[str] = []
    lock = threading.Lock()

    def record(message: OutboxMessage) -> Any:
        real = compose(message)
        with lock:
            sent.append(message.key)
        return real

    def work() -> None:
        try:
            for _ in range(20):
                drain()
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.mail.compose", record)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(sent) == sorted(f"m{number}" for number in range(60))
    for start in range(6):
        mine = [key for key in sent if int(key[1:]) % 6 == start]
        assert mine == [f"m{number}" for number in range(start, 60, 6)]
    assert not OutboxMessage.objects.filter(sent_at=None).exists()
    mail.outbox.clear()


@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
def test_a_mail_server_that_is_away_is_asked_once_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.mail.backends import smtp

    asked: list[int] = []
    real = smtp.EmailBackend.open
    monkeypatch.setattr(smtp.EmailBackend, "open", lambda backend: asked.append(1) or real(backend))
    for number in range(BATCH):
        make_mail(make_user(), f"m{number}")
    assert run() == (0, BATCH, 0)
    assert len(asked) == 1
    assert OutboxMessage.objects.filter(error__startswith="ConnectionRefusedError", sent_at=None).count() == BATCH


def test_the_backlog_counts_what_is_late(about: User) -> None:
    make_mail(about, "a")
    assert backlog(MONDAY + timedelta(minutes=1), older_than=timedelta(minutes=2)) == 0
    assert backlog(MONDAY + timedelta(minutes=3), older_than=timedelta(minutes=2)) == 1


def test_the_command_drains_once(about: User) -> None:
    make_mail(about, "a")
    out = io.StringIO()
    call_command("drain_outbox", once=True, json=True, stdout=out)
    assert json.loads(out.getvalue()) == {"sent": 1, "postponed": 0, "failed": 0, "suppressed": 0}
