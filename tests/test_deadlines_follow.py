"""Policies and rule packs may ask for team and tier: a case that changes either has its deadlines by the new facts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import bulk_acts, handle, manage
from complaints.actions.customer import set_customer
from complaints.models import Clock, Complaint, SlaPolicy
from complaints.sla import rebuild
from core import cached, clock, trail
from core.actor import Actor
from retention.models import Customer
from tests import packed
from tests.cast import MONDAY, Cast, make_cast, make_customer, two_clocks_only
from tests.packed import EU

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
URGENT = {"acknowledge": ("working_seconds", 1800), "resolve": ("working_seconds", 7200)}


@pytest.fixture
def cast() -> Cast:
    two_clocks_only()
    return make_cast()


@pytest.fixture
def oslo(cast: Cast) -> None:
    place_above("Oslo", team=cast.other_team)


def place_above(name: str, **conditions: Any) -> None:
    """A policy of two hours instead of a week, above all others."""
    rows = list(SlaPolicy.objects.order_by("position"))
    for one in reversed(rows):
        SlaPolicy.objects.filter(pk=one.pk).update(position=one.position + 1)
    last = SlaPolicy.objects.order_by("position").last()
    last.pk, last.name, last.position = None, name, rows[0].position
    last.targets = {kind: {"kind": unit, "value": value} for kind, (unit, value) in URGENT.items()}
    for field, value in conditions.items():
        setattr(last, field, value)
    last._state.adding = True
    last.save()
    cached.clear_all()


def filed(cast: Cast, **filing: Any) -> Complaint:
    with clock.frozen(MONDAY):
        return cast.complaint(channel="email", at=MONDAY, **filing)


def resolve_of(case: Complaint) -> Clock:
    return case.clocks.get(kind="resolve")


def assign(case: Complaint, cast: Cast, owner: Any, at: Any = MONDAY + HOUR / 6) -> Complaint:
    with clock.frozen(at):
        return manage.assign(case, by=Actor.person(cast.manager), at=at, owner=owner)


def sound(case: Complaint) -> None:
    assert rebuild.rebuild(mend=False)["different"] == 0
    assert not list(trail.verify(trail.of(case)))


def test_another_team_has_its_own_deadlines_from_receipt_and_the_trail_says_so(cast: Cast, oslo: None) -> None:
    case = filed(cast)
    before = resolve_of(case)
    assign(case, cast, cast.stranger)
    after = resolve_of(case)
    assert after.policy.name == "Oslo" and after.due_at == MONDAY + 2 * HOUR < before.due_at
    entry = trail.of(case).get(kind="complaint.assigned")
    body = json.loads(entry.body)
    assert body["policy"] == [before.policy.name, "Oslo"]
    assert set(body["deadlines"]) == {"acknowledge", "resolve"}
    case.refresh_from_db()
    assert case.queue_at == min(one.due_at for one in case.clocks.all())
    client = Client()
    client.force_login(cast.manager)
    assert "deadlines by the policy Oslo" in client.get(f"/complaints/{case.reference}/").content.decode()
    assign(case, cast, cast.agent, MONDAY + HOUR / 3)
    assert (resolve_of(case).policy, resolve_of(case).due_at) == (before.policy, before.due_at), "and back"
    sound(case)


def test_after_its_time_the_new_deadline_is_now_and_not_before(cast: Cast, oslo: None) -> None:
    case = filed(cast)
    at = MONDAY + timedelta(days=1)
    assign(case, cast, cast.stranger, at)
    assert resolve_of(case).due_at == at
    sound(case)


def test_within_the_team_nothing_moves(cast: Cast, oslo: None, django_assert_max_num_queries: Any) -> None:
    case, other = filed(cast), filed(cast)
    assign(other, cast, cast.colleague)
    due_at = resolve_of(case).due_at
    with django_assert_max_num_queries(14):
        assign(case, cast, cast.colleague)
    assert resolve_of(case).due_at == due_at
    assert "deadlines" not in json.loads(trail.of(case).get(kind="complaint.assigned").body)


def test_where_nobody_asks_for_the_team_assigning_asks_no_clock(cast: Cast) -> None:
    case = filed(cast)
    before = resolve_of(case)
    assign(case, cast, cast.stranger)
    assert resolve_of(case).events.count() == before.events.count() == 1


def test_what_is_late_or_done_stays_as_it_is(cast: Cast, oslo: None) -> None:
    case = filed(cast)
    with clock.frozen(MONDAY + HOUR):
        handle.acknowledge(case, by=Actor.person(cast.agent), at=MONDAY + HOUR)
    met = case.clocks.get(kind="acknowledge")
    assign(case, cast, cast.stranger, MONDAY + 2 * HOUR)
    again = case.clocks.get(kind="acknowledge")
    assert (again.state, again.policy, again.due_at) == (met.state, met.policy, met.due_at)
    sound(case)


def test_a_bulk_assignment_taken_back_takes_the_deadlines_back(cast: Cast, oslo: None) -> None:
    case = filed(cast)
    due_at, act = resolve_of(case).due_at, bulk_acts.ACTS["assign"]
    by, before = Actor.person(cast.manager), bulk_acts._had(case, Actor.person(cast.manager))
    with clock.frozen(MONDAY + HOUR):
        act.run(case, {"owner": str(cast.stranger.pk), "reason": ""}, by=by, at=MONDAY + HOUR)
        assert resolve_of(case).due_at == MONDAY + 2 * HOUR
        case.refresh_from_db()
        act.undo(case, before, by=by, at=MONDAY + HOUR)
    case.refresh_from_db()
    assert (case.team_id, resolve_of(case).due_at) == (before["team"], due_at)
    sound(case)


def test_a_pack_for_a_team_begins_and_ends_with_the_team(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(EU, cast.admin, MONDAY, conditions={"teams": [cast.other_team.pk]})
    case = filed(cast)
    assert not case.clocks.filter(kind="statutory").exists()
    assign(case, cast, cast.stranger)
    assert packed.clock(case, f"{EU}.reply").started_at == MONDAY
    assign(case, cast, cast.agent, MONDAY + HOUR)
    assert packed.clock(case, f"{EU}.reply").state == "cancelled"
    sound(case)


def test_the_tier_of_the_customer_it_is_linked_to_decides(cast: Cast) -> None:
    place_above("Gold customers", tier="Gold")
    case = filed(cast)
    before = resolve_of(case)
    gold = make_customer("Greta Gold")
    Customer.objects.filter(pk=gold.pk).update(tier="Gold")
    at = MONDAY + HOUR
    with clock.frozen(at):
        set_customer(case, gold, by=Actor.person(cast.agent), at=at)
    after = resolve_of(case)
    assert after.policy.name == "Gold customers" and after.due_at == MONDAY + 2 * HOUR
    body = json.loads(trail.of(case).get(kind="complaint.customer_set").body)
    assert body["policy"] == [before.policy.name, "Gold customers"] and "resolve" in body["deadlines"]
    with clock.frozen(at):
        set_customer(case, None, by=Actor.person(cast.agent), at=at)
    assert resolve_of(case).due_at == before.due_at
    sound(case)
