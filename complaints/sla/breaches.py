"""What a breach leaves: its firing, once for ever, a trail entry, mails to owner and lead (domain, SLA 5-7).

The same rows whoever notices it: the sweep (in bulk) or work completed too late (`records`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models

from complaints.models import Clock, Complaint, Firing
from core import outbox, trail
from core.actor import Actor
from core.models import OutboxMessage, Team, TrailEntry, User

BREACH = "breach"
NOTED_AS = "sla.breached"
TEMPLATE = "sla_breach"
End = tuple[int, bytes | memoryview]  # sequence number and hash of the last entry of a chain
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def records(complaint: Complaint, clocks: Iterable[Clock], *, at: datetime) -> list[models.Model]:
    """The rows to write beside clocks of one complaint that just became breached; the caller holds it locked.

    One firing for each clock, one trail entry for all, one mail for each clock and addressee. `at`: when it
    was noticed. Query cost: 3 with a breach (the end of the trail, the team, the people), none without.
    """
    clocks = list(clocks)
    if not clocks:
        return []
    subject_kind, subject_id = trail.subject_of(complaint)
    written = TrailEntry.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    last = written.order_by("-seq").values_list("seq", "hash").first()
    people = addressees(complaint)
    return [
        *(firing(clock, at=at) for clock in clocks),
        noted(complaint, clocks, by=Actor.system("sla"), at=at, last=last),
        *mails(complaint, clocks, people, at=at),
    ]


def firing(clock: Clock, *, at: datetime) -> Firing:
    """The mark that this breach has been dealt with; unique by clock and rung. Not yet written."""
    return Firing(clock=clock, rung=BREACH, due_at=_deadline(clock), fired_at=at)


def noted(complaint: Complaint, clocks: Sequence[Clock], *, by: Actor, at: datetime, last: End | None) -> TrailEntry:
    """One trail entry for all clocks found at once, dated at the first deadline.

    `last`: sequence number and hash at the end of the complaint's chain, None if it has none.
    """
    ordered = sorted(clocks, key=lambda clock: (_deadline(clock), clock.pk))
    changes = {"clocks": [_facts(clock) for clock in ordered]}
    entry = trail.build(complaint, NOTED_AS, by=by, at=_deadline(ordered[0]), changes=changes)
    entry.recorded_at = at.astimezone(UTC)
    entry.seq = last[0] + 1 if last else 1
    entry.hash = trail.chain(bytes(last[1]) if last else trail.GENESIS, entry)
    return entry


def mails(
    complaint: Complaint, clocks: Iterable[Clock], people: Sequence[User], *, at: datetime
) -> list[OutboxMessage]:
    """One mail for each clock and addressee, not yet written."""
    return [
        outbox.mail(
            mail_key(clock.pk, person.pk),
            to=person.email,
            language=person.language,
            template=TEMPLATE,
            context=mail_context(complaint, clock, person),
            about=complaint,
            at=at,
        )
        for clock in clocks
        for person in people
    ]


def addressees(complaint: Complaint) -> list[User]:
    """Owner and lead of the team, each once, active and reachable by mail. Query cost: 1."""
    return addressees_of([complaint])[complaint.pk]


def addressees_of(complaints: Sequence[Complaint]) -> dict[int, list[User]]:
    """By complaint's key: owner and lead of its team, each once, active, with address. Query cost: 1 or 2."""
    teams = {complaint.team_id for complaint in complaints if complaint.team_id is not None}
    leads = dict(Team.objects.filter(pk__in=teams).values_list("pk", "lead_id")) if teams else {}
    wanted = {case.pk: {case.owner_id, leads.get(case.team_id or 0, 0)} for case in complaints}
    found = User.objects.filter(pk__in=set().union(*wanted.values()), is_active=True).exclude(email="")
    people = found.in_bulk()
    return {key: [people[pk] for pk in sorted(pair & people.keys())] for key, pair in wanted.items()}


def mail_key(clock_id: int, user_id: int) -> str:
    return f"breach:{clock_id}:{user_id}"


def mail_context(complaint: Complaint, clock: Clock, person: User) -> dict[str, str]:
    """What the template `mail/sla_breach` needs. `due_us`: microseconds since 1970, as SQL writes it too."""
    return {
        "reference": complaint.reference,
        "subject": complaint.subject,
        "clock": str(clock.kind),
        "due_us": str((_deadline(clock) - _EPOCH) // _MICROSECOND),
        "name": str(person),
        "time_zone": person.time_zone,
    }


def _facts(clock: Clock) -> dict[str, Any]:
    due_at = _deadline(clock).astimezone(UTC).isoformat()
    return {"clock": clock.pk, "cycle": clock.cycle, "due_at": due_at, "kind": str(clock.kind)}


def _deadline(clock: Clock) -> datetime:
    if clock.due_at is None:
        raise ValueError(f"clock {clock.pk} has no deadline to be late for")
    return clock.due_at
