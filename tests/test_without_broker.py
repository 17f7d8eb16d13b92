"""A broker that is away, or takes connections and never answers, holds up no request (case F28; issue: watchdog).

A real web server is started with such a broker, and used by form, API and pages. The broker counts who called.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.services import free_port
from tests.test_public_form import Page
from tests.test_up import until, up_environment

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
PATIENCE = 15.0  # seconds: a loaded machine is slow, one that waits for a deaf broker is stuck
PASSWORD = "a long enough pass phrase"
PREPARE = f"""
from django.core.management import call_command
from core.models import User
User.objects.create_superuser("root", "root@house.example", "{PASSWORD}", name="Root")
call_command("create_token", "shop", user="root", scopes="all", days=30)
"""


class DeafBroker:
    """Takes connections and never says a word; or, closed, refuses them."""

    def __init__(self) -> None:
        self.calls = 0
        self.held: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            self.held.append(caller)

    def close(self) -> None:
        """Hang up on everybody, and refuse whoever calls from now on."""
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        for caller in self.held:
            caller.close()


class Web:
    """Gunicorn with `broker` as its Redis; a browser's cookies and an API token."""

    def __init__(self, var: Path, broker: DeafBroker) -> None:
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        (var / "static").mkdir()
        environment = {**up_environment(var), "PORT": str(port), "HOST": "127.0.0.1"}
        run = [sys.executable, "manage.py"]
        subprocess.run([*run, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        said = subprocess.run(
            [*run, "shell", "-v0", "-c", PREPARE], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        self.token = said.stdout.split()[-1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py")],
            cwd=ROOT,
            # Calls of the API are counted in the cache, which has the same address: not what is looked at here.
            env={**environment, "REDIS_URL": f"redis://127.0.0.1:{broker.port}/0", "API_RATE_PER_MINUTE": "0"},
            start_new_session=True,
        )
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path: str, data: Any = None, **headers: str) -> tuple[int, str]:
        """One request; its status and body. One that takes longer than PATIENCE is an error."""
        body = None if data is None else data if isinstance(data, bytes) else urllib.parse.urlencode(data).encode()
        request = urllib.request.Request(self.address + path, body, headers)  # noqa: S310 - our own server
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def submit(self, path: str, **fields: str) -> tuple[int, str]:
        """Open the page with the form, and send it with what it hides."""
        _status, page = self.ask(path)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        return self.ask(path, {**hidden, **fields})

    def file(self, number: int) -> tuple[int, str]:
        body = {"channel": "web", "subject": f"Complaint {number}", "description": "It is broken."}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        return self.ask("/api/v1/complaints/", json.dumps(body).encode(), **headers)

    def complain(self) -> str:
        """Go through the public form, question by question; the last page."""
        page = self.ask("/complain/")[1]
        contact = {"email": "marta@mail.example"}
        answers = ({"description": "It is broken."}, {"type": "billing"}, {}, contact, {"send": "1"})
        for typed in answers:
            fields = Page(SimpleNamespace(content=page.encode())).fields
            status, page = self.ask("/complain/", fields | typed)
            assert status == 200, page
        return page

    def up(self) -> bool:
        try:
            return self.ask("/healthz")[0] == 200
        except OSError:
            return False


@pytest.fixture
def broker() -> Iterator[DeafBroker]:
    found = DeafBroker()
    yield found
    found.close()


@pytest.fixture
def web(tmp_path: Path, broker: DeafBroker) -> Iterator[Web]:
    running = Web(tmp_path, broker)
    try:
        assert until(running.up, 40)
        yield running
    finally:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()


def test_no_request_waits_for_the_broker(web: Web, broker: DeafBroker) -> None:
    status, _page = web.submit("/login/", username="root", password=PASSWORD)
    assert status == 200
    assert any(cookie.name == "sessionid" for cookie in web.jar)
    broker.calls = 0  # a manager's first page is the dashboard, which has a cache
    for number in range(5):
        status, said = web.file(number)
        assert status == 201, said
        reference = json.loads(said)["reference"]
        for path in ("/complaints/", f"/complaints/{reference}/", "/customers/", "/settings/", "/complain/"):
            assert web.ask(path)[0] == 200, path
    assert "marta@mail.example" in web.complain()
    assert broker.calls == 0, "a request talked to the broker"
    assert web.ask("/dashboard/")[0] == 200, "its cache is a cache: a miss, no error"
    status, said = web.ask("/readyz")
    assert (status, json.loads(said)["summary"].startswith("degraded: queue")) == (200, True)
    assert broker.calls > 0, "the test's broker was never asked, so nothing was shown"

    broker.close()
    for number in range(5):
        assert web.file(number + 10)[0] == 201
        assert web.ask("/complaints/")[0] == 200
        assert web.ask("/dashboard/")[0] == 200
    assert "marta@mail.example" in web.complain()
    assert json.loads(web.ask("/readyz")[1])["problems"][0] == "queue"
