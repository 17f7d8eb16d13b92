"""Another target or calendar begins another term of a clock: its ladder rings again, once in each (SLA 3, 6, 7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from complaints.actions import extend, handle, manage, merge
from complaints.models import Clock, Complaint, Firing
from complaints.reference import catalogue
from complaints.sla import clocks as sla
from complaints.sla import ladder, rebuild, sweep_sql
from complaints.sla import sweep as sweeping
from complaints.sla.sweep import Swept, due, mark, sweep
from core import cached, clock, trail
from core.actor import Actor
from core.instants import from_us
from core.models import Notification, OutboxMessage
from core.working_time import Target
from tests import packed
from tests.cast import MONDAY, Cast, make_cast
from tests.packed import EU
from tests.test_sweep_batches import written

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REPLY = f"{EU}.reply"


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def case(cast: Cast) -> Complaint:
    """Fifteen business days by law, thirty-five in exceptional cases."""
    with clock.frozen(MONDAY):
        packed.install(EU, cast.admin, MONDAY)
        return cast.complaint(channel="email", at=MONDAY)


def rungs(own: Clock) -> list[str]:
    return [rung for _us, rung, _to, _over in own.rungs]


def swept(at: datetime) -> Swept:
    with clock.frozen(at):
        return sweep()


def extended(case: Complaint, cast: Cast, at: datetime) -> Clock:
    with clock.frozen(at):
        extend.extend(case, by=Actor.person(cast.agent), at=at, clock=REPLY, reason="the bank is silent", tell=False)
    return packed.clock(case, REPLY)


def set_target(case: Complaint, kind: str, seconds: int, at: datetime) -> Clock:
    """Another target by the policy the clock has, as an edit of policies would set it."""
    own = case.clocks.get(kind=kind)
    with clock.frozen(at):
        terms = Target.seconds(seconds), own.calendar_version_id, {"policy": own.policy_id, "because": []}
        sla.change_terms(own, terms, at=at)
        sla.save(case, [own], at=at)
    return case.clocks.get(kind=kind)


def sound(case: Complaint) -> None:
    assert rebuild.rebuild(mend=False)["different"] == 0
    assert not list(trail.verify(trail.of(case)))


def test_an_extended_deadline_warns_again_of_what_lies_ahead(case: Complaint, cast: Cast) -> None:
    at = packed.clock(case, REPLY).due_at - 2 * HOUR
    swept(at)
    own = extended(case, cast, at)
    assert rungs(own) == ["warn:50:2", "warn:75:2", "warn:90:2", "breach"]
    assert all(from_us(us) > at for us, *_rest in own.rungs)
    for us, rung, *_rest in own.rungs:
        assert swept(from_us(us)) == Swept(), "not before its instant has passed"
        assert swept(from_us(us) + timedelta(microseconds=1)).clocks == 1, rung
        assert swept(from_us(us) + HOUR / 60) == Swept(), "once"
        sound(case)
    fired = list(Firing.objects.filter(clock=own).order_by("pk").values_list("rung", flat=True))
    assert fired == ["warn:50", "warn:75", "warn:90", "warn:50:2", "warn:75:2", "warn:90:2", "breach"]
    keys = OutboxMessage.objects.filter(template="sla_warning").values_list("key", flat=True)
    assert len(keys) == len(set(keys))
    told = set(Notification.objects.filter(user=cast.agent, key__startswith="warn:90").values_list("key", flat=True))
    assert told == {f"warn:90:{own.pk}", f"warn:90:2:{own.pk}"}


def test_after_downtime_the_warnings_of_the_new_term_become_one(case: Complaint, cast: Cast) -> None:
    own = packed.clock(case, REPLY)
    swept(own.due_at - 2 * HOUR)
    own = extended(case, cast, own.due_at - HOUR)
    before = OutboxMessage.objects.filter(template="sla_warning").count()
    swept(own.due_at - timedelta(microseconds=1))
    marks = dict(Firing.objects.filter(clock=own, rung__endswith=":2").values_list("rung", "collapsed"))
    assert marks == {"warn:50:2": True, "warn:75:2": True, "warn:90:2": False}
    told = OutboxMessage.objects.filter(template="sla_warning")
    assert told.count() - before == len({one.recipient for one in told}), "each once"
    sound(case)


def test_what_has_not_rung_yet_keeps_its_name_and_rings_once(case: Complaint, cast: Cast) -> None:
    own = packed.clock(case, REPLY)
    swept(from_us(own.rungs[0][0]) + HOUR)
    own = extended(case, cast, from_us(own.rungs[0][0]) + 2 * HOUR)
    assert rungs(own) == ["warn:50:2", "warn:75", "warn:90", "breach"]
    sound(case)


def test_what_lies_behind_does_not_ring_again(case: Complaint, cast: Cast) -> None:
    """A little more time: half of it has gone even so."""
    own = case.clocks.get(kind="resolve")
    total, at = own.target_value, own.due_at - HOUR
    swept(at)
    fired = set(Firing.objects.filter(clock=own).values_list("rung", flat=True))
    own = set_target(case, "resolve", total + 2 * 3600, at)
    assert fired and "breach" in rungs(own)
    for us, rung, *_rest in own.rungs:
        assert from_us(us) > at and (rung == "breach" or rung not in fired)
    assert not {ladder.step_of(rung) for rung in rungs(own)} & {f"warn:{n}" for n in (25, 50, 75)}
    sound(case)


def test_a_policy_of_a_longer_target_warns_again_and_a_third_one_once_more(case: Complaint) -> None:
    own = case.clocks.get(kind="resolve")
    steps = [rung for rung in rungs(own) if rung.startswith("warn")]
    at = own.due_at - HOUR
    for term in (2, 3):
        swept(at)
        own = set_target(case, "resolve", own.target_value * 4, at)
        assert [rung for rung in rungs(own) if rung.startswith("warn")] == [f"{one}:{term}" for one in steps]
        at = own.due_at - HOUR
    sound(case)


def test_a_pause_begins_no_term(case: Complaint, cast: Cast) -> None:
    own, by = case.clocks.get(kind="resolve"), Actor.person(cast.agent)
    at = own.due_at - HOUR
    swept(at)
    with clock.frozen(at):
        handle.wait(case, by=by, at=at, reason="the receipt")
    with clock.frozen(at + 20 * DAY):
        handle.resume(case, by=by, at=at + 20 * DAY)
    own = case.clocks.get(kind="resolve")
    assert own.due_at > at + 20 * DAY and not [one for one in rungs(own) if one.startswith("warn")]


def test_the_same_terms_by_another_policy_begin_none(case: Complaint, cast: Cast) -> None:
    own = case.clocks.get(kind="resolve")
    at = own.due_at - HOUR
    swept(at)
    own = set_target(case, "resolve", own.target_value, at)
    assert not [one for one in rungs(own) if one.startswith("warn")]


def test_unmerged_its_own_deadline_is_warned_of(case: Complaint, cast: Cast) -> None:
    """An earlier deadline that came with another case rang; its own lies ahead again."""
    by, long = Actor.person(cast.lead), case.clocks.get(kind="resolve")
    other_at = MONDAY - timedelta(days=5)
    with clock.frozen(MONDAY):
        other = cast.complaint(channel="email", at=MONDAY, received_at=other_at)
    with clock.frozen(MONDAY + HOUR):
        merge.merge(other, by=by, at=MONDAY + HOUR, into=case)
    capped = case.clocks.get(kind="resolve")
    assert capped.due_at < long.due_at
    at = capped.due_at - timedelta(minutes=1)
    swept(at)
    fired = set(Firing.objects.filter(clock=capped).values_list("rung", flat=True))
    with clock.frozen(at):
        merge.unmerge(other, by=by, at=at)
    own = case.clocks.get(kind="resolve")
    assert own.due_at == long.due_at
    ahead = {rung for us, rung, *_rest in long.rungs if from_us(us) > at and rung in fired}
    assert ahead and {f"{rung}:2" for rung in ahead} <= set(rungs(own))
    sound(case)


def test_a_shorter_deadline_still_warns_of_what_never_rang(case: Complaint, cast: Cast) -> None:
    at = MONDAY + 2 * DAY
    with clock.frozen(at):
        manage.classify(
            case, by=Actor.person(cast.agent), at=at, reason="it burnt", severity="critical",
            type=catalogue().types["product-safety"],
        )  # fmt: skip
    own = case.clocks.get(kind="resolve")
    assert own.next_at is not None and own.next_at <= own.due_at
    sound(case)


def test_the_share_of_a_rung_is_that_of_its_step() -> None:
    assert [ladder.percent_of(one) for one in ("warn:75", "warn:75:2", "late:150:13", "breach")] == [75, 75, 150, 100]
    assert ladder.step_of("late:150:13") == "late:150" and ladder.step_of("breach") == "breach"


@pytest.mark.postgresql
@pytest.mark.parametrize("rung", ["warn:50:2", "warn:90:2", "breach"])
def test_sql_fires_the_very_rows_of_a_second_term_that_python_fires(case: Complaint, cast: Cast, rung: str) -> None:
    swept(packed.clock(case, REPLY).due_at - 2 * HOUR)
    own = extended(case, cast, packed.clock(case, REPLY).due_at - HOUR)
    at = next(from_us(us) for us, name, *_rest in own.rungs if name == rung) + timedelta(microseconds=70_001)
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
    assert by_sql == by_python and by_sql.clocks and by_sql.mails
    for table, rows in sql_rows.items():
        assert rows == python_rows[table], table
