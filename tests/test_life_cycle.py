"""Whatever people do to a case in whatever order: what must hold always holds (domain, Complaint, SLA, Trail)."""

from datetime import timedelta

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

from complaints.actions import converse, decide, handle, manage, watch
from complaints.models import IN_HAND, NEVER, ClockState, Complaint, Status, Workload
from complaints.reference import catalogue
from complaints.sla import replay
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import OutboxMessage
from tests.cast import MONDAY, make_cast, make_complaint

# From each status, where an action may lead; anything else is a bug.
LEADS_TO = {
    Status.NEW: {"acknowledged", "investigating", "waiting_on_customer", "resolved", "withdrawn"},
    Status.ACKNOWLEDGED: {"investigating", "waiting_on_customer", "resolved", "withdrawn"},
    Status.INVESTIGATING: {"waiting_on_customer", "resolved", "withdrawn"},
    Status.WAITING: {"investigating", "resolved", "withdrawn"},
    Status.RESOLVED: {"closed", "investigating", "withdrawn"},
    Status.CLOSED: {"investigating"},
    Status.WITHDRAWN: {"investigating"},
}
WORDS = st.sampled_from(["a photo", "the invoice", " ", "because"])


class Life(RuleBasedStateMachine):
    """Random actions on two cases of one company, refusals included."""

    @initialize(channel=st.sampled_from(["web", "phone", "letter"]), late=st.booleans())
    def begin(self, channel: str, late: bool) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()
        cached.clear_all()
        self.at = MONDAY
        self.cast = make_cast()
        self.people = [self.cast.agent, self.cast.colleague, self.cast.stranger]
        by = Actor.person(self.cast.agent) if channel != "web" else Actor.customer()
        received = MONDAY - timedelta(days=20 if late else 0)
        with clock.frozen(self.at):
            self.cases = [
                make_complaint(owner=self.cast.agent, channel=channel, by=by, received_at=received, at=MONDAY),
                make_complaint(owner=self.cast.colleague, at=MONDAY),
            ]

    def teardown(self) -> None:
        """Forget this life."""
        if hasattr(self, "block"):
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
            cached.clear_all()

    def act(self, which: int, action, **values) -> None:
        """Do it; a refusal leaves everything as it was."""
        complaint = self.cases[which]
        before = Complaint.objects.filter(pk=complaint.pk).values().get()
        entries = trail.of(complaint).count()
        try:
            with clock.frozen(self.at):
                action(complaint, at=self.at, **values)
        except DomainError:
            assert Complaint.objects.filter(pk=complaint.pk).values().get() == before
            assert trail.of(complaint).count() == entries
            return
        complaint.refresh_from_db()
        if complaint.status != before["status"]:
            assert complaint.status in LEADS_TO[Status(before["status"])], (before["status"], complaint.status)
        assert complaint.version >= before["version"]

    def who(self, number: int) -> Actor:
        return Actor.person(self.people[number])

    @rule(hours=st.integers(1, 70))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), message=st.sampled_from(["", "We have it"]))
    def acknowledge(self, which: int, by: int, message: str) -> None:
        self.act(which, handle.acknowledge, by=self.who(by), message=message)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2))
    def investigate(self, which: int, by: int) -> None:
        self.act(which, handle.investigate, by=self.who(by))

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), reason=WORDS)
    def wait(self, which: int, by: int, reason: str) -> None:
        self.act(which, handle.wait, by=self.who(by), reason=reason)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2))
    def resume(self, which: int, by: int) -> None:
        self.act(which, handle.resume, by=self.who(by))

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), body=WORDS)
    def message(self, which: int, by: int, body: str) -> None:
        self.act(which, converse.message, by=self.who(by), body=body)

    @rule(which=st.integers(0, 1), body=WORDS)
    def the_customer_writes(self, which: int, body: str) -> None:
        self.act(which, converse.incoming, by=Actor.customer(), body=body)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), body=WORDS)
    def note(self, which: int, by: int, body: str) -> None:
        self.act(which, converse.note, by=self.who(by), body=body)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), to=st.integers(0, 2))
    def assign(self, which: int, by: int, to: int) -> None:
        self.act(which, manage.assign, by=self.who(by), owner=self.people[to])

    @rule(
        which=st.integers(0, 1),
        by=st.integers(0, 2),
        code=st.sampled_from(["billing-overcharged", "product-safety", "unclassified"]),
        severity=st.sampled_from(["", "minor", "critical"]),
    )
    def classify(self, which: int, by: int, code: str, severity: str) -> None:
        kind = catalogue().types[code]
        self.act(which, manage.classify, by=self.who(by), type=kind, severity=severity, reason="read it")

    @rule(
        which=st.integers(0, 1),
        by=st.integers(0, 2),
        cause=st.sampled_from(["people-mistake", "unclassified"]),
        answer=WORDS,
    )
    def resolve(self, which: int, by: int, cause: str, answer: str) -> None:
        root_cause = catalogue().causes[cause]
        values = {"outcome": "upheld", "root_cause": root_cause, "summary": "done", "answer": answer}
        self.act(which, decide.resolve, by=self.who(by), **values)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2))
    def close(self, which: int, by: int) -> None:
        self.act(which, decide.close, by=self.who(by))

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), reason=WORDS)
    def reopen(self, which: int, by: int, reason: str) -> None:
        self.act(which, decide.reopen, by=self.who(by), reason=reason)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), reason=WORDS)
    def withdraw(self, which: int, by: int, reason: str) -> None:
        self.act(which, decide.withdraw, by=self.who(by), reason=reason)

    @rule(which=st.integers(0, 1), by=st.integers(0, 2), stop=st.booleans())
    def follow(self, which: int, by: int, stop: bool) -> None:
        self.act(which, watch.unwatch if stop else watch.watch, by=self.who(by), watcher=self.people[by])

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def everybodys_workload_is_what_they_own(self) -> None:
        for person in self.people:
            owned = Complaint.objects.filter(owner=person, in_queue=True).count()
            kept = Workload.objects.filter(agent=person).values_list("open_count", flat=True).first() or 0
            assert kept == owned, (person, kept, owned)

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def each_case_is_whole(self) -> None:
        for complaint in self.cases:
            complaint.refresh_from_db()
            assert complaint.owner_id is not None
            assert complaint.in_queue == (complaint.status in IN_HAND)
            ended = complaint.status in (Status.CLOSED, Status.WITHDRAWN)
            assert (complaint.closed_at is not None) == ended
            if complaint.status in (Status.RESOLVED, Status.CLOSED):
                assert complaint.outcome and complaint.root_cause.code != "unclassified"
            assert not list(trail.verify(trail.of(complaint)))

    @invariant()
    @precondition(lambda self: hasattr(self, "cases"))
    def the_queue_follows_the_clocks_and_the_clocks_their_events(self) -> None:
        for complaint in self.cases:
            clocks = list(complaint.clocks.all())
            due = [one.due_at for one in clocks if not one.is_finished and one.due_at is not None]
            assert complaint.queue_at == min(due, default=NEVER)
            for one in clocks:
                said = replay.row(one.kind, list(one.events.order_by("pk")))
                assert {name: getattr(one, name) for name in said} == said, f"{one}: the row is not what its events say"
                if one.state == ClockState.BREACHED:
                    assert one.breached_at is not None and one.breached_at <= self.at
                    assert one.firings.filter(rung="breach").count() == 1
                else:
                    assert one.breached_at is None
            told = OutboxMessage.objects.filter(template="sla_breach").values_list("key", flat=True)
            assert len(told) == len(set(told))


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_happens_a_case_stays_whole() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
