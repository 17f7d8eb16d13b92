"""Redis is away for minutes while people go on working: twenty requests a second by form, API and pages (case F28).

Everybody is answered, about as fast as before; the health page says what is missing; once Redis is back every mail
leaves, once, in the order of its complaint.

    AMENDS_SOAK_AWAY=600 python -m tests.soak -k broker
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core.supervisor import die_with_parent
from tests import services
from tests.soak.servers import Postgres
from tests.soak.world import ROOT, World, own_environment, until
from tests.test_public_form import Page

AWAY = float(os.environ.get("AMENDS_SOAK_AWAY") or 120)  # seconds without Redis; the case asks for 600
BEFORE = min(60.0, AWAY)  # seconds of the same work with it, to compare with
RATE = 20.0  # requests a second
CLIENTS = 8
CAUGHT_UP_WITHIN = 120.0
TIMES_SLOWER = 2.0
PASSWORD = "a long enough pass phrase"
PREPARE = f"""
from django.core.management import call_command
from core.models import User
User.objects.create_superuser("root", "", "{PASSWORD}", name="Root")
call_command("create_token", "shop", user="root", scopes="all", days=30)
"""
LEFT = "SELECT count(*) FROM core_outboxmessage WHERE sent_at IS NULL AND failed_at IS NULL"
OUT_OF_ORDER = """
    SELECT count(*) FROM core_outboxmessage later JOIN core_outboxmessage earlier
        ON earlier.subject_kind = later.subject_kind AND earlier.subject_id = later.subject_id
        AND earlier.due_at < later.due_at AND earlier.sent_at > later.sent_at"""
SENT = "SELECT count(*), count(DISTINCT message_id) FROM core_outboxmessage WHERE sent_at IS NOT NULL"


class Broker:
    """A Redis (or Valkey) on a port of its own that can be taken away and brought back."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, services.free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.home)]
        self.process = subprocess.Popen(
            [services.redis_server(), *options], stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        until(self.answers, within=20, every=0.1)

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Client:
    """Somebody signed in, with a token too."""

    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.ask("/login/")[1]))
        assert self.ask("/login/", hidden | {"username": "root", "password": PASSWORD})[0] == 200

    def ask(self, path: str, data: Any = None, **headers: str) -> tuple[int, str]:
        body = None if data is None else data if isinstance(data, bytes) else urllib.parse.urlencode(data).encode()
        request = urllib.request.Request(self.address + path, body, headers)  # noqa: S310 - our own server
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def api(self, path: str, **body: Any) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        return self.ask(f"/api/v1/{path}", json.dumps(body).encode(), **headers)

    def work(self, number: int) -> list[tuple[str, float, int]]:
        """One thing somebody does: (what, seconds, status) of each request."""
        done = []

        def timed(what: str, *given: Any, by: Any = self.ask, **more: Any) -> str:
            started = time.monotonic()
            status, said = by(*given, **more)
            done.append((what, time.monotonic() - started, status))
            return said

        if number % 4 == 0:
            customer = {"name": f"Soak {number}", "email": f"soak{number}@mail.example"}
            body = {"channel": "email", "subject": f"Soak {number}", "description": "Broken.", "customer": customer}
            reference = json.loads(timed("api", "complaints/", by=self.api, **body))["reference"]
            timed(
                "api", f"complaints/{reference}/messages/", by=self.api, direction="out", body="We are looking into it."
            )
        elif number % 4 == 1:
            page = timed("form", "/complain/")
            fields = Page(SimpleNamespace(content=page.encode())).fields
            timed("form", "/complain/", fields | {"description": f"It broke, {number}."})
        else:
            timed("pages", "/complaints/?view=all" if number % 4 == 2 else "/customers/")
        return done


class Load:
    """RATE requests a second by CLIENTS people, until told to stop."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients, self.took, self.statuses = clients, [], Counter[int]()
        self.number, self.lock, self.broken = 0, threading.Lock(), []

    def run(self, seconds: float) -> tuple[float, int]:
        """The 95th percentile of the answers' seconds, and how many there were."""
        self.took = []
        until_then = time.monotonic() + seconds
        threads = [threading.Thread(target=self._work, args=(one, until_then)) for one in self.clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.broken, self.broken[0]
        return sorted(self.took)[int(len(self.took) * 0.95)], len(self.took)

    def _work(self, client: Client, until_then: float) -> None:
        pause = CLIENTS / RATE
        time.sleep(random.uniform(0, pause))
        following = time.monotonic()
        while following < until_then:
            time.sleep(max(0.0, following - time.monotonic()))
            with self.lock:
                self.number += 1
                number = self.number
            try:
                done = client.work(number)
            except Exception as error:  # noqa: BLE001 - said by the test, not by a thread
                self.broken.append(repr(error))
                return
            with self.lock:
                self.took += [seconds for _what, seconds, _status in done]
                self.statuses.update(status for _what, _seconds, status in done)
            following += pause * len(done)


def web(here: World, port: int) -> subprocess.Popen[bytes]:
    with (here.folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py")],
            cwd=ROOT,
            env={**here.environment, "PORT": str(port), "HOST": "127.0.0.1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    here.processes.append(process)
    return process


def test_everybody_is_answered_while_the_broker_is_away(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    home = Path("/tmp") / f"amends-soak-{os.getpid()}"
    home.mkdir(mode=0o755)
    broker = Broker(tmp_path)
    database = Postgres(home)
    port = services.free_port()
    environment = own_environment(tmp_path) | {"DATABASE_URL": database.url, "REDIS_URL": broker.url}
    environment |= {"BASE_URL": f"http://127.0.0.1:{port}", "ALLOWED_HOSTS": "127.0.0.1"}
    here = World(tmp_path, environment)
    try:
        here.python("django", "migrate", "-v0")
        here.python("django", "collectstatic", "--noinput", "-v0")
        token = here.python("django", "shell", "-v0", "-c", PREPARE).split()[-1]
        web(here, port)
        here.worker()
        here.beat()
        until(lambda: _ok(port, "/healthz"), within=60)
        load = Load([Client(f"http://127.0.0.1:{port}", token) for _ in range(CLIENTS)])
        load.run(10)  # warm
        before, n_before = load.run(BEFORE)
        broker.stop()
        without, n_without = load.run(AWAY)
        said = json.loads(load.clients[0].ask("/readyz")[1])
        broker.start()
        took = until(lambda: _one(database, LEFT)[0] == 0, within=CAUGHT_UP_WITHIN)
        sent, ids = _one(database, SENT)
        mails = here.mails()
        print(f"\np95 {before * 1000:.0f} ms over {n_before}, without Redis {without * 1000:.0f} ms over {n_without};")
        print(f"{dict(load.statuses)}; {sent} mails, all gone {took:.0f} s after it was back")
        assert set(load.statuses) <= {200, 201}, load.statuses
        assert said["summary"].startswith("degraded: queue"), said
        assert without <= before * TIMES_SLOWER
        assert sent == ids == len(mails) and set(mails.values()) == {1}
        assert _one(database, OUT_OF_ORDER)[0] == 0
    finally:
        for process in list(here.processes):
            here.kill(process)
        broker.stop()
        database.stop()
        services.shutil.rmtree(home, ignore_errors=True)


def _ok(port: int, path: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _one(database: Postgres, text: str) -> tuple[Any, ...]:
    with contextlib.closing(database.connect()) as link, link.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchone()  # type: ignore[return-value]
