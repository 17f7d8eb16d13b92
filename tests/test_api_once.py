"""One key, one effect: fifty calls at once, and a server killed before its answer arrived (case F05)."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from django.db import connection
from django.test import Client

from complaints.models import Complaint
from core import cached
from core.models import IdempotencyKey, OutboxMessage, TrailEntry
from tests.bench.web import Server, gunicorn
from tests.cast import make_cast
from tests.tokens import bearer

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.postgresql]
PATH = "/api/v1/complaints/"
BODY = {
    "channel": "web",
    "subject": "Charged twice",
    "description": "You took it twice.",
    "customer": {"name": "Ivo", "email": "ivo@mail.example"},
}


@pytest.fixture
def headers() -> dict[str, str]:
    cached.clear_all()
    return {**bearer(make_cast().agent), "Idempotency-Key": "the-one"}


def counts() -> tuple[int, int, int, int]:
    """Complaints, their trail, their mails, answers kept."""
    return (
        Complaint.objects.count(),
        TrailEntry.objects.filter(subject_kind="complaint").count(),
        OutboxMessage.objects.count(),
        IdempotencyKey.objects.count(),
    )


def test_fifty_at_once_with_one_key_make_one_complaint(headers: dict[str, str]) -> None:
    Client().post(PATH, BODY, content_type="application/json", headers={**headers, "Idempotency-Key": "before"})
    before = counts()
    answers: list[Any] = []
    gate = threading.Barrier(50)

    def call() -> None:
        client = Client()
        gate.wait()
        try:
            answers.append(client.post(PATH, BODY, content_type="application/json", headers=headers))
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 50
    assert len({(answer.content, answer["Location"]) for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    after = counts()
    assert after[0] == before[0] + 1
    assert after[3] == before[3] + 1
    again = Client().post(PATH, BODY, content_type="application/json", headers=headers)
    assert again.content == answers[0].content
    assert counts() == after, "and nothing more of anything"


def test_a_new_customer_whose_two_complaints_come_at_once_is_made_once(headers: dict[str, str]) -> None:
    """Each with a key of its own, the last two without one: whoever comes second finds the customer."""
    customer = {"name": "Ada", "external_id": "C-77"}
    answers: list[Any] = []
    gate = threading.Barrier(8)

    def call(number: int) -> None:
        keyed = {**headers, "Idempotency-Key": f"order-{number}-{customer['external_id']}"}
        if number > 5:
            del keyed["Idempotency-Key"]
        gate.wait()
        try:
            sent = {**BODY, "subject": f"Order {number}", "customer": customer}
            answers.append(Client().post(PATH, sent, content_type="application/json", headers=keyed))
        finally:
            connection.close()

    for _round in range(3):
        threads = [threading.Thread(target=call, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        customer["external_id"] += "x"
    assert {answer.status_code for answer in answers} == {201}, answers[0].content
    assert len(answers) == 24
    assert len({answer.json()["customer"]["id"] for answer in answers}) == 3


def test_a_server_killed_after_the_commit_owes_the_answer(
    headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is there, the answer was never read; both processes die; the repetition gets what was answered then."""
    told = connection.settings_dict
    host = quote(told["HOST"], safe="")
    port = f":{told['PORT']}" if told["PORT"] else ""
    secret = f":{quote(told['PASSWORD'], safe='')}" if told["PASSWORD"] else ""
    monkeypatch.setenv("DATABASE_URL", f"postgres://{told['USER']}{secret}@{host}{port}/{told['NAME']}")
    monkeypatch.setenv("WEB_CONCURRENCY", "1")
    body = json.dumps(BODY).encode()
    with gunicorn() as server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        lines = [f"POST {PATH} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json", *(f"{name}: {value}" for name, value in headers.items())]
        line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        until_filed()
        kill(server)
    first = Complaint.objects.get()
    before = counts()
    with gunicorn() as server:
        caller = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        caller.request("POST", PATH, body=body, headers={**headers, "Content-Type": "application/json"})
        answer = caller.getresponse()
        shown = json.loads(answer.read())
        caller.close()
        connection.close()
    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert (shown["reference"], shown["version"]) == (first.reference, 1)
    assert answer.headers["Location"].endswith(f"{PATH}{first.reference}/")
    assert counts() == before


def until_filed() -> None:
    """Until the complaint is committed, half a minute at most."""
    end = time.monotonic() + 30
    while not Complaint.objects.exists():
        assert time.monotonic() < end, "nothing was filed"
        time.sleep(0.002)


def kill(server: Server) -> None:
    """SIGKILL for the server and its workers, at once."""
    processes = [server._master, *server._master.children(recursive=True)]
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=10)
