"""Two cases become one and two again: the deadlines of both (domain, Complaint 9; case F22)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db.models import F

from complaints.actions import converse, decide, handle, manage
from complaints.models import Clock, Firing, SlaPolicy
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.models import OutboxMessage
from tests.cast import MONDAY, Cast, make_cast
from tests.merged import DAY, HOUR, cause, due, filed, merged, parted, same, state, swept, whole

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return Actor.person(cast.agent)


def test_the_earliest_deadline_of_both_is_kept_and_given_back(cast: Cast, by: Actor) -> None:
    older, newer = filed(cast), filed(cast, MONDAY + DAY)
    swept(MONDAY + DAY + HOUR)  # the older one is not acknowledged in time
    before = state(older), state(newer)
    early, late = due(older), due(newer)
    assert early is not None and late is not None and early < late
    merged(older, newer, by, MONDAY + DAY + HOUR)
    assert due(newer) == early and due(newer, "acknowledge") == due(older, "acknowledge")
    newer.refresh_from_db()
    assert newer.queue_at == before[0]["queue_at"] and newer.resolve_due_at == early
    older.refresh_from_db()
    assert older.status == "merged" and older.merged_into == newer and not older.in_queue
    assert older.clocks.get(kind="resolve").state == "cancelled"
    assert older.clocks.get(kind="acknowledge").state == "breached"  # it had been before
    whole()
    parted(older, by, MONDAY + DAY + 2 * HOUR)
    same((state(older), state(newer)), before)
    whole()


def test_the_later_deadline_changes_nothing(cast: Cast, by: Actor) -> None:
    older, newer = filed(cast), filed(cast, MONDAY + DAY)
    early = due(older)
    merged(newer, older, by, MONDAY + DAY + HOUR)
    assert due(older) == early
    whole()


def test_a_late_case_makes_the_joint_one_late_and_takes_its_lateness_back(cast: Cast, by: Actor) -> None:
    late = filed(cast)
    at = due(late) + DAY  # type: ignore[operator]
    fresh = filed(cast, at)
    before = state(fresh)
    swept(at)
    merged(late, fresh, by, at + HOUR)
    joint, its = fresh.clocks.get(kind="resolve"), late.clocks.get(kind="resolve")
    assert joint.state == its.state == "breached" and joint.breached_at == its.breached_at == joint.due_at
    assert Firing.objects.filter(clock=joint, rung="breach").count() == 1
    whole()
    parted(late, by, at + 2 * HOUR)
    same((state(fresh),), (before,))
    assert late.clocks.get(kind="resolve").breached_at == its.breached_at
    whole()
    # Its own deadline passes: a breach at that instant, told once only.
    own = due(fresh)
    assert own is not None
    with clock.frozen(own + HOUR):
        sweep(at=own + HOUR)
    joint.refresh_from_db()
    assert joint.breached_at == own
    keys = list(OutboxMessage.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys)) and Firing.objects.filter(clock=joint, rung="breach").count() == 1
    whole()


def test_a_deadline_that_passes_while_merged_is_a_breach_of_each(cast: Cast, by: Actor) -> None:
    older, newer = filed(cast), filed(cast, MONDAY + DAY)
    early, late = due(older), due(newer)
    merged(older, newer, by, MONDAY + DAY + HOUR)
    at = late + DAY  # type: ignore[operator]
    with clock.frozen(at):
        sweep(at=at)
    assert newer.clocks.get(kind="resolve").breached_at == early
    parted(older, by, at + HOUR)
    assert older.clocks.get(kind="resolve").breached_at == early
    assert newer.clocks.get(kind="resolve").breached_at == late
    whole()


def test_what_was_done_late_for_both_is_judged_anew_for_each(cast: Cast, by: Actor) -> None:
    older, newer = filed(cast), filed(cast, MONDAY + 3 * DAY)
    early, late = due(older), due(newer)
    assert early is not None and late is not None
    merged(older, newer, by, MONDAY + 3 * DAY + HOUR)
    at = early + HOUR
    assert at < late
    with clock.frozen(at):
        decide.resolve(newer, by=by, at=at, outcome="upheld", root_cause=cause(), summary="Sent again.")
    assert newer.clocks.get(kind="resolve").state == "breached"
    whole()
    parted(older, by, at + HOUR)
    assert newer.clocks.get(kind="resolve").state == "met"
    assert older.clocks.get(kind="resolve").breached_at == early
    newer.refresh_from_db()
    assert (newer.resolve_met, newer.resolve_late) == (1, 0)
    whole()


def test_a_pause_moves_the_deadline_that_came_along(cast: Cast, by: Actor) -> None:
    older, newer = filed(cast), filed(cast, MONDAY + DAY)
    alone = filed(cast)
    at = MONDAY + DAY + HOUR
    merged(older, newer, by, at)
    for one in (newer, alone):
        with clock.frozen(at + HOUR):
            handle.wait(one, by=by, at=at + HOUR, reason="A photo")
    assert due(newer) is None
    for one in (newer, alone):
        with clock.frozen(at + DAY):
            handle.resume(one, by=by, at=at + DAY)
    assert due(newer) == due(alone)
    whole()


def test_a_case_that_waits_is_merged_and_waits_again(cast: Cast, by: Actor) -> None:
    older, newer = filed(cast), filed(cast, MONDAY + DAY)
    at, minute = MONDAY + DAY + HOUR, timedelta(minutes=1)
    with clock.frozen(at):
        handle.wait(older, by=by, at=at, reason="A photo")
    swept(at + minute)
    before = state(older), state(newer)
    merged(older, newer, by, at + minute)
    assert due(newer) is not None and due(newer) < before[1]["resolve_due_at"]  # type: ignore[operator]
    parted(older, by, at + 2 * minute)
    same((state(older), state(newer)), before)
    merged(newer, older, by, at + 3 * minute)
    older.refresh_from_db()
    assert older.status == "waiting_on_customer" and due(older) is None
    parted(newer, by, at + 4 * minute)
    same((state(older), state(newer)), before)
    whole()


def test_a_late_case_ends_the_standing_still_of_the_one_that_waits(cast: Cast, by: Actor) -> None:
    """Otherwise merging would hide that somebody waits too long."""
    late = filed(cast)
    at = due(late) + DAY  # type: ignore[operator]
    waits = filed(cast, at)
    with clock.frozen(at + HOUR):
        handle.wait(waits, by=by, at=at + HOUR, reason="A photo")
    before = state(waits)
    merged(late, waits, by, at + 2 * HOUR)
    assert waits.clocks.get(kind="resolve").state == "breached"
    whole()
    parted(late, by, at + 3 * HOUR)
    same((state(waits),), (before,))
    whole()


def test_a_clock_the_other_lacks_is_copied_with_its_story(cast: Cast, by: Actor) -> None:
    told, fresh = filed(cast), filed(cast, MONDAY + DAY)
    at = MONDAY + HOUR
    with clock.frozen(at):
        converse.message(told, by=by, at=at, body="We look into it.")
    before = state(told), state(fresh)
    update = told.clocks.get(kind="update")
    merged(told, fresh, by, MONDAY + DAY + HOUR)
    copy = fresh.clocks.get(kind="update")
    assert (copy.due_at, copy.started_at, copy.state) == (update.due_at, update.started_at, "running")
    whole()
    parted(told, by, MONDAY + DAY + 2 * HOUR)
    same((state(told), state(fresh)), before)
    whole()


def test_deadlines_changed_since_by_sorting_are_kept_and_said(cast: Cast, by: Actor) -> None:
    general = SlaPolicy.objects.order_by("-position")[0]
    SlaPolicy.objects.filter(version=general.version).update(position=F("position") + 1_000)
    targets = {**general.targets, "resolve": {"kind": "working_seconds", "value": 4 * 3_600}}
    urgent = SlaPolicy.objects.create(
        version=general.version,
        position=1,
        name="Critical",
        severity="critical",
        calendar=general.calendar,
        targets=targets,
        ladder=general.ladder,
    )
    cached.clear_all()
    older, newer = filed(cast), filed(cast, MONDAY + DAY)
    at = MONDAY + DAY + HOUR
    merged(older, newer, by, at)
    with clock.frozen(at + HOUR):
        manage.classify(newer, by=by, at=at + HOUR, reason="Somebody was hurt.", severity="critical")
    resolve = Clock.objects.get(complaint=newer, kind="resolve")
    assert resolve.policy == urgent and resolve.due_at is not None
    parted(older, by, at + 2 * HOUR)
    kept = Clock.objects.get(complaint=newer, kind="resolve")
    assert (kept.policy, kept.due_at) == (urgent, resolve.due_at)
    said = json.loads(trail.of(newer).get(kind="complaint.unmerged_here").body)
    assert said["kept"] == ["resolve"]
    whole()
