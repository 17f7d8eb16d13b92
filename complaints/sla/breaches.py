"""What a breach leaves behind: its firing, once for ever, and the mails to owner and lead (domain, SLA 5-7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models

from complaints.models import Clock, Complaint, Firing
from core import outbox
from core.models import User

BREACH = "breach"


def records(complaint: Complaint, clocks: Iterable[Clock], *, at: datetime) -> list[models.Model]:
    """The rows to write beside clocks that just became breached: one firing each, one mail to each addressee.

    `at`: when it was noticed. Query cost: one when there is a breach (owner and lead), none otherwise.
    """
    clocks = list(clocks)
    if not clocks:
        return []
    people = addressees(complaint)
    found: list[models.Model] = []
    for clock in clocks:
        assert clock.due_at is not None
        found.append(Firing(clock=clock, rung=BREACH, due_at=clock.due_at, fired_at=at))
        found += [
            outbox.mail(
                mail_key(clock.pk, person.pk),
                to=person.email,
                language=person.language,
                template="sla_breach",
                context=mail_context(complaint, clock, person),
                about=complaint,
                at=at,
            )
            for person in people
        ]
    return sorted(found, key=lambda row: isinstance(row, Firing), reverse=True)


def addressees(complaint: Complaint) -> list[User]:
    """Owner and lead of the team, each once, active and reachable by mail."""
    people = User.objects.filter(models.Q(pk=complaint.owner_id) | models.Q(leads=complaint.team_id), is_active=True)
    return list(people.exclude(email="").distinct().order_by("pk"))


def mail_key(clock_id: int, user_id: int) -> str:
    return f"breach:{clock_id}:{user_id}"


def mail_context(complaint: Complaint, clock: Clock, person: User) -> dict[str, str]:
    """What the template `mail/sla_breach` needs: plain JSON; instants as whole microseconds since 1970, as SQL writes them."""
    assert clock.due_at is not None
    return {
        "reference": complaint.reference,
        "subject": complaint.subject,
        "clock": clock.kind,
        "due_us": str(int(clock.due_at.timestamp()) * 1_000_000 + clock.due_at.microsecond),
        "name": str(person),
        "time_zone": person.time_zone,
    }
