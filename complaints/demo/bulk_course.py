"""What happens to one demo complaint, step by step as rows: trail entries, messages, clocks with their events."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from complaints.demo import SOURCE
from complaints.models import Clock, ClockEvent, Firing, Message
from complaints.models.catalogue import LIVE_CHANNELS
from complaints.sla import ladder
from complaints.sla.standing import KINDS
from core import bulk, trail_rows, working_time
from core.actor import Actor
from core.calendar_compile import compiled
from core.working_time import Target
from retention.demo.ticks import DAY, HOUR, moment, text, tick

Row = tuple[Any, ...]
CLOCKS = bulk.Table(Clock)
EVENTS = bulk.Table(ClockEvent, keyless=True)
FIRINGS = bulk.Table(Firing, keyless=True)
MESSAGES = bulk.Table(Message, keyless=True)
COMPLAINANT = trail_rows.Signature(Actor.customer())
SWEEPER = trail_rows.Signature(Actor.system("sla"))

SAID = 0.62  # share of those who say whether they accept
ACCEPTS = {"upheld": 0.95, "partly_upheld": 0.82, "not_upheld": 0.5}
LATE = 0.12  # share resolved after the deadline; some things take longer than others, some are seen at once
LATE_REASONS = (
    ("workload",) * 5 + ("colleagues",) * 4 + ("supplier",) * 4 + ("complex",) * 2 + ("misrouted", "systems", "")
)
LATE_BY_TYPE = {"delivery": 1.5, "product": 1.1, "service": 1.4, "billing": 0.6, "staff": 0.9, "obstacle": 1.2}
LATE_BY_CHANNEL = {"phone": 0.5, "chat": 0.6, "web": 1.1, "email": 1.4, "letter": 1.8, "social": 0.9, "in_person": 0.5}

# Bodies of trail entries, canonical as core.trail writes them
ACKNOWLEDGED = '{"status":["new","acknowledged"],"with_message":true}'
INVESTIGATING = '{"status":["acknowledged","investigating"]}'
PAUSED = '{"status":["investigating","waiting_on_customer"]}'
CLOSED = '{"status":["resolved","closed"]}'
ACCEPTED = {True: '{"accepted":[null,true]}', False: '{"accepted":[null,false]}'}
WITHDRAWN = '{"status":["acknowledged","withdrawn"]}'


class Promise(NamedTuple):
    """One kind of clock: its target, the data of its first event, its ladder."""

    kind: str
    target: Target
    data: str
    steps: tuple[ladder.Step, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy promises one kind of complaint: per clock its target; and the JSON of a `started` event."""

    policy_id: int
    calendar_version_id: int
    calendar: working_time.WeekCalendar
    targets: tuple[Promise, ...]
    update: Promise | None = None  # the next word to the customer, of cases in hand

    @property
    def is_slow(self) -> bool:
        """Whether there is more than a working week for it."""
        target = self.targets[-1].target
        return target.value > (5 if target.in_days else 45 * HOUR)

    def dues(self, start: int) -> list[int]:
        """The deadlines of clocks that start then, in whole seconds like `start`."""
        return [self.due(start, one.target) for one in self.targets]

    def due(self, start: int, target: Target) -> int:
        """One deadline."""
        if not target.in_days:
            return compiled(self.calendar).reach(start, target.value) or start
        due = working_time.due_at(self.calendar, moment(start), target)
        return tick(due) if due else start


@dataclass(frozen=True, slots=True)
class Words:
    """A story with its item, ready to be copied."""

    type_id: int
    type_code: str
    cause_id: int
    cause_code: str
    outcome: str
    severity: str
    product: str
    subject: str
    text: str
    preview: str
    summary: str
    acknowledgement: str
    answer: str
    reply: str
    channels: tuple[str, ...]


class Batch:
    """The rows of one chunk, by table, and the keys to give them.

    `as_text`: the tables with the most rows as lines for COPY; texts of the demo hold nothing that COPY escapes.
    """

    def __init__(self, clock_ids: Iterator[int], *, as_text: bool) -> None:
        self.clock_ids, self.as_text = clock_ids, as_text
        self.clock = CLOCKS.pen(
            "id", "complaint_id", "kind", "state", "policy_id", "calendar_version_id", "target_kind", "target_value",
            "started_at", "due_at", "next_at", "rungs", "paused_since", "completed_at", "breached_at", "detected_at",
            "overrun_seconds", as_text=as_text,
        )  # fmt: skip
        self.event = EVENTS.pen("clock_id", "kind", "at", "recorded_at", "data", as_text=as_text)
        self.firing = FIRINGS.pen("clock_id", "rung", "due_at", "fired_at", as_text=as_text)
        self.message = MESSAGES.pen(
            "complaint_id", "direction", "purpose", "channel", "author_id", "body", "at", "created_at", as_text=as_text
        )
        self.complaints: list[Row | str] = []
        self.narratives: list[Row | str] = []
        self.clocks: list[Row | str] = []
        self.events: list[Row | str] = []
        self.firings: list[Row | str] = []
        self.messages: list[Row | str] = []
        self.trail: list[Row | str] = []


class Course:
    """What happens to one complaint: each step adds its rows."""

    def __init__(
        self,
        draw: random.Random,
        now: int,
        key: int,
        batch: Batch,
        received: int,
        who: trail_rows.Signature,
        customer_id: int | None,
        terms: Terms,
    ) -> None:
        self.draw, self.now, self.key, self.batch = draw, now, key, batch
        self.who, self.terms = who, terms
        self.received = self.last = received
        self.chain = trail_rows.Chain("complaint", key, customer_id)
        self.version = 1
        self.queue_at = 0
        self.acknowledged: str | None = None
        self.resolved: str | None = None
        self.closed: str | None = None
        self.outcome = ""
        self.accepted: bool | None = None
        self.accepted_at: str | None = None
        self.response: int | None = None
        self.resolution: int | None = None
        self.standings: dict[str, tuple[int, int, str | None]] = {}
        self.dues = terms.dues(received)
        self.late_reason = ""

    def file(self, reference: str, words: Words, channel: str, team_id: int | None) -> None:
        """The first entry: the facts, as complaints.actions.file.facts puts them."""
        body = (
            f'{{"channel":"{channel}","external_id":"","kind":"complaint","owner":{self.who.by.user_id},'
            f'"received_at":"{text(self.received).replace(" ", "T")}+00:00","reference":"{reference}",'
            f'"severity":"{words.severity}","source":"{SOURCE}","team":{team_id or "null"},"type":"{words.type_code}"}}'
        )
        self._entry("complaint.filed", self.received, body)

    def go_on(self, status: str, words: Words, channel: str, owner: int) -> None:
        """From receipt to `status`, with the clocks that follow from it."""
        draw, now = self.draw, self.now
        acknowledged = resolved = paused = None
        if status != "new":
            acknowledged = self._within(0, 0.08)
            live = channel in LIVE_CHANNELS
            acknowledged = self.received if live else acknowledged
            self._entry("complaint.acknowledged", acknowledged, ACKNOWLEDGED)
            self._message("out", "acknowledgement", channel, owner, words.acknowledgement, acknowledged)
            self.acknowledged = text(acknowledged)
            self.response = self._worked(acknowledged)
        if status in ("investigating", "waiting_on_customer", "closed"):
            self._entry("complaint.investigating", min(self.last + self._some(600, 3 * HOUR), now), INVESTIGATING)
        if status == "waiting_on_customer":
            paused = self.last
            self._entry("complaint.paused", paused, PAUSED)
        if status == "closed":
            resolved = max(self._within(1, _lateness(words.type_code, channel)), self.last + 60)
            body = (
                f'{{"answered":true,"outcome":"{words.outcome}","root_cause":"{words.cause_code}",'
                '"status":["investigating","resolved"]}'
            )
            self._entry("complaint.resolved", resolved, body)
            self._message("out", "final_answer", channel, owner, words.answer, resolved)
            self.resolved, self.outcome = text(resolved), words.outcome
            self.resolution = self._worked(resolved)
            if words.reply and draw.random() < 0.4:
                self._message("in", "reply", channel, None, words.reply, resolved + self._some(600, DAY))
            self._entry("complaint.closed", resolved + self._some(DAY, 3 * DAY), CLOSED)
            self.closed = text(self.last)
            self._last_word(resolved)
        elif status == "withdrawn":
            self._entry("complaint.withdrawn", self.last + self._some(600, DAY), WITHDRAWN)
            self.closed, self.outcome = text(self.last), "withdrawn"
        cancelled = self.last if status == "withdrawn" else None
        for number, done in enumerate((acknowledged, resolved)[: len(self.dues)]):
            promise, due = self.terms.targets[number], self.dues[number]
            self._clock(promise, self.received, due, done, cancelled, paused if number == 1 else None)
        if self.terms.update is not None and acknowledged is not None and resolved is None and cancelled is None:
            due = self.terms.due(acknowledged, self.terms.update.target)
            self._clock(self.terms.update, acknowledged, due, None, None, None)
        self.last = min(self.last, now)

    def _last_word(self, resolved: int) -> None:
        """Most say whether they accept; those who waited too long, or got no, less often yes."""
        chance = self.draw.random
        if chance() > SAID:
            return
        self.accepted = chance() < ACCEPTS[self.outcome] * (0.75 if resolved > self.dues[-1] else 1)
        at = min(resolved + self._some(HOUR, 4 * DAY), self.now)
        self._entry("complaint.accepted", at, ACCEPTED[self.accepted], COMPLAINANT)
        self.accepted_at = text(at)

    def standing(self) -> tuple[int | str | None, ...]:
        """The columns of complaints.sla.standing, as that would count them."""
        first, second = (self.standings.get(kind, (0, 0, None)) for kind in KINDS)
        return (self.response, self.resolution, *first, *second)

    def _worked(self, until: int) -> int:
        """Working seconds since receipt."""
        return compiled(self.terms.calendar).between(self.received, until) if until > self.received else 0

    def _some(self, least: int, most: int) -> int:
        """Seconds between the two: `randrange` takes four times as long."""
        return least + int(self.draw.random() * (most - least))

    def _within(self, number: int, late: float) -> int:
        """When the work of a clock was done: mostly in time, `late` of them after the deadline, never after now."""
        draw = self.draw
        share = draw.uniform(1.02, 1.6) if draw.random() < late else draw.uniform(0.02, 0.95)
        done = self.received + max(int((self.dues[number] - self.received) * share), 60)
        return min(done, self.now - 60)

    def _entry(self, kind: str, at: int, body: str, who: trail_rows.Signature | None = None) -> None:
        at = min(at, self.now)
        who = who or self.who
        if self.batch.as_text:
            self.batch.trail.append(self.chain.line(kind, who, at * 1_000_000, text(at), body))
        else:
            self.batch.trail.append(self.chain.seal(None, kind, who, at * 1_000_000, text(at), body)[1:])
        self.last = max(self.last, at)
        self.version += kind != "complaint.filed"

    def _message(self, direction: str, purpose: str, channel: str, author: int | None, body: str, at: int) -> None:
        when = text(min(at, self.now))
        row = (self.key, direction, purpose, channel, author, body, when, when)
        self.batch.messages.append(self.batch.message(row))

    def _event(self, clock_id: int, kind: str, at: str, data: str = "{}", recorded: str = "") -> None:
        self.batch.events.append(self.batch.event((clock_id, kind, at, recorded or at, data)))

    def _clock(
        self, promise: Promise, start: int, due: int, done: int | None, cancelled: int | None, paused: int | None
    ) -> None:
        """One clock with its events: met, breached, cancelled, paused or running, as the sweep would have left it."""
        kind, target, data, _steps = promise
        now, key = self.now, next(self.batch.clock_ids)
        end = done if done is not None else cancelled
        breached = (end if end is not None else (paused or now)) > due
        state = _state(breached=breached, done=done, cancelled=cancelled, paused=paused)
        started, due_text, ended = text(start), text(due), text(end) if end else None
        detected = text(due + 20) if breached else None
        self._event(key, "started", started, data)
        rungs = self._rungs(key, promise, start, due) if end is None and state != "paused" else []
        if breached:
            self._event(key, "breached", due_text, recorded=detected or "")
            self.batch.firings.append(self.batch.firing((key, ladder.BREACH, due_text, detected)))
            facts = f'"clock":{key},"cycle":1,"due_at":"{due_text.replace(" ", "T")}+00:00","kind":"{kind}"'
            self._entry("sla.breached", due + 20, f'{{"clocks":[{{{facts}}}]}}', SWEEPER)
        if state == "paused":
            self._event(key, "paused", text(paused or 0))
        if ended:
            self._event(key, "completed" if done else "cancelled", ended)
        running = text(rungs[0][0] // 1_000_000) if rungs else None
        overrun = compiled(self.terms.calendar).between(due, done) if breached and done else None
        unfinished = end is None and state != "paused"
        if unfinished:
            self.queue_at = min(self.queue_at or due, due)
        late = state == "breached" and end is not None
        if late and self.resolved:
            self.late_reason = LATE_REASONS[int(self.draw.random() * len(LATE_REASONS))]
        awaited = due_text if unfinished else None
        if kind in KINDS:
            self.standings[kind] = (int(state == "met"), int(late), None if state == "cancelled" else awaited)
        self.batch.clocks.append(
            self.batch.clock(
                (
                    key, self.key, kind, state, self.terms.policy_id, self.terms.calendar_version_id, str(target.kind),
                    target.value, started, None if state == "paused" else due_text, running, _json(rungs),
                    text(paused) if paused and state == "paused" else None, ended, due_text if breached else None,
                    detected, overrun,
                )
            )
        )  # fmt: skip

    def _rungs(self, key: int, promise: Promise, start: int, due: int) -> list[ladder.Rung]:
        """What is still to fire of a clock in hand; what has fired but the deadline itself leaves its rows."""
        ahead = []
        calendar = self.terms.calendar
        for rung in ladder.first_rungs(promise.steps, calendar, moment(start), promise.target, moment(due)):
            at = rung[0] // 1_000_000
            if at >= self.now:
                ahead.append(rung)
            elif rung[1] != ladder.BREACH:
                fired = text(at + 20)
                self._event(key, "warned", text(at), f'{{"rung":"{rung[1]}"}}', recorded=fired)
                self.batch.firings.append(self.batch.firing((key, rung[1], text(at), fired)))
        return ahead


def _json(rungs: list[ladder.Rung]) -> str:
    return json.dumps(rungs, separators=(",", ":")) if rungs else "[]"


def _lateness(type_code: str, channel: str) -> float:
    """Which share of such cases is resolved late."""
    return min(LATE * LATE_BY_TYPE.get(type_code.partition("-")[0], 1) * LATE_BY_CHANNEL.get(channel, 1), 0.6)


def _state(*, breached: bool, done: int | None, cancelled: int | None, paused: int | None) -> str:
    if breached:
        return "breached"
    if done:
        return "met"
    if cancelled:
        return "cancelled"
    return "paused" if paused else "running"
