"""Any order of what can happen to clocks, downtime and edits included (domain, SLA 1-7).

Whatever the order: a breach is never erased and dated at its deadline, each rung fires once, the rows follow from the
events, and each deadline is the one that the slow second opinion (tests/sla/oracle.py) reads off the clock on the wall.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from complaints.actions import converse, decide, handle, manage, sla_edits
from complaints.models import Clock, ClockEvent, ClockState, Complaint, Firing, SlaPolicy, SlaVersion
from complaints.reference import catalogue
from complaints.sla import ladder, policies, rebuild, replay
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import CalendarVersion, OutboxMessage
from core.working_time import TargetKind
from tests import cast, packed
from tests.sla.oracle import Oracle

# Two weeks before the clocks go forward in Madrid, so that lives run over a night with a gap.
# In the middle of a second, as life is: the second opinion hears of the next whole one (sla/SCHEMA.md).
BEGIN = datetime(2026, 3, 23, 8, 7, 0, 417_003, tzinfo=UTC)
HOURS = [
    {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    {day: [["08:30", "12:15"], ["13:00", "17:45"]] for day in ("mon", "tue", "wed", "thu")},
    {day: [["22:00", "06:00"]] for day in ("mon", "wed", "fri", "sat")},
    {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
]
FOUR_HOURS = {"kind": "working_seconds", "value": 4 * 3600}
CLOSED = [[], [{"date": "2026-03-30", "intervals": []}], [{"date": "2026-03-31", "intervals": [["10:00", "11:30"]]}]]


class Clocks(RuleBasedStateMachine):
    """Two complaints and everything that moves their clocks."""

    @initialize(channels=st.tuples(*[st.sampled_from(["email", "phone", "social"])] * 2), late=st.booleans())
    def begin(self, channels: tuple[str, str], late: bool) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()
        cached.clear_all()
        self.at, self.breaches = BEGIN, {}
        admin, agent = cast.make_admin(), cast.make_agent(cast.make_team())
        self.admin = Actor.person(admin)
        self.by = Actor.person(agent)
        for version in CalendarVersion.objects.all():
            version.definition = {"tz": "Europe/Madrid", "weekly": HOURS[0], "exceptions": []}
            version.save()
        cached.clear_all()
        received = self.at - timedelta(days=3) if late else self.at
        packed.install(packed.CFPB, admin, self.at - timedelta(days=4), conditions={"types": ["billing"]})
        with clock.frozen(self.at):
            self.cases = [
                cast.make_complaint(owner=agent, at=self.at, channel=channel, received_at=received)
                for channel in channels
            ]

    def teardown(self) -> None:
        if hasattr(self, "block"):
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
            cached.clear_all()

    def act(self, which: int, action: Any, **values: Any) -> None:
        try:
            with clock.frozen(self.at), transaction.atomic():
                action(self.cases[which], at=self.at, **values)
        except DomainError:
            pass
        self.cases[which].refresh_from_db()

    @rule(minutes=st.sampled_from([1, 20, 59, 180, 540, 1440, 4321, 20_160]))
    def time_passes(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @rule()
    def a_sweep(self) -> None:
        with clock.frozen(self.at):
            sweep()

    @rule(which=st.integers(0, 1))
    def acknowledge(self, which: int) -> None:
        self.act(which, handle.acknowledge, by=self.by)

    @rule(which=st.integers(0, 1))
    def message(self, which: int) -> None:
        self.act(which, converse.message, by=self.by, body="We are looking into it.")

    @rule(which=st.integers(0, 1))
    def wait(self, which: int) -> None:
        self.act(which, handle.wait, by=self.by, reason="the receipt")

    @rule(which=st.integers(0, 1), answered=st.booleans())
    def go_on(self, which: int, answered: bool) -> None:
        if answered:
            self.act(which, converse.incoming, by=Actor.customer(), body="Here it is.")
        else:
            self.act(which, handle.resume, by=self.by)

    @rule(which=st.integers(0, 1))
    def resolve(self, which: int) -> None:
        cause = catalogue().causes["people-mistake"]
        said = {"outcome": "upheld", "root_cause": cause, "summary": "Sent another.", "answer": "We sent another."}
        self.act(which, decide.resolve, by=self.by, **said)

    @rule(which=st.integers(0, 1))
    def withdraw(self, which: int) -> None:
        self.act(which, decide.withdraw, by=self.by, reason="settled")

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        self.act(which, decide.reopen, by=self.by, reason="not settled")

    @rule(which=st.integers(0, 1), code=st.sampled_from(["product-safety", "billing-overcharged", "unclassified"]))
    def classify(self, which: int, code: str) -> None:
        severity = "critical" if code == "product-safety" else "moderate"
        kind = catalogue().types[code]
        self.act(which, manage.classify, by=self.by, reason="sorted", type=kind, severity=severity)

    @rule(
        hours=st.sampled_from(HOURS), closed=st.sampled_from(CLOSED), mode=st.sampled_from(["from_now", "retroactive"])
    )
    def edit_the_calendar(self, hours: dict[str, Any], closed: list[dict[str, Any]], mode: str) -> None:
        last = CalendarVersion.objects.filter(calendar__name="Office hours").order_by("-number")[0]
        definition = {"tz": "Europe/Madrid", "weekly": hours, "exceptions": closed}
        version = CalendarVersion.objects.create(
            calendar=last.calendar, number=last.number + 1, definition=definition, effective_at=self.at,
            created_at=self.at,
        )  # fmt: skip
        self._publish(mode, calendar_version=version)

    @rule(
        hours=st.integers(0, 60),
        restart=st.booleans(),
        days=st.booleans(),
        gone=st.sets(st.sampled_from(["acknowledge", "update", "resolve"]), max_size=2),
    )
    def edit_the_policies(self, hours: int, restart: bool, days: bool, gone: set[str]) -> None:
        last = SlaVersion.objects.filter(published_at__isnull=False).order_by("-number")[0]
        version = SlaVersion.objects.create(number=last.number + 1, created_at=self.at)
        for policy in last.policies.order_by("position"):
            policy.pk, policy.version = None, version
            target = {"kind": "working_days", "value": hours % 5} if days else {
                "kind": "working_seconds", "value": hours * 3600
            }  # fmt: skip
            every = {"acknowledge": FOUR_HOURS, "update": FOUR_HOURS, **policy.targets, "resolve": target}
            policy.targets = {kind: one for kind, one in every.items() if kind not in gone}
            policy.reopen_mode = "restart" if restart else "resume"
            policy.save(force_insert=True)
        assert SlaPolicy.objects.filter(version=version).exists()
        self._publish("from_now", sla_version=version)

    @rule(which=st.integers(0, 1), hours=st.sampled_from([90, 400]))
    def nearly_late_it_is_given_longer(self, which: int, hours: int) -> None:
        own = Clock.objects.filter(complaint=self.cases[which], kind="resolve", state=ClockState.RUNNING).last()
        if own is None or own.due_at is None or own.due_at <= self.at:
            return
        self.at = max(self.at, own.due_at - timedelta(minutes=5))
        self.a_sweep()
        self.edit_the_policies(hours=hours, restart=False, days=False, gone=set())

    def _publish(self, mode: str, **draft: Any) -> None:
        with clock.frozen(self.at):
            edit = sla_edits.preview(by=self.admin, at=self.at, mode=mode, **draft)
            sla_edits.apply(edit, by=self.admin, at=self.at)
        with clock.frozen(self.at + timedelta(minutes=1)):
            sla_edits.advance()
        edit.refresh_from_db()
        assert edit.status == "done"
        if "sla_version" in draft:
            self.agreed_clocks_are_those_the_policies_ask_for()

    def brought_to(self, case: Complaint) -> set[str]:
        """Kinds of clocks that the policies know and that came to the case from another one."""
        return set()

    def agreed_clocks_are_those_the_policies_ask_for(self) -> None:
        """What is asked for is there, and nothing else runs but what is late already."""
        for case in self.cases:
            case.refresh_from_db()
            if not case.is_open:
                continue
            asked_for = set(policies.match(case).policy.targets)
            if case.acknowledged_at is None:
                asked_for.discard("update")
            else:
                asked_for.discard("acknowledge")
            own = [one for one in case.clocks.all() if one.kind != "statutory" and not one.is_finished]
            assert asked_for <= {one.kind for one in own}, "a clock is missing"
            asked_for |= self.brought_to(case)
            over = [one for one in own if one.kind not in asked_for and one.state != ClockState.BREACHED]
            assert all(one.due_at is not None and one.due_at <= self.at for one in over), "a clock runs unasked"

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def rows_follow_from_events(self) -> None:
        assert rebuild.rebuild(mend=False)["different"] == 0

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def breaches_stand(self) -> None:
        now = {one.pk: one.breached_at for one in Clock.objects.filter(breached_at__isnull=False)}
        assert {key: now.get(key) for key in self.breaches} == self.breaches, "a breach was erased or dated anew"
        self.breaches = now
        for one in Clock.objects.filter(state=ClockState.BREACHED):
            assert one.breached_at == one.due_at <= self.at
            assert Firing.objects.filter(clock=one, rung="breach", due_at=one.due_at).count() == 1
            assert ClockEvent.objects.filter(clock=one, kind="breached").count() == 1
        keys = OutboxMessage.objects.filter(template__startswith="sla_").values_list("key", flat=True)
        assert len(keys) == len(set(keys))

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def deadlines_are_those_of_the_second_opinion(self) -> None:
        for one in Clock.objects.filter(state=ClockState.RUNNING, complaint__in=self.cases):
            case = _case(replay.tell(one.events.order_by("pk")))
            case["as_of"] = _text(self.at)
            said = Oracle(case).answer()
            assert _text(one.due_at) == said["due_at"], (one.kind, case)
            if one.target_kind == TargetKind.WORKING_SECONDS:
                left, _steps = replay.evaluate(replay.tell(one.events.order_by("pk")), one.kind, as_of=self.at)
                assert left.remaining_at_as_of == said["remaining_at_as_of"]
                assert left.remaining_at_as_of == max(0, (one.target_value or 0) - said["worked_at_as_of"])

    def ahead_of(self, one: Clock) -> set[str]:
        """The steps of the clock's ladder that lie ahead."""
        said, steps = replay.evaluate(replay.tell(one.events.order_by("pk")), one.kind)
        return {step.rung for step, at in zip(steps, said.warn_at, strict=True) if at and at > self.at}

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def what_lies_ahead_rings_and_rings_once_in_a_term(self) -> None:
        for one in Clock.objects.filter(state=ClockState.RUNNING, complaint__in=self.cases):
            ahead = self.ahead_of(one)
            left = [ladder.step_of(rung) for _us, rung, _to, _over in one.rungs]
            warned = {rung for rung in ahead if ladder.percent_of(rung) < 100}
            assert warned <= set(left) and len(left) == len(set(left)), (one.kind, ahead, left)
        for one in Clock.objects.filter(complaint__in=self.cases):
            rang: list[str] = []
            terms: list[Any] = []
            for event in one.events.order_by("pk"):
                if "target" in event.data and terms != (now := [event.data["target"], event.data["calendar_version"]]):
                    rang, terms = [], now
                elif event.kind == "warned":
                    rang.append(ladder.step_of(event.data["rung"]))
            assert len(rang) == len(set(rang)), "rang twice in one term"

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def only_what_waits_stands_still(self) -> None:
        for one in Clock.objects.filter(kind="resolve", complaint__in=self.cases).select_related("complaint"):
            waits, counts_days = one.complaint.status == "waiting_on_customer", one.target_kind != "working_seconds"
            assert one.state != ClockState.PAUSED or (waits and not counts_days)
            late = one.due_at is not None and one.due_at < self.at  # not noticed yet
            assert one.state != ClockState.RUNNING or counts_days or late or not waits

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def the_law_goes_on_until_it_is_answered(self) -> None:
        for one in Clock.objects.filter(kind="statutory", complaint__in=self.cases).select_related("complaint__type"):
            if one.complaint.is_open and one.complaint.type.code.startswith("billing"):
                assert one.completed_at is None, "sorted away and back, it had stopped"

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def queue_and_trail_are_whole(self) -> None:
        for complaint in Complaint.objects.filter(pk__in=[one.pk for one in self.cases]):
            due = [one.due_at for one in complaint.clocks.all() if not one.is_finished and one.due_at is not None]
            if complaint.in_queue:
                assert complaint.queue_at == min(due, default=complaint.queue_at)
            assert not list(trail.verify(trail.of(complaint)))


def _case(story: replay.Story) -> dict[str, Any]:
    """A clock's story in the words of sla/SCHEMA.md."""
    asked = replay.history(story)
    return {
        "calendar": {"exceptions": [], **asked.calendar.as_json()},
        "start": _text(asked.start),
        "target": {"kind": str(asked.target.kind), "value": asked.target.value},
        "pauses": [[_text(one.start), _text(one.end)] for one in asked.pauses],
        "resolutions": [[_text(one.start), _text(one.end)] for one in asked.resolutions],
        "target_changes": [
            {"at": _text(one.at), "target": {"kind": str(one.target.kind), "value": one.target.value}}
            for one in asked.target_changes
        ],
        "calendar_edits": [
            {"at": _text(one.at), "mode": str(one.mode), "calendar": {"exceptions": [], **one.calendar.as_json()}}
            for one in asked.calendar_edits
        ],
    }


def _text(at: datetime | None) -> str | None:
    if at is None:
        return None
    whole = at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
    return whole.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_the_order_no_clock_is_moved_quietly_or_missed() -> None:
    run_state_machine_as_test(
        Clocks,
        settings=settings(
            max_examples=max(12, settings().max_examples // 8), stateful_step_count=14, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
