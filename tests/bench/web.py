"""The real server (gunicorn as the product starts it: 2 processes with 4 threads) and clients that keep it busy."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.supervisor import die_with_parent
from tests.bench.figures import Timing
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request and the status it should get."""

    method: str
    path: str
    body: bytes | None = None
    expected: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Server:
    """A running gunicorn."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._master = psutil.Process(process.pid)

    def cpu(self) -> float:
        """Seconds of CPU used so far by the processes that answer."""
        times = [child.cpu_times() for child in self._master.children(recursive=True)]
        return sum(found.user + found.system for found in times)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def load(self, calls: Callable[[int], Call | None], clients: int, headers: dict[str, str]) -> Timing:
        """`clients` connections kept alive, each taking `calls(n)` for the next n until it gives None."""
        numbers, lock = iter(range(10**9)), threading.Lock()
        each: list[list[float]] = [[] for _ in range(clients)]
        failures = [0] * clients
        gate = threading.Barrier(clients + 1)

        def work(place: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.connect()
            gate.wait()
            while True:
                with lock:
                    number = next(numbers)
                call = calls(number)
                if call is None:
                    break
                started = time.perf_counter()
                connection.request(call.method, call.path, body=call.body, headers={**headers, **call.headers})
                answer = connection.getresponse()
                answer.read()
                each[place].append(time.perf_counter() - started)
                failures[place] += answer.status != call.expected
            connection.close()

        threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(clients)]
        for thread in threads:
            thread.start()
        cpu = self.cpu()
        gate.wait()
        started = time.perf_counter()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
        return Timing(seconds, [one for some in each for one in some], self.cpu() - cpu, sum(failures))


@contextmanager
def gunicorn() -> Iterator[Server]:
    """The product's server on a free port, on the database of the environment."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1", "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py")],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        server = Server(process, port)
        _wait(process, server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], server: Server) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end and process.poll() is None:
        try:
            server.get("/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("gunicorn did not start")
