"""A preview tells what applying it does: due at once, paused, added, ended, by how much; while it holds (SLA 3, 4).

Moments lie between two seconds, as they do in life: a deadline is a whole one, rounded up.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.actions import converse, decide, handle, manage, sla_edits
from complaints.actions import policies as actions
from complaints.models import Clock, ClockEvent, Complaint, Firing, SlaEdit, SlaEditRow, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import rebuild, tally
from complaints.sla.sweep import sweep
from core import clock, trail
from core.actions import calendars
from core.actor import Actor
from core.models import Calendar, User
from tests import cast

MONDAY = cast.MONDAY + timedelta(microseconds=417_003)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NARROW = {"tz": "Europe/Lisbon", "weekly": {"mon": [["09:00", "10:00"]]}, "holidays": []}


@pytest.fixture
def admin(db: None) -> Actor:
    cast.two_clocks_only()
    return Actor.person(cast.make_admin())


@pytest.fixture
def agent(admin: Actor) -> User:
    return cast.make_agent(cast.make_team())


def worked(hours: float) -> dict[str, Any]:
    return {"kind": "working_seconds", "value": int(hours * 3600)}


def filed(agent: User, at: datetime = MONDAY, **filing: Any) -> Complaint:
    with clock.frozen(at):
        return cast.make_complaint(owner=agent, at=at, channel="email", **filing)


def draft_with(admin: Actor, at: datetime, **targets: dict[str, Any]) -> SlaVersion:
    """The policies in force, but that the last one has these targets alone."""
    made = actions.begin_draft(by=admin, at=at)
    last = SlaPolicy.objects.filter(version=made).order_by("position").last()
    actions.change_policy(last, {"targets": targets}, by=admin, at=at)
    return SlaVersion.objects.get(pk=made.pk)


def previewed(admin: Actor, at: datetime, mode: str = "from_now", **draft: Any) -> SlaEdit:
    with clock.frozen(at):
        return sla_edits.preview(by=admin, at=at, mode=mode, **draft)


def applied(admin: Actor, at: datetime, edit: SlaEdit) -> SlaEdit:
    with clock.frozen(at):
        edit = sla_edits.apply(SlaEdit.objects.get(pk=edit.pk), by=admin, at=at)
    with clock.frozen(at + timedelta(minutes=1)):
        sla_edits.advance()
    edit.refresh_from_db()
    assert edit.status in ("done", "applying")
    return edit


def publish(admin: Actor, at: datetime, **targets: dict[str, Any]) -> SlaEdit:
    with clock.frozen(at):
        draft = draft_with(admin, at, **targets)
    edit = applied(admin, at, previewed(admin, at, sla_version=draft))
    assert edit.status == "done"
    return edit


def of(complaint: Complaint, kind: str) -> Clock:
    return Clock.objects.filter(complaint=complaint, kind=kind).order_by("-cycle")[0]


def body(complaint: Complaint) -> dict[str, Any]:
    """The last entry of the complaint's trail."""
    found: dict[str, Any] = json.loads(trail.of(complaint).last().body)
    return found


def sound() -> bool:
    return rebuild.rebuild(mend=False)["different"] == 0


def kinds(complaint: Complaint) -> list[tuple[str, str]]:
    return [(one.kind, one.state) for one in Clock.objects.filter(complaint=complaint).order_by("pk")]


# --- due at once ------------------------------------------------------------------------------------------------------


def test_what_is_due_at_once_is_counted_between_two_seconds_too(admin: Actor, agent: User) -> None:
    late, other = filed(agent), filed(agent, MONDAY + DAY + 7 * HOUR)
    at = MONDAY + 2 * DAY
    with clock.frozen(at):
        draft = draft_with(admin, at, acknowledge=worked(4), resolve=worked(20))
    edit = previewed(admin, at, sla_version=draft)
    assert (edit.found["moved"], edit.found["late_at_once"], edit.found["late_complaints"]) == (2, 0, 0)
    with clock.frozen(at):
        last = SlaPolicy.objects.filter(version=draft).order_by("position").last()
        actions.change_policy(last, {"targets": {"acknowledge": worked(4), "resolve": worked(10)}}, by=admin, at=at)
    edit = previewed(admin, at, sla_version=draft)
    assert (edit.found["moved"], edit.found["late_at_once"], edit.found["late_complaints"]) == (2, 1, 1)
    first, second = edit.found["examples"]
    assert (first["reference"], first["late"]) == (late.reference, True), "those that breach first come first"
    assert (second["reference"], second["late"]) == (other.reference, False)
    assert list(SlaEditRow.objects.filter(edit=edit, late=True).values_list("complaint", flat=True)) == [late.pk]
    edit = applied(admin, at, edit)
    assert edit.found["late_at_once"] == 1 and of(late, "resolve").due_at == at + timedelta(microseconds=582_997)
    with clock.frozen(at + 2 * HOUR):
        sweep()
    assert of(late, "resolve").state == "breached" and of(other, "resolve").state == "running" and sound()


# --- by how much, and where -------------------------------------------------------------------------------------------


def test_the_counts_say_how_many_by_how_much_and_where(admin: Actor, agent: User) -> None:
    """By hand: nine hours a day. Resolve 45 h (5 days) becomes 54 h (6 days) for the last policy: Monday filed, due
    Monday 9:00 closing of the fifth day, then a day later."""
    complaints = [filed(agent) for _number in range(3)]
    at = MONDAY + HOUR
    with clock.frozen(at):
        draft = draft_with(admin, at, acknowledge=worked(2), resolve=worked(54))
    edit = previewed(admin, at, sla_version=draft)
    found = edit.found
    assert (found["open"], found["complaints"], found["moved"]) == (3, 3, 6)
    assert (found["earlier"], found["later"]) == (3, 3)
    before = of(complaints[0], "resolve").due_at
    row = SlaEditRow.objects.filter(edit=edit, complaint=complaints[0], clock="resolve").get()
    assert row.before_at == before and row.worked == 9 * 3600
    elapsed = int((row.after_at - before).total_seconds())
    assert found["shifts"]["later"] == {
        "sum": 3 * elapsed, "most": elapsed, "worked_sum": 3 * 9 * 3600, "worked_most": 9 * 3600,
    }  # fmt: skip
    assert found["shifts"]["earlier"] == {
        "sum": 3 * 7200, "most": 7200, "worked_sum": 3 * 7200, "worked_most": 7200,
    }  # fmt: skip
    last = SlaPolicy.objects.filter(version=draft).order_by("position").last()
    assert found["spread"] == {
        f"policy:{last.pk} acknowledge earlier:1": 3,
        f"policy:{last.pk} resolve later:{2 if elapsed <= 86_400 else 3}": 3,
    }
    assert found["days"] == [9 * 3600]
    assert SlaEditRow.objects.filter(edit=edit).count() == tally.changed(found) == 6
    done = applied(admin, at, edit)
    assert {name: done.found[name] for name in tally.NUMBERS} == {name: found[name] for name in tally.NUMBERS}
    assert SlaEditRow.objects.filter(edit=done).count() == 6


def test_rows_of_previews_that_are_given_up_go(admin: Actor, agent: User) -> None:
    filed(agent)
    with clock.frozen(MONDAY):
        draft = draft_with(admin, MONDAY, resolve=worked(1))
    first = previewed(admin, MONDAY, sla_version=draft)
    assert SlaEditRow.objects.filter(edit=first).exists()
    second = previewed(admin, MONDAY, sla_version=draft)
    assert not SlaEditRow.objects.filter(edit=first).exists() and SlaEditRow.objects.filter(edit=second).exists()
    sla_edits.drop(second, by=admin, at=MONDAY)
    assert not SlaEditRow.objects.exists()


# --- clocks that stand still ------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(agent: User) -> Complaint:
    """Acknowledged after an hour, then waiting on the customer: 44 of 45 hours left."""
    complaint, by, at = filed(agent), Actor.person(agent), MONDAY + HOUR
    with clock.frozen(at):
        handle.acknowledge(complaint, by=by, at=at)
        handle.wait(complaint, by=by, at=at, reason="the photograph")
    return complaint


def test_a_paused_clock_does_not_move_silently(admin: Actor, agent: User, waiting: Complaint) -> None:
    at = MONDAY + DAY
    with clock.frozen(at):
        draft = draft_with(admin, at, acknowledge=worked(4), resolve=worked(1))
    edit = previewed(admin, at, sla_version=draft)
    found = edit.found
    assert (found["moved"], found["paused"], found["paused_spent"], found["complaints"]) == (0, 1, 1, 1)
    assert found["shifts"]["left"] == {"sum": 44 * 3600, "most": 44 * 3600}
    row = SlaEditRow.objects.get(edit=edit)
    assert (row.what, row.left_before, row.left_after) == ("left", 44 * 3600, 0)
    edit = applied(admin, at, edit)
    assert (edit.found["paused"], trail.of(waiting).last().kind) == (1, "sla.moved")
    assert body(waiting)["left"] == {"resolve": [44 * 3600, 0]} and body(waiting)["day_seconds"] == 9 * 3600
    again = at + HOUR
    with clock.frozen(again):
        handle.resume(waiting, by=Actor.person(agent), at=again)
    assert of(waiting, "resolve").due_at == at + timedelta(microseconds=582_997), "never before the change"
    assert sound() and not list(trail.verify(trail.of(waiting)))


def test_a_paused_clock_is_counted_by_other_hours_too(admin: Actor, agent: User, waiting: Complaint) -> None:
    at = MONDAY + DAY
    office = Calendar.objects.get(name="Office hours")
    late_hours = {"tz": "Europe/Lisbon", "weekly": {"mon": [["12:00", "13:00"]]}, "holidays": []}
    with clock.frozen(at):
        draft = calendars.save_draft(office, late_hours, by=admin, at=at)
    edit = previewed(admin, at, "retroactive", calendar_version=draft)
    assert (edit.found["moved"], edit.found["paused"], edit.found["paused_spent"]) == (0, 1, 0)
    edit = applied(admin, at, edit)
    assert body(waiting)["left"] == {"resolve": [44 * 3600, 45 * 3600]} and sound()


def test_sorting_anew_while_waiting_says_what_is_left(admin: Actor, agent: User, waiting: Complaint) -> None:
    at = MONDAY + 2 * DAY
    before = of(waiting, "resolve")
    with clock.frozen(at):
        safety = catalogue().types["product-safety"]
        manage.classify(waiting, by=Actor.person(agent), at=at, reason="worse", type=safety, severity="critical")
    after = of(waiting, "resolve")
    assert (before.state, after.state) == ("paused", "paused") and before.policy_id != after.policy_id
    left = body(waiting)["left"]["resolve"]
    assert left[0] == 44 * 3600 and left[1] != left[0] and "deadlines" not in body(waiting)
    assert sound()


# --- what was previewed is what is applied ----------------------------------------------------------------------------


def test_other_hours_in_force_make_a_preview_void(admin: Actor, agent: User) -> None:
    complaint, at = filed(agent), MONDAY + HOUR
    before = of(complaint, "resolve").due_at
    with clock.frozen(at):
        draft = draft_with(admin, at, acknowledge=worked(4), resolve=worked(45))
        edit = previewed(admin, at, sla_version=draft)
        hours = calendars.save_draft(Calendar.objects.get(name="Office hours"), NARROW, by=admin, at=at)
        other = sla_edits.preview(by=admin, at=at, mode="new_only", calendar_version=hours)
        sla_edits.apply(other, by=admin, at=at)
        with pytest.raises(sla_edits.InForceChanged):
            sla_edits.apply(edit, by=admin, at=at)
    draft.refresh_from_db()
    assert draft.published_at is None and of(complaint, "resolve").due_at == before
    assert previewed(admin, at, sla_version=draft).found["moved"] == 2, "counted anew it says what it would do"


def test_other_policies_in_force_make_a_calendars_preview_void(admin: Actor, agent: User) -> None:
    filed(agent)
    with clock.frozen(MONDAY):
        hours = calendars.save_draft(Calendar.objects.get(name="Office hours"), NARROW, by=admin, at=MONDAY)
    edit = previewed(admin, MONDAY, "retroactive", calendar_version=hours)
    publish(admin, MONDAY, acknowledge=worked(4), resolve=worked(9))
    with pytest.raises(sla_edits.InForceChanged):
        applied(admin, MONDAY + timedelta(minutes=2), edit)


def test_a_preview_holds_for_an_hour(admin: Actor, agent: User) -> None:
    filed(agent)
    with clock.frozen(MONDAY):
        draft = draft_with(admin, MONDAY, acknowledge=worked(4), resolve=worked(54))
    edit = previewed(admin, MONDAY, sla_version=draft)
    with pytest.raises(sla_edits.PreviewOutdated):
        applied(admin, MONDAY + HOUR + timedelta(seconds=1), edit)
    draft.refresh_from_db()
    assert draft.published_at is None
    assert applied(admin, MONDAY + HOUR, edit).found["moved"] == 1


@pytest.mark.parametrize("many", [False, True])
def test_complaints_that_came_in_since_are_counted_first(
    admin: Actor, agent: User, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    """Few open complaints are all looked at again, of many those that somebody touched since."""
    if many:
        for _number in range(4):
            filed(agent, MONDAY - DAY)
    with clock.frozen(MONDAY):
        draft = draft_with(admin, MONDAY, acknowledge=worked(4), resolve=worked(10))
    edit = previewed(admin, MONDAY, sla_version=draft)
    assert edit.found["complaints"] == (4 if many else 0)
    filed(agent, MONDAY + timedelta(minutes=1))
    if many:
        monkeypatch.setattr(sla_edits, "CHUNK", {"postgresql": 3, "sqlite": 3})
    at = MONDAY + timedelta(minutes=2)
    with pytest.raises(sla_edits.PreviewOutdated):
        applied(admin, at, edit)
    monkeypatch.undo()
    fresh = previewed(admin, at, sla_version=draft)
    assert applied(admin, at, fresh).found["complaints"] == fresh.found["complaints"] == (5 if many else 1)


def test_too_many_touched_since_are_counted_anew(admin: Actor, agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(6):
        filed(agent)
    with clock.frozen(MONDAY):
        draft = draft_with(admin, MONDAY, acknowledge=worked(4), resolve=worked(10))
    edit = previewed(admin, MONDAY, sla_version=draft)
    monkeypatch.setattr(sla_edits, "CHUNK", {"postgresql": 2, "sqlite": 2})
    Complaint.objects.update(updated_at=MONDAY - DAY)
    at = MONDAY + timedelta(minutes=1)
    Complaint.objects.filter(pk__in=Complaint.objects.order_by("pk").values_list("pk", flat=True)[:3]).update(
        updated_at=at
    )
    with pytest.raises(sla_edits.PreviewOutdated):
        applied(admin, at, edit)
    Complaint.objects.update(updated_at=MONDAY - DAY)
    applied(admin, at, edit)


def test_one_in_a_hundred_may_fare_otherwise(admin: Actor, agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    filed(agent)
    with clock.frozen(MONDAY):
        draft = draft_with(admin, MONDAY, acknowledge=worked(4), resolve=worked(10))
    edit = previewed(admin, MONDAY, sla_version=draft)
    filed(agent, MONDAY + timedelta(minutes=1))
    SlaEdit.objects.filter(pk=edit.pk).update(found={**edit.found, "complaints": 99})
    with pytest.raises(sla_edits.PreviewOutdated):
        applied(admin, MONDAY + timedelta(minutes=2), edit)
    SlaEdit.objects.filter(pk=edit.pk).update(found={**edit.found, "complaints": 100})
    applied(admin, MONDAY + timedelta(minutes=2), edit)


# --- clocks that a policy asks for, or no longer ----------------------------------------------------------------------


def test_a_target_that_is_new_gives_open_complaints_their_clock(admin: Actor, agent: User) -> None:
    """Told at 10:00, an update every 4 hours: at 11:00 it is due at 14:00. Who has told nobody is not asked yet."""
    told, taken_up, silent = (filed(agent) for _number in range(3))
    by, ten, at = Actor.person(agent), MONDAY + HOUR, MONDAY + 2 * HOUR
    with clock.frozen(ten - HOUR / 2):
        handle.acknowledge(told, by=by, at=ten - HOUR / 2)
        handle.acknowledge(taken_up, by=by, at=ten - HOUR / 2)
    with clock.frozen(ten):
        converse.message(told, by=by, at=ten, body="We are looking into it.")
    with clock.frozen(at):
        draft = draft_with(admin, at, acknowledge=worked(4), update=worked(4), resolve=worked(45))
    edit = previewed(admin, at, sla_version=draft)
    assert (edit.found["moved"], edit.found["added"], edit.found["complaints"]) == (0, 2, 2)
    assert "update" not in dict(kinds(told)), "a preview adds nothing"
    applied(admin, at, edit)
    assert of(told, "update").due_at == ten + 4 * HOUR + timedelta(microseconds=582_997)
    assert of(told, "update").due_at - of(taken_up, "update").due_at == HOUR / 2
    assert "update" not in dict(kinds(silent)) and sound()
    assert body(told)["added"] == {"update": of(told, "update").due_at.isoformat()}
    later = at + HOUR
    with clock.frozen(later):
        converse.message(told, by=by, at=later, body="Still looking.")
    cycles = Clock.objects.filter(complaint=told, kind="update").order_by("cycle")
    assert [(one.cycle, one.state) for one in cycles] == [(1, "met"), (2, "running")]


def test_a_new_clock_whose_time_has_passed_runs_from_the_change(admin: Actor, agent: User) -> None:
    publish(admin, MONDAY, acknowledge=worked(4))
    complaint, at = filed(agent, MONDAY + timedelta(minutes=2)), MONDAY + 2 * DAY
    assert dict(kinds(complaint)) == {"acknowledge": "running"}
    with clock.frozen(MONDAY + HOUR):
        handle.acknowledge(complaint, by=Actor.person(agent), at=MONDAY + HOUR)
    publish(admin, at, acknowledge=worked(4), resolve=worked(2))
    own = of(complaint, "resolve")
    assert (own.started_at, own.due_at) == (at, at + 2 * HOUR + timedelta(microseconds=582_997)) and sound()


def test_a_target_that_goes_takes_the_clock_with_it_and_leaves_breaches(admin: Actor, agent: User) -> None:
    early, late = filed(agent), filed(agent, MONDAY - 20 * DAY)
    with clock.frozen(MONDAY):
        sweep()
    breached = Clock.objects.filter(complaint=late).order_by("pk").values()
    before, at = list(breached), MONDAY + HOUR
    with clock.frozen(at):
        draft = draft_with(admin, at, acknowledge=worked(4))
    edit = previewed(admin, at, sla_version=draft)
    assert (edit.found["moved"], edit.found["ended"], edit.found["complaints"]) == (0, 1, 1)
    applied(admin, at, edit)
    own = of(early, "resolve")
    assert (own.state, own.completed_at, own.next_at) == ("cancelled", at, None)
    assert own.events.order_by("pk").last().data == {"policy": SlaPolicy.objects.filter(version=draft).last().pk}
    assert body(early)["ended"] == ["resolve"] and sound()
    assert list(breached) == before, "what is late stays late"
    early.refresh_from_db()
    assert early.queue_at == of(early, "acknowledge").due_at and early.resolve_due_at is None
    with clock.frozen(at + 30 * DAY):
        sweep()
    assert not Firing.objects.filter(clock=own, rung="breach").exists()


def test_a_target_that_comes_back_takes_the_clock_up_again(admin: Actor, agent: User) -> None:
    """One hour worked before the target went; the time without a promise does not count."""
    complaint = filed(agent)
    publish(admin, MONDAY + HOUR, acknowledge=worked(4))
    back = MONDAY + 2 * HOUR
    publish(admin, back, acknowledge=worked(4), resolve=worked(6))
    own = of(complaint, "resolve")
    assert (own.cycle, own.state, own.due_at) == (1, "running", back + 5 * HOUR + timedelta(microseconds=582_997))
    assert [event.kind for event in own.events.order_by("pk")] == ["started", "cancelled", "reopened", "retargeted"]
    assert sound()


def test_a_clock_that_ended_is_not_taken_up_by_opening_the_case_again(admin: Actor, agent: User) -> None:
    complaint, by, at = filed(agent), Actor.person(agent), MONDAY + 2 * HOUR
    publish(admin, MONDAY + HOUR, acknowledge=worked(4))
    with clock.frozen(at):
        cause = catalogue().causes["people-mistake"]
        decide.resolve(complaint, by=by, at=at, outcome="upheld", root_cause=cause, summary="Sent the lamp.")
        decide.reopen(complaint, by=by, at=at, reason="broken again")
    assert of(complaint, "resolve").state == "cancelled" and sound()


def test_a_resolve_clock_added_while_waiting_stands_still(admin: Actor, agent: User) -> None:
    publish(admin, MONDAY, acknowledge=worked(4))
    complaint, by, at = filed(agent, MONDAY + HOUR), Actor.person(agent), MONDAY + 2 * HOUR
    with clock.frozen(at):
        handle.acknowledge(complaint, by=by, at=at)
        handle.wait(complaint, by=by, at=at, reason="the photograph")
    publish(admin, at + HOUR, acknowledge=worked(4), resolve=worked(45))
    assert (of(complaint, "resolve").state, of(complaint, "resolve").due_at) == ("paused", None) and sound()
    with clock.frozen(at + 2 * HOUR):
        handle.resume(complaint, by=by, at=at + 2 * HOUR)
    assert of(complaint, "resolve").state == "running" and sound()


def test_sorting_anew_adds_and_ends_clocks_as_an_edit_does(admin: Actor, agent: User) -> None:
    with clock.frozen(MONDAY):
        draft = actions.begin_draft(by=admin, at=MONDAY)
        office = Calendar.objects.get(name="Office hours")
        asked = {"acknowledge": worked(1), "update": worked(2)}
        values = {"name": "Hot", "severity": "serious", "calendar": office, "targets": asked}
        hot = actions.add_policy(draft, values, by=admin, at=MONDAY)
        actions.move_policy(hot, to=1, by=admin, at=MONDAY)
    applied(admin, MONDAY, previewed(admin, MONDAY, "new_only", sla_version=SlaVersion.objects.get(pk=draft.pk)))
    complaint, by, at = filed(agent, MONDAY + HOUR), Actor.person(agent), MONDAY + 2 * HOUR
    with clock.frozen(at):
        handle.acknowledge(complaint, by=by, at=at)
        manage.classify(complaint, by=by, at=at, reason="worse", severity="serious")
    assert dict(kinds(complaint)) == {"acknowledge": "met", "resolve": "cancelled", "update": "running"}
    assert body(complaint)["ended"] == ["resolve"] and "update" in body(complaint)["deadlines"]
    with clock.frozen(at + HOUR):
        manage.classify(complaint, by=by, at=at + HOUR, reason="not so bad", severity="moderate")
    assert dict(kinds(complaint)) == {"acknowledge": "met", "resolve": "running", "update": "cancelled"} and sound()
    assert ClockEvent.objects.filter(clock__complaint=complaint, kind="cancelled").count() == 2


# --- calendars that rest ----------------------------------------------------------------------------------------------


def test_a_calendar_of_the_draft_cannot_be_put_to_rest(admin: Actor) -> None:
    with clock.frozen(MONDAY):
        second = calendars.create_calendar("Second", NARROW, by=admin, at=MONDAY)
        applied(admin, MONDAY, previewed(admin, MONDAY, "new_only", calendar_version=calendars.draft_of(second)))
        draft = actions.begin_draft(by=admin, at=MONDAY)
        values = {"name": "X", "channel": "email", "calendar": second, "targets": {"resolve": worked(1)}}
        actions.add_policy(draft, values, by=admin, at=MONDAY)
        with pytest.raises(calendars.StillUsed) as refused:
            calendars.change_calendar(second, {"is_active": False}, by=admin, at=MONDAY)
        assert "policy “X” of the draft" in str(refused.value)
        edit = previewed(admin, MONDAY, sla_version=draft)
        Calendar.objects.filter(pk=second.pk).update(is_active=False)
        with pytest.raises(sla_edits.CalendarRests):
            sla_edits.apply(edit, by=admin, at=MONDAY)
        with pytest.raises(sla_edits.CalendarRests):
            sla_edits.preview(by=admin, at=MONDAY, mode="from_now", sla_version=draft)
