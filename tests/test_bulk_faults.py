"""Changes of many complaints under kill -9 and by several workers: each row exactly once (case F27; ux, desk 7)."""

from __future__ import annotations

import time

import pytest

from tests.test_import_resume import Elsewhere, elsewhere

__all__ = ["elsewhere"]
ROWS = 150
ENOUGH = 200  # seconds: on a busy machine 150 rows need more than a worker's usual 30, which then stops in good order
MAKE = f"""
from complaints.actions import bulk
from complaints.models import ComplaintType
from core import clock
from core.actor import Actor
from tests.cast import make_agent, make_complaint, make_team
agent = make_agent(make_team())
cases = [make_complaint(owner=agent).pk for _ in range({ROWS})]
bulk.begin(by=Actor.person(agent), at=clock.now(), action="note", values={{"body": "once"}}, complaints=cases)
"""
ADVANCE = "from datetime import timedelta; from complaints.actions import bulk; bulk.LEASE = timedelta(seconds=1); "
NOTES = "SELECT count(*) FROM complaints_note"
DONE = "SELECT count(*) FROM complaints_bulkrow WHERE done_at IS NOT NULL"
STATE = "SELECT state FROM complaints_bulkrun"
TWICE = "SELECT count(*) FROM (SELECT complaint_id FROM complaints_note GROUP BY complaint_id HAVING count(*) > 1) AS t"
TRAIL = "SELECT count(*) FROM core_trailentry WHERE kind = 'complaint.noted'"


def finished(elsewhere: Elsewhere) -> bool:
    return (elsewhere.ask(STATE), elsewhere.ask(DONE), elsewhere.ask(NOTES), elsewhere.ask(TWICE)) == (
        "done", ROWS, ROWS, 0,
    ) and elsewhere.ask(TRAIL) == ROWS  # fmt: skip


@pytest.mark.slow
def test_killed_half_way_another_goes_on(elsewhere: Elsewhere) -> None:
    elsewhere.run("shell", "-c", MAKE)
    victim = elsewhere.start("shell", "-c", f"{ADVANCE} bulk.advance(seconds={ENOUGH})")
    end = time.monotonic() + 120
    while time.monotonic() < end and victim.poll() is None and elsewhere.ask(DONE) < 20:
        time.sleep(0.005)
    elsewhere.kill(victim)
    time.sleep(1.1)  # the lease of the dead
    half = elsewhere.ask(DONE)
    assert 0 < half < ROWS, "killed too late or too early to tell anything"
    assert elsewhere.ask(NOTES) == half and elsewhere.ask(STATE) == "running"
    elsewhere.run("shell", "-c", f"{ADVANCE} assert bulk.advance(seconds={ENOUGH}) == {ROWS - half}")
    assert finished(elsewhere)


@pytest.mark.slow
def test_two_workers_at_one_run_share_its_rows(elsewhere: Elsewhere) -> None:
    elsewhere.run("shell", "-c", MAKE)
    carry_on = f"bulk.carry_on(BulkRun.objects.get(), seconds={ENOUGH})"
    at_it = f"{ADVANCE} from complaints.models import BulkRun; print({carry_on})"
    workers = [elsewhere.start("shell", "-c", at_it) for _ in range(2)]
    told = []
    for one in workers:
        out, err = one.communicate(timeout=300)
        assert one.returncode == 0, err
        told.append(int(out.split()[-1]))
    elsewhere.run("shell", "-c", f"{ADVANCE} bulk.advance()")  # whoever was last may have left the end to the other
    assert sum(told) == ROWS and finished(elsewhere)
