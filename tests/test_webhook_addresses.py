"""Where webhooks may not go: refused when saved, when tested and when delivered, without a connection (case F16)."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core import cached, clock
from core.actions import webhook_delivery, webhooks
from core.actor import Actor
from core.models import TrailEntry, Webhook, WebhookDelivery, WebhookMessage
from core.webhooks import courier, target
from core.webhooks.target import AddressNotAllowed
from tests.cast import Cast, make_cast
from tests.tokens import bearer
from tests.webhook_receiver import Receiver, plain, receiving

pytestmark = pytest.mark.django_db
PUBLIC = "93.184.215.14"
# `PORT` is that of a listener on this machine, which must not hear of any of them.
REFUSED = [
    "https://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/",
    "https://127.8.9.10:PORT/",
    "https://localhost:PORT/",
    "https://LOCALHOST:PORT/",
    "https://localhost.:PORT/",
    "https://a.localhost:PORT/",
    "https://[::1]:PORT/",
    "https://[0:0:0:0:0:0:0:1]:PORT/",
    "https://[::]:PORT/",
    "https://0.0.0.0:PORT/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://172.31.255.254/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/",
    "https://[fec0::1]/",
    "https://100.64.0.1/",
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    # odd forms of numbers that resolvers read as 127.0.0.1
    "https://2130706433:PORT/",
    "https://0x7f000001:PORT/",
    "https://0x7f.0.0.1:PORT/",
    "https://0177.0.0.1:PORT/",
    "https://017700000001:PORT/",
    "https://127.1:PORT/",
    "https://127.0.1:PORT/",
    "https://0:PORT/",
    "https://127.0.0.1.:PORT/",
    "https://１２７.０.０.１:PORT/",
    "https://127。0。0。1:PORT/",
    "https://ⓛocalhost:PORT/",
    "https://%31%32%37.0.0.1:PORT/",
    # IPv4 inside IPv6
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://[::127.0.0.1]:PORT/",
    "https://[::ffff:0:127.0.0.1]:PORT/",
    "https://[64:ff9b::7f00:1]:PORT/",
    "https://[64:ff9b:1::7f00:1]:PORT/",
    "https://[2002:7f00:1::]:PORT/",
    "https://[2002:7f00:1::1]:PORT/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://[2a00::5efe:127.0.0.1]:PORT/",
    # somebody in front of the host
    "https://user@93.184.215.14/",
    "https://user:word@93.184.215.14/",
    "https://@93.184.215.14/",
    "https://93.184.215.14@127.0.0.1:PORT/",
    "https://127.0.0.1:PORT#@93.184.215.14/",
    "https://93.184.215.14#@127.0.0.1:PORT/",
    "https://93.184.215.14\\@127.0.0.1:PORT/",
    "https://127.0.0.1:PORT\\@93.184.215.14/",
    # no web address
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_x",
    "ftp://93.184.215.14/",
    "dict://127.0.0.1:PORT/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "unix:/run/x.sock",
    "https:93.184.215.14",
    "https:///93.184.215.14/",
    "//93.184.215.14/",
    "93.184.215.14",
    "https://",
    "https://[::1/",
    "https://exa mple.com/",
    "https://93.184.215.14/\r\nX-Injected: 1",
    "https://93.184.215.14/\tx",
    "https://93.184.215.14/ä",
    # ports of other services
    "https://93.184.215.14:22/",
    "https://93.184.215.14:25/",
    "https://93.184.215.14:5432/",
    "https://93.184.215.14:6379/",
    "https://93.184.215.14:11211/",
    "https://93.184.215.14:27017/",
    "https://93.184.215.14:0/",
    "https://93.184.215.14:99999/",
    "https://93.184.215.14:x/",
    "http://93.184.215.14/",
    # names inside
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://intranet/",
    "https://name-without-address.example:22/",
    "http://name-without-address.example/",
]
ALLOWED = [
    "https://93.184.215.14/hook",
    "https://93.184.215.14:443/hook?x=1",
    "https://93.184.215.14:80/",
    "https://93.184.215.14:8443/",
    "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
    "https://[::ffff:93.184.215.14]/",
    "https://[64:ff9b::5db8:d70e]/",
    "HTTPS://name-without-address.example/",
    "https://bücher.example/",
]


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


@pytest.fixture
def listener() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: Any) -> None:
    """Names of the documentation have no address; others as this machine knows them, which is what a trick needs."""
    real = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if str(host).endswith(".example"):
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def counts() -> list[int]:
    return [model.objects.count() for model in (Webhook, WebhookDelivery, WebhookMessage, TrailEntry)]


@pytest.mark.sqlite
def test_refused_on_save_on_change_and_on_test_and_at_the_socket(cast: Cast, listener: Receiver, client: Any) -> None:
    """Every address of the table at every door; one walk, so that the company is made once."""
    headers = bearer(cast.admin, "webhooks:write")
    made = client.post(
        "/api/v1/webhooks/", {"url": f"https://{PUBLIC}/"}, content_type="application/json", headers=headers
    ).json()
    one = f"/api/v1/webhooks/{made['id']}/"
    wrong = []
    for form in REFUSED:
        url = form.replace("PORT", str(listener.port))
        before = counts()
        save = client.post("/api/v1/webhooks/", {"url": url}, content_type="application/json", headers=headers)
        change = client.patch(
            one, {"url": url}, content_type="application/json", headers={**headers, "If-Match": '"1"'}
        )
        Webhook.objects.filter(pk=made["id"]).update(url=url)  # saved once, when its name led elsewhere
        test = client.post(f"{one}test/", {}, content_type="application/json", headers=headers)
        Webhook.objects.filter(pk=made["id"]).update(url=made["url"])
        answers = [(each.status_code, each.json()["code"]) for each in (save, change, test)]
        sent = courier.send(url, "{}", {})
        found = sent.error in ("address_not_allowed", "name_not_found") and sent.status is None
        if answers != [(400, "address_not_allowed")] * 3 or counts() != before or not found:
            wrong.append((url, answers, sent.error))
    assert wrong == []
    assert listener.connections == 0
    refusal = save.json()
    assert [error["pointer"] for error in refusal["errors"]] == ["/url"] and "127.0.0.1" not in refusal["detail"]


@pytest.mark.sqlite
@pytest.mark.parametrize("url", ALLOWED)
def test_public_addresses_are_taken(url: str) -> None:
    target.check(url)


@pytest.mark.sqlite
def test_a_name_that_leads_inside_is_refused_though_another_of_its_addresses_is_public(monkeypatch: Any) -> None:
    mixed = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in (PUBLIC, "10.0.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: mixed)
    with pytest.raises(AddressNotAllowed):
        target.check("https://mixed.example/")


def test_rebinding_gains_nothing(cast: Cast, listener: Receiver, monkeypatch: Any) -> None:
    """Public when it is saved, this machine when it is delivered; and looked up once for each attempt."""
    asked: list[str] = []
    say = [PUBLIC]

    def look_up(host: str, port: int, **_more: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (say[0], port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    url = f"https://rebound.example:{max(listener.port, 8000)}/"
    webhooks.create(url, events=["complaint.filed"], by=Actor.person(cast.admin), at=clock.now())
    cast.complaint()
    say[0] = "127.0.0.1"
    asked.clear()
    assert webhook_delivery.run().failed == 1
    assert asked == ["rebound.example"] and listener.connections == 0
    row = WebhookDelivery.objects.get()
    assert (row.error, row.status, row.state) == ("address_not_allowed", None, "pending")


@pytest.mark.sqlite
def test_the_connection_goes_to_the_very_address_that_was_checked(monkeypatch: Any) -> None:
    """The name is not asked for again by whoever opens the socket: it gets numbers."""
    connected: list[Any] = []

    class Socket:
        def __init__(self, *_what: Any) -> None:
            pass

        def settimeout(self, _seconds: float) -> None:
            pass

        def connect(self, address: Any) -> None:
            connected.append(address)
            raise ConnectionRefusedError

        def close(self) -> None:
            pass

    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 443))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: answers.pop(0))
    monkeypatch.setattr(courier.socket, "socket", Socket)
    assert courier.send("https://some.example/", "{}", {}).error == "connection_refused"
    assert connected == [(PUBLIC, 443)] and answers == []


@pytest.mark.sqlite
def test_a_name_server_that_hangs_does_not_hold_us(monkeypatch: Any) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [never.wait(5)][1:])
    with pytest.raises(target.NameNotFound):
        target.resolve(target.parse("https://slow.example/"), seconds=0.1)
    never.set()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("entry", "reached"),
    [
        ("127.0.0.1:{port}", True),
        ("127.0.0.1", True),
        ("127.0.0.0/8", True),
        ("localhost:{port}", False),  # another name
        ("127.0.0.1:1", False),  # another port
        ("10.0.0.0/8", False),
        ("::1", False),
    ],
)
def test_the_operator_can_allow_one_host(settings: Any, listener: Receiver, entry: str, reached: bool) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = [entry.format(port=listener.port)]
    outcome = courier.send(listener.url, "{}", {})
    assert (outcome.status == 200) is reached
    assert (outcome.error == "address_not_allowed") is not reached
    assert listener.connections == int(reached)


@pytest.mark.sqlite
def test_an_allowed_host_does_not_lead_to_another_one(settings: Any, listener: Receiver) -> None:
    with receiving() as other:
        settings.WEBHOOK_ALLOWED_HOSTS = [listener.host]
        listener.answers = [plain(302, Location=other.url)]
        assert courier.send(listener.url, "{}", {}).error == "redirect"
        assert courier.send(other.url, "{}", {}).error == "address_not_allowed"
        assert other.connections == 0


@pytest.mark.sqlite
def test_an_allowed_name_is_found_and_called_by_its_name(settings: Any, listener: Receiver) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = [f"localhost:{listener.port}"]
    assert courier.send(f"http://localhost:{listener.port}/a?b=c", "{}", {}).status == 200
    assert listener.got[0].headers["host"] == f"localhost:{listener.port}" and listener.got[0].path == "/a?b=c"


@pytest.mark.sqlite
def test_a_list_that_cannot_be_read_says_so(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["http://host/path"]
    with pytest.raises(ValueError, match="WEBHOOK_ALLOWED_HOSTS"):
        target.check(f"https://{PUBLIC}/")


@pytest.mark.sqlite
def test_a_certificate_of_somebody_else_is_refused(settings: Any) -> None:
    """TLS is checked against the name: plain HTTP behind https is no secure connection either."""
    with receiving() as one:
        settings.WEBHOOK_ALLOWED_HOSTS = [one.host]
        assert courier.send(one.url.replace("http:", "https:"), "{}", {}).error in ("tls", "connection")
        assert one.got == []
    context = courier._tls()
    assert context.check_hostname and context.verify_mode.name == "CERT_REQUIRED"


@pytest.mark.sqlite
def test_no_address_that_is_not_global_counts_as_public() -> None:
    inside = ["0.0.0.1", "100.127.255.255", "169.254.0.1", "192.0.0.8", "203.0.113.9", "::2", "fc00::1", "fe80::9"]
    assert [text for text in inside if target.is_public(ipaddress.ip_address(text))] == []
    for v4 in ("10.0.0.1", "127.0.0.1", "169.254.169.254"):
        number = int(ipaddress.IPv4Address(v4))
        for base in ("::", "::ffff:0:0", "64:ff9b::", "64:ff9b:1::", "::ffff:0:0:0"):
            wrapped = ipaddress.IPv6Address(int(ipaddress.IPv6Address(base)) | number)
            assert not target.is_public(wrapped), wrapped
        assert not target.is_public(ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1))
