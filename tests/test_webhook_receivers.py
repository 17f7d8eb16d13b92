"""Receivers of webhooks that redirect, drip, send too much or no HTTP at all: none holds us up (case F16)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from core import cached
from core.actions import webhook_delivery
from core.models import WebhookAttempt, WebhookDelivery
from core.webhooks import courier
from tests.cast import Cast, make_cast
from tests.webhook_receiver import Receiver, listen, plain, receiving, slow

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as one:
        settings.WEBHOOK_ALLOWED_HOSTS = [one.host]
        yield one


def test_a_redirect_is_not_followed(cast: Cast, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.answers = [plain(307, Location=elsewhere.url)]
        listen(cast, receiver.url, "complaint.filed")
        cast.complaint()
        assert webhook_delivery.run().failed == 1
        assert elsewhere.connections == 0
    one = WebhookDelivery.objects.get()
    assert (one.status, one.error, one.state) == (307, "redirect", "pending")


def test_a_huge_answer_is_read_up_to_a_bound(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = [plain(200, b"x" * 50_000_000)]
    listen(cast, receiver.url, "complaint.filed")
    cast.complaint()
    began = time.monotonic()
    assert webhook_delivery.run().delivered == 1
    assert time.monotonic() - began < 5
    assert WebhookAttempt.objects.get().excerpt == "x" * courier.EXCERPT


def test_a_slow_receiver_is_given_up_in_time(cast: Cast, receiver: Receiver, monkeypatch: Any) -> None:
    monkeypatch.setattr(courier, "WHOLE", 0.3)
    receiver.answers = [slow(6)]
    listen(cast, receiver.url, "complaint.filed")
    cast.complaint()
    began = time.monotonic()
    assert webhook_delivery.run().failed == 1
    assert time.monotonic() - began < 5
    assert WebhookDelivery.objects.get().error == "timeout"


def test_dripping_does_not_stretch_the_time(cast: Cast, settings: Any, monkeypatch: Any) -> None:
    """A header byte now and then: each read succeeds, the whole ends all the same."""
    monkeypatch.setattr(courier, "WHOLE", 0.5)
    server = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{server.getsockname()[1]}"
    settings.WEBHOOK_ALLOWED_HOSTS = [host]

    def drip() -> None:
        link, _peer = server.accept()
        with link:
            try:
                link.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                for _second in range(200):
                    link.sendall(b"y")
                    time.sleep(0.05)
            except OSError:
                pass

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    outcome = courier.send(f"http://{host}/", "{}", {})
    server.close()
    assert outcome.error == "timeout" and time.monotonic() - began < 8


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 9999 What\r\n\r\n"])
def test_what_is_no_http_is_a_failure(settings: Any, said: bytes) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{server.getsockname()[1]}"
    settings.WEBHOOK_ALLOWED_HOSTS = [host]

    def answer() -> None:
        link, _peer = server.accept()
        with link:
            link.recv(10_000)
            link.sendall(said)

    threading.Thread(target=answer, daemon=True).start()
    outcome = courier.send(f"http://{host}/", "{}", {})
    server.close()
    assert outcome.error in ("malformed_answer", "connection")
    assert courier.send(f"http://{host}/", "{}", {}).error == "connection_refused"


def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: Any) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        assert courier.send(receiver.url, "{}", {}).status == 200
        assert proxy.connections == 0


def test_a_slow_receiver_holds_up_nobody_else(cast: Cast, settings: Any) -> None:
    """Of one webhook at most four attempts are under way; the others' leave meanwhile."""
    all_arrived = threading.Event()
    waited_in_vain: list[bool] = []

    def lazily(handler: Any) -> None:
        waited_in_vain.append(not all_arrived.wait(8))
        plain(200)(handler)

    def quickly(handler: Any) -> None:
        plain(200)(handler)
        if len(quick.got) == 6:
            all_arrived.set()

    with receiving() as quick, receiving() as lazy:
        settings.WEBHOOK_ALLOWED_HOSTS = [quick.host, lazy.host]
        quick.answers, lazy.answers = [quickly], [lazily]
        listen(cast, lazy.url, "complaint.filed")
        listen(cast, quick.url, "complaint.filed")
        for _number in range(6):
            cast.complaint()
        assert webhook_delivery.run().delivered == 12
    assert waited_in_vain == [False] * 6
