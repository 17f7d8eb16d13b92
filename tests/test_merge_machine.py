"""Merging and unmerging in between everything else that can happen to clocks (domain, Complaint 9, SLA 1-7).

Whatever the order: rows follow from the events, no message is lost, a breach that goes from the joint case is one of
the case it came from, and what is merged and taken back is what it was.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from complaints.actions import converse, merge
from complaints.models import Clock, ClockEvent, ClockState, Complaint, Merge, Message
from complaints.sla import ladder, policies, replay
from complaints.sla.sweep import sweep
from core import clock, trail, working_time
from core.actor import Actor
from core.errors import DomainError
from core.models import OutboxMessage
from tests.sla.oracle import Oracle
from tests.test_clock_machine import Clocks, _case, _text


class Merging(Clocks):
    """The two complaints of `Clocks`, merged into one another and parted again."""

    said = 0

    @rule(which=st.integers(0, 1))
    def becomes_part_of_the_other(self, which: int) -> None:
        self.act(which, merge.merge, by=self.by, into=self.cases[1 - which], confirm=True)
        self.cases[1 - which].refresh_from_db()

    @rule(which=st.integers(0, 1))
    def is_a_case_of_its_own_again(self, which: int) -> None:
        self.act(which, merge.unmerge, by=self.by)
        self.cases[1 - which].refresh_from_db()

    @rule(which=st.integers(0, 1))
    def the_customer_writes(self, which: int) -> None:
        self.act(which, converse.incoming, by=Actor.customer(), body="Is anybody there?")
        self.cases[1 - which].refresh_from_db()

    @rule(which=st.integers(0, 1))
    def there_and_back(self, which: int) -> None:
        """What is merged and taken back in the same minute is what it was, once the sweep has said what was late."""
        with clock.frozen(self.at):
            sweep()
        before = [_state(one) for one in self.cases]
        try:
            with clock.frozen(self.at), transaction.atomic():
                merge.merge(self.cases[which], by=self.by, at=self.at, into=self.cases[1 - which], confirm=True)
                self.rows_follow_from_events()
                merge.unmerge(self.cases[which], by=self.by, at=self.at)
        except DomainError:
            pass
        for one, was in zip(self.cases, before, strict=True):
            now = _state(one)
            assert now == was, {name: (was[name], now[name]) for name in was if was[name] != now[name]}
        for one in self.cases:
            one.refresh_from_db()

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def breaches_stand(self) -> None:
        now = {one.pk: one for one in Clock.objects.all()}
        for key, (breached_at, kind, code) in self.breaches.items():
            if key in now and now[key].breached_at == breached_at:
                continue
            assert not (key in now and not ClockEvent.objects.filter(clock=key, kind=replay.LIFTED).exists())
            owed = [one for one in now.values() if (one.kind, one.code) == (kind, code) and one.pk != key]
            assert any(one.breached_at is not None and one.breached_at <= breached_at for one in owed), (
                "a breach went that nobody has"
            )
        self.breaches = {one.pk: (one.breached_at, one.kind, one.code) for one in now.values() if one.breached_at}
        for one in now.values():
            if one.state == ClockState.BREACHED:
                assert one.breached_at == one.due_at <= self.at
        keys = OutboxMessage.objects.filter(template__startswith="sla_").values_list("key", flat=True)
        assert len(keys) == len(set(keys))

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def deadlines_are_those_of_the_second_opinion(self) -> None:
        for one in Clock.objects.filter(state=ClockState.RUNNING, complaint__in=self.cases):
            story = replay.tell(one.events.order_by("pk"))
            case = {**_case(story), "as_of": _text(self.at)}
            own = Oracle(case).answer()["due_at"]
            brought = [_text(cap.due_at) for cap in story.caps.values()]
            assert _text(one.due_at) == min([own, *brought]), (one.kind, case)

    def brought_to(self, case: Complaint) -> set[str]:
        """Whose customer was told something is owed the next word, whether or not this one was acknowledged yet."""
        first = [one.events.order_by("pk")[0] for one in case.clocks.filter(completed_at=None)]
        came = {event.clock.kind for event in first if "merge" in event.data}
        return came & set(policies.match(case).policy.targets)

    def ahead_of(self, one: Clock) -> set[str]:
        """Of a deadline that a merged case brought, the shares of the working time up to it, whatever the target."""
        story = replay.tell(one.events.order_by("pk"))
        due_at = min((cap.due_at for cap in story.caps.values()), default=None)
        if due_at is None or due_at != one.due_at:
            return super().ahead_of(one)
        calendar = policies.calendar_of(story.terms["calendar_version"])
        total = working_time.worked(calendar, story.started_at, due_at)
        gone = working_time.worked(calendar, story.started_at, self.at)
        return {step.rung for step in replay.steps_of(story.terms, one.kind) if 100 * gone < step.percent * total}

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def one_of_two_or_two(self) -> None:
        open_merges = list(Merge.objects.filter(undone_at__isnull=True))
        for one in self.cases:
            one = Complaint.objects.get(pk=one.pk)
            mine = [row for row in open_merges if row.complaint_id == one.pk]
            assert (one.status == "merged") == bool(mine) == (one.merged_into_id is not None)
            if mine:
                assert not one.in_queue and one.merged_into_id == mine[0].into_id
                assert not Clock.objects.filter(complaint=one, completed_at__isnull=True).exists()
            assert not list(trail.verify(trail.of(one)))
        count = Message.objects.count()
        assert count >= self.said
        self.said = count


def _state(complaint: Complaint) -> dict[str, Any]:
    row = Complaint.objects.filter(pk=complaint.pk).values().get()
    clocks = list(Clock.objects.filter(complaint=complaint).order_by("pk").values())
    for one in clocks:  # neither the number of the term nor whether a breach was told before
        one["rungs"] = [[us, ladder.step_of(rung), to & ~ladder.AGAIN, over] for us, rung, to, over in one["rungs"]]
    return {name: value for name, value in row.items() if name not in ("version", "updated_at")} | {
        f"{one['kind']} {one['code']} {one['cycle']}": one for one in clocks
    }


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_the_order_merging_moves_no_clock_quietly_and_loses_nothing() -> None:
    run_state_machine_as_test(
        Merging,
        settings=settings(
            max_examples=max(12, settings().max_examples // 8), stateful_step_count=14, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
