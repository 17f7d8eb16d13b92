"""What deciding, sorting and opening again does to clocks that somebody could lose or gain by it (domain, SLA 2-5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import converse, decide, handle, manage, policies, silence, sla_edits
from complaints.models import Clock, Complaint, Firing, SlaPolicy
from complaints.reference import catalogue
from complaints.sla import rebuild
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.models import Absence, OutboxMessage, User
from tests import packed
from tests.cast import MONDAY, Cast, make_cast, make_complaint, two_clocks_only, type_of
from tests.doors import API
from tests.merged import cause, filed, swept
from tests.packed import DISP, EU, LGSCO
from tests.test_deadlines_follow import place_above

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DONE = {"outcome": "upheld", "summary": "Sent again."}


@pytest.fixture
def cast() -> Cast:
    two_clocks_only()
    cached.clear_all()
    return make_cast()


def by(user: User) -> Actor:
    return Actor.person(user)


def under(cast: Cast, code: str, **filing: Any) -> Complaint:
    """A complaint under a pack."""
    with clock.frozen(MONDAY):
        packed.install(code, cast.admin, MONDAY)
        return cast.complaint(at=MONDAY, **filing)


def resolve(case: Complaint, cast: Cast, at: Any) -> None:
    with clock.frozen(at):
        said = {"answer": "We send it again.", "texts": [f"{EU}.referral"]} if case.clocks.filter(pack__code=EU) else {}
        decide.resolve(case, by=by(cast.agent), at=at, root_cause=cause(), **DONE, **said)


def reopen(case: Complaint, cast: Cast, at: Any) -> None:
    with clock.frozen(at):
        decide.reopen(case, by=by(cast.agent), at=at, reason="It came broken.")


def sort(case: Complaint, cast: Cast, at: Any, **how: Any) -> None:
    with clock.frozen(at):
        manage.classify(case, by=by(cast.manager), at=at, reason="Sorted wrongly.", **how)


def resolving(case: Complaint) -> list[Clock]:
    return list(case.clocks.filter(kind="resolve").order_by("cycle"))


@pytest.mark.parametrize("way", ["reopened", "the customer writes"])
def test_what_the_law_asked_for_in_time_is_not_late_as_the_case_goes_on_later(cast: Cast, way: str) -> None:
    case = under(cast, EU)
    due = packed.clock(case, f"{EU}.reply").due_at
    resolve(case, cast, due - 5 * DAY)
    with clock.frozen(due - 4 * DAY):
        decide.close(case, by=by(cast.agent), at=due - 4 * DAY)
    if way == "reopened":
        reopen(case, cast, due + 3 * DAY)
    else:
        with clock.frozen(due + 3 * DAY):
            converse.incoming(case, by=Actor.customer(), at=due + 3 * DAY, body="Thank you, all is fine now.")
    case.refresh_from_db()
    assert case.is_open
    swept(due + 4 * DAY)
    own = packed.clock(case, f"{EU}.reply")
    assert (own.state, own.breached_at) == ("met", None)
    assert rebuild.rebuild(mend=False)["different"] == 0


def test_reopened_before_its_day_a_law_goes_on_as_if_it_had_not_stopped(cast: Cast) -> None:
    case = under(cast, EU)
    due = packed.clock(case, f"{EU}.reply").due_at
    resolve(case, cast, due - 5 * DAY)
    reopen(case, cast, due - 2 * DAY)
    swept(due + DAY)
    assert packed.clock(case, f"{EU}.reply").breached_at == due


def test_an_agreed_target_in_days_that_was_met_begins_anew_where_its_day_is_over(cast: Cast) -> None:
    SlaPolicy.objects.update(targets={"resolve": {"kind": "working_days", "value": 5}}, reopen_mode="resume")
    cached.clear_all()
    case = filed(cast)
    resolve(case, cast, MONDAY + DAY)
    reopen(case, cast, MONDAY + 20 * DAY)
    swept(MONDAY + 21 * DAY)
    first, second = resolving(case)
    assert (first.state, first.breached_at) == ("met", None)
    assert (second.state, second.started_at) == ("running", MONDAY + 20 * DAY)


def test_a_legal_acknowledgement_still_owed_runs_again_with_the_case(cast: Cast) -> None:
    case = under(cast, LGSCO)
    due = packed.clock(case, f"{LGSCO}.acknowledge").due_at
    with clock.frozen(MONDAY + HOUR):
        decide.withdraw(case, by=by(cast.agent), at=MONDAY + HOUR, reason="By mistake.")
    assert packed.clock(case, f"{LGSCO}.acknowledge").state == "cancelled"
    reopen(case, cast, MONDAY + 2 * HOUR)
    assert packed.clock(case, f"{LGSCO}.acknowledge").state == "running"
    swept(due + DAY)
    assert packed.clock(case, f"{LGSCO}.acknowledge").breached_at == due


def test_sorted_while_it_was_decided_it_goes_on_under_what_it_meets_now(cast: Cast) -> None:
    place_above("Critical", severity="critical")
    case = filed(cast)
    resolve(case, cast, MONDAY + HOUR)
    sort(case, cast, MONDAY + HOUR, severity="critical")
    reopen(case, cast, MONDAY + 2 * HOUR)
    (own,) = resolving(case)
    assert own.policy is not None and own.policy.name == "Critical"
    told = trail.of(case).get(kind="complaint.reopened")
    assert "resolve" in told.body and "deadlines" in told.body


def test_a_law_it_came_under_while_it_was_decided_runs_from_receipt_or_was_obeyed(cast: Cast) -> None:
    code = next(one for one in catalogue().types if one != "unclassified")
    with clock.frozen(MONDAY):
        packed.install(EU, cast.admin, MONDAY, conditions={"types": [code]})
    for later, states in ((2 * HOUR, ["running"]), (90 * DAY, [])):
        case = filed(cast)
        resolve(case, cast, MONDAY + HOUR)
        sort(case, cast, MONDAY + HOUR, type=type_of(code))
        reopen(case, cast, MONDAY + later)
        assert [one.state for one in case.clocks.filter(kind="statutory")] == states


def test_sorting_in_quarantine_starts_nothing_and_releasing_starts_all(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        packed.install(EU, cast.admin, MONDAY)
        case = make_complaint(quarantine=True, at=MONDAY, customer=cast.customer)
    sort(case, cast, MONDAY + HOUR, severity="critical")
    assert not case.clocks.exists()
    with clock.frozen(MONDAY + 2 * HOUR):
        assert API(cast.manager, case, "release").status == 200
    assert sorted(case.clocks.values_list("kind", "started_at")) == [
        ("acknowledge", MONDAY), ("resolve", MONDAY), ("statutory", MONDAY),
    ]  # fmt: skip


def test_a_list_for_new_complaints_only_moves_no_clock_when_one_is_sorted_to_the_same_policy(cast: Cast) -> None:
    case = filed(cast)
    before = [(one.policy_id, one.due_at) for one in case.clocks.order_by("pk")]
    with clock.frozen(MONDAY + HOUR):
        draft = sla_edits_draft(cast)
        edit = sla_edits.preview(by=by(cast.admin), at=MONDAY + HOUR, mode="new_only", sla_version=draft)
        sla_edits.apply(edit, by=by(cast.admin), at=MONDAY + HOUR)
        sla_edits.advance()
    sort(case, cast, MONDAY + 2 * HOUR, severity="critical")
    assert [(one.policy_id, one.due_at) for one in case.clocks.order_by("pk")] == before
    with clock.frozen(MONDAY + 2 * HOUR):
        assert filed(cast).clocks.get(kind="resolve").target_value == 36_000


def sla_edits_draft(cast: Cast) -> Any:
    """The policies with ten hours to resolve, as a draft."""
    version = policies.begin_draft(by=by(cast.admin), at=MONDAY + HOUR)
    SlaPolicy.objects.filter(version=version).update(
        targets={"acknowledge": {"kind": "working_seconds", "value": 14_400},
                 "resolve": {"kind": "working_seconds", "value": 36_000}}
    )  # fmt: skip
    return version


class TestWindows:
    """A summary resolution is an easier way that closes: nobody is late by it (FCA DISP)."""

    def test_it_ends_at_its_own_instant_and_nothing_fires(self, cast: Cast) -> None:
        SlaPolicy.objects.update(targets={"acknowledge": {"kind": "working_seconds", "value": 14_400}})
        cached.clear_all()
        case = under(cast, DISP)
        due = packed.clock(case, f"{DISP}.summary").due_at
        with clock.frozen(MONDAY + HOUR):
            handle.acknowledge(case, by=by(cast.agent), at=MONDAY + HOUR, message="We look into it.")
        with clock.frozen(due):
            sweep()
            assert packed.clock(case, f"{DISP}.summary").state == "running"
        with clock.frozen(due + 40 * HOUR):
            assert sweep().clocks == 0
        own = packed.clock(case, f"{DISP}.summary")
        assert (own.state, own.completed_at, own.breached_at) == ("cancelled", due, None)
        assert not Firing.objects.filter(clock=own, rung="breach").exists()
        assert not OutboxMessage.objects.filter(template="sla_breach").exists()
        case.refresh_from_db()
        assert case.queue_at == packed.clock(case, f"{DISP}.final").due_at
        assert rebuild.rebuild(mend=False)["different"] == 0

    def test_after_downtime_the_rest_fires_and_the_window_just_ends(self, cast: Cast) -> None:
        case = under(cast, DISP)
        due = packed.clock(case, f"{DISP}.summary").due_at
        swept(MONDAY + 20 * DAY)
        assert packed.clock(case, f"{DISP}.summary").completed_at == due
        assert case.clocks.get(kind="acknowledge").state == "breached"
        told = OutboxMessage.objects.filter(template="sla_breach").values_list("context__clock", flat=True)
        assert set(told) == {"acknowledge", "resolve"}

    def test_work_done_after_it_is_no_breach_of_it(self, cast: Cast) -> None:
        case = under(cast, DISP)
        due = packed.clock(case, f"{DISP}.summary").due_at
        for _ in range(2):  # noticed by the work itself, and not again when the case is taken up once more
            with clock.frozen(due + DAY):
                decide.withdraw(case, by=by(cast.agent), at=due + DAY, reason="Theirs no longer.")
            own = packed.clock(case, f"{DISP}.summary")
            assert (own.state, own.completed_at, own.breached_at) == ("cancelled", due, None)
            reopen(case, cast, due + DAY)
            assert packed.clock(case, f"{DISP}.summary").state == "cancelled"
        assert rebuild.rebuild(mend=False)["different"] == 0

    def test_who_is_away_loses_no_case_by_it(self, cast: Cast) -> None:
        SlaPolicy.objects.update(targets={"resolve": {"kind": "calendar_days", "value": 40}})
        cached.clear_all()
        cast.agent.deputy = cast.colleague
        cast.agent.save(update_fields=["deputy"])
        case = under(cast, DISP)
        with clock.frozen(MONDAY + HOUR):
            handle.acknowledge(case, by=by(case.owner), at=MONDAY + HOUR, message="We look into it.")
        Absence.objects.create(user=case.owner, from_at=MONDAY + 2 * HOUR)
        swept(MONDAY + 5 * DAY)
        with clock.frozen(MONDAY + 5 * DAY):
            silence.hand_over_silent(at=MONDAY + 5 * DAY)
        owner = case.owner_id
        case.refresh_from_db()
        assert case.owner_id == owner

    def test_the_page_says_that_it_ended(self, cast: Cast) -> None:
        case = under(cast, DISP)
        swept(MONDAY + 5 * DAY)
        client = Client()
        client.force_login(cast.agent)
        with clock.frozen(MONDAY + 5 * DAY):
            page = client.get(f"/complaints/{case.reference}/").content.decode()
        assert "only this easier way is closed then" in page
