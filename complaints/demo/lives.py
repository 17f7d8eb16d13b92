"""How a demo complaint lives: one generator each, driven by a scheduler through the real actions at moved instants.

A life yields the instant of its next step and takes the step when it is resumed, with the clock frozen there; the
steps of all lives happen in the order of time, so that keys, trail and workloads grow as they would have.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from complaints.actions import acceptance, converse, decide, handle, manage
from complaints.actions.file import Filing, file
from complaints.actions.speech import Acts
from complaints.demo import SOURCE, deciding, files, remedies
from complaints.demo.texts import BOOKS, Book, Story
from complaints.demo.texts.products import product_of
from complaints.demo.working import Measure
from complaints.models import ChannelCode, Complaint, ComplaintType, Kind, Status
from complaints.models.catalogue import LIVE_CHANNELS
from complaints.reference import catalogue
from complaints.sla.sweep import sweep
from core import clock
from core.actor import Actor
from core.models import User
from retention.models import Customer

HOUR = 3600
NOTICED_AFTER = timedelta(seconds=20)  # when the sweep sees a passed deadline
Life = Iterator[datetime]


@dataclass(slots=True)
class Case:
    """What is decided beforehand: who complains about what, and how far it has come by now.

    `variant`: which of the story's items. `ends`: the status it has now, or `reopened`. `age`: for an open one, which
    share of the clock that matters has passed.
    """

    story: Story
    variant: int
    language: str
    customer: Customer | None
    first: str
    channel: str
    ends: str
    age: float
    random: random.Random
    members: list[User]

    @property
    def book(self) -> Book:
        return BOOKS[self.language]

    @property
    def kind_of(self) -> ComplaintType:
        return catalogue().types[self.story.type]


def play(lives: list[Life], *, until: datetime, after_step: Callable[[], None] = lambda: None) -> int:
    """Let all lives go on until `until`, steps in the order of time, deadlines swept in between; returns the steps."""
    waiting: list[tuple[datetime, int, Life | None]] = []
    for number, life in enumerate(lives):
        heapq.heappush(waiting, (next(life), number, life))
    steps = 0
    while waiting and waiting[0][0] <= until:
        at, number, turn = heapq.heappop(waiting)
        with clock.frozen(at):
            if turn is None:
                sweep(at=at)
                continue
            following = next(turn, None)
            steps += 1
            after_step()
            if following is not None:
                heapq.heappush(waiting, (max(following, at + timedelta(minutes=1)), number, turn))
        _watch_deadlines(waiting, at, until)
    with clock.frozen(until):
        sweep(at=until)
    return steps


def _watch_deadlines(waiting: list[tuple[datetime, int, Life | None]], at: datetime, until: datetime) -> None:
    """Sweep shortly after the next deadline, as beat would have."""
    due = Complaint.objects.filter(in_queue=True, queue_at__gt=at, queue_at__lte=until).order_by("queue_at")
    following = due.values_list("queue_at", flat=True).first()
    if following is not None and not any(
        entry[2] is None and entry[0] <= following + NOTICED_AFTER for entry in waiting
    ):
        heapq.heappush(waiting, (following + NOTICED_AFTER, -1, None))


def enquiry(row: tuple[str, str, str, str], customer: Customer, at: datetime, members: list[User]) -> Life:
    """A question that is answered and closed; in no complaint figure."""
    language, subject, text, answer = row
    yield at
    asked = _file(
        Filing(channel=ChannelCode.WEB, subject=subject, description=text, kind=Kind.ENQUIRY, language=language),
        customer,
    )
    measure = Measure(type_id=asked.type_id, channel=asked.channel, severity=asked.severity)
    yield measure.after(at, 2 * HOUR)
    asked.refresh_from_db()
    converse.message(asked, by=Actor.person(asked.owner), at=clock.now(), body=answer)
    yield measure.after(at, 3 * HOUR)
    decide.resolve(
        asked, by=Actor.person(asked.owner), at=clock.now(), outcome="not_upheld", summary=answer,
        root_cause=catalogue().causes["misunderstanding"],
    )  # fmt: skip
    yield measure.after(at, 4 * HOUR)
    decide.close(asked, by=Actor.person(asked.owner), at=clock.now())


def spam(row: tuple[str, str, str], at: datetime) -> Life:
    """Something a filter held back; it waits for a person to look at it."""
    language, subject, text = row
    yield at
    _file(Filing(channel=ChannelCode.WEB, subject=subject, description=text, language=language, quarantine=True), None)


def life(case: Case, now: datetime) -> Life:
    """A complaint from receipt to where it stands now."""
    told, measure = _Told(case), _measure(case)
    received_at = _received(case, measure, now)
    yield received_at if case.channel not in (ChannelCode.LETTER, ChannelCode.PHONE) else received_at + _logging(case)
    taker = told.taker()
    sent = files.with_complaint(case, taker, told.order)
    complaint = _file(told.filing(received_at), case.customer, by=taker, attachments=sent)
    if complaint.acknowledged_at is None:
        if case.ends == Status.NEW:
            return
        yield measure.after(received_at, _acknowledged_share(case) * measure.acknowledge)
        _acknowledge(complaint, told)
    if case.ends == Status.ACKNOWLEDGED:
        return
    yield measure.after(clock.now(), case.random.uniform(0.2, 1.5) * HOUR)
    yield from _work(complaint, case, told, measure)
    if case.ends in (Status.WAITING, Status.INVESTIGATING):
        return
    if case.ends == Status.WITHDRAWN:
        yield measure.after(clock.now(), 3 * HOUR)
        reason = case.random.choice(case.book.withdrawn)
        converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body=reason)
        decide.withdraw(complaint, by=_owner(complaint), at=clock.now(), reason=reason)
        return
    yield measure.after(received_at, _resolved_share(case) * measure.resolve)
    _resolve(complaint, case, told)
    yield measure.after(clock.now(), HOUR / 2)
    deciding.learned(complaint, by=_owner(complaint), at=clock.now())
    if case.ends == Status.RESOLVED:
        return
    if case.random.random() < 0.4:
        yield measure.after(clock.now(), 2 * HOUR)
        converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body=case.random.choice(case.book.thanks))
    yield measure.after(clock.now(), case.random.uniform(4, 20) * HOUR)
    if case.random.random() < 0.6:
        accepted = case.ends != "reopened" and case.random.random() < 0.9
        acceptance.accept(complaint, accepted=accepted, by=Actor.customer(), at=clock.now())
    decide.close(complaint, by=_owner(complaint), at=clock.now())
    if case.ends == "reopened":
        yield now - timedelta(hours=case.random.uniform(2, 30))
        converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body=case.random.choice(case.book.reopened))


def for_agent(case: Case, now: datetime, agent: User) -> Life:
    """The same, but somebody hands it to `agent` as soon as it is written down."""
    steps = life(case, now)
    yield next(steps)
    following = next(steps)
    complaint = Complaint.objects.filter(source=SOURCE, customer=case.customer).order_by("-pk")[0]
    if complaint.owner_id != agent.pk:
        manage.assign(complaint, by=_owner(complaint), at=clock.now(), owner=agent, reason=case.book.handed_on)
    yield following
    yield from steps


def _work(complaint: Complaint, case: Case, told: _Told, measure: Measure) -> Life:
    """Investigate: notes, perhaps another owner, perhaps a question and its answer, perhaps news in between."""
    handle.investigate(complaint, by=_owner(complaint), at=clock.now())
    if case.random.random() < 0.7:
        yield measure.after(clock.now(), case.random.uniform(0.1, 0.6) * HOUR)
        note = told.text(case.story.note) or case.random.choice(case.book.notes)
        owner = _owner(complaint)
        found = files.with_note(case, owner, complaint, told.order)
        converse.note(complaint, by=owner, at=clock.now(), body=note, attachments=found)
    if case.random.random() < 0.12 and (colleague := _colleague(complaint, case)):
        owner = _owner(complaint)
        manage.assign(complaint, by=owner, at=clock.now(), owner=colleague, reason=case.book.handed_on)
    asks = case.ends == Status.WAITING or (case.story.question and case.random.random() < 0.5)
    if asks:
        yield measure.after(clock.now(), case.random.uniform(0.3, 1.5) * HOUR)
        question = told.text(case.story.question) or case.book.progress[0]
        owner, thanks = _owner(complaint), Acts(thanks=True)
        converse.message(complaint, by=owner, at=clock.now(), body=told.letter(question), acts=thanks)
        handle.wait(complaint, by=_owner(complaint), at=clock.now(), reason=case.book.waiting_for)
        if case.ends == Status.WAITING:
            return
        yield clock.now() + timedelta(hours=case.random.uniform(1, 20))
        reply = told.text(case.story.reply) or case.random.choice(case.book.chasers)
        converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body=reply)
    elif case.random.random() < 0.35:
        yield measure.after(clock.now(), case.random.uniform(2, 5) * HOUR)
        converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body=case.random.choice(case.book.chasers))
        yield measure.after(clock.now(), case.random.uniform(0.3, 2) * HOUR)
        news = case.random.choice(case.book.progress)
        sorry = Acts(apology=True)  # they had to ask
        converse.message(complaint, by=_owner(complaint), at=clock.now(), body=told.letter(news), acts=sorry)


def _acknowledge(complaint: Complaint, told: _Told) -> None:
    case = told.case
    words = told.letter(case.random.choice(case.book.acknowledgements))
    handle.acknowledge(complaint, by=_owner(complaint), at=clock.now(), message=words)
    if complaint.type_id != case.kind_of.pk:
        manage.classify(
            complaint, by=_owner(complaint), at=clock.now(), type=case.kind_of, reason=case.book.sorted_anew
        )


def _resolve(complaint: Complaint, case: Case, told: _Told) -> None:
    if case.story.outcome in remedies.DECIDED_FOR:
        remedies.put_right(complaint, at=clock.now())
    owner = _owner(complaint)
    deciding.written_down(complaint, remedy=case.story.remedy, by=owner, at=clock.now())
    decide.resolve(
        complaint,
        by=owner,
        at=clock.now(),
        demands=deciding.answers(complaint, case.story.outcome),
        outcome=case.story.outcome,
        root_cause=catalogue().causes[case.story.cause],
        summary=told.text(case.story.summary),
        answer=told.letter(told.text(case.story.answer)),
    )


class _Told:
    """The words of one case: the story with its variant filled in."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._words = {
            "item": case.story.items[case.variant % len(case.story.items)],
            "order": f"HM-{case.random.randint(48_000, 61_999)}",
        }

    @property
    def order(self) -> str:
        """The number of the order, blank where the story names none."""
        return self._words["order"] if "{order}" in self.case.story.subject + self.case.story.text else ""

    def text(self, template: str) -> str:
        return template.format(**self._words)

    def letter(self, words: str) -> str:
        """With the greeting of the language, when we know whom to greet."""
        return f"{self.case.book.greeting.format(first=self.case.first)}\n\n{words}" if self.case.first else words

    def taker(self) -> Actor:
        """Who writes it down: one of us on the phone or for a letter, else the complainant."""
        case = self.case
        if case.channel in LIVE_CHANNELS or case.channel == ChannelCode.LETTER:
            speaks = [member for member in case.members if case.language in member.languages]
            return Actor.person(case.random.choice(speaks or case.members))
        return Actor.customer()

    def filing(self, received_at: datetime) -> Filing:
        story, kind = self.case.story, self.case.kind_of
        public = self.case.channel == ChannelCode.WEB
        subject = self.text(story.subject)
        return Filing(
            channel=self.case.channel,
            subject=subject[0].upper() + subject[1:],
            description=self.text(story.text),
            type=(kind.parent or kind) if public else kind,
            severity=story.severity,
            expectation=story.expectation,
            remedy_sought=story.remedy,
            language=self.case.language,
            received_at=received_at,
            order_number=self.order,
            product=product_of(self._words["item"]),
        )


def _file(
    filing: Filing, customer: Customer | None, by: Actor | None = None, attachments: Sequence[str] = ()
) -> Complaint:
    filing.customer, filing.source = customer, SOURCE
    return file(filing, by=by or Actor.customer(), at=clock.now(), attachments=attachments)


def _owner(complaint: Complaint) -> Actor:
    """The owner of the moment: actions and absences move cases."""
    complaint.refresh_from_db(fields=["owner", "status", "in_queue"])
    return Actor.person(complaint.owner)


def _colleague(complaint: Complaint, case: Case) -> User | None:
    complaint.refresh_from_db(fields=["owner", "team"])
    others = [m for m in case.members if m.team_id == complaint.team_id and m.pk != complaint.owner_id and m.is_agent]
    return case.random.choice(others) if others else None


def _measure(case: Case) -> Measure:
    return Measure(type_id=case.kind_of.pk, channel=case.channel, severity=case.story.severity)


def _received(case: Case, measure: Measure, now: datetime) -> datetime:
    """When it reached us: open ones so that their clock stands where `age` says, ended ones some weeks ago."""
    if case.ends == Status.NEW:
        return measure.before(now, case.age * measure.acknowledge)
    if case.ends in (Status.ACKNOWLEDGED, Status.INVESTIGATING, Status.WAITING):
        return measure.before(now, case.age * measure.resolve)
    shortest = {"reopened": 12, Status.RESOLVED: 6, Status.WITHDRAWN: 8}.get(case.ends, 14)
    longest = {"reopened": 26, Status.RESOLVED: 10, Status.WITHDRAWN: 60}.get(case.ends, 75)
    slow = 20 if case.channel == ChannelCode.LETTER else 0
    day = now - timedelta(days=case.random.uniform(shortest + slow, longest + slow))
    return day.replace(
        hour=case.random.randint(7, 20), minute=case.random.randint(0, 59), second=case.random.randint(0, 59)
    )


def _logging(case: Case) -> timedelta:
    """How long until it was written down: a call a few minutes, a letter some hours."""
    minutes = case.random.randint(3, 11) if case.channel == ChannelCode.PHONE else case.random.randint(60, 300)
    return timedelta(minutes=minutes)


def _acknowledged_share(case: Case) -> float:
    return case.random.uniform(1.1, 2.2) if case.random.random() < 0.1 else case.random.uniform(0.05, 0.85)


def _resolved_share(case: Case) -> float:
    if case.ends == Status.RESOLVED:
        return case.random.uniform(0.3, 0.6)
    return case.random.uniform(1.05, 1.5) if case.random.random() < 0.14 else case.random.uniform(0.15, 0.9)
