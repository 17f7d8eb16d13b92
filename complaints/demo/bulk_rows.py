"""The rows of one demo complaint after another, as plain values; instants are whole seconds (see ticks)."""

from __future__ import annotations

import json
import random
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import TypeVar

from django.db import connection

from complaints.demo import SOURCE, cast
from complaints.demo.bulk_course import CLOCKS, EVENTS, FIRINGS, MESSAGES, Batch, Course, Promise, Terms, Words
from complaints.demo.bulk_customers import LANGUAGES, Known
from complaints.demo.texts import BOOKS, Book, Story
from complaints.demo.texts.products import product_of
from complaints.models import Clock, ClockEvent, Complaint, Firing, Message, Narrative
from complaints.models.catalogue import LIVE_CHANNELS
from complaints.reference import catalogue
from complaints.sla import policies
from core import bulk, trail_rows
from core.actor import Actor
from core.bulk_writer import Load
from core.models import TrailEntry, User
from core.references import ALPHABET
from retention.demo.ticks import DAY, HOUR, text, tick

T = TypeVar("T")

NEVER = "9999-12-31 00:00:00"
COMPLAINTS = bulk.Table(Complaint, source=SOURCE)
SAID = (
    "id", "reference", "customer_id", "channel", "type_id", "severity", "subject", "preview", "language", "product",
    "owner_id", "team_id", "status", "received_at", "created_at", "updated_at", "acknowledged_at", "first_response_at",
    "resolved_at", "closed_at", "outcome", "accepted", "accepted_at", "late_reason",
    "root_cause_id", "version", "in_queue",
    "queue_at", "response_seconds", "resolution_seconds", "acknowledge_met", "acknowledge_late", "acknowledge_due_at",
    "resolve_met", "resolve_late", "resolve_due_at",
)  # fmt: skip
NARRATIVES = bulk.Table(Narrative)
CHANNEL_WEIGHTS = {"web": 30, "email": 24, "phone": 24, "chat": 10, "social": 6, "in_person": 4, "letter": 4}
AGES = {"new": 2 * DAY, "acknowledged": 4 * DAY, "investigating": 8 * DAY, "waiting_on_customer": 9 * DAY}  # at most
SLOW = 14 * DAY  # so much earlier came what has long deadlines, so that it can be over
OPEN_STATUSES = ("new", "acknowledged", "investigating", "investigating", "investigating", "waiting_on_customer")
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 9, 10, 10, 10, 9, 8, 8, 8, 6, 4, 2)
BY_WEEKDAY = (12, 11, 11, 10, 10, 6, 5)

_PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
_POSSIBLE = 810_000**2


@dataclass(frozen=True, slots=True)
class Span:
    """When those complaints came in that are over: so many days ago, at most and at least."""

    longest: int = 730
    shortest: int = 35


class Generator:
    """Makes chunks. The same draw gives the same complaints."""

    def __init__(
        self,
        *,
        draw: random.Random,
        now: datetime,
        open_share: float,
        customers: Known,
        members: dict[str, User],
        span: Span,
    ) -> None:
        self.draw, self.now, self.open_share = draw, tick(now), open_share
        self.customers = customers
        self.words = {language: _words(book) for language, book in BOOKS.items()}
        self.staff = _staff(members)
        self.terms: dict[tuple[int, str, str], Terms] = {}
        self.hours = _hours(self.now, span)
        self.as_text = connection.vendor == "postgresql"
        self.case = COMPLAINTS.pen(*SAID, as_text=self.as_text)
        self.narrative = NARRATIVES.pen("complaint_id", "description", "summary", as_text=self.as_text)

    def chunk(self, size: int) -> Load:
        """The rows of `size` complaints."""
        keys = bulk.new_keys(Complaint, size)
        batch = Batch(iter(bulk.new_keys(Clock, 3 * size)), as_text=self.as_text)
        for key in keys:
            self._complaint(key, batch)
        return [
            (Complaint, COMPLAINTS.columns, batch.complaints),
            (Narrative, NARRATIVES.columns, batch.narratives),
            (Clock, CLOCKS.columns, batch.clocks),
            (ClockEvent, EVENTS.columns, batch.events),
            (Firing, FIRINGS.columns, batch.firings),
            (Message, MESSAGES.columns, batch.messages),
            (TrailEntry, trail_rows.KEYLESS, batch.trail),
        ]

    def _complaint(self, key: int, batch: Batch) -> None:
        draw, chance = self.draw, self.draw.random
        language = LANGUAGES[int(chance() * 6)]
        words = _one(self.words[language], chance)
        channel = _one(words.channels, chance)
        is_open = chance() < self.open_share
        status = _one(OPEN_STATUSES, chance) if is_open else ("withdrawn" if chance() < 0.03 else "closed")
        if status == "new" and channel in LIVE_CHANNELS:
            status = "acknowledged"
        received = self.now - draw.randrange(HOUR, AGES[status]) if is_open else self._received()
        terms = self._terms(words.type_id, channel, words.severity)
        if terms.is_slow and not is_open:
            received -= SLOW
        customer_id = self.customers.one(language, received, chance()) if chance() < 0.93 else None
        owner, who, team_id = _one(self.staff[language], chance)
        story = Course(draw, self.now, key, batch, received, who, customer_id, terms)
        reference = reference_of(key)
        story.file(reference, words, channel, team_id)
        story.go_on(status, words, channel, owner)
        cause_id, summary = (words.cause_id, words.summary) if story.resolved else (None, "")
        queue_at = text(story.queue_at) if story.queue_at else NEVER
        came = text(received)
        batch.complaints.append(
            self.case(
                (
                    key, reference, customer_id, channel, words.type_id, words.severity, words.subject, words.preview,
                    language, words.product, owner, team_id, status, came, came, text(story.last), story.acknowledged,
                    story.acknowledged, story.resolved, story.closed, story.outcome, story.accepted, story.accepted_at,
                    story.late_reason, cause_id, story.version, is_open, queue_at, *story.standing(),
                )
            )
        )  # fmt: skip
        batch.narratives.append(self.narrative((key, words.text, summary)))

    def _received(self) -> int:
        """Some second of the span, busy hours more often; never so late that the case could not be over."""
        starts, weights = self.hours
        hour = starts[bisect(weights, self.draw.random() * weights[-1])]
        return hour + int(self.draw.random() * HOUR)

    def _terms(self, type_id: int, channel: str, severity: str) -> Terms:
        found = self.terms.get((type_id, channel, severity))
        if found is None:
            found = self.terms[type_id, channel, severity] = _terms(type_id, channel, severity)
        return found


def _one(things: Sequence[T], chance: Callable[[], float]) -> T:
    """One of the things: `random.choice` takes five times as long."""
    return things[int(chance() * len(things))]


def reference_of(key: int) -> str:
    """A reference made of the key: scattered, and different for different keys (a multiplication modulo 30 to the 8th).

    A million random ones would meet each other.
    """
    left, right = divmod((key * 387_420_489_127 + 161_803_398_874) % _POSSIBLE, 810_000)
    return f"AM-{_PAIRS[left // 900]}{_PAIRS[left % 900]}-{_PAIRS[right // 900]}{_PAIRS[right % 900]}"


def _words(book: Book) -> list[Words]:
    return [_ready(book, story, item) for story in book.stories for item in story.items]


def _ready(book: Book, story: Story, item: str) -> Words:
    found = catalogue()
    filled = {
        name: getattr(story, name).format(item=item, order="HM-50417")
        for name in ("subject", "text", "answer", "reply", "summary")
    }
    weights = [(channel, CHANNEL_WEIGHTS[channel]) for channel in story.channels if channel in CHANNEL_WEIGHTS]
    return Words(
        type_id=found.types[story.type].pk,
        type_code=story.type,
        cause_id=found.causes[story.cause].pk,
        cause_code=story.cause,
        outcome=story.outcome,
        severity=story.severity,
        product=product_of(item),
        subject=filled["subject"][0].upper() + filled["subject"][1:],
        text=filled["text"],
        preview=filled["text"][:159] + "…" if len(filled["text"]) > 160 else filled["text"],
        summary=filled["summary"],
        acknowledgement=book.acknowledgements[len(item) % 3],
        answer=filled["answer"],
        reply=filled["reply"] or book.thanks[len(item) % 3],
        channels=tuple(channel for channel, weight in weights for _ in range(weight)),
    )


def _terms(type_id: int, channel: str, severity: str) -> Terms:
    found = policies.match(Complaint(type_id=type_id, channel=channel, severity=severity))
    promised = {}
    for kind in ("acknowledge", "resolve", "update"):
        target = policies.target_of(found.policy, kind)
        if target is not None:
            data = {
                "policy": found.policy.pk,
                "calendar_version": found.calendar_version_id,
                "target": {"kind": str(target.kind), "value": target.value},
                "because": list(found.because),
            }
            promised[kind] = Promise(kind, target, json.dumps(data), policies.steps_of(found.policy, kind))
    calendar = policies.calendar_of(found.calendar_version_id)
    update = promised.pop("update", None)
    return Terms(found.policy.pk, found.calendar_version_id, calendar, tuple(promised.values()), update)


def _staff(members: dict[str, User]) -> dict[str, list[tuple[int, trail_rows.Signature, int | None]]]:
    """By language, who may own: key, signature, team."""
    agents = [members[member.username] for member in cast.MEMBERS if member.is_agent]
    return {
        language: [
            (user.pk, trail_rows.Signature(Actor.person(user)), user.team_id)
            for user in agents
            if language in user.languages
        ]
        for language in BOOKS
    }


def _hours(now: int, span: Span) -> tuple[list[int], list[float]]:
    """The hours of the span, with their weights summed up: busier now than then."""
    longest = span.longest * DAY
    first = (now - longest) // HOUR * HOUR
    starts = list(range(first, now - span.shortest * DAY, HOUR))
    weights = [
        BY_HOUR[start // HOUR % 24] * BY_WEEKDAY[(start // DAY + 3) % 7] * (1 + (start - first) / longest)
        for start in starts
    ]
    return starts, list(accumulate(weights))
