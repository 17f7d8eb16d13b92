"""The first complaints of a benchmark, made in Python, with all that belongs to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import gcd
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from complaints.models import NEVER, Clock, ClockEvent, Complaint, ComplaintType, Narrative, RootCause
from complaints.sla import policies
from core import bulk, trail_rows
from core.actor import Actor
from core.models import TrailEntry
from retention.models import ContactPoint, Customer

if TYPE_CHECKING:
    from tests.bench.seed import Company

FIRST_DUE = datetime(2040, 1, 2, 9, 0, tzinfo=UTC)  # far ahead, so that nothing is due before we say so
RECEIVED_UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
APART = timedelta(minutes=5)  # from one complaint to the next: a million in nine and a half years
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CHANNELS = ("web", "email", "phone", "letter", "social", "api", "in_person", "chat")
SEVERITIES = ("minor", "moderate", "moderate", "serious")
WORDS = (
    "the parcel came late and the lamp inside was broken although the box looked sound",
    "I was charged twice for one order and nobody could tell me when the money comes back",
    "the fitter did not come on the day agreed and did not call either",
    "your answer did not touch the question I had asked three times before",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TARGETS = (("acknowledge", 14_400), ("resolve", 162_000))
Load = list[tuple[type[models.Model], tuple[str, ...], Sequence[Any]]]


class Rows:
    """Makes the rows of a range of complaints: each lives its life as `seed` says, columns of figures included."""

    def __init__(self, count: int, people: Company) -> None:
        self.count, self.people = count, people
        self.step = next(n for n in range(count * 2 // 3 + 1, count * 2) if gcd(n, count) == 1)
        leaves = ComplaintType.objects.filter(parent__isnull=False).order_by("pk")
        self.types = list(leaves.values_list("pk", flat=True))
        self.cause = RootCause.objects.filter(parent__isnull=False).order_by("pk").values_list("pk", flat=True)[0]
        book = policies.book()
        self.policy = book.policies[-1].pk
        self.version = book.newest[book.policies[-1].calendar_id]
        self.as_text = connection.vendor == "postgresql"
        self.complainant = trail_rows.Signature(Actor.customer())
        self.agents = [trail_rows.Signature(Actor.person(agent)) for agent in people.agents]
        self._tables()

    def _tables(self) -> None:
        self.tables = {
            Customer: bulk.Table(Customer, language="en"),
            ContactPoint: bulk.Table(ContactPoint, kind="email", is_preferred=True),
            Complaint: bulk.Table(Complaint, language="en"),
            Narrative: bulk.Table(Narrative),
            Clock: bulk.Table(
                Clock, policy_id=self.policy, calendar_version_id=self.version, target_kind="working_seconds"
            ),
            ClockEvent: bulk.Table(ClockEvent, keyless=True),
        }
        self.customer = self._pen(Customer, "id", "name", "name_key", "created_at", "updated_at")
        self.contact = self._pen(ContactPoint, "id", "customer_id", "value", "value_key")
        self.complaint = self._pen(
            Complaint, "id", "reference", "customer_id", "channel", "type_id", "severity", "subject", "preview",
            "owner_id", "team_id", "status", "received_at", "created_at", "updated_at", "acknowledged_at",
            "first_response_at", "resolved_at", "closed_at", "outcome", "accepted", "accepted_at", "root_cause_id",
            "response_seconds", "resolution_seconds", "acknowledge_met", "acknowledge_due_at", "resolve_met",
            "resolve_due_at", "in_queue", "queue_at",
        )  # fmt: skip
        self.narrative = self._pen(Narrative, "complaint_id", "description")
        self.clock = self._pen(
            Clock, "id", "complaint_id", "kind", "state", "started_at", "due_at", "next_at", "completed_at",
            "target_value",
        )  # fmt: skip
        self.event = self._pen(ClockEvent, "clock_id", "kind", "at", "recorded_at", "data")

    def _pen(self, model: type[models.Model], *names: str) -> Any:
        return self.tables[model].pen(*names, as_text=self.as_text)

    def deadline(self, position: int) -> datetime:
        """Of the running clock at `position`, 0 up to the number of complaints."""
        return FIRST_DUE + timedelta(seconds=position * self.step % self.count)

    def chunk(self, start: int, stop: int) -> Load:
        """The rows of complaints `start + 1` to `stop`, parents first."""
        found: dict[type[models.Model], list[Any]] = {model: [] for model in self.tables}
        entries: list[Any] = []
        for number in range(start, stop):
            at = RECEIVED_UNTIL - APART * (self.count - (number ^ 1))  # a customer's first is one that is over
            if number % 4 == 0:
                name, address = f"Customer {number}", f"customer{number}@mail.example"
                found[Customer].append(self.customer((number + 1, name, name.lower(), at, at)))
                found[ContactPoint].append(self.contact((number + 1, number + 1, address, address)))
            answered = at + timedelta(minutes=number % 977)
            done = max(answered, at + timedelta(minutes=number % 1789)) if number % 2 else None
            found[Complaint].append(self._complaint(number, at, answered, done))
            words = f"Order {number}: {WORDS[number % 4]}, and {WORDS[number // 4 % 4]}."
            found[Narrative].append(self.narrative((number + 1, words)))
            self._clocks(number, at, answered, done, found)
            entries += self._entries(number, at, answered, done)
        load: Load = [(model, self.tables[model].columns, rows) for model, rows in found.items()]
        return [*load, (TrailEntry, trail_rows.KEYLESS, entries)]

    def _complaint(self, number: int, at: datetime, answered: datetime, done: datetime | None) -> Any:
        agent = self.people.agents[number * 7919 % len(self.people.agents)]
        first, second = self.deadline(number), self.deadline(number + 1)
        words = WORDS[number % 4]
        facts = (
            number + 1, reference(number), number // 4 * 4 + 1, CHANNELS[number % 8],
            self.types[number % len(self.types)], SEVERITIES[number // 8 % 4], f"Order {number}: {words[:50]}", words,
            agent.pk, agent.team_id,
        )  # fmt: skip
        if done is None:
            return self.complaint(
                (
                    *facts, "investigating", at, at, at, at, None, None, None, "", None, None, None, None, None,
                    0, first, 0, second, True, min(first, second),
                )
            )  # fmt: skip
        accepted = (True, False, None)[number // 2 % 3]
        return self.complaint(
            (
                *facts, "closed", at, at, done, answered, answered, done, done, "upheld", accepted,
                None if accepted is None else done, self.cause, _seconds(answered - at), _seconds(done - at),
                1, None, 1, None, False, NEVER,
            )
        )  # fmt: skip

    def _clocks(
        self, number: int, at: datetime, answered: datetime, done: datetime | None, found: dict[Any, list[Any]]
    ) -> None:
        for place, (kind, target) in enumerate(TARGETS):
            pk = number * 2 + place + 1
            data = {"policy": self.policy, "calendar_version": self.version, "because": []}
            data["target"] = {"kind": "working_seconds", "value": target}
            found[ClockEvent].append(self.event((pk, "started", at, at, json.dumps(data))))
            if done is None:
                due = self.deadline(number + place)
                found[Clock].append(self.clock((pk, number + 1, kind, "running", at, due, due, None, target)))
                continue
            ended = done if place else answered
            found[ClockEvent].append(self.event((pk, "completed", ended, ended, "{}")))
            due = at + timedelta(hours=30)
            found[Clock].append(self.clock((pk, number + 1, kind, "met", at, due, None, ended, target)))

    def _entries(self, number: int, at: datetime, answered: datetime, done: datetime | None) -> list[Any]:
        """Five entries of the trail, sealed as core.trail would."""
        chain = trail_rows.Chain("complaint", number + 1, number // 4 * 4 + 1)
        agent = self.agents[number * 7919 % len(self.agents)]
        filed = json.dumps({"channel": CHANNELS[number % 8], "reference": reference(number)}, separators=(",", ":"))
        last = (
            (answered, "complaint.message_sent", '{"purpose":"progress"}'),
            (answered, "complaint.note_added", "{}"),
        ) if done is None else (
            (done, "complaint.resolved", '{"outcome":"upheld","status":["investigating","resolved"]}'),
            (done, "complaint.closed", '{"status":["resolved","closed"]}'),
        )  # fmt: skip
        steps = (
            (at, "complaint.filed", filed),
            (answered, "complaint.acknowledged", '{"status":["new","acknowledged"]}'),
            (answered, "complaint.investigating", '{"status":["acknowledged","investigating"]}'),
            *last,
        )
        made = []
        for turn, (when, kind, body) in enumerate(steps):
            who, micro = self.complainant if turn == 0 else agent, (when - EPOCH) // timedelta(microseconds=1)
            if self.as_text:
                made.append(chain.line(kind, who, micro, str(when), body))
            else:
                made.append(chain.seal(None, kind, who, micro, when, body)[1:])
        return made


def _seconds(elapsed: timedelta) -> int:
    """Something like working time: a third of the time that passed."""
    return int(elapsed.total_seconds()) // 3


def reference(number: int) -> str:
    """Unlike random ones never the same twice; the same look."""
    letters = []
    number = number * 514_229 % 31**6
    for _ in range(6):
        number, rest = divmod(number, 31)
        letters.append(ALPHABET[rest])
    return f"AM-22{''.join(letters[:2])}-{''.join(letters[2:])}"
