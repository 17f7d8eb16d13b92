"""Thousands of deadlines fall due while everything that can break does (F29; F27 for the sweep and mail; issue 4).

Two beats, four workers and two watchers run; workers, beats and watchers are killed at random, the broker is emptied,
the database crashes and comes back. Afterwards every warning and breach is there once, at its own time, told once.

    AMENDS_SOAK_DEADLINES=10000 AMENDS_SOAK_MINUTES=6 python -m tests.soak -k falling
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import redis

from tests.soak.servers import Postgres, servers
from tests.soak.world import World, own_environment, until

DEADLINES = int(os.environ.get("AMENDS_SOAK_DEADLINES") or 10_000)
MINUTES = float(os.environ.get("AMENDS_SOAK_MINUTES") or 6)
SEED = int(os.environ.get("AMENDS_SOAK_SEED") or time.time())
CAUGHT_UP_WITHIN = 1800.0  # seconds after the last deadline, for all mail: some hundred a second
WAITING = """SELECT (SELECT count(*) FROM complaints_clock WHERE next_at IS NOT NULL),
                    (SELECT count(*) FROM core_outboxmessage WHERE sent_at IS NULL AND failed_at IS NULL),
                    (SELECT count(*) FROM core_heartbeat WHERE name LIKE 'alarm:%' AND detail <> '{}')"""
BAD = ("deadlock", "IntegrityError", "UniqueViolation", "duplicate key")


class Chaos:
    """What happens when, in seconds from the beginning of the run."""

    def __init__(self, here: World, database: Postgres, broker: str, seconds: float) -> None:
        self.here, self.database = here, database
        self.broker = redis.Redis.from_url(broker)
        self.random = random.Random(SEED)
        self.begun = {"worker": [here.worker() for _ in range(4)], "beat": [here.beat() for _ in range(2)]}
        self.begun["watch"] = [here.watcher() for _ in range(2)]
        kills = max(8, int(seconds / 12))
        plan: list[tuple[float, Callable[[], None]]] = [
            *((self.random.uniform(0, seconds), lambda: self.kill("worker")) for _ in range(kills)),
            *((self.random.uniform(0, seconds), lambda: self.kill("beat")) for _ in range(3)),
            *((self.random.uniform(0, seconds), lambda: self.kill("watch")) for _ in range(2)),
            *((seconds * share, self.empty) for share in (0.25, 0.5, 0.75)),
            *((seconds * share, self.crash) for share in (0.4, 0.8)),
        ]
        self.plan = sorted(plan, key=lambda one: one[0])
        self.log: list[str] = []

    def run(self, began: float) -> None:
        """Do all of it, then return. Raises AssertionError when a process ends by itself."""
        for at, act in self.plan:
            while time.time() < began + at:
                time.sleep(min(0.2, max(0.0, began + at - time.time())))
            act()
            self.all_alive()

    def kill(self, kind: str) -> None:
        """SIGKILL one of its kind with its children; another comes in its place after a moment."""
        found = self.begun[kind]
        self.here.kill(victim := self.random.choice(found))
        found.remove(victim)
        found.append({"worker": self.here.worker, "beat": self.here.beat, "watch": self.here.watcher}[kind]())
        self.log.append(kind)

    def empty(self) -> None:
        self.broker.flushall()
        self.log.append("broker emptied")

    def crash(self) -> None:
        self.database.crash()
        time.sleep(self.random.uniform(0.5, 4))
        self.database.start()
        self.log.append("database crashed")

    def all_alive(self) -> None:
        for kind, found in self.begun.items():
            ended = [one.returncode for one in found if one.poll() is not None]
            assert not ended, f"a {kind} ended by itself with {ended} after {self.log[-3:]}"


def test_every_deadline_fires_once_whatever_breaks(tmp_path: Path) -> None:
    seconds = MINUTES * 60
    with servers() as (database, broker):
        here = World(tmp_path, own_environment(tmp_path) | {"DATABASE_URL": database.url, "REDIS_URL": broker})
        try:
            prepared = here.python("tests.soak.falling", "prepare", str(DEADLINES), str(round(seconds)))
            began = float(prepared.splitlines()[-1])
            print(f"\n{DEADLINES} deadlines in {MINUTES:g} min, seed {SEED}, ready {began - time.time():.0f} s ahead")
            chaos = Chaos(here, database, broker, seconds)
            chaos.run(began)
            until(lambda: time.time() > began + seconds, within=seconds)
            took = until(lambda: nothing_waits(database), within=CAUGHT_UP_WITHIN, every=2)
            chaos.all_alive()
            found = json.loads(here.python("tests.soak.falling", "verdict").splitlines()[-1])
            files = here.mails()
            again = sum(number > 1 for number in files.values())
            print(f"{len(chaos.log)} faults: {', '.join(chaos.log)}")
            print(f"all caught up {took:.0f} s after the last deadline; {again} mails sent again; {found}")
            said = here.logs()
            assert found["faults"] == []
            assert found["firings"] >= DEADLINES
            assert not [word for word in BAD if word in said], said[-4000:]
        finally:
            for process in list(here.processes):
                here.kill(process)


def nothing_waits(database: Postgres) -> bool:
    """No clock is due, no mail unsent, no alarm open."""
    with contextlib.closing(database.connect()) as link, link.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone() == (0, 0, 0)
