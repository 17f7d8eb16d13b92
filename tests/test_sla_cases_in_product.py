"""Every case of sla/cases.json once more, as a complaint: policies, calendars, pauses and edits as rows and actions.

The pure function passes them in test_sla_simulate; here the same answers must stand in the product's own tables, with a
sweep before each thing that happens, and follow from the events alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from complaints.actions import decide, handle, sla_edits
from complaints.models import Clock, Complaint, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import rebuild, replay
from complaints.sla.sweep import sweep
from core import cached, clock
from core.actor import Actor
from core.instants import from_us
from core.models import CalendarVersion
from tests import cast

CASES = json.loads((Path(__file__).parent / "sla" / "cases.json").read_text())
CASES = CASES if isinstance(CASES, list) else CASES["cases"]
MODES = {"from_edit": "from_now", "whole_clock": "retroactive"}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def text(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def stops(case: dict[str, Any]) -> list[tuple[datetime, datetime | None]]:
    """The pauses as an agent can make them: their union, without empty ones, none before receipt."""
    start, found = instant(case["start"]), []
    spans = [(max(instant(a), start), None if b is None else instant(b)) for a, b in case.get("pauses", [])]
    for begin, end in sorted(spans, key=lambda span: span[0]):
        if end is not None and end <= begin:
            continue
        if found and (found[-1][1] is None or begin <= found[-1][1]):
            last = found[-1][1]
            found[-1] = (found[-1][0], None if end is None or last is None else max(last, end))
        else:
            found.append((begin, end))
    return found


class House:
    """One complaint under one policy, to which the case happens."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.admin, self.agent = Actor.person(cast.make_admin()), cast.make_agent(cast.make_team())
        self.by = Actor.person(self.agent)
        self.policy = SlaPolicy.objects.order_by("version", "position").last()
        first = CalendarVersion.objects.filter(calendar=self.policy.calendar).order_by("-number")[0]
        first.definition = case["calendar"]
        first.save()
        self.policy.targets = {"resolve": case["target"]}
        self.policy.ladder = [
            {"percent": one["percent"], "to": ["owner"]} for one in case.get("warnings", []) if "percent" in one
        ]
        self.policy.reopen_mode = case.get("reopen_mode", "resume")
        self.policy.save()
        SlaPolicy.objects.exclude(pk=self.policy.pk).delete()
        cached.clear_all()
        start = instant(case["start"])
        with clock.frozen(start):
            self.complaint = cast.make_complaint(owner=self.agent, at=start, channel="letter")

    def happenings(self) -> Iterator[tuple[datetime, str, Any]]:
        for begin, end in stops(self.case):
            yield begin, "wait", None
            if end is not None:
                yield end, "resume", None
        for resolved, reopened in self.case.get("resolutions", []):
            yield instant(resolved), "resolve", None
            yield instant(reopened), "reopen", None
        for change in self.case.get("target_changes", []):
            yield instant(change["at"]), "target", change["target"]
        for edit in self.case.get("calendar_edits", []):
            yield instant(edit["at"]), "calendar", edit
        if "completed_at" in self.case:
            yield instant(self.case["completed_at"]), "resolve", None

    def live(self) -> None:
        for at, what, given in sorted(self.happenings(), key=lambda one: one[0]):
            with clock.frozen(at):
                sweep()
                complaint = Complaint.objects.get(pk=self.complaint.pk)
                getattr(self, what)(complaint, at, given)
                assert rebuild.rebuild(mend=False)["different"] == 0, what

    def wait(self, complaint: Complaint, at: datetime, _given: Any) -> None:
        handle.wait(complaint, by=self.by, at=at, reason="the receipt")

    def resume(self, complaint: Complaint, at: datetime, _given: Any) -> None:
        handle.resume(complaint, by=self.by, at=at)

    def resolve(self, complaint: Complaint, at: datetime, _given: Any) -> None:
        cause = catalogue().causes["people-mistake"]
        decide.resolve(complaint, by=self.by, at=at, outcome="upheld", root_cause=cause, summary="Done.")

    def reopen(self, complaint: Complaint, at: datetime, _given: Any) -> None:
        decide.reopen(complaint, by=self.by, at=at, reason="not yet")

    def target(self, _complaint: Complaint, at: datetime, given: Any) -> None:
        version = SlaVersion.objects.create(number=2, created_at=at)
        SlaPolicy.objects.create(
            version=version, position=1, name="Other", calendar=self.policy.calendar, targets={"resolve": given}
        )
        self._publish(at, "from_now", sla_version=version)

    def calendar(self, _complaint: Complaint, at: datetime, given: Any) -> None:
        version = CalendarVersion.objects.create(
            calendar=self.policy.calendar, number=2, definition=given["calendar"], effective_at=at, created_at=at
        )
        self._publish(at, MODES[given["mode"]], calendar_version=version)

    def _publish(self, at: datetime, mode: str, **draft: Any) -> None:
        edit = sla_edits.preview(by=self.admin, at=at, mode=mode, **draft)
        assert edit.status == "counted"
        sla_edits.apply(edit, by=self.admin, at=at)

    @property
    def clock(self) -> Clock:
        return Clock.objects.filter(complaint=self.complaint, kind="resolve").order_by("-cycle")[0]


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=[one["id"] for one in CASES])
def test_the_product_answers_as_the_definition(case: dict[str, Any]) -> None:
    expected = case["expected"]
    house = House(case)
    rungs = house.clock.rungs
    house.live()
    own = house.clock
    events = list(own.events.order_by("pk"))
    assert text(own.due_at) == expected["due_at"]
    for asked, at in zip(case.get("warnings", []), expected.get("warn_at", []), strict=False):
        if "percent" in asked and not case.get("resolutions"):
            rung = next(one for one in rungs if one[1] == f"warn:{asked['percent']}")
            assert text(from_us(rung[0])) == at
    if expected["due_at"] is None:
        assert own.state == ("paused" if expected["reason"] == "paused" else "running") and own.next_at is None
    if "as_of" in case:
        found, _steps = replay.evaluate(replay.tell(events), "resolve", as_of=instant(case["as_of"]))
        assert found.worked_at_as_of == expected["worked_at_as_of"]
        assert found.remaining_at_as_of == expected["remaining_at_as_of"]
    if "completed_at" in case:
        assert own.state == ("met" if expected["met"] else "breached")
        assert text(own.breached_at) == expected["breached_at"]
        assert (own.overrun_seconds or 0) == expected["overrun_seconds"]
        found, _steps = replay.evaluate(replay.tell(events), "resolve", as_of=own.completed_at)
        assert found.worked_at_as_of == expected["worked_to_completion"]
    if "change_ignored_because_breached_or_done" in expected:
        moved = any(event.kind == "retargeted" for event in events)
        assert moved is not expected["change_ignored_because_breached_or_done"]
