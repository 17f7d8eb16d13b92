"""Make the database forget what it holds in memory, so that the next question is a first one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from django.db import connection

MOST_PAGES = 80_000  # of 8 kB: with more shared memory than this the caches stay partly warm
PASSES = 6  # a page asked for often is kept five times before it goes
BALLAST = "bench_ballast"


def forget() -> None:
    """Fill PostgreSQL's buffers with other pages, give the files back to the disk where we may, connect anew.

    The buffers: by reading a table of our own, row by row through its index (a plain scan of a large table would use a
    small ring of buffers). The files: `posix_fadvise`, which leaves everybody else's alone; where they are not ours to
    open, the system may still hold them.
    """
    if connection.vendor == "postgresql":
        _fill_buffers()
        folder = _folder()
    else:
        folder = Path(str(connection.settings_dict["NAME"]))
    connection.close()
    for file in folder.iterdir() if folder.is_dir() else [folder]:
        with contextlib.suppress(OSError):
            handle = os.open(file, os.O_RDONLY)
            try:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)
    connection.ensure_connection()


def _fill_buffers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(%s) IS NULL, setting::int FROM pg_settings WHERE name = 'shared_buffers'", [BALLAST]
        )
        missing, pages = cursor.fetchone()
        if missing:
            cursor.execute(f"CREATE UNLOGGED TABLE {BALLAST} (id int PRIMARY KEY, filler char(7000) NOT NULL)")
            cursor.execute(f"ALTER TABLE {BALLAST} ALTER filler SET STORAGE PLAIN")
            cursor.execute(
                f"INSERT INTO {BALLAST} SELECT n, 'x' FROM generate_series(1, {min(pages * 5 // 4, MOST_PAGES)}) n"
            )
            cursor.execute(f"VACUUM ANALYZE {BALLAST}")
        cursor.execute("CHECKPOINT")
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_indexonlyscan"):
            cursor.execute(f"SET {setting} = off")
        for _ in range(PASSES):
            cursor.execute(f"SELECT count(filler) FROM {BALLAST} WHERE id > 0")


def _folder() -> Path:
    """Where the files of this database lie."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database "
            "WHERE datname = current_database()"
        )
        return Path(cursor.fetchone()[0])
