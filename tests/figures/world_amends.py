"""Of a random world: what it is about, what was promised and given, merged, handed over and opened again.

Promises end at their very hour, a moment too late, or stay owed past it with and without the sweep; remedies in
currencies of 0, 2 and 3 decimals and in every state. Drawn apart, so that the rest of the world stays as it is.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from complaints.models import AuthorityLimit, CaseTheme, Complaint, Promise, Remedy, Theme
from core.models import TrailEntry

if TYPE_CHECKING:
    from tests.figures.world import World

EARLIER = datetime(2026, 4, 4, 14, 0, tzinfo=UTC)  # a moment that figures are asked for
TICK = timedelta(microseconds=1)
DECIMALS = {"EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
KINDS = ("apology", "refund", "credit", "replacement", "discount", "points", "other")
UNVALUED = ("apology", "replacement", "discount")
TURNS = ("complaint.resolved", "complaint.reopened", "complaint.assigned", "complaint.handed_over", "complaint.noted")


def fill(world: World, draw: random.Random, now: datetime) -> None:
    _merged(world, draw)
    _sorted(world, draw, now)
    for complaint in world.complaints:
        for _n in range(draw.choice((0, 0, 1, 1, 2, 4))):
            world.promises.append(_promise(world, draw, complaint, now))
        for _n in range(draw.choice((0, 0, 1, 1, 2, 4))):
            world.remedies.append(_remedy(world, draw, complaint, now))
        _turns(world, draw, complaint)
    world.promises = Promise.objects.bulk_create(draw.sample(world.promises, len(world.promises)))
    world.remedies = Remedy.objects.bulk_create(draw.sample(world.remedies, len(world.remedies)))
    world.entries = TrailEntry.objects.bulk_create(world.entries)


def _merged(world: World, draw: random.Random) -> None:
    heads = [one for one in world.complaints if one.status != "merged"]
    found = [one for one in world.complaints if one.status == "merged"]
    for complaint in found:
        complaint.merged_into = draw.choice(heads)
    Complaint.objects.bulk_update(found, ["merged_into"])


def _sorted(world: World, draw: random.Random, now: datetime) -> None:
    """What it is about: products, lots, themes."""
    themes = list(Theme.objects.order_by("pk")[:2])
    for complaint in world.complaints:
        complaint.product, complaint.lot = draw.choice(("", "Kettle", "Lamp")), draw.choice(("", "L1"))
    Complaint.objects.bulk_update(world.complaints, ["product", "lot"])
    tagged = [(one, theme) for one in world.complaints for theme in themes if draw.random() < 0.3]
    CaseTheme.objects.bulk_create(CaseTheme(complaint=one, theme=theme, at=now) for one, theme in tagged)


def _promise(world: World, draw: random.Random, complaint: Complaint, now: datetime) -> Promise:
    made = complaint.received_at + timedelta(seconds=draw.randint(0, 10 * 86400))
    due = made + timedelta(seconds=draw.randint(60, 40 * 86400))
    due = draw.choice((due, due, due, now, EARLIER, now + timedelta(days=draw.randint(1, 60))))
    made = min(made, due - timedelta(minutes=1))
    one = Promise(
        complaint=complaint, text="Call back", due_at=due, owner=draw.choice((world.agent, world.lead, world.manager)),
        channel=draw.choice(("", "phone")), made_by=world.agent, made_at=made, updated_at=made,
    )  # fmt: skip
    fate = draw.choice(("in time", "in time", "at the hour", "a moment late", "late", "owed", "owed", "slower clock"))
    late = fate in ("a moment late", "late")
    settled = {
        "in time": made + (due - made) * draw.random(),
        "at the hour": due,
        "a moment late": due + TICK,
        "late": due + timedelta(seconds=draw.randint(1, 30 * 86400)),
        "slower clock": due - TICK,  # the sweep had been by when it was said to be done a moment before
    }.get(fate)
    if settled is None or settled > now:
        if due < now and draw.random() < 0.7:
            one.broken_at = due
        return one
    one.settled_at, one.settled_as = settled, draw.choice(("kept", "kept", "renegotiated", "released"))
    if late or (fate == "slower clock" and due < now):
        one.broken_at = due
    return one


def _remedy(world: World, draw: random.Random, complaint: Complaint, now: datetime) -> Remedy:
    kind = draw.choice(KINDS)
    at = min(now, complaint.received_at + timedelta(seconds=draw.randint(0, 60 * 86400)))
    one = Remedy(
        complaint=complaint, kind=kind, status=draw.choice(("granted",) * 5 + STATES), requested_by=world.agent,
        requested_at=at, updated_at=at,
    )  # fmt: skip
    if kind == "points":
        one.amount = Decimal(draw.randint(1, 5000))
    elif kind not in UNVALUED or draw.random() < 0.5:
        one.currency = draw.choice(("EUR", "EUR", "GBP", "JPY", "KWD"))
        one.amount = Decimal(draw.randint(1, 10**7)).scaleb(-DECIMALS[one.currency])
    if one.status == "awaiting_approval":
        return one
    one.decided_by, one.decided_at = world.manager, draw.choice((at, at, min(now, at + timedelta(days=9))))
    if one.status in ("granted", "revoked"):
        one.decided_on, one.within_authority = one.decided_at.date(), draw.random() < 0.6
        one.authority = AuthorityLimit.objects.get(holder="role", role="manager") if one.amount else None
        if one.within_authority:
            one.requested_by = world.manager
    if one.status in ("revoked", "withdrawn"):
        one.undone_by, one.undone_at = world.manager, one.decided_at + timedelta(days=draw.randint(0, 40))
    return one


STATES: tuple[str, ...] = ("awaiting_approval", "rejected", "withdrawn", "revoked", "revoked")


def _turns(world: World, draw: random.Random, complaint: Complaint) -> None:
    """Entries of its trail, in the order of their numbers; some of other kinds, and as many of another subject."""
    at = complaint.received_at
    for seq in range(1, draw.choice((1, 1, 2, 3, 5))):
        at += timedelta(seconds=draw.randint(0, 15 * 86400))
        for subject in ("complaint", "customer"):
            world.entries.append(_entry(subject, complaint.pk, seq, draw.choice(TURNS), at))


def _entry(subject: str, pk: int, seq: int, kind: str, at: datetime) -> Any:
    return TrailEntry(
        subject_kind=subject, subject_id=pk, seq=seq, kind=kind, at=at, recorded_at=at, actor_kind="system",
        actor_label="world", body="{}", hash=b"",
    )  # fmt: skip
