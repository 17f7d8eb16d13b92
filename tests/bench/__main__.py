"""`python -m tests.bench [--sizes 1000,100000] [--databases postgresql,sqlite] [--only create,queue,sweep]
[--beside var/bench/latest.json]`.

Measures on databases of its own. Prints each measurement as soon as it is there, at the end all of them with their
growth and the goals of the project; writes that and the raw figures to `var/bench/`, after each size what is there by
then. All parts of a size but `load` and `edit` share one database. PostgreSQL: the server that DATABASE_URL names
(`make bench` starts one with its own settings, fsync included), else one of ours for the time of the run. Exit code 1
if a measurement failed; goals do not count for it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from tests import services
from tests.bench import lines, report
from tests.bench.measure import EDIT, LOADED, WHAT

ROOT = Path(__file__).resolve().parents[2]
SIZES, DATABASES = "1000,100000,1000000", "postgresql,sqlite"
EDITED_UP_TO = 200_000  # complaints, half of them in hand
ON_SQLITE_UP_TO = 100_000  # loading a million takes long there and tells nothing more


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--sizes", default=SIZES, help=f"numbers of complaints (default {SIZES})")
    parser.add_argument("--databases", default=DATABASES, help=f"default {DATABASES}")
    parser.add_argument("--only", default=",".join(WHAT), help=f"default {','.join(WHAT)}")
    parser.add_argument("--beside", type=Path, help="figures of an earlier run (JSON), to tell growth and ratios")
    asked = parser.parse_args()
    wanted = asked.only.split(",")
    if unknown := set(wanted) - set(WHAT):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(WHAT)}")
    target = Path(os.environ.get("VAR_DIR") or ROOT / "var") / "bench"
    machine: dict[str, Any] = {"cores": os.cpu_count(), "python": platform.python_version()}
    earlier = json.loads(asked.beside.read_text())["results"] if asked.beside else []
    results: list[dict[str, Any]] = []
    stamp, text = time.strftime("%Y%m%d-%H%M%S"), ""
    print(lines.heading(), flush=True)
    with tempfile.TemporaryDirectory(prefix="amends-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        server = ""
        for database in asked.databases.split(","):
            if database == "postgresql":
                server = os.environ.get("DATABASE_URL", "")
                if not server.startswith("postgres"):
                    server = stack.enter_context(services.postgresql(folder, durable=True))
            for size in map(int, asked.sizes.split(",")):
                results.append(measured(database, size, wanted, server, folder))
                machine["load"] = os.getloadavg()
                text = report.write(report.merged(earlier, results), machine, target, stamp)
    print(text)
    return 1 if any("error" in json.dumps(found) for found in results) else 0


def measured(database: str, size: int, wanted: list[str], server: str, folder: Path) -> dict[str, Any]:
    """One size on one database: loading on an empty one, an edit of a calendar on its own, all else on another."""
    print(f"{database}, {size:,} complaints", file=sys.stderr, flush=True)
    found: dict[str, Any] = {"database": database, "size": size}
    started = time.perf_counter()
    rest = [what for what in wanted if what not in (LOADED, EDIT)]
    if LOADED in wanted and (database == "postgresql" or size <= ON_SQLITE_UP_TO):
        found |= one(database, size, LOADED, server, folder / f"{database}-{size}-{LOADED}")
    if rest:
        found |= one(database, size, ",".join(rest), server, folder / f"{database}-{size}")
    if EDIT in wanted and database == "postgresql" and size <= EDITED_UP_TO:
        found |= one(database, size, EDIT, server, folder / f"{database}-{size}-{EDIT}")
    return {**found, "seconds": round(time.perf_counter() - started)}


def one(database: str, size: int, only: str, server: str, work: Path) -> dict[str, Any]:
    """Measure in a process of its own, on a fresh database; what it found before it failed, if it did."""
    work.mkdir()
    target = work / "found.json"
    with fresh(database, size, server, work) as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "VAR_DIR": str(work),
            "SECRET_KEY": "bench-only-9b1f7c0d5e2a48639d1c0e7f8a6b5c4d",
            "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "API_RATE_PER_MINUTE": "100000000",  # counted as ever, and never reached
        }
        if database == "sqlite":
            environment.pop("REDIS_URL", None)
        for name in ("DEBUG", "BASE_URL", "ALLOWED_HOSTS", "PORT", "HOST", "SECRET_KEY_FILE"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "tests.bench.measure", str(size), only, str(target)]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    found: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    if code:
        found["error"] = f"{only}: exit code {code}"
    if database == "sqlite":
        shutil.rmtree(work)  # a million complaints take gigabytes
    return found


@contextmanager
def fresh(database: str, size: int, server: str, work: Path) -> Iterator[str]:
    """The address of an empty database, dropped afterwards."""
    if database == "sqlite":
        yield f"sqlite:///{work / 'bench.sqlite3'}"
        return
    parts = urlsplit(server)
    name = f"bench_{size}_{os.getpid()}"
    link = psycopg2.connect(server)
    link.autocommit = True
    link.cursor().execute(f"CREATE DATABASE {name}")
    try:
        yield parts._replace(path=f"/{name}").geturl()
    finally:
        link.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
        link.close()


if __name__ == "__main__":
    raise SystemExit(main())
