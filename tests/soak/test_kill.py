"""Workers are killed with SIGKILL during sweep and mails; nothing is lost or done twice (cases F27, F29)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.soak.world import ROOT, World, until, world

SERVERS, EMBEDDED = 5_000, 500


@pytest.mark.parametrize(
    ("servers", "count"), [(True, SERVERS), (False, EMBEDDED)], ids=["postgresql and redis", "embedded"]
)
def test_a_killed_worker_costs_nothing(tmp_path: Path, servers: bool, count: int) -> None:
    """All fall due; a worker is killed while it sweeps; four workers and two beats go on, and are killed once more."""
    with world(tmp_path, servers=servers) as here:
        here.python("tests.soak.scene", "prepare", str(count))
        beat, before = here.beat(), kill_while_sweeping(here)
        assert 0 < before < count, "the worker was not in the middle of it"
        began = time.monotonic()
        workers, _second = [here.worker() for _ in range(4)], here.beat()
        until(lambda: here.state()["breached"] == count, within=180)
        swept = time.monotonic() - began
        until(lambda: here.state()["sent"] > count // 5, within=300)
        for one in (*workers[:2], beat):
            here.kill(one)
        here.worker(), here.beat()
        until(lambda: (found := here.state())["sent"] + found["given_up"] == count * 2, within=900, every=3)
        sent = time.monotonic() - began
        state, files = here.state(), here.mails()
        print(f"\n{count} due, {before} when killed, {swept:.0f} s more, all mails after {sent:.0f} s; {state}")
        print(f"{sum(files.values())} files, {len(files)} Message-IDs, {sum(n > 1 for n in files.values())} sent again")
        check(state, count)
        assert len(files) == count * 2, "one mail for owner and lead of each"
        assert "deadlock" not in here.logs() and "IntegrityError" not in here.logs() and "locked" not in here.logs()


def kill_while_sweeping(here: World) -> int:
    """Start a worker, wait for the first breaches, SIGKILL; how many there were."""
    command = [sys.executable, "-m", "tests.soak.scene", "watch", "0"]
    watcher = subprocess.Popen(command, cwd=ROOT, env=here.environment, stdout=subprocess.PIPE)
    worker = here.worker()
    assert watcher.stdout is not None
    watcher.stdout.readline()
    time.sleep(random.uniform(0, 0.05))
    here.kill(worker)
    watcher.wait()
    found: int = here.state()["breached"]
    return found


def check(state: dict[str, object], count: int) -> None:
    """Each once, dated at its deadline, one mail to each addressee."""
    for name in ("expected", "breached", "firings", "events", "entries"):
        assert state[name] == count, name
    for name in ("mails", "message_ids", "sent"):
        assert state[name] == count * 2, name
    for name in ("dated_wrong", "twice", "given_up", "trail_faults"):
        assert state[name] == 0, name
