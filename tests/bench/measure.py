"""One size on one database, in a process of its own: `python -m tests.bench.measure SIZE WHAT FILE`.

Prints each measurement as soon as it is there and writes all so far to FILE.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django

LOADED, EDIT = "load", "edit"  # each wants a database of its own
WHAT = (LOADED, "queue", "case", "search", "figures", "dashboard", "create", "api", "time", "sweep", EDIT)
POSTGRESQL_ONLY = ("figures", "dashboard", "sweep", EDIT)  # bare and ladders are its SQL
Found = dict[str, Any]


class Run:
    """What is measured, and where its results go."""

    def __init__(self, size: int, wanted: Iterable[str], target: Path) -> None:
        from django.db import connection

        self.size, self.target, self.database = size, target, connection.vendor
        self.wanted = [name for name in wanted if self.database == "postgresql" or name not in POSTGRESQL_ONLY]
        self.found: Found = {}

    def wants(self, *names: str) -> bool:
        return bool(set(names) & set(self.wanted))

    def measure(self, name: str, work: Callable[[], Found | Iterable[tuple[str, Found]]]) -> None:
        """Note down what `work` finds, at once or one by one; a failure is noted and does not stop the rest."""
        if name not in self.wanted:
            return
        started = time.perf_counter()
        found = self.found.setdefault(name, {})
        try:
            parts = work()
            for key, figures in parts.items() if isinstance(parts, dict) else parts:
                found[key] = figures
                if not isinstance(parts, dict):
                    self._say({name: {key: figures}})
                self._write()
            if isinstance(parts, dict):
                self._say({name: parts})
        except Exception as error:  # noqa: BLE001  one failure must not lose the rest
            traceback.print_exc()
            found["error"] = f"{type(error).__name__}: {error}"
        self._write()
        note(f"{name} took {time.perf_counter() - started:.0f} s")

    def _say(self, found: Found) -> None:
        from tests.bench import lines

        for line in lines.table({"database": self.database, "size": self.size, **found}):
            print(line, flush=True)

    def _write(self) -> None:
        self.target.write_text(json.dumps(self.found, indent=2))


def main(arguments: list[str]) -> None:
    """Migrate, seed, measure what is asked for (comma between)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    run = Run(int(arguments[0]), arguments[1].split(","), Path(arguments[2]))
    call_command("migrate", verbosity=0)
    (Path(os.environ["VAR_DIR"]) / "static").mkdir(exist_ok=True)
    if run.wants(LOADED):
        from tests.bench import loading

        run.measure(LOADED, lambda: {"whole": loading.measure(run.size)})
    elif run.wanted:
        _seeded(run)


def _seeded(run: Run) -> None:
    """Everything that is measured among `size` complaints; what changes them most comes last."""
    from tests.bench import api, create, dashboard, deadlines, pages, reporting, searching, seed, shop, sweeping, web

    people = seed.company()
    run.wanted.insert(0, "seed")
    run.measure("seed", lambda: {"whole": seed.timed(run.size, people)})
    if "error" in run.found["seed"]:
        return
    with ExitStack() as stack:
        server: Any = None
        if run.wants("queue", "case", "search", "create", "api", "dashboard"):
            server = stack.enter_context(web.gunicorn())
        run.measure("queue", lambda: pages.measure_queue(people, server))
        run.measure("case", lambda: pages.measure_case(people, server))
        run.measure("search", lambda: searching.measure(people, server))
        if run.wants("figures", "dashboard"):
            started = time.perf_counter()
            shop.fill()
            note(f"{shop.BUYERS:,} buyers with {shop.ORDERS:,} orders in {time.perf_counter() - started:.0f} s")
        run.measure("figures", lambda: reporting.measure(people))
        run.measure("dashboard", lambda: dashboard.measure(people, server))
        run.measure("create", lambda: create.measure(people, server))
        run.measure("api", lambda: api.measure(people, server))
    run.measure("time", deadlines.arithmetic)
    run.measure("sweep", sweeping.measure)
    run.measure(EDIT, deadlines.edit)


def note(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
