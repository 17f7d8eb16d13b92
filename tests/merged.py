"""Cases merged and parted at given moments, and what tells whether all is as before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from complaints.actions import merge as merging
from complaints.models import Clock, Complaint, RootCause, Watch
from complaints.sla import ladder, rebuild
from complaints.sla.sweep import sweep
from core import clock, trail
from core.actor import Actor
from tests.cast import MONDAY, Cast

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def filed(cast: Cast, at: datetime = MONDAY, **filing: Any) -> Complaint:
    with clock.frozen(at):
        return cast.complaint(at=at, **filing)


def merged(source: Complaint, into: Complaint, by: Actor, at: datetime, **more: Any) -> Complaint:
    with clock.frozen(at):
        done = merging.merge(source, into=into, by=by, at=at, **more)
    into.refresh_from_db()
    return done


def parted(source: Complaint, by: Actor, at: datetime) -> Complaint:
    with clock.frozen(at):
        return merging.unmerge(source, by=by, at=at)


def due(complaint: Complaint, kind: str = "resolve") -> datetime | None:
    return Clock.objects.get(complaint=complaint, kind=kind).due_at


def state(complaint: Complaint) -> dict[str, Any]:
    """Everything about a case and its clocks but what counts changes, and whether a breach was told before."""
    row = Complaint.objects.filter(pk=complaint.pk).values().get()
    clocks = list(Clock.objects.filter(complaint=complaint).order_by("pk").values())
    for one in clocks:
        one["rungs"] = [[us, rung, to & ~ladder.AGAIN, over] for us, rung, to, over in one["rungs"]]
    watchers = list(Watch.objects.filter(complaint=complaint).order_by("user").values_list("user", flat=True))
    return {**{k: v for k, v in row.items() if k not in ("version", "updated_at")}, "clocks": clocks, "w": watchers}


def swept(at: datetime) -> None:
    with clock.frozen(at):
        sweep(at=at)


def same(now: tuple[dict[str, Any], ...], before: tuple[dict[str, Any], ...]) -> None:
    for one, other in zip(now, before, strict=True):
        assert {k: v for k, v in one.items() if k != "clocks"} == {k: v for k, v in other.items() if k != "clocks"}
        assert len(one["clocks"]) == len(other["clocks"])
        for clock_now, clock_before in zip(one["clocks"], other["clocks"], strict=True):
            assert clock_now == clock_before


def whole() -> None:
    assert rebuild.rebuild(mend=False)["different"] == 0
    for complaint in Complaint.objects.all():
        assert not list(trail.verify(trail.of(complaint)))


def cause() -> Any:
    return RootCause.objects.exclude(code="unclassified").filter(parent__isnull=False).first()
