"""Workers are killed with SIGKILL twenty times while webhooks are delivered (case F27)."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.soak.world import ROOT, World, until, world
from tests.webhook_receiver import Received, receiving, slow

EVENTS, KILLS = 600, 20


@pytest.mark.parametrize("servers", [True, False], ids=["postgresql and redis", "embedded"])
def test_every_event_arrives_under_its_id(tmp_path: Path, servers: bool) -> None:
    """Filed while they die; at the end every complaint was told of, and what came twice came under one id."""
    with receiving() as receiver, world(tmp_path, servers=servers) as here:
        receiver.answers = [slow(0.1)]
        here.environment["WEBHOOK_ALLOWED_HOSTS"] = receiver.host
        here.python("tests.soak.hooked", "prepare", receiver.url)
        here.beat()
        command = [sys.executable, "-m", "tests.soak.hooked", "file", str(EVENTS)]
        filing = subprocess.Popen(command, cwd=ROOT, env=here.environment, stdout=subprocess.PIPE, text=True)
        worker, in_the_middle = here.worker(), 0
        for _kill in range(KILLS):
            before = len(receiver.got)
            until(lambda: len(receiver.got) > before, within=120, every=0.02)  # noqa: B023
            time.sleep(random.uniform(0, 0.4))
            here.kill(worker)
            in_the_middle += len(receiver.got) > before
            worker = here.worker()
        filed, _errors = filing.communicate(timeout=300)
        wanted = set(filed.split())
        took = until(lambda: len(told(receiver.got)) == len(wanted), within=120)
        until(lambda: state(here)["states"] == {"delivered": EVENTS}, within=90, every=3)
        found = told(receiver.got)
        print(
            f"\n{EVENTS} events, {KILLS} kills, {in_the_middle} while delivering; the last {took:.0f} s after the end"
        )
        print(f"{len(receiver.got)} requests, {sum(len(ids) for ids in found.values())} ids; {state(here)}")
        assert len(wanted) == EVENTS and set(found) == wanted
        assert all(len(ids) == 1 for ids in found.values()), "one event, one webhook-id, however often it came"
        assert state(here)["stuck"] == 0 and in_the_middle > KILLS // 4


def told(got: list[Received]) -> dict[str, Counter[str]]:
    """Of each reference the webhook-ids under which it came, and how often."""
    found: dict[str, Counter[str]] = {}
    for one in list(got):
        reference = json.loads(one.body)["data"]["reference"]
        found.setdefault(reference, Counter())[one.headers["webhook-id"]] += 1
    return found


def state(here: World) -> dict[str, object]:
    said: dict[str, object] = json.loads(here.python("tests.soak.hooked", "state").splitlines()[-1])
    return said
