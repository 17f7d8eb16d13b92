"""One size on one database, in a process of its own: `python -m tests.bench.measure SIZE WHAT FILE`."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

WHAT = ("create", "queue", "case", "sweep", "figures", "dashboard")


def main(arguments: list[str]) -> None:
    """Migrate, seed, measure what is asked for (comma between), write JSON."""
    size, wanted, target = int(arguments[0]), arguments[1].split(","), Path(arguments[2])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    from tests.bench import create, pages, reporting, seed, sweeping, web

    call_command("migrate", verbosity=0)
    (Path(os.environ["VAR_DIR"]) / "static").mkdir(exist_ok=True)
    started = time.perf_counter()
    people = seed.company()
    seed.seed(size, people)
    found: dict[str, Any] = {"seed_seconds": round(time.perf_counter() - started, 1)}
    say(f"seeded {size:,} in {found['seed_seconds']} s")

    def measured(name: str, work: Callable[[], dict[str, Any]]) -> None:
        if name in wanted:
            started = time.perf_counter()
            try:
                found[name] = work()
            except Exception as error:  # noqa: BLE001  one failure must not lose the rest
                traceback.print_exc()
                found[name] = {"error": f"{type(error).__name__}: {error}"}
            say(f"{name} took {time.perf_counter() - started:.0f} s")

    if set(wanted) & {"create", "queue", "case"}:
        with web.gunicorn() as server:
            measured("queue", lambda: pages.measure_queue(people, server))
            measured("case", lambda: pages.measure_case(people, server))
            measured("create", lambda: create.measure(people, server))
    measured("sweep", sweeping.measure)
    measured("figures", lambda: reporting.measure(people))
    if "dashboard" in wanted:  # last: the figures' measurement fills what a board shows
        with web.gunicorn() as server:
            measured("dashboard", lambda: pages.measure_dashboard(people, server))
    target.write_text(json.dumps(found, indent=2))


def say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
