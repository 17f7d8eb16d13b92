"""What figures read of the clocks is what the clocks say, whatever happened to the complaint (domain, Figures)."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from complaints.actions import converse, decide, handle, manage
from complaints.models import Clock, Complaint, SlaPolicy
from complaints.reference import catalogue
from complaints.sla import standing
from complaints.sla.recount import recount
from core import cached, clock
from core.actor import Actor
from tests.cast import MONDAY, make_agent, make_complaint, make_manager

pytestmark = pytest.mark.django_db


def nothing_differs() -> None:
    assert recount(mend=False)["columns"] == {}


@pytest.fixture(autouse=True)
def fresh() -> None:
    cached.clear_all()


@pytest.mark.parametrize("mode", ["resume", "restart"])
@pytest.mark.parametrize("late", [False, True])
def test_a_whole_life(mode: str, late: bool) -> None:
    SlaPolicy.objects.update(reopen_mode=mode)
    cached.clear_all()
    agent = make_agent()
    by, at = Actor.person(agent), MONDAY

    def step(hours: float) -> datetime:
        nonlocal at
        at += timedelta(hours=hours)
        return at

    with clock.frozen(MONDAY):
        complaint = make_complaint(owner=agent, received_at=MONDAY - timedelta(days=40 if late else 0))
    nothing_differs()
    causes = [cause for cause in catalogue().causes.values() if cause.parent_id]
    with clock.frozen(MONDAY + timedelta(days=30)):
        complaint = handle.acknowledge(complaint, by=by, at=step(1), message="We have it.")
        nothing_differs()
        complaint = handle.wait(complaint, by=by, at=step(1), reason="a photo")
        nothing_differs()
        converse.incoming(complaint, by=Actor.customer(), at=step(30), body="Here it is.")
        nothing_differs()
        complaint = manage.classify(complaint, by=by, at=step(1), reason="Worse", severity="critical")
        nothing_differs()
        for _turn in range(2):
            complaint = decide.resolve(
                complaint, by=by, at=step(2), outcome="upheld", root_cause=causes[0], summary="Done", answer="Sorry."
            )
            nothing_differs()
            complaint = decide.close(complaint, by=by, at=step(1))
            nothing_differs()
            complaint = decide.reopen(complaint, by=by, at=step(3), reason="Not done")
            nothing_differs()
        complaint = decide.withdraw(complaint, by=by, at=step(1), reason="No matter")
        nothing_differs()
    cycles = Clock.objects.filter(complaint=complaint, kind="resolve").count()
    assert cycles == (3 if mode == "restart" else 1)


def test_released_from_quarantine() -> None:
    complaint = make_complaint(quarantine=True)
    complaint = manage.release(complaint, by=Actor.person(make_manager()), at=clock.now())
    complaint.refresh_from_db()
    assert complaint.resolve_due_at is not None
    nothing_differs()


def test_history_as_it_is_imported_and_imported_again(reference_data: Path, tmp_path: Path) -> None:
    make_manager()
    from tests.cast import ensure_default_owner

    ensure_default_owner()
    for preset, name in (("boston311", "boston_311.csv.gz"), ("cfpb", "cfpb.csv.gz")):
        with gzip.open(reference_data / name, "rt", encoding="utf-8", newline="") as file:
            lines = [row for row, _n in zip(csv.reader(file), range(600), strict=False)]
        part = tmp_path / f"{preset}.csv"
        with part.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows(lines)
        for _turn in range(2):
            call_command("import_complaints", str(part), preset=preset, stdout=StringIO())
            nothing_differs()


def test_the_command_finds_and_mends(capsys: pytest.CaptureFixture[str]) -> None:
    complaint = make_complaint()
    Complaint.objects.filter(pk=complaint.pk).update(resolve_met=7, resolve_due_at=None)
    with pytest.raises(SystemExit):
        call_command("recount_standing", check=True, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found == {"complaints": 1, "different": 1, "columns": {"resolve_due_at": 1, "resolve_met": 1}}
    call_command("recount_standing")
    call_command("recount_standing", check=True, json=True)
    complaint.refresh_from_db()
    assert (complaint.resolve_met, complaint.resolve_due_at is None) == (0, False)


def test_the_migration_fills_what_the_clocks_say() -> None:
    from tests.figures.world import NOW, make_world

    with clock.frozen(NOW):
        world = make_world(3, size=60)
    names = [name for name in standing.FIELDS if not name.endswith("_seconds")]
    before = {one.pk: tuple(getattr(one, name) for name in names) for one in world.complaints}
    blank = {name: None if name.endswith("due_at") else 0 for name in names}
    Complaint.objects.update(**blank)
    statement = import_module("complaints.migrations.0007_fill_standing")._statement
    with connection.cursor() as cursor:
        for kind in ("acknowledge", "resolve"):
            cursor.execute(statement(kind))
    after = {one.pk: tuple(getattr(one, name) for name in names) for one in Complaint.objects.all()}
    assert after == before


def test_working_time_of_what_ended_before_it_began() -> None:
    calendar = standing.house_calendar()
    day = datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert standing.worked(calendar, day, day - timedelta(hours=1)) == 0
    assert standing.worked(calendar, day, None) is None
