"""What happens to one demo complaint, step by step as rows: trail entries, messages, clocks with their events."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.demo import SOURCE
from complaints.demo.ticks import DAY, HOUR, moment, text, tick
from complaints.models.catalogue import LIVE_CHANNELS
from core import trail_rows, working_time
from core.actor import Actor
from core.working_time import Target

Row = tuple[Any, ...]
SWEEPER = trail_rows.Signature(Actor.system("sla"))

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


class Batch:
    """The rows of one chunk, by table, and the keys to give them.

    `as_text`: the tables with the most rows as lines for COPY; texts of the demo hold nothing that COPY escapes.
    """

    __slots__ = (
        "as_text", "clock_ids", "clocks", "complaints", "entry_ids", "events", "firings", "messages", "narratives",
        "trail",
    )  # fmt: skip

    def __init__(self, clock_ids: Iterator[int], entry_ids: Iterator[int], *, as_text: bool) -> None:
        self.clock_ids, self.entry_ids, self.as_text = clock_ids, entry_ids, as_text
        self.complaints: list[Row] = []
        self.narratives: list[Row] = []
        self.clocks: list[Row] = []
        self.events: list[Row | str] = []
        self.firings: list[Row] = []
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
        self.dues = [tick(due) for due in self._dues()]

    def _dues(self) -> list[datetime]:
        start = moment(self.received)
        return [
            working_time.due_at(self.terms.calendar, start, target) or start
            for _kind, target, _data in self.terms.targets
        ]

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
        draw = self.draw
        share = draw.uniform(1.02, 1.6) if draw.random() < late else draw.uniform(0.02, 0.95)
        done = self.received + max(int((self.dues[number] - self.received) * share), 60)
        return min(done, self.now - 60)

    def _entry(self, kind: str, at: int, body: str, who: trail_rows.Signature | None = None) -> None:
        at = min(at, self.now)
        seal = self.chain.line if self.batch.as_text else self.chain.seal
        key = next(self.batch.entry_ids)
        self.batch.trail.append(seal(key, kind, who or self.who, at * 1_000_000, text(at), body))
        self.last = max(self.last, at)
        self.version += kind != "complaint.filed"

    def _message(self, direction: str, purpose: str, channel: str, author: int | None, body: str, at: int) -> None:
        when = text(min(at, self.now))
        if self.batch.as_text:
            person = author or "\\N"
            line = f"{self.key}\t{direction}\t{purpose}\t{channel}\t{person}\t{body}\t{when}\t{when}\t\n"
            self.batch.messages.append(line)
        else:
            self.batch.messages.append((self.key, direction, purpose, channel, author, body, when, when, ""))

    def _event(self, clock_id: int, kind: str, at: str, data: str = "{}", recorded: str = "") -> None:
        row = (clock_id, kind, at, recorded or at, data)
        self.batch.events.append(f"{clock_id}\t{kind}\t{at}\t{recorded or at}\t{data}\n" if self.batch.as_text else row)

    def _clock(self, number: int, done: int | None, cancelled: int | None, paused: int | None) -> None:
        """One clock with its events: met, breached, cancelled, paused or running, as the sweep would have left it."""
        kind, target, data = self.terms.targets[number]
        due, now, key = self.dues[number], self.now, next(self.batch.clock_ids)
        end = done if done is not None else cancelled
        breached = (end if end is not None else (paused or now)) > due
        state = _state(breached=breached, done=done, cancelled=cancelled, paused=paused)
        started, due_text, ended = text(self.received), text(due), text(end) if end else None
        detected = text(due + 20) if breached else None
        self._event(key, "started", started, data)
        if breached:
            self._event(key, "breached", due_text, recorded=detected or "")
            self.batch.firings.append((key, "breach", due_text, detected))
            facts = f'"clock":{key},"cycle":1,"due_at":"{due_text.replace(" ", "T")}+00:00","kind":"{kind}"'
            self._entry("sla.breached", due + 20, f'{{"clocks":[{{{facts}}}]}}', SWEEPER)
        if state == "paused":
            self._event(key, "paused", text(paused or 0))
        if ended:
            self._event(key, "completed" if done else "cancelled", ended)
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


def _state(*, breached: bool, done: int | None, cancelled: int | None, paused: int | None) -> str:
    if breached:
        return "breached"
    if done:
        return "met"
    if cancelled:
        return "cancelled"
    return "paused" if paused else "running"
