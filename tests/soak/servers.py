"""A PostgreSQL of one's own that can be made to crash and start again, and a Redis to empty (case F29)."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2

from tests import services


class Postgres:
    """A durable server in `home` with the empty database `amends`. `crash` is `pg_ctl stop -m immediate`."""

    def __init__(self, home: Path) -> None:
        self.user = services.server_user()
        self.folder = services.reachable_bin(services.postgres_bin(), home, self.user)
        self.port, self.data, self.log = services.free_port(), home / "data", home / "postgresql.log"
        self.data.mkdir()
        if self.user:
            services.shutil.chown(self.data, self.user)
        services._initdb(self.folder, self.data, self.user)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        with contextlib.closing(self.connect("postgres")) as link:
            link.autocommit = True
            link.cursor().execute("CREATE DATABASE amends")

    @property
    def url(self) -> str:
        return f"postgres://amends@127.0.0.1:{self.port}/amends"

    def connect(self, database: str = "amends") -> psycopg2.extensions.connection:
        return psycopg2.connect(host="127.0.0.1", port=self.port, user="amends", dbname=database)

    def start(self) -> None:
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "/tmp", "max_connections": "200"}
        flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
        command = [self.folder / "postgres", "-D", self.data, "-p", str(self.port), *flags]
        self.process = services._start(command, self.log, self.user)
        refusal = psycopg2.OperationalError
        services._wait(self.process, self.log, refusal, lambda: self.connect("postgres").close())

    def crash(self) -> None:
        """Immediate shutdown: no checkpoint, every connection cut off, recovery at the next start."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def _end(self, number: int) -> None:
        if self.process is not None:
            services._stop(self.process, number)
            self.process = None


@contextlib.contextmanager
def servers() -> Iterator[tuple[Postgres, str]]:
    """Both, in a folder that is gone afterwards; the database and the broker's URL."""
    with tempfile.TemporaryDirectory(prefix="amends-soak-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)  # PostgreSQL does not run as root
        with services.redis_or_valkey(home) as broker:
            database = Postgres(home)
            try:
                yield database, broker
            finally:
                database.stop()
