"""Random small worlds for figures: complaints with clocks, customers with stays and purchases, answers. Written row by
row past the actions, so that odd ones exist too. Dates crowd around the nights when clocks change."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from complaints.models import (
    Clock,
    Complaint,
    ComplaintType,
    LateReason,
    Macro,
    MacroVersion,
    Message,
    Promise,
    Remedy,
    RootCause,
    RulePack,
    SlaPolicy,
    Watch,
)
from complaints.sla import packs, standing
from core.models import Calendar, Team, TrailEntry, User
from metrics.models import Invitation, Survey, SurveyResponse, SurveyVersion
from retention.models import Customer, Purchase, Tenure
from tests.cast import make_agent, make_lead, make_manager, make_team
from tests.figures import world_amends

NOW = datetime(2026, 5, 20, 10, 30, tzinfo=UTC)
ZONES = ("Europe/Lisbon", "America/New_York", "Pacific/Auckland")
NIGHTS = (  # around midnight and the change of clocks in the three zones
    datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 8, 5, 0, tzinfo=UTC),
    datetime(2026, 4, 4, 13, 0, tzinfo=UTC),
    datetime(2025, 10, 26, 0, 0, tzinfo=UTC),
    datetime(2025, 11, 2, 4, 0, tzinfo=UTC),
    datetime(2025, 9, 27, 13, 0, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
)
CHANNELS = ("phone", "email", "web", "letter")
SEVERITIES = ("minor", "moderate", "serious", "critical")
STATUSES = ("new", "acknowledged", "investigating", "waiting_on_customer", "resolved", "closed", "withdrawn", "merged")


@dataclass
class World:
    """Everything there is, as instances."""

    manager: User
    lead: User
    agent: User
    teams: list[Team]
    complaints: list[Complaint] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    watches: set[int] = field(default_factory=set)
    customers: list[Customer] = field(default_factory=list)
    tenures: list[Tenure] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    responses: list[SurveyResponse] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    remedies: list[Remedy] = field(default_factory=list)
    entries: list[TrailEntry] = field(default_factory=list)

    @property
    def viewers(self) -> list[User]:
        return [self.manager, self.lead, self.agent]


def make_world(seed: int, size: int = 120) -> World:
    draw = random.Random(seed)
    team, other = make_team("North"), make_team("South")
    agent = make_agent(team, "Ana")
    world = World(make_manager("Mia"), make_lead(team, "Leo"), agent, [team, other])
    _people(world, draw, size // 3)
    _complaints(world, draw, size)
    _answers(world, draw, size)
    _messages(world, random.Random(seed), size)
    world_amends.fill(world, random.Random(f"amends {seed}"), NOW)
    return world


def moment(draw: random.Random) -> datetime:
    if draw.random() < 0.5:
        at = draw.choice(NIGHTS) + timedelta(minutes=draw.randint(-300, 300))
    else:
        at = NOW - timedelta(seconds=draw.randint(0, 300 * 86400))
    return at.replace(microsecond=draw.choice((0, 0, 123456, 999999)))


def _people(world: World, draw: random.Random, size: int) -> None:
    made = [
        Customer(
            name=f"C{n}", tier=draw.choice(("", "gold", "silver")), created_at=NOW, updated_at=NOW, source="",
        )
        for n in range(size)
    ]  # fmt: skip
    world.customers = Customer.objects.bulk_create(made)
    for customer in draw.sample(world.customers, 3):
        customer.merged_into = world.customers[0] if customer is not world.customers[0] else world.customers[1]
        customer.save()
    for customer in world.customers:
        _stays(world, draw, customer)
        for _n in range(draw.choice((0, 0, 1, 2, 3, 6))):
            _purchase(world, draw, customer)
    for _n in range(5):
        _purchase(world, draw, None)
    draw.shuffle(world.purchases)
    draw.shuffle(world.tenures)
    world.tenures = Tenure.objects.bulk_create(world.tenures)
    world.purchases = Purchase.objects.bulk_create(world.purchases)


def _stays(world: World, draw: random.Random, customer: Customer) -> None:
    day: date | None = date(2025, 7, 1) + timedelta(days=draw.randint(0, 200))
    if draw.random() < 0.1:
        return
    first = True
    while day is not None and day < NOW.date():
        joined = None if first and draw.random() < 0.1 else day
        length = draw.choice((0, 10, 40, 90, 400))
        left: date | None = day + timedelta(days=length)
        if left is not None and left > NOW.date():
            left = None
        world.tenures.append(
            Tenure(
                customer=customer, joined_on=joined, left_on=left, plan=draw.choice(("", "monthly", "yearly")),
                source=draw.choice(("", "telco")),
            )
        )  # fmt: skip
        first = False
        day = None if left is None or draw.random() < 0.5 else left + timedelta(days=draw.randint(1, 60))


def _purchase(world: World, draw: random.Random, customer: Customer | None) -> None:
    valid = customer is not None and draw.random() < 0.85
    amount = Decimal(draw.randint(1, 99999)) / draw.choice((1, 100, 10000))
    world.purchases.append(
        Purchase(
            customer=customer, order_number=f"{len(world.purchases)}", purchased_at=moment(draw),
            currency=draw.choice(("EUR", "EUR", "GBP")), amount=amount, valid_amount=amount if valid else 0,
            valid_lines=1 if valid else 0, is_valid=valid, incentive=draw.random() < 0.3,
            source=draw.choice(("", "shop")), created_at=NOW, updated_at=NOW,
        )
    )  # fmt: skip


def _complaints(world: World, draw: random.Random, size: int) -> None:
    types = list(ComplaintType.objects.filter(parent__isnull=False).order_by("pk")[:3]) + list(
        ComplaintType.objects.filter(parent__isnull=True).order_by("pk")[:2]
    )
    causes = [None, *RootCause.objects.order_by("pk")[:3]]
    people = [world.agent, world.lead, world.manager]
    living = [customer for customer in world.customers if customer.merged_into_id is None]
    for n in range(size):
        at, status = moment(draw), draw.choice(STATUSES)
        history = draw.random() < 0.2
        ended = at + timedelta(seconds=draw.randint(-3600, 40 * 86400))
        complaint = Complaint(
            reference=f"AM-T{n:04}", kind="complaint" if draw.random() < 0.9 else "enquiry",
            channel=draw.choice(CHANNELS), type=draw.choice(types), severity=draw.choice(SEVERITIES),
            subject=f"S{n}", language="en",
            owner=draw.choice(people), team=draw.choice((*world.teams, None)), status=status, received_at=at,
            created_at=at, updated_at=at, customer=draw.choice((None, *living)), source=draw.choice(("", "crm")),
            source_channel=draw.choice(("", "Fax", "Referral")), root_cause=draw.choice(causes), is_history=history,
            is_quarantined=draw.random() < 0.05, in_queue=False,
        )  # fmt: skip
        if draw.random() < 0.6:
            complaint.first_response_at = at + timedelta(seconds=draw.randint(0, 5 * 86400))
        if status in ("resolved", "closed"):
            complaint.resolved_at = None if history and draw.random() < 0.5 else ended
            complaint.accepted = draw.choice((None, True, False))
            if complaint.accepted is not None and draw.random() < 0.8:
                complaint.accepted_at = ended + timedelta(days=2)
            complaint.outcome = draw.choice(("upheld", "partly_upheld", "not_upheld"))
        if status in ("closed", "withdrawn") and (complaint.resolved_at or draw.random() < 0.8):
            complaint.closed_at = ended + timedelta(hours=draw.randint(0, 48))
        world.complaints.append(complaint)
    world.complaints = Complaint.objects.bulk_create(draw.sample(world.complaints, size))
    for complaint in world.complaints:
        clocks = _clocks(draw, complaint)
        standing.refresh(complaint, clocks)
        world.clocks += clocks
        if draw.random() < 0.1:
            Watch.objects.create(user=world.agent, complaint=complaint)
            world.watches.add(complaint.pk)
        _lateness(random.Random(complaint.reference), complaint, clocks)
        _escalated(random.Random(f"escalated {complaint.reference}"), complaint)
    Complaint.objects.bulk_update(world.complaints, [*standing.FIELDS, "late_reason", "escalated_at"])
    world.clocks = Clock.objects.bulk_create(world.clocks)


def _escalated(draw: random.Random, complaint: Complaint) -> None:
    """Every fifth was escalated, from the first minute to weeks later. Draws apart, likewise."""
    if draw.random() < 0.2:
        complaint.escalated_at = complaint.received_at + timedelta(seconds=draw.randint(0, 30 * 86400))


def _lateness(draw: random.Random, complaint: Complaint, clocks: list[Clock]) -> None:
    """By what each clock was set, how late it was, and why. Draws apart, so that the rest of the world stays as it is.

    Of one pack every other statutory clock is a window. Some late clocks were cancelled: they have no overrun.
    """
    complaint.late_reason = draw.choice(("", "", *LateReason.values))
    policies, pack = list(SlaPolicy.objects.order_by("pk")[:2]), _pack()
    for clock in clocks:
        if clock.stated or (draw.random() < 0.2 and clock.state != "breached"):
            continue
        if clock.kind == "statutory":
            clock.pack, clock.code = pack, draw.choice(("made-up.final", "made-up.summary"))
        else:
            clock.policy = draw.choice((*policies, None))
        if clock.state == "breached" and clock.completed_at is not None and clock.due_at is not None:
            took = draw.randint(1, 20 * 86400)
            clock.completed_at = clock.due_at + timedelta(seconds=took, microseconds=draw.choice((0, 250000)))
            clock.overrun_seconds = draw.choice((took // 3, took // 5, None))


def _pack() -> RulePack:
    """A pack with a deadline and a window."""
    target = {"kind": "calendar_days", "value": 56}
    rules = [{"code": "final", "name": {"en": "Final"}, "target": target}]
    rules.append({"code": "summary", "name": {"en": "Summary"}, "target": target, "window": True})
    made, new = RulePack.objects.get_or_create(
        code="made-up",
        defaults={
            "edition": "1", "definition": {"name": {"en": "Made up"}, "rules": rules}, "in_force_at": NOW,
            "installed_at": NOW, "calendar": Calendar.objects.order_by("pk")[0],
        },
    )  # fmt: skip
    if new:
        packs.forget()
    return made


def _clocks(draw: random.Random, complaint: Complaint) -> list[Clock]:
    made = []
    for kind in ("acknowledge", "resolve", "update", "statutory"):
        cycles = draw.choice((0, 1, 1, 2))
        for cycle in range(1, cycles + 1):
            due = complaint.received_at + timedelta(seconds=draw.randint(60, 30 * 86400))
            clock = Clock(complaint=complaint, kind=kind, cycle=cycle, started_at=complaint.received_at, due_at=due)
            fate = draw.choice(("met", "late", "cancelled", "stated"))
            if cycle == cycles:  # only the last one may still be open
                fate = draw.choice(("met", "late", "running", "overdue", "paused", "cancelled", "stated", "breached"))
            if fate == "met":
                clock.state, clock.completed_at = "met", due - timedelta(seconds=draw.randint(0, 50))
            elif fate == "late":
                clock.state, clock.breached_at, clock.completed_at = "breached", due, due + timedelta(minutes=5)
            elif fate == "running":
                clock.due_at = NOW + timedelta(days=draw.randint(0, 9))
            elif fate == "breached":
                clock.state, clock.breached_at, clock.due_at = "breached", NOW - timedelta(1), NOW - timedelta(1)
            elif fate == "overdue":
                clock.due_at = min(due, NOW - timedelta(seconds=1))
            elif fate == "paused":
                clock.state, clock.due_at, clock.paused_since = "paused", None, NOW
            elif fate == "cancelled":
                clock.state, clock.completed_at = "cancelled", due
            else:
                clock.state, clock.due_at, clock.stated = draw.choice(("met", "breached")), None, True
            made.append(clock)
    return made


def _answers(world: World, draw: random.Random, size: int) -> None:
    surveys = [
        Survey.objects.create(code=f"w-{kind}", name=f"World {kind}", kind=kind) for kind in ("nps", "csat", "ces")
    ]
    version = {s.pk: SurveyVersion.objects.create(survey=s, number=1, texts={}, published_at=NOW) for s in surveys}
    scales = {"nps": range(11), "csat": range(1, 6), "ces": range(1, 8)}
    for n in range(size):
        survey = draw.choice(surveys)
        complaint = draw.choice((None, *world.complaints))
        invitation = None
        if complaint is not None and draw.random() < 0.7:
            sent = moment(draw)
            if Invitation.objects.filter(survey=survey, complaint=complaint).exists():
                continue
            invitation = Invitation.objects.create(
                version=version[survey.pk], survey=survey, complaint=complaint, customer=complaint.customer,
                key=f"k{n}", language="en", created_at=sent, due_at=sent, sent_at=draw.choice((sent, sent, None)),
                expires_at=sent + timedelta(days=30),
            )  # fmt: skip
            world.invitations.append(invitation)
            if draw.random() < 0.5:
                continue
        world.responses.append(
            SurveyResponse.objects.create(
                kind=survey.kind, survey=survey, invitation=invitation, complaint=complaint,
                customer=complaint.customer if complaint else draw.choice(world.customers),
                score=draw.choice((None, *scales[survey.kind])),
                answered_at=draw.choice((None, moment(draw), moment(draw))),
                period_label=draw.choice(("", "1", "2")), segment=draw.choice(("", "10+")),
                channel=draw.choice(("", "phone", "web")), source=draw.choice(("", "garden")),
                created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip


def _messages(world: World, draw: random.Random, size: int) -> None:
    """Some begun with a macro, by one of two people or nobody. Drawn apart, as `_lateness`."""
    versions: list[MacroVersion | None] = [None]
    for number in range(3):
        macro = Macro.objects.create(name=f"Macro {number}", created_at=NOW)
        for round_ in (1, 2):
            versions.append(MacroVersion.objects.create(macro=macro, number=round_, texts={}, created_at=NOW))
    for _n in range(size):
        version, at = draw.choice(versions), moment(draw)
        world.messages.append(
            Message(
                complaint=draw.choice(world.complaints), direction=draw.choice(("out", "out", "in")), channel="email",
                author=draw.choice((world.agent, world.lead, None)), body="x", at=at, created_at=at, macro=version,
                word_for_word=None if version is None else draw.choice((True, False)),
            )
        )  # fmt: skip
    world.messages = Message.objects.bulk_create(world.messages)


def everything(model: Any) -> list[Any]:
    return list(model.objects.order_by("pk"))
