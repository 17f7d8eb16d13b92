"""An export is written in turns, by workers that may be killed, and nothing is read or written twice."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import cached, clock
from core.actor import Actor
from metrics.actions import exports, run_exports
from metrics.models import Export, ExportState
from tests.cast import MONDAY, Cast, forget, make_cast, make_customer
from tests.conftest import ROOT
from tests.exported import by_api, fetch_api, objects, text_of
from tests.test_import_resume import Elsewhere


@pytest.fixture
def cast(db: None, tmp_path: Path, settings: Any) -> Iterator[Cast]:
    settings.MEDIA_ROOT = tmp_path
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def test_it_is_written_in_turns_and_pieces_without_reading_a_row_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_exports, "CHUNK", 3)
    for _n in range(10):
        make_customer()
    total = 11
    export = by_api(cast.manager, "customers")
    assert isinstance(export, Export)
    for turn in range(1, 5):
        assert run_exports.run_exports(seconds=0) == (1 if turn * 3 >= total + 3 else 0)
        export.refresh_from_db()
        assert export.position == min(turn * 3, total)
    assert run_exports.run_exports(seconds=0) == 1
    found = [one["id"] for one in objects(fetch_api(cast.manager, export))]
    assert len(found) == len(set(found)) == total


def test_the_cost_of_a_piece_does_not_grow_with_the_table(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_exports, "CHUNK", 5)
    for _n in range(9):
        cast.complaint()

    def asked() -> int:
        by_api(cast.manager, "complaints")
        with CaptureQueriesContext(connection) as queries:
            assert run_exports.run_exports() == 1
        return len(queries)

    few = asked()
    for _n in range(20):
        cast.complaint()
    assert asked() - few <= 4 * 4 + 2, "rows, clocks and what counts, for each of four more pieces"


def test_rows_that_come_meanwhile_are_not_part_of_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_exports, "CHUNK", 2)
    for _n in range(4):
        make_customer()
    export = by_api(cast.manager, "customers")
    assert isinstance(export, Export)
    run_exports.run_exports(seconds=0)
    late = make_customer(name="Late")
    assert run_exports.run_exports() == 1
    found = objects(fetch_api(cast.manager, Export.objects.get()))
    assert len(found) == 5 and str(late.pk) not in [one["id"] for one in found]


def test_what_was_written_and_never_counted_is_cut_off(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_exports, "CHUNK", 2)
    for _n in range(6):
        make_customer()
    export = by_api(cast.manager, "customers", "csv")
    assert isinstance(export, Export)
    run_exports.run_exports(seconds=0)
    with exports.path_of(export).open("ab") as file:
        file.write(b"half a li")
    assert run_exports.run_exports() == 1
    rows = list(csv.DictReader(io.StringIO(text_of(fetch_api(cast.manager, Export.objects.get())))))
    assert len({one["id"] for one in rows}) == len(rows) == 7
    again = by_api(cast.manager, "customers", "csv")
    assert isinstance(again, Export)
    run_exports.run_exports(seconds=0)
    exports.path_of(again).unlink()  # another machine's disk, perhaps
    assert run_exports.run_exports() == 1
    same = list(csv.DictReader(io.StringIO(text_of(fetch_api(cast.manager, Export.objects.get(pk=again.pk))))))
    assert same == rows


def test_one_that_is_cancelled_while_it_is_written_stops(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_exports, "CHUNK", 1)
    for _n in range(5):
        make_customer()
    export = by_api(cast.manager, "customers")
    assert isinstance(export, Export)
    note, noted = run_exports._note, []

    def cancelled(*what: Any, **how: Any) -> None:
        noted.append(1)
        if len(noted) == 3:
            exports.cancel(export, by=Actor.person(cast.manager), at=clock.now())
        note(*what, **how)

    monkeypatch.setattr(run_exports, "_note", cancelled)
    assert run_exports.run_exports() == 0
    export.refresh_from_db()
    assert (export.state, export.position, len(noted)) == (ExportState.CANCELLED, 1, 3)


def test_whoever_was_given_up_for_dead_changes_nothing_any_more(cast: Cast) -> None:
    make_customer()
    export = by_api(cast.manager, "customers")
    assert isinstance(export, Export)
    first = run_exports.take(at=MONDAY)
    assert first is not None and run_exports.take(at=MONDAY) is None, "one worker has it"
    with exports.path_of(export).open("ab") as file:
        run_exports._ours(file)  # the first one lives, only slowly
        with clock.frozen(MONDAY + timedelta(minutes=2)):
            assert run_exports.run_exports() == 0, "it holds the file"
    with clock.frozen(MONDAY + timedelta(minutes=4)):
        assert run_exports.run_exports() == 1
    assert run_exports._finish(first, ExportState.FAILED, failure="late") is False
    export.refresh_from_db()
    assert export.state == ExportState.DONE and forget(cast.manager)


SEED = """
from core import clock
from core.actor import Actor
from core.models import User
from metrics.actions import exports
from retention.models import Customer
boss = User.objects.create_user("boss", password="x" * 20, is_manager=True)
at = clock.now()
Customer.objects.bulk_create([Customer(name=f"Customer {n}", created_at=at, updated_at=at) for n in range(400)])
made = exports.start("customers", format="csv", by=Actor.person(boss), at=at)
print(made.stored)
"""
SLOW = """
import time
from metrics.actions import run_exports
run_exports.CHUNK = 10
whole = run_exports._note
def note(*what, **how):
    time.sleep(0.05)
    whole(*what, **how)
run_exports._note = note
run_exports.run_exports()
"""
AGAIN = """
from metrics.actions import run_exports
from metrics.models import Export
before = Export.objects.get()
Export.objects.update(leased_until=None)
print(before.state, before.position)
print(run_exports.run_exports())
after = Export.objects.get()
print(after.state, after.lines, after.attempt)
"""


@pytest.mark.slow
def test_a_worker_that_is_killed_half_way_is_gone_on_from(pristine: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Elsewhere(Path(folder), pristine)

        def python(code: str) -> subprocess.Popen[str]:
            program = f"import django; django.setup()\n{code}"
            command = [sys.executable, "-c", program]
            return subprocess.Popen(command, cwd=ROOT, env=place.environment, stdout=subprocess.PIPE, text=True)

        try:
            stored = python(SEED).communicate(timeout=60)[0].strip()
            worker = python(SLOW)
            for _wait in range(600):
                if (place.ask("SELECT position FROM metrics_export") or 0) >= 60:
                    break
                time.sleep(0.05)
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait(10)
            state, finished, end = python(AGAIN).communicate(timeout=60)[0].strip().splitlines()
            name, position = state.split()
            assert name == "running" and 60 <= int(position) < 400, "it was in the middle"
            assert finished == "1" and end == "done 400 2"
            file = Path(folder) / "media" / "exports" / stored
            rows = list(csv.DictReader(file.open(encoding="utf-8", newline="")))
            assert [one["name"] for one in rows] == [f"Customer {n}" for n in range(400)]
        finally:
            place.drop()
