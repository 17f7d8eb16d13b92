"""A worker that lives and works off nothing is silent; one that is busy, or waits for a queue that is away, is not
(issue: watchdog; cases F28, F29)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import Celery, signals
from django.test import Client, override_settings

from complaints import tasks
from config import celery as wiring
from core import checks, clock, jobs, pulse, watchdog
from core.actions.upkeep import alive, leave, tidy
from core.actions.watchdog import tell
from core.instants import iso
from core.models import Heartbeat, OutboxMessage
from core.pulse import Pulse
from core.watchdog import row_of
from tests.cast import MONDAY, make_admin, make_manager

pytestmark = [pytest.mark.django_db]


def after(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


class Hall:
    """Beat and workers as their threads show them, every second of a day that begins on MONDAY."""

    def __init__(self) -> None:
        self.sending: float | None = 0.0
        self.sent: float | None = 0.0
        self.began: dict[int, float] = {}

    def beat(self, second: float, *, sends: bool = True) -> None:
        if sends:
            self.sending = second if self.sent is None or second - self.sent > 15 else self.sending
            self.sent = second
        facts = {"sending": self.said(self.sending), "sent": self.said(self.sent)}
        alive("beat", at=after(second), detail={"pid": 1, "host": "box", **facts})

    def worker(self, second: float, *, worked: float | None, pid: int = 4711, host: str = "box") -> None:
        began = self.began.setdefault(pid, second)
        facts = {"began": self.said(began), "worked": self.said(worked)}
        alive(row_of(pid, host), at=after(second), detail={"pid": pid, "host": host, **facts})

    @staticmethod
    def said(second: float | None) -> str | None:
        return None if second is None else iso(after(second))

    def swept(self, second: float) -> None:
        alive("sweep", at=after(second))


def silent(second: float) -> list[str]:
    return [sign.part for sign in watchdog.silent(watchdog.signs(after(second)), after(second))]


def ready(second: float) -> dict[str, Any]:
    with clock.frozen(after(second)):
        answer: dict[str, Any] = Client().get("/readyz").json()
    return answer


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "queue", lambda: checks.Finding("queue", True))


def test_a_worker_that_lives_and_takes_no_job_is_shown_within_a_minute(
    hall: Hall, working: None, client: Client
) -> None:
    """Stopped or hung: its process's thread goes on saying that it lives."""
    make_admin(email="root@house.example")
    hall.swept(100)
    for second in range(0, 171, 10):
        hall.beat(second)
        hall.worker(second, worked=min(second, 100))
        expected = ["worker"] if second > 140 else []
        assert silent(second) == ready(second)["problems"] == expected, second
        assert tell(at=after(second)) == (1 if second == 150 else 0), "the watcher looks every ten seconds"
    assert ready(150)["silent"] == [{"name": "worker", "since": iso(after(100))}]
    assert OutboxMessage.objects.get().context["since_at"] == iso(after(100))
    client.force_login(make_manager(language="en"))
    with clock.frozen(after(150)):
        assert "No worker gives a sign of life." in client.get("/dashboard/").content.decode()


def test_it_is_back_with_the_first_job_it_does(hall: Hall) -> None:
    make_admin(email="root@house.example")
    hall.swept(0)
    hall.beat(0)
    hall.worker(0, worked=0)
    for second in (10, 20, 30, 40, 50):
        hall.beat(second)
        hall.worker(second, worked=0)
    assert tell(at=after(50)) == 1
    hall.worker(200, worked=0)
    assert silent(200) == ["beat"], "nothing is sent: nobody can work"
    assert tell(at=after(200), judged=()) == 0, "that beat fell silent makes no worker heard"
    hall.beat(210)
    hall.worker(220, worked=215)
    hall.beat(220)
    hall.swept(220)
    assert tell(at=after(221)) == 1
    assert OutboxMessage.objects.order_by("-pk")[0].template == "watch_heard"


def test_while_beat_is_dead_no_worker_is_blamed(hall: Hall) -> None:
    hall.beat(0)
    for second in (0, 10, 60, 300):
        hall.worker(second, worked=0)
    assert silent(300) == ["beat"]
    hall.beat(600)
    hall.worker(600, worked=0)
    assert silent(610) == ["sweep"], "beat is back: a worker gets time to take what it sends"
    hall.beat(650)
    hall.worker(650, worked=610)
    assert silent(650) == ["sweep"]


def test_while_the_queue_is_away_no_worker_is_blamed(hall: Hall) -> None:
    """F28: beat lives and nothing it sends is taken; once it is, a worker gets time to find its way back."""
    hall.swept(100)
    for second in range(0, 101, 10):
        hall.beat(second)
        hall.worker(second, worked=second)
    for second in range(110, 700, 10):
        hall.beat(second, sends=False)
        hall.worker(second, worked=100)
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            assert ready(second)["summary"] == "degraded: queue"
        assert silent(second) == (["sweep"] if second > 220 else []), second
    for second in range(700, 750, 10):
        hall.beat(second)
        hall.worker(second, worked=100)
        assert silent(second) == ["sweep"]
    hall.beat(750)
    hall.worker(750, worked=100)
    assert silent(750) == ["worker"]


def test_of_several_workers_one_that_works_is_enough_and_one_killed_is_missing(hall: Hall, working: None) -> None:
    hall.swept(90)
    for second in range(0, 101, 10):
        hall.beat(second)
        hall.worker(second, worked=second)
        hall.worker(min(second, 30), worked=min(second, 30), pid=4712, host="shed")
        hall.worker(second, worked=30, pid=4713, host="shed")
        answer = ready(second)
        assert answer["problems"] == []
        expected = [{"name": f"{pid}@shed", "since": iso(after(30))} for pid in (4712, 4713)]
        assert sorted(answer["missing"], key=lambda one: one["name"]) == (expected if second > 90 else [])
    with clock.frozen(after(100)):
        assert "; missing: 471" in checks.pulse()[0].detail
    hall.worker(110, worked=110, pid=5000, host="shed")
    hall.worker(110, worked=110, pid=5001, host="elsewhere")
    assert ready(110)["missing"] == [], "others came in their stead"


def test_nobody_misses_who_signed_off_or_has_been_gone_for_a_day(hall: Hall, working: None) -> None:
    day = 86_400
    hall.worker(-1, worked=None, pid=4711)
    hall.worker(0, worked=0, pid=4712)
    hall.worker(0, worked=0, pid=4713)
    leave(row_of(4713, "box"))
    leave(row_of(9999, "box"))
    for second in (100, day + 1):
        hall.beat(second)
        hall.worker(second, worked=second, pid=4711)
        names = [one["name"] for one in ready(second)["missing"]]
        assert names == (["4712@box"] if second == 100 else [])
    assert tidy(at=after(2 * day + 1))["workers"] == 2
    assert Heartbeat.objects.filter(name__startswith="worker:").count() == 1


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A monotonic clock to turn by hand."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    yield now


def test_a_job_counts_where_it_begins_and_ends(turn: list[float]) -> None:
    found = jobs.Jobs()
    assert found.last() is None
    found.began("a")
    turn[0] += 30
    assert found.last() == 1000, "it may hang"
    turn[0] += 5
    found.ended("a")
    turn[0] += 7
    assert found.last() == 1035


def test_a_long_job_counts_as_long_as_it_may_take(turn: list[float]) -> None:
    found = jobs.Jobs()
    found.began("import", may_take=300)
    turn[0] += 299
    assert found.last() == turn[0]
    turn[0] += 2
    assert found.last() == 1000, "then it hangs since it began"


def test_the_processes_of_a_worker_share_what_they_know() -> None:
    found = jobs.Jobs()
    child = os.fork()
    if child == 0:
        found.began("a")
        os._exit(0)
    os.waitpid(child, 0)
    assert found.last() is not None


def test_sending_begins_anew_after_a_break(turn: list[float]) -> None:
    found = jobs.Sending()
    for seconds in (0, 2, 10):
        turn[0] += seconds
        found.sent()
    assert (found.since, found.last) == (1000, 1012)
    turn[0] += jobs.BREAK + 1
    found.sent()
    assert found.since == found.last == turn[0]


def test_a_pulse_writes_what_is_known_as_instants(turn: list[float]) -> None:
    row = row_of(4711, socket.gethostname())
    with clock.frozen(MONDAY):
        assert Pulse(row, lambda: 995.0, lambda: {"began": 900.0, "worked": None}, pid=4711).sign()
    found = Heartbeat.objects.get(name=row)
    assert found.at == after(-5)
    assert found.detail == {"pid": 4711, "host": socket.gethostname(), "began": iso(after(-100)), "worked": None}
    assert len(row_of(2**22, "a-long-name." * 10)) <= Heartbeat._meta.get_field("name").max_length


def test_every_job_is_noted_when_it_begins_and_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[tuple[str, float]] = []

    class Noting(jobs.Jobs):
        def began(self, key: str, *, may_take: float = 0.0) -> None:
            noted.append(("began", may_take))

        def ended(self, key: str) -> None:
            noted.append(("ended", 0))

    monkeypatch.setattr(wiring, "_jobs", Noting())
    tasks.sweep_sla.apply()
    tasks.wake.apply()
    assert noted == [("began", wiring.LONG["complaints.sweep_sla"]), ("ended", 0), ("began", 0), ("ended", 0)]


def test_every_long_job_is_in_the_timetable_and_ended_by_the_time_limit() -> None:
    sent = {entry["task"] for entry in wiring.app.conf.beat_schedule.values()}
    assert set(wiring.LONG) <= sent
    assert max(wiring.LONG.values()) <= wiring.app.conf.task_time_limit
    assert wiring.LONG["complaints.sweep_sla"] > tasks.SWEEP_FOR * 2 + tasks.SEND_FOR


def test_beat_knows_what_the_queue_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "_sending", found := jobs.Sending())
    taken = Celery("taken", broker="memory://")
    taken.conf.beat_schedule = {"one": wiring.every(5, "core.nothing")}
    timetable = wiring.Timetable(app=taken)
    entry = timetable.schedule["one"]

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as away:
        away.setattr(timetable, "send_task", refuse)
        timetable.apply_entry(entry)
        assert found.last is None
    timetable.apply_entry(entry)
    assert found.last is not None


def test_a_worker_that_ends_in_order_signs_off(monkeypatch: pytest.MonkeyPatch) -> None:
    row = row_of(os.getpid(), socket.gethostname())
    monkeypatch.setattr(pulse.connection, "close", lambda: None)
    Pulse(row, facts=lambda: {"began": time.monotonic(), "worked": None}).sign()
    assert "left" not in Heartbeat.objects.get(name=row).detail
    signals.worker_shutdown.send(sender=None)
    assert Heartbeat.objects.get(name=row).detail["left"] is True
