"""Cases that are handed over when their owner is silent, absent or gone, and what tells whether all is sound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import F

from complaints import routing
from complaints.actions import silence
from complaints.models import Complaint, Firing, SlaPolicy
from complaints.sla.sweep import sweep
from core import cached, clock, trail
from core.actor import Actor
from core.models import Absence, User
from tests.cast import MONDAY, Cast, make_cast

LADDER = [
    {"percent": 50, "to": ["owner"], "hand_over": True, "clocks": ["acknowledge"]},
    {"percent": 75, "to": ["owner"], "hand_over": True, "clocks": ["acknowledge"]},
    {"percent": 50, "to": ["owner"], "hand_over": True, "clocks": ["resolve"]},
]
HOUR = timedelta(hours=1)
HALF, THREE_QUARTERS = MONDAY + 2 * HOUR, MONDAY + 3 * HOUR  # of the four hours to acknowledge


@contextmanager
def crew() -> Iterator[Cast]:
    """Everybody at work; `agent` has `colleague` for a deputy, their team's lead is Lena."""
    SlaPolicy.objects.update(ladder=LADDER)
    cached.clear_all()
    with clock.frozen(MONDAY):
        found = make_cast()
        found.agent.deputy = found.colleague
        found.agent.save(update_fields=["deputy"])
        yield found


def case(cast: Cast, **filing: Any) -> Complaint:
    """Routed to the agent by mail, who has four working hours to acknowledge it."""
    return cast.complaint(channel="email", by=Actor.system("routing"), at=MONDAY, **filing)


def late(at: datetime) -> int:
    """The sweep, then the hand-over, a second past `at`; how many cases moved."""
    at += timedelta(seconds=1)
    with clock.frozen(at):
        sweep()
        return silence.hand_over_silent(at=at)


def owner_of(complaint: Complaint) -> User:
    return Complaint.objects.get(pk=complaint.pk).owner


def away(user: User) -> None:
    Absence.objects.create(user=user, from_at=MONDAY)


def waiting() -> int:
    """Marks to look at now."""
    return Firing.objects.filter(hand_over=True, handled_at=None, look_at=F("fired_at")).count()


def looked_at_from() -> list[datetime]:
    """When the marks that were looked at and are not done are looked at again."""
    found = Firing.objects.filter(hand_over=True, handled_at=None).exclude(look_at=F("fired_at"))
    return sorted(at for at in found.values_list("look_at", flat=True) if at is not None)


def sound() -> None:
    """Nobody gone owns a case in hand, counts are true, every trail holds."""
    assert not Complaint.objects.filter(in_queue=True, owner__is_active=False).exists()
    assert routing.recount() == 0
    for complaint in Complaint.objects.all():
        assert not list(trail.verify(trail.of(complaint)))


def at_once(*works: Callable[[], Any]) -> list[BaseException]:
    """Run all at the same time, each on a connection of its own; what went wrong."""
    start, troubles = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            troubles.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles
