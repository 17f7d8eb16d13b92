"""An installation of its own for a long run: a fresh database and folder, real Celery workers and beats to kill."""

from __future__ import annotations

import contextlib
import email
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis

from core.supervisor import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass(slots=True)
class World:
    """`folder` is its VAR_DIR; `environment` what every process of it gets."""

    folder: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def python(self, *arguments: str) -> str:
        """Run a module to its end; what it printed."""
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=900, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def state(self) -> dict[str, Any]:
        """Counts out of the database (tests.soak.scene)."""
        found: dict[str, Any] = json.loads(self.python("tests.soak.scene", "state").splitlines()[-1])
        return found

    def worker(self) -> subprocess.Popen[bytes]:
        return self._celery("worker", "--pool", "prefork", "--concurrency", "1", *QUIET)

    def beat(self) -> subprocess.Popen[bytes]:
        return self._celery("beat")

    def watcher(self) -> subprocess.Popen[bytes]:
        return self._start("watch", "django", "watch", "--every", "5")

    def _celery(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self._start(arguments[0], "celery", "-q", "-A", "config.celery", *arguments, "--loglevel", "WARNING")

    def _start(self, name: str, *module: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL to it and its children at once, as when the machine is taken away."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process in self.processes:
            self.processes.remove(process)

    def mails(self) -> Counter[str]:
        """How many files in the mail folder carry each Message-ID."""
        found: Counter[str] = Counter()
        for path in (self.folder / "mail").glob("*"):
            for part in path.read_text(errors="replace").split("-" * 79 + "\n"):
                if part.strip():
                    found[str(email.message_from_string(part.lstrip())["Message-ID"])] += 1
        return found

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def own_environment(folder: Path) -> dict[str, str]:
    """What every process of an installation in `folder` gets, but for its servers."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "DJANGO"))}
    environment |= {"VAR_DIR": str(folder), "SECRET_KEY": "soak-only-51d0c7be9f2a4e6883b1", "LOG_LEVEL": "WARNING"}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "API_RATE_PER_MINUTE": "0"}
    for name in ("SECRET_KEY_FILE", "EMAIL_URL", "BASE_URL", "DEBUG"):
        environment.pop(name, None)
    return environment


@contextmanager
def world(folder: Path, *, servers: bool) -> Iterator[World]:
    """A migrated, empty installation: on the servers of the environment, or embedded (SQLite, broker in a folder)."""
    environment = own_environment(folder)
    with database(servers, folder) as url:
        environment["DATABASE_URL"] = url
        if servers:
            environment["REDIS_URL"] = os.environ["REDIS_URL"]
            redis.Redis.from_url(environment["REDIS_URL"]).flushdb()
        else:
            environment.pop("REDIS_URL", None)
        here = World(folder, environment)
        try:
            yield here
        finally:
            for process in list(here.processes):
                here.kill(process)


@contextmanager
def database(servers: bool, folder: Path) -> Iterator[str]:
    if not servers:
        yield f"sqlite:///{folder / 'soak.sqlite3'}"
        return
    address = os.environ["DATABASE_URL"]
    name = f"soak_{os.getpid()}_{time.monotonic_ns()}"
    link = psycopg2.connect(address)
    link.autocommit = True
    link.cursor().execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(address)._replace(path=f"/{name}").geturl()
    finally:
        link.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
        link.close()


def until(happened: Callable[[], bool], *, within: float, every: float = 0.5) -> float:
    """Wait; seconds it took. Raises TimeoutError."""
    started = time.monotonic()
    while not happened():
        if time.monotonic() - started > within:
            raise TimeoutError(f"not within {within} s")
        time.sleep(every)
    return time.monotonic() - started
