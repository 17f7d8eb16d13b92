"""Two cases become one and two again: deadlines, messages, people (domain, Complaint 9; case F22)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from complaints.actions import converse, decide, handle, manage
from complaints.actions import merge as merging
from complaints.models import Clock, Complaint, Firing, Merge, Message, RootCause, SlaPolicy, Watch, Workload
from complaints.sla import ladder, rebuild
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import Notification, OutboxMessage
from core.references import status_token
from tests.cast import MONDAY, Cast, make_agent, make_cast, make_customer

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return Actor.person(cast.agent)


def filed(cast: Cast, at: datetime = MONDAY, **filing: Any) -> Complaint:
    with clock.frozen(at):
        return cast.complaint(at=at, **filing)


def merged(source: Complaint, into: Complaint, by: Actor, at: datetime, **more: Any) -> Complaint:
    with clock.frozen(at):
        done = merging.merge(source, into=into, by=by, at=at, **more)
    into.refresh_from_db()
    return done


def parted(source: Complaint, by: Actor, at: datetime) -> Complaint:
    with clock.frozen(at):
        return merging.unmerge(source, by=by, at=at)


def due(complaint: Complaint, kind: str = "resolve") -> datetime | None:
    return Clock.objects.get(complaint=complaint, kind=kind).due_at


def state(complaint: Complaint) -> dict[str, Any]:
    """Everything about a case and its clocks but what counts changes, and whether a breach was told before."""
    row = Complaint.objects.filter(pk=complaint.pk).values().get()
    clocks = list(Clock.objects.filter(complaint=complaint).order_by("pk").values())
    for one in clocks:
        one["rungs"] = [[us, rung, to & ~ladder.AGAIN, over] for us, rung, to, over in one["rungs"]]
    watchers = list(Watch.objects.filter(complaint=complaint).order_by("user").values_list("user", flat=True))
    return {**{k: v for k, v in row.items() if k not in ("version", "updated_at")}, "clocks": clocks, "w": watchers}


def swept(at: datetime) -> None:
    with clock.frozen(at):
        sweep(at=at)


def same(now: tuple[dict[str, Any], ...], before: tuple[dict[str, Any], ...]) -> None:
    for one, other in zip(now, before, strict=True):
        assert {k: v for k, v in one.items() if k != "clocks"} == {k: v for k, v in other.items() if k != "clocks"}
        assert len(one["clocks"]) == len(other["clocks"])
        for clock_now, clock_before in zip(one["clocks"], other["clocks"], strict=True):
            assert clock_now == clock_before


def whole() -> None:
    assert rebuild.rebuild(mend=False)["different"] == 0
    for complaint in Complaint.objects.all():
        assert not list(trail.verify(trail.of(complaint)))


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
        decide.resolve(newer, by=by, at=at, outcome="upheld", root_cause=_cause(), summary="Sent again.")
    assert newer.clocks.get(kind="resolve").state == "breached"
    whole()
    parted(older, by, at + HOUR)
    assert newer.clocks.get(kind="resolve").state == "met"
    assert older.clocks.get(kind="resolve").breached_at == early
    newer.refresh_from_db()
    assert (newer.resolve_met, newer.resolve_late) == (1, 0)
    whole()


def _cause() -> Any:
    return RootCause.objects.exclude(code="unclassified").filter(parent__isnull=False).first()


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


def test_people_follow_and_are_told(cast: Cast, by: Actor) -> None:
    source, target = filed(cast, owner=cast.colleague), filed(cast, owner=cast.stranger)
    Watch.objects.create(complaint=source, user=cast.manager)
    manager = Actor.person(cast.manager)
    load = Workload.objects.get(agent=cast.colleague).open_count
    merged(source, target, manager, MONDAY + HOUR)
    followers = set(Watch.objects.filter(complaint=target).values_list("user", flat=True))
    assert followers == {cast.colleague.pk, cast.manager.pk}
    assert Workload.objects.get(agent=cast.colleague).open_count == load - 1
    told = Notification.objects.filter(key__startswith="merged:").values_list("user", flat=True)
    assert set(told) == {cast.colleague.pk, cast.stranger.pk}
    assert Complaint.objects.visible_to(cast.colleague).filter(pk=target.pk).exists()
    parted(source, manager, MONDAY + 2 * HOUR)
    assert not Watch.objects.filter(complaint=target).exists()
    assert Workload.objects.get(agent=cast.colleague).open_count == load


def test_an_owner_who_left_is_followed_by_another(cast: Cast, by: Actor) -> None:
    from complaints.actions import staff

    leaver = make_agent(cast.team)
    source, target = filed(cast, owner=leaver), filed(cast)
    merged(source, target, by, MONDAY + HOUR)
    with clock.frozen(MONDAY + 2 * HOUR):
        staff.deactivate(leaver, by=Actor.person(cast.admin), at=MONDAY + 2 * HOUR)
    source = parted(source, Actor.person(cast.manager), MONDAY + 3 * HOUR)
    assert source.owner_id == cast.lead.pk and source.in_queue


def test_what_the_customer_writes_through_the_merged_case_acts_on_the_joint_one(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast, owner=cast.colleague)
    merged(source, target, by, MONDAY + HOUR)
    with clock.frozen(MONDAY + 2 * HOUR):
        handle.wait(target, by=by, at=MONDAY + 2 * HOUR, reason="A photo")
    with clock.frozen(MONDAY + 3 * HOUR):
        token = status_token(source.reference)
        assert Client().post(f"/status/{token}/", {"body": "Here is the photo."}).status_code == 302
    target.refresh_from_db()
    got = Message.objects.get(direction="in", body="Here is the photo.")
    assert got.complaint == source and target.status == "investigating"
    assert Notification.objects.filter(key=f"answered:{got.pk}").values_list("user", flat=True)[0] == cast.colleague.pk
    with clock.frozen(MONDAY + 4 * HOUR):
        parted(source, by, MONDAY + 4 * HOUR)
    source.refresh_from_db()
    assert list(source.messages.filter(direction="in")) == [got] and not target.messages.filter(pk=got.pk).exists()
    whole()


def test_an_answer_through_the_merged_case_ends_its_own_waiting_too(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    with clock.frozen(MONDAY + HOUR):
        handle.wait(source, by=by, at=MONDAY + HOUR, reason="A photo")
    merged(source, target, by, MONDAY + 2 * HOUR)
    with clock.frozen(MONDAY + 3 * HOUR):
        converse.incoming(source, by=Actor.customer(), at=MONDAY + 3 * HOUR, body="Here it is.")
    source = parted(source, by, MONDAY + 4 * HOUR)
    assert source.status == "investigating" and due(source) is not None
    whole()


def test_an_answer_reopens_the_closed_joint_case(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    merged(source, target, by, MONDAY + HOUR)
    with clock.frozen(MONDAY + 2 * HOUR):
        decide.resolve(target, by=by, at=MONDAY + 2 * HOUR, outcome="upheld", root_cause=_cause(), summary="Done.")
        decide.close(target, by=by, at=MONDAY + 2 * HOUR)
    with clock.frozen(MONDAY + DAY):
        converse.incoming(source, by=Actor.customer(), at=MONDAY + DAY, body="It broke again.")
    target.refresh_from_db()
    assert target.status == "investigating" and target.in_queue
    whole()


def test_a_chain_leads_to_its_head_and_is_undone_from_there(cast: Cast, by: Actor) -> None:
    first, second, third = filed(cast), filed(cast), filed(cast)
    merged(first, second, by, MONDAY + HOUR)
    merged(second, third, by, MONDAY + 2 * HOUR)
    first.refresh_from_db()
    assert first.merged_into == third
    with pytest.raises(merging.MergedFurther):
        parted(first, by, MONDAY + 3 * HOUR)
    fourth = filed(cast)
    assert merged(fourth, first, by, MONDAY + 3 * HOUR).merged_into == third
    parted(second, by, MONDAY + 4 * HOUR)
    first.refresh_from_db()
    assert first.merged_into == second
    parted(first, by, MONDAY + 5 * HOUR)
    whole()


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("merge_self", lambda cast, by: (lambda one: (one, one))(filed(cast))),
        ("already_merged", lambda cast, by: (_merged_one(cast, by), filed(cast))),
        ("merge_cycle", lambda cast, by: _cycle(cast, by)),
        ("already_ended", lambda cast, by: (filed(cast), _withdrawn(cast, by))),
        ("already_ended", lambda cast, by: (_withdrawn(cast, by), filed(cast))),
        ("already_resolved", lambda cast, by: (filed(cast), _resolved(cast, by))),
        ("already_closed", lambda cast, by: (_closed(cast, by), filed(cast))),
        ("different_customer", lambda cast, by: (filed(cast), filed(cast, customer=make_customer("Somebody else")))),
        ("different_kind", lambda cast, by: (filed(cast), filed(cast, kind="enquiry"))),
        ("not_live", lambda cast, by: (filed(cast, quarantine=True), filed(cast))),
        ("other_not_visible", lambda cast, by: (filed(cast), filed(cast, owner=cast.stranger))),
    ],
)
def test_what_is_refused_and_writes_nothing(code: str, make: Any, cast: Cast, by: Actor) -> None:
    with clock.frozen(MONDAY + HOUR):
        source, target = make(cast, by)
        merges, versions = Merge.objects.count(), list(Complaint.objects.order_by("pk").values_list("version"))
        with pytest.raises(DomainError) as refused:
            merging.merge(source, into=target, by=by, at=MONDAY + HOUR)
    assert refused.value.code == code
    assert (Merge.objects.count(), list(Complaint.objects.order_by("pk").values_list("version"))) == (merges, versions)


def test_different_customers_when_confirmed(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast, customer=make_customer("Somebody else"))
    assert merged(source, target, by, MONDAY + HOUR, confirm=True).merged_into == target


def test_figures_leave_the_merged_one_out_and_count_it_again(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast)
    assert Complaint.objects.counted().count() == 2
    merged(source, target, by, MONDAY + HOUR)
    assert list(Complaint.objects.counted()) == [target]
    parted(source, by, MONDAY + 2 * HOUR)
    assert Complaint.objects.counted().count() == 2


def test_merged_twice(cast: Cast, by: Actor) -> None:
    source, target = filed(cast), filed(cast, MONDAY + DAY)
    swept(MONDAY + DAY)
    before = state(source), state(target)
    for number in range(3):
        merged(source, target, by, MONDAY + DAY + (2 * number + 1) * timedelta(minutes=1))
        parted(source, by, MONDAY + DAY + (2 * number + 2) * timedelta(minutes=1))
    same((state(source), state(target)), before)
    with pytest.raises(merging.NotMerged):
        parted(source, by, MONDAY + 2 * DAY)
    whole()


def _merged_one(cast: Cast, by: Actor) -> Complaint:
    source = filed(cast)
    return merging.merge(source, into=filed(cast), by=by, at=MONDAY + HOUR)


def _cycle(cast: Cast, by: Actor) -> tuple[Complaint, Complaint]:
    target = filed(cast)
    return target, merging.merge(filed(cast), into=target, by=by, at=MONDAY + HOUR)


def _withdrawn(cast: Cast, by: Actor) -> Complaint:
    return decide.withdraw(filed(cast), by=by, at=MONDAY + HOUR, reason="It came after all.")


def _resolved(cast: Cast, by: Actor) -> Complaint:
    return decide.resolve(
        filed(cast), by=by, at=MONDAY + HOUR, outcome="upheld", root_cause=_cause(), summary="Sent again."
    )


def _closed(cast: Cast, by: Actor) -> Complaint:
    return decide.close(_resolved(cast, by), by=by, at=MONDAY + HOUR)
