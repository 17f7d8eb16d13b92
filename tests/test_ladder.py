"""Warnings and escalations (domain, SLA 6-7): whom they tell, when, once, and that they collapse after downtime."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from complaints.actions import handle, manage
from complaints.models import Clock, ClockEvent, Complaint, Firing
from complaints.reference import catalogue
from complaints.sla import ladder, replay, sweep_sql
from complaints.sla import sweep as sweeping
from complaints.sla.sweep import Swept, due, mark, sweep
from core import clock, trail
from core.actor import Actor
from core.instants import from_us
from core.models import Absence, OutboxMessage, User
from core.week_calendar import WeekCalendar
from core.working_time import Target
from tests import cast
from tests.test_sweep_batches import written

MONDAY = cast.MONDAY
HOUR = timedelta(hours=1)


@pytest.fixture
def agent(db: None) -> User:
    cast.make_manager("Berta")
    stand_in = cast.make_agent(cast.make_team())
    agent = cast.make_agent(stand_in.team)
    agent.deputy = stand_in
    agent.save()
    return agent


@pytest.fixture
def complaint(agent: User) -> Complaint:
    """By mail, Monday 9:00 UTC: to be acknowledged within 4 working hours, resolved within 45."""
    with clock.frozen(MONDAY):
        return cast.make_complaint(owner=agent, at=MONDAY, channel="email")


def clock_of(complaint: Complaint, kind: str = "acknowledge") -> Clock:
    return Clock.objects.get(complaint=complaint, kind=kind)


def rung_at(one: Clock, rung: str) -> datetime:
    return next(from_us(us) for us, name, _to, _hand in one.rungs if name == rung)


def swept_at(at: datetime) -> Swept:
    with clock.frozen(at):
        return sweep()


def told(template: str) -> set[str]:
    return set(OutboxMessage.objects.filter(template=template).values_list("recipient", flat=True))


def managers() -> set[str]:
    return set(User.objects.filter(is_manager=True, is_active=True).values_list("email", flat=True))


OFFICE = WeekCalendar.parse({"tz": "UTC", "weekly": {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}})


def test_steps_stand_in_working_time() -> None:
    steps = ladder.steps([{"percent": 75, "to": ["owner"]}, {"percent": 150, "to": ["lead", "deputy"]}], "resolve")
    target = Target.seconds(8 * 3600)
    rungs = ladder.first_rungs(steps, OFFICE, MONDAY, target, MONDAY + 8 * HOUR)
    found = [(from_us(us), rung, to, hand) for us, rung, to, hand in rungs]
    assert found == [
        (MONDAY + 6 * HOUR, "warn:75", ladder.OWNER, 0),
        (MONDAY + 8 * HOUR, "breach", ladder.OWNER | ladder.LEAD, 0),
        (MONDAY + 28 * HOUR, "late:150", ladder.LEAD | ladder.DEPUTY, 0),  # four hours into Tuesday
    ]


def test_a_step_may_be_for_one_kind_of_clock_only() -> None:
    asked = [{"percent": 50, "to": ["lead"], "clocks": ["acknowledge"]}, {"percent": 100, "to": ["manager"]}]
    assert [one.rung for one in ladder.steps(asked, "acknowledge")] == ["warn:50", "breach"]
    assert [(one.rung, one.to) for one in ladder.steps(asked, "resolve")] == [("breach", ladder.MANAGER)]


def test_each_rung_tells_its_own_people_once(complaint: Complaint, agent: User) -> None:
    own = clock_of(complaint)
    lead = agent.team.lead.email
    for rung, template, people in [
        ("warn:75", "sla_warning", {agent.email}),
        ("warn:90", "sla_warning", {agent.email, lead}),
        ("breach", "sla_breach", {agent.email, lead, *managers()}),
        ("late:150", "sla_late", {agent.deputy.email, lead}),
    ]:
        at = rung_at(own, rung)
        assert swept_at(at) == Swept(), "not before its instant has passed"
        assert swept_at(at + timedelta(microseconds=1)).clocks == 1
        assert swept_at(at + timedelta(seconds=9)) == Swept()
        assert told(template) == people
        assert Firing.objects.get(clock=own, rung=rung).due_at == at
    assert Firing.objects.filter(clock=own).count() == 4
    assert [one.kind for one in own.events.all()] == ["started", "warned", "warned", "breached", "warned"]
    assert not list(trail.verify(trail.of(complaint)))
    kinds = [entry.kind for entry in trail.of(complaint)]
    assert kinds == ["complaint.filed", "sla.warned", "sla.warned", "sla.breached", "sla.warned"]


def test_after_downtime_stale_warnings_become_one(complaint: Complaint, agent: User) -> None:
    own = clock_of(complaint)
    swept_at(rung_at(own, "warn:90") + timedelta(seconds=1))
    marks = {one.rung: one.collapsed for one in Firing.objects.filter(clock=own)}
    assert marks == {"warn:75": True, "warn:90": False}
    assert told("sla_warning") == {agent.email, agent.team.lead.email}, "one mail for both, to those of both"
    assert OutboxMessage.objects.filter(template="sla_warning").count() == 2


def test_after_long_downtime_the_breach_is_told_and_the_last_word(complaint: Complaint) -> None:
    own = clock_of(complaint)
    swept_at(rung_at(own, "late:150") + timedelta(seconds=1))
    marks = {one.rung: one.collapsed for one in Firing.objects.filter(clock=own)}
    assert marks == {"warn:75": True, "warn:90": True, "breach": False, "late:150": False}
    assert not told("sla_warning") and told("sla_breach") and told("sla_late")
    entry = trail.of(complaint).last()
    body = json.loads(entry.body)
    assert entry.kind == "sla.breached" and entry.at == own.due_at
    assert [one["rung"] for one in body["warned"]] == ["warn:75", "warn:90", "late:150"]


def test_what_is_done_in_time_warns_no_more(complaint: Complaint, agent: User) -> None:
    own = clock_of(complaint)
    at = rung_at(own, "warn:75") + timedelta(seconds=1)
    swept_at(at)
    with clock.frozen(at):
        handle.acknowledge(complaint, by=Actor.person(agent), at=at)
    swept_at(own.due_at + 4 * HOUR)
    assert [one.rung for one in Firing.objects.filter(clock=own)] == ["warn:75"]


def test_a_pause_takes_the_rungs_along_and_what_fired_stays_fired(complaint: Complaint, agent: User) -> None:
    by = Actor.person(agent)
    own = clock_of(complaint, "resolve")
    at = rung_at(own, "warn:75") + timedelta(minutes=1)
    swept_at(at)
    with clock.frozen(at):
        handle.wait(complaint, by=by, at=at, reason="the receipt")
    assert clock_of(complaint, "resolve").next_at is None
    later = at + timedelta(days=14)
    with clock.frozen(later):
        handle.resume(complaint, by=by, at=later)
    again = clock_of(complaint, "resolve")
    assert [one[1] for one in again.rungs] == ["warn:90", "breach"]
    assert rung_at(again, "warn:90") > rung_at(own, "warn:90") + timedelta(days=13)


def test_a_shorter_deadline_warns_of_what_it_already_passed(complaint: Complaint, agent: User) -> None:
    at = MONDAY + timedelta(days=2)
    with clock.frozen(at):
        manage.classify(
            complaint, by=Actor.person(agent), at=at, reason="it burnt", severity="critical",
            type=catalogue().types["product-safety"],
        )  # fmt: skip
    own = clock_of(complaint, "resolve")
    assert own.due_at is not None and own.due_at >= at
    assert ladder.next_at(own.rungs) == own.next_at <= own.due_at
    said = replay.row("resolve", list(own.events.order_by("pk")))
    assert {name: getattr(own, name) for name in said} == said


def test_a_team_with_a_manager_of_its_own_leaves_the_others_in_peace(complaint: Complaint, agent: User) -> None:
    own_manager = cast.make_manager()
    agent.team.manager = own_manager
    agent.team.save()
    swept_at(clock_of(complaint).due_at + timedelta(seconds=1))
    assert told("sla_breach") == {agent.email, agent.team.lead.email, own_manager.email}


def test_late_work_tells_those_the_ladder_names(complaint: Complaint, agent: User) -> None:
    late = clock_of(complaint).due_at + timedelta(seconds=1)
    with clock.frozen(late):
        handle.acknowledge(complaint, by=Actor.person(agent), at=late)
    assert told("sla_breach") == {agent.email, agent.team.lead.email, *managers()}
    own = clock_of(complaint)
    assert own.overrun_seconds == 1 and own.next_at is None and own.rungs == []


@pytest.mark.postgresql
@pytest.mark.parametrize("rung", ["warn:75", "warn:90", "breach", "late:150"])
def test_sql_fires_the_very_rows_that_python_fires(complaint: Complaint, agent: User, rung: str) -> None:
    agent.team.manager = cast.make_manager(language="it", time_zone="Asia/Kolkata")
    agent.team.save()
    for person in (agent, agent.team.lead):  # one with a deputy, one without
        Absence.objects.create(user=person, from_at=MONDAY)
    with clock.frozen(MONDAY):
        for owner in (agent, agent.team.lead, cast.make_manager(), agent.deputy):
            cast.make_complaint(owner=owner, at=MONDAY, channel="social", customer=cast.make_customer())
            cast.make_complaint(owner=owner, at=MONDAY, channel="letter")
    at = rung_at(clock_of(complaint), rung) + timedelta(microseconds=70_001)
    results = []
    for way in ("sql", "python"):
        with transaction.atomic():
            if way == "sql":
                found = Swept(*sweep_sql.mark(sweep_sql.lock(at=at, size=1000), by=sweeping.SWEEPER, at=at))
            else:
                with clock.frozen(at):
                    found = mark(due(at=at, size=1000), at=at)
            results.append((found, written()))
            transaction.set_rollback(True)
    (by_sql, sql_rows), (by_python, python_rows) = results
    assert by_sql == by_python and by_sql.clocks > 3 and by_sql.mails > 3
    for table, rows in sql_rows.items():
        assert rows == python_rows[table], table


def test_events_alone_rebuild_the_row(complaint: Complaint) -> None:
    own = clock_of(complaint)
    for rung in ("warn:75", "breach", "late:150"):
        swept_at(rung_at(own, rung) + timedelta(seconds=1))
        now = clock_of(complaint)
        said = replay.row(now.kind, list(ClockEvent.objects.filter(clock=now).order_by("pk")))
        assert {name: getattr(now, name) for name in said} == said, rung
