"""From the demo's complaints to what came of them: surveys, answers, calls, and who stayed, left, bought again.

Reads what complaints.demo wrote; happens after it, and only to complaints nobody was asked about and customers without
a stay, so that it may be repeated when more complaints were added.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q
from django.db.models.functions import Coalesce

from complaints.demo import SOURCE, cast
from complaints.models import ChannelCode, Complaint, Kind, Outcome, Status
from core import bulk_writer, trail_rows
from core.actor import Actor
from core.models import TrailEntry
from metrics.demo import agenda
from metrics.demo.asked import Batch, Desk
from metrics.demo.feeling import Settled
from metrics.models import Invitation, SurveyResponse
from retention.demo import bulk as customers_bulk
from retention.demo import goods
from retention.demo import offers as demo_offers
from retention.demo.people import Person
from retention.demo.ticks import DAY, tick
from retention.models import ContactPoint, ExternalId, FollowUp, Tenure
from retention.models.customers import EMAIL

CHUNK = 5_000
TOLD = "C-"  # how the external ids of customers begin whom the lively part made
LONGEST_BEFORE = 1_100  # days: they joined long before they were entered
REFUSE = (("surveys", 0.05), ("calls", 0.04))
COLUMNS = (
    "pk", "reference", "customer_id", "language", "owner_id", "channel", "received_at", "resolved_at", "resolve_late",
    "outcome", "accepted",
)  # fmt: skip


def seed(*, seed: int, now: datetime, after_step: Callable[[int], None] = lambda done: None) -> int:
    """Ask, answer, call, stay, leave and buy; returns the number of customers told about.

    The cast has to be there. Nothing is ever mailed: whoever is asked was asked in the past.
    """
    draw = random.Random(seed + 2)  # noqa: S311  (believable, not secret)
    people = _people(draw, now)
    _ask(people, draw, now)
    newcomers = [people[key] for key in sorted(people) if people[key].joined]
    customers_bulk.seed(newcomers, draw=draw, now=now, after_chunk=after_step)
    agenda.plan(draw=draw, now=now)
    team = cast.users()
    members = [user for user in team.values() if user.is_agent]
    apart = random.Random(seed + 3)  # noqa: S311  (believable, not secret)
    demo_offers.plan(draw=apart, members=members, manager=team["manager"], now=now)
    return len(newcomers)


def _people(draw: random.Random, now: datetime) -> dict[int, Person]:
    """The demo's customers; `joined` 0 for those who have a stay already."""
    stays = Tenure.objects.filter(customer=OuterRef("customer"))
    named = ExternalId.objects.filter(source=SOURCE).annotate(known=Exists(stays), since=F("customer__created_at"))
    found: dict[int, Person] = {}
    rows = named.order_by("customer").values_list("customer", "customer__language", "external_id", "known", "since")
    for key, language, external_id, known, since in rows.iterator(CHUNK):
        joined = tick(since)
        if external_id.startswith(TOLD):
            joined -= int(draw.random() * LONGEST_BEFORE) * DAY
        refuses = tuple(purpose for purpose, share in REFUSE if draw.random() < share)
        language = language if language in goods.LANGUAGES else "en"
        found[key] = Person(key, language, 0 if known else joined, refuses=refuses)
    _complained(found, now)
    return found


def _complained(people: dict[int, Person], now: datetime) -> None:
    """Nobody joins after the first complaint, or leaves before the last one is over."""
    complaints = Complaint.objects.filter(source=SOURCE, customer__isnull=False)
    rows = complaints.order_by().values("customer").annotate(
        first=Min("received_at"),
        last=Max(Coalesce("closed_at", "received_at")),
        open=Count("pk", filter=Q(in_queue=True)),
    )  # fmt: skip
    for row in rows.iterator(CHUNK):
        if (person := people.get(row["customer"])) is not None:
            if person.joined:
                person.joined = min(person.joined, tick(row["first"]) - 20 * DAY)
            person.stays_until = tick(now) if row["open"] else tick(row["last"])
    twice = complaints.filter(
        type__code="billing-charged-twice", channel=ChannelCode.PHONE, in_queue=True, order_number__gt="",
        owner__username="agent",
    ).order_by("-pk")  # fmt: skip
    for key, number, received in twice.values_list("customer", "order_number", "received_at")[:1]:
        if key in people:
            people[key].charged_twice = (number, tick(received) - 9 * DAY)


def _ask(people: dict[int, Person], draw: random.Random, now: datetime) -> None:
    """About every complaint that was settled, in the order in which they were."""
    users = {user.pk: user for user in cast.users().values()}
    signed: dict[int, trail_rows.Signature] = {}

    def signature(key: int) -> trail_rows.Signature:
        if key not in signed:
            signed[key] = trail_rows.Signature(Actor.person(users[key]) if key in users else Actor.system("demo"))
        return signed[key]

    desk = Desk(draw, tick(now), signature)
    addresses = dict(
        ContactPoint.objects.filter(kind=EMAIL, customer__external_ids__source=SOURCE).values_list("customer", "value")
    )
    nobody = Person(0, "en", 0)
    tables = (Invitation, SurveyResponse, FollowUp, TrailEntry)
    with bulk_writer.Writer() as writer:
        batch = Batch(desk)
        for count, one in enumerate(_settled(now), start=1):
            person = people.get(one.customer or 0, nobody)
            mood = batch.ask(one, recipient=addresses.get(one.customer or 0, ""), refuses=person.refuses)
            if person is not nobody:
                person.moments.append((one.resolved, mood))
            if count % CHUNK == 0:
                writer.write(batch.load())
                batch = Batch(desk)
        writer.write(batch.load())
    bulk_writer.analyze(*tables)


def _settled(now: datetime) -> Iterator[Settled]:
    """Resolved complaints of the demo that nobody was asked about, oldest resolution first."""
    asked = Invitation.objects.filter(complaint=OuterRef("pk"))
    rows: Any = Complaint.objects.filter(
        ~Exists(asked),
        source=SOURCE,
        kind=Kind.COMPLAINT,
        is_quarantined=False,
        status__in=(Status.RESOLVED, Status.CLOSED),
        resolved_at__lte=now,
    ).exclude(outcome__in=("", Outcome.WITHDRAWN))
    for row in rows.order_by("resolved_at", "pk").values_list(*COLUMNS).iterator(CHUNK):
        key, reference, customer, language, owner, channel, received, resolved, late, outcome, accepted = row
        yield Settled(
            key, reference, customer, language if language in goods.LANGUAGES else "en", owner, channel, tick(received),
            tick(resolved), late > 0, outcome, accepted,
        )  # fmt: skip
