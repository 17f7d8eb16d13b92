"""Loading complaints with all that belongs to them (`seed_demo --complaints N`), against a bare COPY of the same rows.

"Bare": the rows our loader wrote, search texts included, copied out and into the same tables, emptied, with the same
indexes and foreign keys, over one psycopg2 connection in one transaction; the triggers of search do not work there, as
they do not for our loader, which writes the texts at the end.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import Any

from django.db import connection, models

from complaints.demo import bulk, cast
from complaints.models import SearchText
from core.clock import now

BARE_UP_TO = 100_000  # complaints: beyond, keeping every index row by row takes longer than all else here together
OPEN_SHARE = 0.06
LOADED = (*bulk.LOADED, SearchText)


def measure(size: int) -> dict[str, Any]:
    """Rows a second of the whole load, analyzed and ready; on PostgreSQL the ratio to bare. On an empty database."""
    cast.make(at=now())
    draw = random.randrange(1 << 30)
    started, cpu = time.perf_counter(), time.process_time()
    bulk.seed(size, open_share=OPEN_SHARE, seed=draw, now=now())
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    count = sum(model._default_manager.count() for model in LOADED)
    found = {
        "rows": count,
        "search_texts": SearchText.objects.count(),
        "seconds": round(seconds, 1),
        "per_second": round(count / seconds, 1),
        "cpu_ms": round(cpu / size * 1000, 3),  # for each complaint
    }
    if connection.vendor == "postgresql" and size <= BARE_UP_TO:
        bare = _bare(LOADED)
        found |= {"bare_per_second": round(count / bare, 1), "ratio": round(bare / seconds, 3)}
    return found


def _bare(loaded: tuple[type[models.Model], ...]) -> float:
    """Seconds of copying the tables' rows back into them."""
    import psycopg2

    settings = connection.get_connection_params()
    link = psycopg2.connect(**{key: settings[key] for key in ("dbname", "user", "host", "port") if key in settings})
    tables = [model._meta.db_table for model in loaded]
    with tempfile.TemporaryDirectory() as name, link.cursor() as cursor:
        for table in tables:
            with (Path(name) / table).open("wb") as file:
                cursor.copy_expert(f"COPY {table} TO STDOUT", file)
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        link.commit()
        link.autocommit = True
        cursor.execute("CHECKPOINT")
        link.autocommit = False
        cursor.execute("SET amends.search_later = 'on'")
        started = time.perf_counter()
        for table in tables:
            with (Path(name) / table).open("rb") as file:
                cursor.copy_expert(f"COPY {table} FROM STDIN", file, size=1 << 18)
        link.commit()
        seconds = time.perf_counter() - started
    link.close()
    return seconds
