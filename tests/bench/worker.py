"""One sweeping process: `python -m tests.bench.worker 2040-01-02T10:00:00+00:00`. Says ready, waits, sweeps."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection
    from django.urls import reverse

    from complaints.sla.sweep import BATCH, sweep

    at = datetime.fromisoformat(sys.argv[1])
    connection.ensure_connection()
    reverse("case", args=["AM-0000-0000"])  # a worker that has been running has all routes in memory
    print("ready", flush=True)
    sys.stdin.readline()
    each, clocks = [], 0
    while True:
        started = time.perf_counter()
        done = sweep(at=at, batch=BATCH, seconds=0)  # one batch
        if not done.clocks:
            break
        each.append(time.perf_counter() - started)
        clocks += done.clocks
    print(json.dumps({"each": each, "clocks": clocks}), flush=True)


if __name__ == "__main__":
    main()
