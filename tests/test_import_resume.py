"""Cut off half-way and started again: nothing lost, nothing twice (case F32)."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings

from complaints.importing.presets import presets
from complaints.importing.run import AlreadyRunning, Import
from complaints.models import Complaint
from core.actor import Actor
from core.models import ImportRun
from tests.cast import make_manager
from tests.conftest import ROOT

ROWS = 6_000
HEAD = "external_id,received_at,channel,subject\n"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_WITH_A_USER = pytest.StashKey["Elsewhere"]()


class Elsewhere:
    """A database of its own for processes that may be killed: a copy of `like` (see `pristine`), which nobody is at."""

    def __init__(self, folder: Path, like: str) -> None:
        self.environment = {**os.environ, "VAR_DIR": str(folder), "SECRET_KEY": "k" * 50}
        self.environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        if settings.SQLITE:
            self.path = folder / "elsewhere.sqlite3"
            self.name = str(self.path)
            self.environment["DATABASE_URL"] = f"sqlite:///{self.path}"
            shutil.copyfile(like, self.path)
        else:
            server = settings.DATABASES["default"]
            self.name = f"elsewhere_{uuid.uuid4().hex[:8]}"
            self.server = {"host": server["HOST"], "port": server["PORT"], "user": server["USER"]}
            self.server |= {"password": server["PASSWORD"]} if server["PASSWORD"] else {}
            self._maintain(f"CREATE DATABASE {self.name} TEMPLATE {like}")
            self.environment["DATABASE_URL"] = (
                f"postgres://{server['USER']}:{server['PASSWORD']}@{server['HOST']}:{server['PORT']}/{self.name}"
            )

    def _maintain(self, statement: str) -> None:
        with_server = psycopg2.connect(**self.server, dbname="postgres")
        with_server.autocommit = True
        with_server.cursor().execute(statement)
        with_server.close()

    def drop(self) -> None:
        if not settings.SQLITE:
            self._maintain(f"DROP DATABASE {self.name} WITH (FORCE)")

    def ask(self, statement: str) -> Any:
        """The first value of the first row."""
        connection = (
            sqlite3.connect(self.path) if settings.SQLITE else psycopg2.connect(**self.server, dbname=self.name)
        )
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            row = cursor.fetchone()
            return row[0] if row else None
        finally:
            connection.close()

    def kill(self, victim: subprocess.Popen[str]) -> None:
        """As kill -9 does; back once the database has ended what the dead asked last and let go of its locks."""
        victim.kill()
        victim.communicate()
        end = time.monotonic() + 60
        while not settings.SQLITE and self.ask(OTHERS):
            assert time.monotonic() < end, "the database still works for somebody dead"
            time.sleep(0.01)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        return out


def with_a_user(config: pytest.Config, pristine: str) -> Elsewhere:
    """With all tables and one user; made once, for the others are copies of it."""
    if _WITH_A_USER not in config.stash:
        folder = tempfile.TemporaryDirectory(prefix="amends-elsewhere-")
        config.add_cleanup(folder.cleanup)
        place = Elsewhere(Path(folder.name), pristine)
        config.add_cleanup(place.drop)
        place.run("shell", "-c", "from core.models import User; User.objects.create_superuser('boss', password='x')")
        config.stash[_WITH_A_USER] = place
    return config.stash[_WITH_A_USER]


@pytest.fixture
def elsewhere(tmp_path: Path, request: pytest.FixtureRequest, pristine: str) -> Iterator[Elsewhere]:
    place = Elsewhere(tmp_path, with_a_user(request.config, pristine).name)
    yield place
    place.drop()


@pytest.mark.slow
def test_killed_half_way_and_again(elsewhere: Elsewhere, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    lines = [
        f"{n},2020-01-01T{n % 24:02d}:00:00Z,{'pigeon' if n % 100 == 7 else 'email'},Subject {n}\n" for n in range(ROWS)
    ]
    file.write_text(HEAD + "".join(lines))
    rejects = tmp_path / "rejects.csv"
    command = ("import_complaints", str(file), "--preset", "generic", "--rejects", str(rejects), "--json")
    victim = elsewhere.start(*command)
    end = time.monotonic() + 120
    while time.monotonic() < end and victim.poll() is None:
        if (elsewhere.ask("SELECT max(position) FROM core_importrun") or 0) >= 2_000:
            break
        time.sleep(0.01)
    elsewhere.kill(victim)
    half = elsewhere.ask("SELECT count(*) FROM complaints_complaint")
    assert 0 < half < ROWS * 0.99, "killed too late or too early to tell anything"
    out = elsewhere.run(*command)
    good = ROWS - ROWS // 100
    assert json.loads(out.splitlines()[-1]) == {
        "created": good, "updated": 0, "unchanged": 0, "rejected": ROWS // 100,
    }  # fmt: skip
    assert elsewhere.ask("SELECT count(*) FROM complaints_complaint") == good
    assert elsewhere.ask("SELECT count(DISTINCT external_id) FROM complaints_complaint") == good
    assert elsewhere.ask("SELECT count(*) FROM complaints_narrative") == good
    assert elsewhere.ask("SELECT count(*) FROM core_trailentry WHERE kind = 'complaint.recorded'") == good
    assert elsewhere.ask("SELECT count(*) FROM core_outboxmessage") == 0
    assert len(rejects.read_text().splitlines()) == 1 + ROWS // 100
    assert json.loads(elsewhere.run(*command).splitlines()[-1])["created"] == 0
    assert elsewhere.ask("SELECT count(*) FROM complaints_complaint") == good


def job(path: Path, **options: Any) -> Import:
    return Import(path, presets()["generic"], "generic", Actor.system("test"), chunk=10, **options)


@pytest.mark.django_db
def test_interrupted_it_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_manager()
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "".join(f"{n},2020-01-01,email,S\n" for n in range(35)))
    from complaints.importing import run as module

    real, calls = module.record_history, []

    def interrupted(*args: Any, **options: Any) -> Any:
        calls.append(1)
        done = real(*args, **options)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(module, "record_history", interrupted)
    with pytest.raises(KeyboardInterrupt):
        job(path).run()
    assert (Complaint.objects.count(), ImportRun.objects.get().position) == (20, 20)
    monkeypatch.setattr(module, "record_history", real)
    again = job(path)
    run = again.run()
    assert (again.resumed_from, run.created, run.unchanged, run.position) == (20, 35, 0, 35)
    assert Complaint.objects.count() == 35 and ImportRun.objects.get().finished_at is not None


@pytest.mark.django_db
def test_two_at_once_do_not_both_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_manager()
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "".join(f"{n},2020-01-01,email,S\n" for n in range(30)))
    from complaints.importing import run as module

    real = module.record_history

    def overtaken(*args: Any, **options: Any) -> Any:
        done = real(*args, **options)
        ImportRun.objects.update(position=20)
        return done

    monkeypatch.setattr(module, "record_history", overtaken)
    with pytest.raises(AlreadyRunning):
        job(path).run()
    assert Complaint.objects.count() == 0
