"""What users of other systems have reported for years about their deadlines: each is a test here (domain, SLA)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from complaints.actions import converse, handle, manage
from complaints.models import Clock, Complaint, SlaPolicy
from complaints.reference import catalogue
from complaints.sla.sweep import sweep
from core import cached, clock
from core.actor import Actor
from core.models import CalendarVersion, OutboxMessage, User
from core.week_calendar import WeekCalendar
from core.working_time import Target, due_at, worked
from tests import cast

MONDAY = cast.MONDAY
HOUR = timedelta(hours=1)


@pytest.fixture
def agent(db: None) -> User:
    cached.clear_all()
    return cast.make_agent(cast.make_team())


@pytest.fixture
def complaint(agent: User) -> Complaint:
    with clock.frozen(MONDAY):
        return cast.make_complaint(owner=agent, at=MONDAY, channel="email")


def clock_of(complaint: Complaint, kind: str) -> Clock:
    return Clock.objects.filter(complaint=complaint, kind=kind).order_by("-cycle")[0]


def test_late_work_between_two_sweeps_is_not_counted_as_met(complaint: Complaint, agent: User) -> None:
    late = clock_of(complaint, "acknowledge").due_at + timedelta(seconds=1)
    with clock.frozen(late):
        handle.acknowledge(complaint, by=Actor.person(agent), at=late)
    assert clock_of(complaint, "acknowledge").state == "breached"


def test_a_holiday_moves_a_deadline_forward_not_back() -> None:
    hours = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    plain = WeekCalendar.parse({"tz": "UTC", "weekly": hours})
    closed = WeekCalendar.parse({"tz": "UTC", "weekly": hours, "exceptions": [{"date": "2026-03-03", "intervals": []}]})
    target = Target.seconds(12 * 3600)
    assert due_at(closed, MONDAY, target) == due_at(plain, MONDAY, target) + timedelta(days=1)


def test_the_update_clock_never_replaces_the_first_response(complaint: Complaint, agent: User) -> None:
    first = clock_of(complaint, "acknowledge").due_at
    assert not Clock.objects.filter(complaint=complaint, kind="update").exists()
    assert Complaint.objects.get(pk=complaint.pk).queue_at == first
    at = MONDAY + HOUR
    with clock.frozen(at):
        converse.message(complaint, by=Actor.person(agent), at=at, body="We are looking into it.")
    assert clock_of(complaint, "acknowledge").state == "met" and clock_of(complaint, "update").started_at == at


def test_each_message_of_a_person_begins_the_next_update_an_automatic_one_does_not(
    complaint: Complaint, agent: User
) -> None:
    for number in range(1, 4):
        at = MONDAY + number * HOUR
        with clock.frozen(at):
            converse.message(complaint, by=Actor.person(agent), at=at, body="Still looking into it.")
            converse.message(complaint, by=Actor.system("mailer"), at=at, body="We have received your mail.")
            converse.incoming(complaint, by=Actor.customer(), at=at, body="And?")
    cycles = Clock.objects.filter(complaint=complaint, kind="update").order_by("cycle")
    assert [(one.cycle, one.state) for one in cycles] == [(1, "met"), (2, "met"), (3, "running")]
    assert cycles[2].started_at == MONDAY + 3 * HOUR


def test_waiting_on_the_customer_does_not_stop_the_next_update(complaint: Complaint, agent: User) -> None:
    by = Actor.person(agent)
    with clock.frozen(MONDAY):
        converse.message(complaint, by=by, at=MONDAY, body="Which order was it?")
        handle.wait(complaint, by=by, at=MONDAY, reason="the order")
    assert clock_of(complaint, "resolve").state == "paused" and clock_of(complaint, "update").state == "running"
    late = clock_of(complaint, "update").due_at + timedelta(seconds=1)
    with clock.frozen(late):
        sweep()
    assert clock_of(complaint, "update").state == "breached" and clock_of(complaint, "resolve").state == "paused"


def test_pauses_survive_a_change_of_policy(complaint: Complaint, agent: User) -> None:
    by = Actor.person(agent)
    stopped, again = MONDAY + HOUR, MONDAY + timedelta(days=2)
    with clock.frozen(stopped):
        handle.wait(complaint, by=by, at=stopped, reason="the receipt")
    with clock.frozen(again):
        handle.resume(complaint, by=by, at=again)
        manage.classify(
            complaint, by=by, at=again, reason="it burnt", severity="critical", type=catalogue().types["product-safety"]
        )
    own = clock_of(complaint, "resolve")
    calendar = WeekCalendar.parse(CalendarVersion.objects.get(pk=own.calendar_version_id).definition)
    assert own.policy.name == "Danger to people"
    stood = worked(calendar, stopped, again)
    assert worked(calendar, MONDAY, own.due_at) - stood == own.target_value


def test_one_sweep_finds_every_breach_not_the_first_hundred(agent: User) -> None:
    SlaPolicy.objects.update(targets={"acknowledge": {"kind": "working_seconds", "value": 60}}, ladder=[])
    cached.clear_all()
    with clock.frozen(MONDAY):
        for _ in range(230):
            cast.make_complaint(owner=agent, at=MONDAY, channel="email")
    with clock.frozen(MONDAY + HOUR):
        assert sweep().clocks == 230


def test_targets_are_exact_to_the_second(agent: User) -> None:
    SlaPolicy.objects.update(targets={"resolve": {"kind": "working_seconds", "value": 5_471}}, ladder=[])
    cached.clear_all()
    at = datetime(2026, 3, 2, 9, 13, 47, tzinfo=UTC)
    with clock.frozen(at):
        complaint = cast.make_complaint(owner=agent, at=at, channel="email")
    assert clock_of(complaint, "resolve").due_at == at + timedelta(seconds=5_471)


def test_a_breach_is_dated_at_its_deadline_not_at_the_sweep(complaint: Complaint) -> None:
    own = clock_of(complaint, "acknowledge")
    with clock.frozen(own.due_at + timedelta(days=3)):
        sweep()
    assert clock_of(complaint, "acknowledge").breached_at == own.due_at
    assert {mail.context["due_us"] for mail in OutboxMessage.objects.filter(template="sla_breach")} == {
        str(int(own.due_at.timestamp()) * 1_000_000)
    }
