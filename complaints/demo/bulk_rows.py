"""The rows of one demo complaint after another, as plain values; instants are whole seconds (see ticks)."""

from __future__ import annotations

import json
import random
from bisect import bisect
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from django.db import models

from complaints.demo import SOURCE, cast
from complaints.demo.bulk_customers import LANGUAGES, Known
from complaints.demo.texts import BOOKS, Book, Story
from complaints.demo.ticks import DAY, moment, text, tick
from complaints.models import Clock, ClockEvent, Complaint, Firing, Message, Narrative
from complaints.models.catalogue import LIVE_CHANNELS
from complaints.reference import catalogue
from complaints.sla import policies
from core import bulk, rows, trail_rows, working_time
from core.actor import Actor
from core.models import TrailEntry, User
from core.references import ALPHABET
from core.working_time import Target

Row = tuple[Any, ...]
Load = list[tuple[type[models.Model], tuple[str, ...], list[Row]]]

HOUR = 3_600
SPAN = 730 * DAY
NEVER = "9999-12-31 00:00:00"
SWEEPER = Actor.system("sweep")
COMPLAINTS = bulk.Table(Complaint, source=SOURCE)
NARRATIVES = ("complaint_id", "description", "expectation", "remedy_sought", "summary")
CLOCKS = (
    "id", "complaint_id", "kind", "cycle", "state", "policy_id", "calendar_version_id", "target_kind", "target_value",
    "started_at", "due_at", "next_at", "paused_since", "completed_at", "breached_at", "detected_at", "stated",
)  # fmt: skip
EVENTS = ("clock_id", "kind", "at", "recorded_at", "data")
FIRINGS = ("clock_id", "rung", "due_at", "fired_at")
MESSAGES = (
    "complaint_id", "direction", "purpose", "channel", "author_id", "body", "at", "created_at", "by_mail_to",
)  # fmt: skip
CHANNEL_WEIGHTS = {"web": 44, "email": 24, "phone": 17, "chat": 6, "social": 4, "in_person": 3, "letter": 2}
AGES = {"new": 2 * DAY, "acknowledged": 4 * DAY, "investigating": 8 * DAY, "waiting_on_customer": 9 * DAY}  # at most
OPEN_STATUSES = ("new", "acknowledged", "investigating", "investigating", "investigating", "waiting_on_customer")
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 9, 10, 10, 10, 9, 8, 8, 8, 6, 4, 2)
BY_WEEKDAY = (12, 11, 11, 10, 10, 6, 5)

# Bodies of trail entries, canonical as core.trail writes them
ACKNOWLEDGED = '{"status":["new","acknowledged"],"with_message":true}'
INVESTIGATING = '{"status":["acknowledged","investigating"]}'
PAUSED = '{"status":["investigating","waiting_on_customer"]}'
CLOSED = '{"status":["resolved","closed"]}'
WITHDRAWN = '{"status":["acknowledged","withdrawn"]}'


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy promises one kind of complaint: per clock its target; and the JSON of a `started` event."""

    policy_id: int
    calendar_version_id: int
    calendar: working_time.WeekCalendar
    targets: tuple[tuple[str, Target, str], ...]  # kind of clock, target, data of its first event


@dataclass(frozen=True, slots=True)
class Words:
    """A story with its item, ready to be copied."""

    type_id: int
    type_code: str
    cause_id: int
    cause_code: str
    outcome: str
    severity: str
    subject: str
    text: str
    preview: str
    summary: str
    acknowledgement: str
    answer: str
    reply: str
    channels: tuple[str, ...]


class Generator:
    """Makes chunks. The same draw gives the same complaints."""

    def __init__(
        self, *, draw: random.Random, now: datetime, open_share: float, customers: Known, members: dict[str, User]
    ) -> None:
        self.draw, self.now, self.open_share = draw, tick(now), open_share
        self.customers = customers
        self.words = {language: _words(book) for language, book in BOOKS.items()}
        self.staff = _staff(members)
        self.terms: dict[tuple[int, str, str], Terms] = {}
        self.hours = _hours(self.now)

    def chunk(self, size: int) -> Load:
        """The rows of `size` complaints."""
        keys = rows.new_ids(Complaint, size)
        batch = _Batch(iter(rows.new_ids(Clock, 2 * size)), iter(rows.new_ids(TrailEntry, 8 * size)))
        for key in keys:
            self._complaint(key, batch)
        return [
            (Complaint, COMPLAINTS.columns, batch.complaints),
            (Narrative, NARRATIVES, batch.narratives),
            (Clock, CLOCKS, batch.clocks),
            (ClockEvent, EVENTS, batch.events),
            (Firing, FIRINGS, batch.firings),
            (Message, MESSAGES, batch.messages),
            (TrailEntry, trail_rows.COLUMNS, batch.trail),
        ]

    def _complaint(self, key: int, batch: _Batch) -> None:
        draw = self.draw
        language = LANGUAGES[draw.randrange(6)]
        words = draw.choice(self.words[language])
        channel = draw.choice(words.channels)
        is_open = draw.random() < self.open_share
        status = draw.choice(OPEN_STATUSES) if is_open else ("withdrawn" if draw.random() < 0.03 else "closed")
        if status == "new" and channel in LIVE_CHANNELS:
            status = "acknowledged"
        received = self.now - draw.randrange(HOUR, AGES[status]) if is_open else self._received()
        customer_id = draw.choice(self.customers.by_language[language]) if draw.random() < 0.93 else None
        owner, actor, team_id = draw.choice(self.staff[language])
        terms = self._terms(words.type_id, channel, words.severity)
        story = _Course(self, key, batch, received, actor, customer_id, terms)
        story.file(words, channel, team_id)
        story.go_on(status, words, channel, owner)
        batch.complaints.append(
            COMPLAINTS.row(
                id=key,
                reference=reference_of(key),
                customer_id=customer_id,
                channel=channel,
                type_id=words.type_id,
                severity=words.severity,
                subject=words.subject,
                preview=words.preview,
                language=language,
                owner_id=owner,
                team_id=team_id,
                status=status,
                received_at=text(received),
                created_at=text(received),
                outcome=story.outcome,
                root_cause_id=words.cause_id if story.resolved else None,
                updated_at=text(story.last),
                acknowledged_at=story.acknowledged,
                first_response_at=story.acknowledged,
                resolved_at=story.resolved,
                closed_at=story.closed,
                version=story.version,
                in_queue=is_open,
                queue_at=text(story.queue_at) if story.queue_at else NEVER,
            )
        )
        summary = words.summary if story.resolved else ""
        batch.narratives.append((key, words.text, "", "", summary))

    def _received(self) -> int:
        """Some second of the two years, busy hours more often; never so late that the case could not be over."""
        starts, weights = self.hours
        hour = starts[bisect(weights, self.draw.random() * weights[-1])]
        return hour + self.draw.randrange(HOUR)

    def _terms(self, type_id: int, channel: str, severity: str) -> Terms:
        found = self.terms.get((type_id, channel, severity))
        if found is None:
            found = self.terms[type_id, channel, severity] = _terms(type_id, channel, severity)
        return found


class _Batch:
    """The rows of one chunk, by table, and the keys to give them."""

    __slots__ = (
        "clock_ids", "clocks", "complaints", "entry_ids", "events", "firings", "messages", "narratives", "trail",
    )  # fmt: skip

    def __init__(self, clock_ids: Any, entry_ids: Any) -> None:
        self.clock_ids, self.entry_ids = clock_ids, entry_ids
        self.complaints: list[Row] = []
        self.narratives: list[Row] = []
        self.clocks: list[Row] = []
        self.events: list[Row] = []
        self.firings: list[Row] = []
        self.messages: list[Row] = []
        self.trail: list[Row] = []


class _Course:
    """What happens to one complaint: each step adds its rows."""

    def __init__(
        self,
        maker: Generator,
        key: int,
        batch: _Batch,
        received: int,
        actor: Actor,
        customer_id: int | None,
        terms: Terms,
    ) -> None:
        self.maker, self.key, self.batch, self.actor, self.terms = maker, key, batch, actor, terms
        self.received = self.last = received
        self.chain = trail_rows.Chain("complaint", key, customer_id)
        self.version = 1
        self.queue_at = 0
        self.acknowledged: str | None = None
        self.resolved: str | None = None
        self.closed: str | None = None
        self.outcome = ""
        self.dues = [tick(due) for due in self._dues()]

    def _dues(self) -> list[datetime]:
        start = moment(self.received)
        return [
            working_time.due_at(self.terms.calendar, start, target) or start
            for _kind, target, _data in self.terms.targets
        ]

    def file(self, words: Words, channel: str, team_id: int | None) -> None:
        """The first entry: the facts, as complaints.actions.file.facts puts them."""
        body = (
            f'{{"channel":"{channel}","external_id":"","kind":"complaint","owner":{self.actor.user_id},'
            f'"received_at":"{text(self.received).replace(" ", "T")}+00:00","reference":"{reference_of(self.key)}",'
            f'"severity":"{words.severity}","source":"{SOURCE}","team":{team_id or "null"},"type":"{words.type_code}"}}'
        )
        self._entry("complaint.filed", self.received, body)

    def go_on(self, status: str, words: Words, channel: str, owner: int) -> None:
        """From receipt to `status`, with the clocks that follow from it."""
        draw, now = self.maker.draw, self.maker.now
        acknowledged = resolved = paused = None
        if status != "new":
            acknowledged = self._within(0, 0.08)
            live = channel in LIVE_CHANNELS
            acknowledged = self.received if live else acknowledged
            self._entry("complaint.acknowledged", acknowledged, ACKNOWLEDGED)
            self._message("out", "acknowledgement", channel, owner, words.acknowledgement, acknowledged)
            self.acknowledged = text(acknowledged)
        if status in ("investigating", "waiting_on_customer", "closed"):
            self._entry("complaint.investigating", min(self.last + draw.randrange(600, 3 * HOUR), now), INVESTIGATING)
        if status == "waiting_on_customer":
            paused = self.last
            self._entry("complaint.paused", paused, PAUSED)
        if status == "closed":
            resolved = max(self._within(1, 0.1), self.last + 60)
            body = (
                f'{{"answered":true,"outcome":"{words.outcome}","root_cause":"{words.cause_code}",'
                '"status":["investigating","resolved"]}'
            )
            self._entry("complaint.resolved", resolved, body)
            self._message("out", "final_answer", channel, owner, words.answer, resolved)
            self.resolved, self.outcome = text(resolved), words.outcome
            if words.reply and draw.random() < 0.4:
                self._message("in", "reply", channel, None, words.reply, resolved + draw.randrange(600, DAY))
            self._entry("complaint.closed", resolved + draw.randrange(DAY, 3 * DAY), CLOSED)
            self.closed = text(self.last)
        elif status == "withdrawn":
            self._entry("complaint.withdrawn", self.last + draw.randrange(600, DAY), WITHDRAWN)
            self.closed, self.outcome = text(self.last), "withdrawn"
        cancelled = self.last if status == "withdrawn" else None
        for number, done in enumerate((acknowledged, resolved)[: len(self.dues)]):
            self._clock(number, done, cancelled, paused if number == 1 else None)
        self.last = min(self.last, now)

    def _within(self, number: int, late: float) -> int:
        """When the work of a clock was done: mostly in time, `late` of them after the deadline, never after now."""
        draw = self.maker.draw
        share = draw.uniform(1.02, 1.6) if draw.random() < late else draw.uniform(0.02, 0.95)
        done = self.received + max(int((self.dues[number] - self.received) * share), 60)
        return min(done, self.maker.now - 60)

    def _entry(self, kind: str, at: int, body: str, by: Actor | None = None) -> None:
        at = min(at, self.maker.now)
        entry = self.chain.seal(next(self.batch.entry_ids), kind, by or self.actor, at * 1_000_000, text(at), body)
        self.batch.trail.append(entry)
        self.last = max(self.last, at)
        self.version += kind != "complaint.filed"

    def _message(self, direction: str, purpose: str, channel: str, author: int | None, body: str, at: int) -> None:
        when = text(min(at, self.maker.now))
        self.batch.messages.append((self.key, direction, purpose, channel, author, body, when, when, ""))

    def _clock(self, number: int, done: int | None, cancelled: int | None, paused: int | None) -> None:
        """One clock with its events: met, breached, cancelled, paused or running, as the sweep would have left it."""
        kind, target, data = self.terms.targets[number]
        due, now, key = self.dues[number], self.maker.now, next(self.batch.clock_ids)
        end = done if done is not None else cancelled
        breached = (end if end is not None else (paused or now)) > due
        state = (
            "breached"
            if breached
            else "met"
            if done
            else "cancelled"
            if cancelled
            else "paused"
            if paused
            else "running"
        )
        started, due_text, ended = text(self.received), text(due), text(end) if end else None
        detected = text(due + 20) if breached else None
        events = self.batch.events
        events.append((key, "started", started, started, data))
        if breached:
            events.append((key, "breached", due_text, detected, "{}"))
            self.batch.firings.append((key, "breach", due_text, detected))
            self._entry("sla.breached", due + 20, f'{{"clock":"{kind}"}}', SWEEPER)
        if state == "paused":
            events.append((key, "paused", text(paused or 0), text(paused or 0), "{}"))
        if ended:
            events.append((key, "completed" if done else "cancelled", ended, ended, "{}"))
        running = due_text if state == "running" else None
        unfinished = end is None and state != "paused"
        if unfinished:
            self.queue_at = min(self.queue_at or due, due)
        self.batch.clocks.append(
            (
                key, self.key, kind, 1, state, self.terms.policy_id, self.terms.calendar_version_id, str(target.kind),
                target.value, started, None if state == "paused" else due_text, running,
                text(paused) if paused and state == "paused" else None, ended, due_text if breached else None, detected,
                False,
            )
        )  # fmt: skip


def reference_of(key: int) -> str:
    """A reference made of the key: scattered, and different for different keys (a multiplication modulo 30 to the 8th).

    A million random ones would meet each other.
    """
    number = (key * 387_420_489_127 + 161_803_398_874) % len(ALPHABET) ** 8
    signs = []
    for _ in range(8):
        number, sign = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[sign])
    return f"AM-{''.join(signs[:4])}-{''.join(signs[4:])}"


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
    promised = []
    for kind in ("acknowledge", "resolve"):
        target = policies.target_of(found.policy, kind)
        if target is not None:
            data = {
                "policy": found.policy.pk,
                "calendar_version": found.calendar_version_id,
                "target": {"kind": str(target.kind), "value": target.value},
                "because": list(found.because),
            }
            promised.append((kind, target, json.dumps(data)))
    calendar = policies.calendar_of(found.calendar_version_id)
    return Terms(found.policy.pk, found.calendar_version_id, calendar, tuple(promised))


def _staff(members: dict[str, User]) -> dict[str, list[tuple[int, Actor, int | None]]]:
    """By language, who may own: key, actor, team."""
    agents = [members[member.username] for member in cast.MEMBERS if member.is_agent]
    return {
        language: [(user.pk, Actor.person(user), user.team_id) for user in agents if language in user.languages]
        for language in BOOKS
    }


def _hours(now: int) -> tuple[list[int], list[float]]:
    """The hours of the two years before the last five weeks, with their weights summed up: busier now than then."""
    first = (now - SPAN) // HOUR * HOUR
    starts = list(range(first, now - 35 * DAY, HOUR))
    weights = [
        BY_HOUR[start // HOUR % 24] * BY_WEEKDAY[(start // DAY + 3) % 7] * (1 + (start - first) / SPAN)
        for start in starts
    ]
    return starts, list(accumulate(weights))
