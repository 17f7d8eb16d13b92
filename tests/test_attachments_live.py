"""Uploads against a running server: cut off half-way, and the same bytes from many at once (F14, F25)."""

from __future__ import annotations

import http.cookies
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from complaints.actions import attachments
from complaints.models import Attachment, Complaint, Message
from core import cached, clock
from core.actor import Actor
from core.models import User
from core.references import status_token
from tests.cast import Cast, make_cast
from tests.tokens import bearer
from tests.uploads import PNG, draft, empty_storage, file, stored

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
BOUNDARY = "----cut"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="FIELD"; filename="photo.png"\r\n'
    "Content-Type: image/png\r\n\r\n"
)


@pytest.fixture
def cast(transactional_db: Any) -> Iterator[Cast]:
    cached.clear_all()
    empty_storage()
    yield make_cast()
    empty_storage()


def post(server: Any, path: str, headers: dict[str, str], sent: bytes, *, stated: int) -> bytes:
    """A request that states `stated` bytes, sends `sent` and then falls silent for good."""
    parts = urlsplit(server.url)
    lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", f"Content-Length: {stated}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Type: multipart/form-data; boundary={BOUNDARY}")
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + sent)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer


def session_of(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    client.get("/complaints/new/")
    jar: http.cookies.SimpleCookie = client.cookies
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
    return {"Cookie": cookies, "X-CSRFToken": jar["csrftoken"].value}


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def doors(cast: Cast, complaint: Complaint) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Path, name of the file's field, and headers, of every way in."""
    here, link = f"/complaints/{complaint.reference}/", status_token(complaint.reference)
    cookies, public = session_of(cast.agent), public_cookies()
    return {
        "chosen": (f"{here}attachments/", "file", cookies),
        "with a reply": (f"{here}messages/", "files", cookies),
        "at intake": ("/complaints/new/", "files", cookies),
        "before a case": ("/attachments/", "file", cookies),
        "api": (f"/api/v1{here}attachments/", "file", bearer(cast.agent)),
        "public form": ("/complain/", "files", public),
        "public script": ("/complain/files/", "file", public),
        "status page": (f"/status/{link}/", "files", public),
        "status script": (f"/status/{link}/files/", "file", public),
    }


def public_cookies() -> dict[str, str]:
    client = Client()
    client.get("/complain/")
    return {
        "Cookie": f"csrftoken={client.cookies['csrftoken'].value}",
        "X-CSRFToken": client.cookies["csrftoken"].value,
    }


def test_what_is_cut_off_leaves_nothing_through_any_door(live_server: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    before = Message.objects.count(), Complaint.objects.count()
    for why, (path, field, headers) in doors(cast, complaint).items():
        whole = HEAD.replace("FIELD", field).encode() + PNG * 2000
        end = f"\r\n--{BOUNDARY}--\r\n".encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        # the connection breaks: fewer bytes than stated
        assert status(post(live_server, path, headers, whole, stated=len(whole) + 500_000)) in (400, 403, 422), why
        # as many bytes as stated, but the form is not closed: a proxy gave up
        assert status(post(live_server, path, headers, whole, stated=len(whole))) in (400, 403, 422), why
        assert stored() == [], why
        assert not Attachment.objects.exists(), why
        assert (Message.objects.count(), Complaint.objects.count()) == before, why
        # the same, whole, goes through: it was the cut that was refused
        answer = post(live_server, path, headers, whole + end, stated=len(whole) + len(end))
        assert status(answer) in (200, 201, 302, 422), (why, answer[:300])
        assert Attachment.objects.count() == 1, why
        Attachment.objects.all().delete()
        Message.objects.exclude(pk__in=[]).delete()
        before = Message.objects.count(), Complaint.objects.count()
        empty_storage()


def test_twenty_at_once_send_the_same_bytes(cast: Cast) -> None:
    complaint = cast.complaint()
    headers = bearer(cast.agent)
    url = f"/api/v1/complaints/{complaint.reference}/attachments/"
    content = PNG + b"the same" * 20_000

    def one(_number: int) -> int:
        try:
            return Client(headers=headers).post(url, {"file": file(content=content)}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(one, range(20)))
    assert answers == [201] * 20
    assert len(stored()) == 1
    assert Attachment.objects.values("sha256").distinct().count() == 1
    assert Attachment.objects.values("token").distinct().count() == 20


def test_of_twenty_messages_one_takes_the_file(cast: Cast) -> None:
    complaint = cast.complaint()
    token = draft(cast.agent, complaint)
    headers = bearer(cast.agent)
    url = f"/api/v1/complaints/{complaint.reference}/messages/"
    body = f'{{"direction": "out", "body": "Hello", "attachments": ["{token}"]}}'

    def one(_number: int) -> int:
        try:
            return Client(headers=headers).post(url, body, content_type="application/json").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as crowd:
        answers = sorted(crowd.map(one, range(20)))
    assert answers == [201] + [400] * 19
    assert Message.objects.filter(direction="out", body="Hello").count() == 1
    assert Attachment.objects.get().message is not None


def test_a_draft_discarded_while_it_is_sent_is_one_or_the_other(cast: Cast) -> None:
    """Never a message whose file is gone."""
    complaint = cast.complaint()
    headers = bearer(cast.agent)
    for _round in range(5):
        token = draft(cast.agent, complaint)
        url = f"/api/v1/complaints/{complaint.reference}/messages/"
        body = f'{{"direction": "out", "body": "Hello", "attachments": ["{token}"]}}'

        def send(url: str = url, body: str = body) -> int:
            try:
                return Client(headers=headers).post(url, body, content_type="application/json").status_code
            finally:
                connection.close()

        def discard(token: str = token) -> int:
            try:
                return attachments.discard([token], by=Actor.person(cast.agent))
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pair:
            sent, gone = pair.submit(send), pair.submit(discard)
        there = Attachment.objects.filter(token=token).exclude(message=None).count()
        assert (sent.result(), gone.result(), there) in ((201, 0, 1), (400, 1, 0)), clock.now()
