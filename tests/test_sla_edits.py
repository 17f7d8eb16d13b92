"""Edits of calendars and policies: previewed, applied in chunks, nothing moved silently (domain, SLA 3-5; SCHEMA)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.actions import decide, handle, sla_edits
from complaints.models import Clock, ClockEvent, Complaint, SlaEdit, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import rebuild, replay
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.models import Calendar, CalendarVersion, User
from core.week_calendar import WeekCalendar
from core.working_time import Target, due_at
from tests import cast

MONDAY = cast.MONDAY
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = ("mon", "tue", "wed", "thu", "fri")


@pytest.fixture
def admin(db: None) -> Actor:
    cast.two_clocks_only()
    return Actor.person(cast.make_admin())


@pytest.fixture
def agent(admin: Actor) -> User:
    return cast.make_agent(cast.make_team())


def filed(agent: User, at: datetime = MONDAY, **filing: Any) -> Complaint:
    with clock.frozen(at):
        return cast.make_complaint(owner=agent, at=at, channel="email", **filing)


def draft(opens: str = "09:00", closes: str = "18:00", *, closed: tuple[str, ...] = ()) -> CalendarVersion:
    """Another state of the office calendar, not yet published."""
    last = CalendarVersion.objects.filter(calendar__name="Office hours").order_by("-number")[0]
    definition = {
        "tz": last.definition["tz"],
        "weekly": {day: [[opens, closes]] for day in WEEK},
        "exceptions": [{"date": day, "intervals": []} for day in closed],
    }
    return CalendarVersion.objects.create(
        calendar=last.calendar, number=last.number + 1, definition=definition, effective_at=MONDAY, created_at=MONDAY
    )


def publish(admin: Actor, at: datetime, mode: str, **what: Any) -> SlaEdit:
    with clock.frozen(at):
        edit = sla_edits.preview(by=admin, at=at, mode=mode, **what)
        edit = sla_edits.apply(edit, by=admin, at=at)
    with clock.frozen(at + timedelta(minutes=1)):
        sla_edits.advance()
    edit.refresh_from_db()
    assert edit.status == "done"
    return edit


def due(complaint: Complaint, kind: str = "resolve") -> datetime | None:
    return Clock.objects.get(complaint=complaint, kind=kind).due_at


def rows_follow_from_events() -> bool:
    return rebuild.rebuild(mend=False)["different"] == 0


def test_from_now_on_leaves_the_hours_before_as_they_were(admin: Actor, agent: User) -> None:
    complaint = filed(agent)
    version, at = draft("09:00", "13:00"), MONDAY + DAY + 3 * HOUR
    before = due(complaint)
    publish(admin, at, "from_now", calendar_version=version)
    old = WeekCalendar.parse(CalendarVersion.objects.get(calendar=version.calendar, number=1).definition)
    new = WeekCalendar.parse(version.definition)
    from core.working_time import worked

    left = 45 * 3600 - worked(old, MONDAY, at)
    assert due(complaint) == due_at(new, at, Target.seconds(left)) != before
    assert rows_follow_from_events() and not list(trail.verify(trail.of(complaint)))
    entry = trail.of(complaint).last()
    moved = json.loads(entry.body)["deadlines"]["resolve"]
    assert entry.kind == "sla.moved" and moved[0] == before.isoformat()


def test_a_retroactive_correction_counts_as_if_it_had_always_been(admin: Actor, agent: User) -> None:
    complaint = filed(agent)
    version = draft(closed=("2026-03-03", "2026-03-04"))
    publish(admin, MONDAY + 3 * HOUR, "retroactive", calendar_version=version)
    assert due(complaint) == due_at(WeekCalendar.parse(version.definition), MONDAY, Target.seconds(45 * 3600))
    assert rows_follow_from_events()


def test_nobody_is_late_before_the_promise_existed(admin: Actor, agent: User) -> None:
    complaint = filed(agent)
    at = MONDAY + 3 * HOUR
    shorter = _policies(acknowledge=3600)
    edit = publish(admin, at, "from_now", sla_version=shorter)
    assert due(complaint, "acknowledge") == at
    assert edit.found["late_at_once"] == 1
    with clock.frozen(at + timedelta(seconds=1)):
        assert sweep().clocks == 1
    assert Clock.objects.get(complaint=complaint, kind="acknowledge").breached_at == at
    assert rows_follow_from_events()


def test_what_is_finished_or_late_keeps_its_version(admin: Actor, agent: User) -> None:
    done, late = filed(agent), filed(agent)
    by = Actor.person(agent)
    with clock.frozen(MONDAY + HOUR):
        handle.acknowledge(done, by=by, at=MONDAY + HOUR)
    at = due(late, "acknowledge") + HOUR  # passed, but not yet swept
    before = list(Clock.objects.filter(kind="acknowledge").order_by("pk").values())
    publish(admin, at, "retroactive", calendar_version=draft("06:00", "22:00"))
    assert list(Clock.objects.filter(kind="acknowledge").order_by("pk").values()) == before
    with clock.frozen(at + HOUR):
        sweep()
    overdue = Clock.objects.get(complaint=late, kind="acknowledge")
    assert overdue.state == "breached" and overdue.breached_at == before[1]["due_at"]


def test_a_paused_clock_gets_the_new_hours_when_it_goes_on(admin: Actor, agent: User) -> None:
    complaint, by = filed(agent), Actor.person(agent)
    with clock.frozen(MONDAY + HOUR):
        handle.wait(complaint, by=by, at=MONDAY + HOUR, reason="the receipt")
    version = draft("09:00", "11:00")
    publish(admin, MONDAY + DAY, "retroactive", calendar_version=version)
    assert due(complaint) is None
    again = MONDAY + 2 * DAY
    with clock.frozen(again):
        handle.resume(complaint, by=by, at=again)
    new = WeekCalendar.parse(version.definition)
    assert due(complaint) == due_at(new, again, Target.seconds(44 * 3600)), "pauses are kept when the calendar changes"
    assert rows_follow_from_events()


def test_the_preview_tells_what_then_happens(admin: Actor, agent: User) -> None:
    complaints = [filed(agent, MONDAY + number * HOUR) for number in range(7)]
    before = {one.pk: due(one) for one in complaints}
    version, at = draft("08:00", "18:00"), MONDAY + DAY
    with clock.frozen(at):
        edit = sla_edits.preview(by=admin, at=at, mode="from_now", calendar_version=version)
    assert (edit.status, edit.found["open"]) == ("counted", 7)
    assert {one.pk: due(one) for one in complaints} == before, "a preview moves nothing"
    counted = {name: edit.found[name] for name in ("moved", "earlier", "later", "late_at_once")}
    shown = {(one["reference"], one["clock"]): one["to"] for one in edit.found["examples"]}
    with clock.frozen(at):
        edit = sla_edits.apply(edit, by=admin, at=at)
    assert {name: edit.found[name] for name in counted} == counted
    for (reference, kind), expected in shown.items():
        assert due(Complaint.objects.get(reference=reference), kind).isoformat() == expected
    assert counted["moved"] == counted["earlier"] == 7


def test_only_new_complaints(admin: Actor, agent: User) -> None:
    complaint = filed(agent)
    before, events = due(complaint), ClockEvent.objects.count()
    edit = publish(admin, MONDAY + HOUR, "new_only", calendar_version=draft("09:00", "10:00"))
    assert edit.found["moved"] == 0 and due(complaint) == before and ClockEvent.objects.count() == events
    later = filed(agent, MONDAY + 2 * HOUR)
    assert due(later) > before + 20 * DAY


def test_a_draft_changed_since_its_preview_is_not_published(admin: Actor, agent: User) -> None:
    version = draft("08:00")
    edit = sla_edits.preview(by=admin, at=MONDAY, mode="from_now", calendar_version=version)
    version.definition["weekly"]["sat"] = [["09:00", "12:00"]]
    version.save()
    with pytest.raises(sla_edits.DraftChanged):
        sla_edits.apply(edit, by=admin, at=MONDAY)
    version.refresh_from_db()
    assert version.published_at is None


def test_a_draft_governs_nothing(admin: Actor, agent: User) -> None:
    expected = due(filed(agent))
    draft("00:00", "01:00")
    cached.clear_all()
    assert due(filed(agent)) == expected


def test_one_after_the_other_and_by_admins_only(admin: Actor, agent: User) -> None:
    for number in range(3):
        filed(agent, MONDAY + number * HOUR)
    first, second = draft("08:00"), draft("07:00")
    with pytest.raises(NotAllowed):
        sla_edits.preview(by=Actor.person(agent), at=MONDAY, mode="from_now", calendar_version=first)
    with pytest.raises(InvalidInput):
        sla_edits.preview(by=admin, at=MONDAY, mode="retroactive", sla_version=_policies(acknowledge=60))
    at = MONDAY + 5 * HOUR
    with clock.frozen(at):
        edits = [sla_edits.preview(by=admin, at=at, mode="from_now", calendar_version=one) for one in (first, second)]
        sla_edits.apply(edits[0], by=admin, at=at)
        with pytest.raises(sla_edits.EditRunning):
            sla_edits.apply(edits[1], by=admin, at=at)


def test_a_crash_between_two_chunks_loses_and_repeats_nothing(
    admin: Actor, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sla_edits, "CHUNK", {"postgresql": 2, "sqlite": 2})
    complaints = [filed(agent, MONDAY + number * HOUR) for number in range(7)]
    version, at = draft("08:00"), MONDAY + DAY
    with clock.frozen(at):
        edit = sla_edits.preview(by=admin, at=at, mode="from_now", calendar_version=version)
        edit = sla_edits.apply(edit, by=admin, at=at)
        assert (edit.status, edit.looked) == ("applying", 2)
        whole = sla_edits._chunk
        monkeypatch.setattr(sla_edits, "_chunk", _fails_after(whole, 1))
        with pytest.raises(RuntimeError):
            sla_edits.advance()
        monkeypatch.setattr(sla_edits, "_chunk", whole)
    with clock.frozen(at + timedelta(minutes=1)):
        sla_edits.advance()
    edit.refresh_from_db()
    assert (edit.status, edit.looked, edit.found["moved"]) == ("done", 7, 7)
    for one in complaints:
        assert ClockEvent.objects.filter(clock__complaint=one, clock__kind="resolve", kind="retargeted").count() == 1
        assert [entry.kind for entry in trail.of(one)].count("sla.moved") == 1
    assert rows_follow_from_events()


def test_a_case_filed_by_the_old_version_meanwhile_is_taken_along(admin: Actor, agent: User) -> None:
    filed(agent)
    version, at = draft("08:00"), MONDAY + DAY
    with clock.frozen(at):
        edit = sla_edits.apply(
            sla_edits.preview(by=admin, at=at, mode="from_now", calendar_version=version), by=admin, at=at
        )
        sla_edits.advance()
        assert SlaEdit.objects.get(pk=edit.pk).status == "applying", "other processes may not know it yet"
        straggler = filed(agent, at)
        old = CalendarVersion.objects.get(calendar=version.calendar, number=1)
        own = Clock.objects.filter(complaint=straggler)
        own.update(calendar_version=old)
        for event in ClockEvent.objects.filter(clock__in=own):
            event.data["calendar_version"] = old.pk
            event.save()
    with clock.frozen(at + timedelta(minutes=1)):
        sla_edits.advance()
    assert set(own.values_list("calendar_version", flat=True)) == {version.pk}
    assert rows_follow_from_events()


def test_a_chunk_costs_the_same_whatever_its_size(admin: Actor, agent: User) -> None:
    def cost(count: int, at: datetime) -> int:
        for _ in range(count):
            filed(agent)
        version = draft("08:00", f"{17 if at > MONDAY + DAY else 19}:00")
        with clock.frozen(at):
            edit = sla_edits.preview(by=admin, at=at, mode="retroactive", calendar_version=version)
            with CaptureQueriesContext(connection) as seen:
                sla_edits.apply(edit, by=admin, at=at)
        with clock.frozen(at + timedelta(minutes=1)):
            sla_edits.advance()
        return len([one for one in seen if "SAVEPOINT" not in one["sql"]])

    assert cost(2, MONDAY + HOUR) + 2 >= cost(30, MONDAY + DAY + HOUR)


def test_rebuild_mends_what_somebody_broke(admin: Actor, agent: User) -> None:
    complaint = filed(agent)
    right = Clock.objects.get(complaint=complaint, kind="resolve")
    Clock.objects.filter(pk=right.pk).update(due_at=MONDAY, next_at=None, rungs=[])
    Complaint.objects.filter(pk=complaint.pk).update(queue_at=MONDAY)
    with pytest.raises(SystemExit):
        call_command("rebuild_clocks", check=True)
    call_command("rebuild_clocks")
    mended = Clock.objects.get(pk=right.pk)
    assert (mended.due_at, mended.next_at, mended.rungs) == (right.due_at, right.next_at, right.rungs)
    assert Complaint.objects.get(pk=complaint.pk).queue_at == complaint.queue_at
    assert rows_follow_from_events()


def test_reopening_after_an_edit_keeps_both(admin: Actor, agent: User) -> None:
    complaint, by = filed(agent), Actor.person(agent)
    at = MONDAY + HOUR
    with clock.frozen(at):
        cause = catalogue().causes["people-mistake"]
        decide.resolve(complaint, by=by, at=at, outcome="upheld", root_cause=cause, summary="Sent the lamp.")
    version = draft("09:00", "11:00")
    publish(admin, MONDAY + DAY, "retroactive", calendar_version=version)
    again = MONDAY + 2 * DAY
    with clock.frozen(again):
        decide.reopen(complaint, by=by, at=again, reason="broken again")
    own = Clock.objects.get(complaint=complaint, kind="resolve")
    assert own.state == "running" and own.calendar_version_id != version.pk, "resolved before the edit: its own hours"
    said = replay.row("resolve", list(own.events.order_by("pk")))
    assert {name: getattr(own, name) for name in said} == said


def _policies(**seconds: int) -> SlaVersion:
    """A draft: the policies in force with other targets."""
    last = SlaVersion.objects.filter(published_at__isnull=False).order_by("-number")[0]
    version = SlaVersion.objects.create(number=SlaVersion.objects.count() + 1, created_at=MONDAY)
    for policy in last.policies.order_by("position"):
        policy.pk, policy.version = None, version
        policy.targets = {
            **policy.targets, **{kind: {"kind": "working_seconds", "value": n} for kind, n in seconds.items()}
        }  # fmt: skip
        policy.save(force_insert=True)
    assert SlaPolicy.objects.filter(version=version).exists() and Calendar.objects.exists()
    return version


def _fails_after(run: Any, times: int) -> Any:
    calls = []

    def wrapped(*args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) > times:
            raise RuntimeError("the power went")
        return run(*args, **named)

    return wrapped
