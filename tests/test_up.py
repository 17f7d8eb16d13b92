"""`manage.py up` for real: four programs come, a killed one returns, Ctrl-C ends all within 5 seconds."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.supervisor import Program, Supervisor, describe
from tests.conftest import ROOT
from tests.services import free_port

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
BOOT = 40.0  # seconds, generous: two cores, other tests beside
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def up_environment(var: Path) -> dict[str, str]:
    """The environment of a real start on SQLite and the embedded broker, with `var` as VAR_DIR."""
    kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(var),
        "SECRET_KEY": "up-" * 20,
        "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
        "AMENDS_TEST": str(var),  # found again in /proc/*/environ
    }


class Up:
    """A running `manage.py up` with a VAR_DIR and a port of its own."""

    def __init__(self, var: Path, database: Path) -> None:
        self.var, self.port, self.lines = var, free_port(), list[str]()
        self.environment = {**up_environment(var), "PORT": str(self.port), "HOST": "127.0.0.1"}
        shutil.copy(database, var / database.name)
        (var / "static").mkdir()
        self.process = self.popen("up")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def status(self) -> int:
        """The HTTP status of /healthz; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ready(self) -> dict[str, object]:
        """What /readyz says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
            found: dict[str, object] = json.loads(answer.read())
            return found

    def pids(self, *words: str) -> set[int]:
        """Living processes of this run (by their environment), with all the words in their command line."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                mine = f"AMENDS_TEST={self.var}".encode() in (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if mine and command != [b""] and all(word.encode() in command for word in words):
                found.add(int(folder.name))
        return found

    def leaders(self, word: str) -> set[int]:
        """The program's own process, without its children."""
        return {pid for pid in self.pids(word) if os.getpgid(pid) == pid and pid != self.process.pid}

    def kill_rest(self) -> None:
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, made once."""
    environment = up_environment(tmp_path_factory.mktemp("migrated"))
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    return Path(environment["VAR_DIR"]) / "amends.sqlite3"


@pytest.fixture
def up(tmp_path: Path, database: Path) -> Iterator[Up]:
    """Started and answering."""
    running = Up(tmp_path, database)
    try:
        assert until(lambda: "Ctrl-C stops it" in running.output, BOOT), running.output
        yield running
    finally:
        running.kill_rest()


@LINUX
def test_everything_starts_a_killed_worker_returns_and_ctrl_c_leaves_nothing(up: Up) -> None:
    assert until(lambda: up.status() == 200, BOOT), up.output
    assert f"http://127.0.0.1:{up.port}/" in up.output
    assert until(lambda: len(up.pids("worker")) >= 2 and up.leaders("beat") and up.leaders("watch"), BOOT), up.output
    assert until(lambda: up.ready()["summary"] == "ok", BOOT), up.ready()
    (worker,) = up.leaders("worker")
    family = up.pids("worker")

    os.kill(worker, signal.SIGKILL)

    assert until(lambda: up.leaders("worker") - {worker}, 30), up.output
    assert until(lambda: not (up.pids("worker") & family), 15), "the dead worker left children"
    assert "worker ended with SIGKILL; starts again" in up.output

    started = time.monotonic()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=10) == 0
    assert time.monotonic() - started < 5
    assert up.pids() == set()
    left = {str(path.relative_to(up.var)) for path in up.var.rglob("*") if path.is_file()}
    assert not {name for name in left if re.search(r"\.(pid|lock|tmp|msg|sock)$|celerybeat", name)}, left


@LINUX
def test_a_killed_web_server_beat_and_watch_return(up: Up) -> None:
    for word in ("gunicorn", "beat", "watch"):
        assert until(lambda word=word: up.leaders(word), BOOT), up.output
        (old,) = up.leaders(word)
        os.kill(old, signal.SIGKILL)
        assert until(lambda word=word, old=old: up.leaders(word) - {old}, 30), up.output
    assert until(up.status, 30)


@LINUX
def test_killing_up_itself_ends_its_programs(up: Up) -> None:
    up.process.kill()
    up.process.wait()
    assert until(lambda: not up.pids(), 30), up.pids()


def test_a_taken_port_is_a_sentence_and_an_exit_code(up: Up) -> None:
    second = up.popen("up")
    said, _ = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"Port {up.port} on 127.0.0.1 is taken" in said
    assert "Traceback" not in said


def test_a_program_that_cannot_start_ends_all_with_its_words() -> None:
    said: list[str] = []
    programs = [
        Program("good", [sys.executable, "-c", "import time; time.sleep(60)"]),
        Program("bad", [sys.executable, "-c", "import sys; print('no such thing'); sys.exit(3)"]),
    ]
    supervisor = Supervisor(programs, os.environ, ready=lambda: False, say=said.append)
    assert supervisor.run() == 1
    assert "bad    | no such thing" in said
    assert any("exit code 3 while starting" in line for line in said)
    assert all(program.process is None for program in programs)


def test_waiting_grows_with_each_failure_and_starts_afresh_after_a_steady_run() -> None:
    program = Program("x", ["x"])
    assert [program.next_delay(1) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert program.next_delay(60) == 0.5


def test_exit_codes_in_words() -> None:
    assert (describe(3), describe(-9)) == ("exit code 3", "SIGKILL")
