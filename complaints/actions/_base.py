"""What every action on a complaint shares: the lock, the guards, the version, the trail entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

from complaints import errors
from complaints.actions import _overtaken, _snoozed, telling
from complaints.models import Clock, ClockKind, Complaint, Status
from complaints.sla import clocks as sla
from complaints.sla import standing
from core import rows, trail
from core.actor import Actor

MEASURED = ("first_response_at", "resolved_at")  # a change of these changes durations that figures read


def locked(complaint: Complaint) -> Complaint:
    """The complaint as it is now, its row locked until the transaction ends. Query cost: 1."""
    found: Complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    return found


def locked_to_decide(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """The same for an action that decides or ends the case: first whatever waits to be sent is settled.

    What only waits to be taken back is sent, what was meant for later is held back. Query cost: 3.
    """
    from complaints.actions import holding, pending

    found = locked(complaint)
    if pending.flush(found, at=at):
        found = locked(found)
    holding.hold_later(found, code=holding.CASE_ENDED, by=by, at=at)
    return found


def clocks_of(complaint: Complaint, *kinds: str) -> list[Clock]:
    """The clocks of the complaint, of the kinds asked for (all without one), oldest cycle first. Query cost: 1."""
    found = Clock.objects.filter(complaint=complaint).order_by("pk")
    return list(found.filter(kind__in=kinds) if kinds else found)


def refuse_unless_live(complaint: Complaint) -> None:
    """Raises AlreadyEnded or AlreadyClosed: nothing more happens to an ended case but reopening."""
    if complaint.status in (Status.WITHDRAWN, Status.MERGED):
        raise errors.AlreadyEnded
    if complaint.status == Status.CLOSED:
        raise errors.AlreadyClosed


def refuse_unless_undecided(complaint: Complaint) -> None:
    """Raises also AlreadyResolved."""
    refuse_unless_live(complaint)
    if complaint.status == Status.RESOLVED:
        raise errors.AlreadyResolved


def finish(
    complaint: Complaint,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    fields: Iterable[str] = (),
    changes: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
    clocks: Iterable[Clock] | None = None,
    also: Iterable[models.Model] = (),
) -> Complaint:
    """Save what the action changed, with one trail entry; `clocks` are all clocks of the case if any was touched.

    `also` are further new rows of the action. Those who follow the case are told, an open offer of it may be overtaken.
    Query cost: 4, and 2 with clocks; 1 more when it ends a snooze, 1 for followers, 2 where owner or queue changed.
    """
    complaint.version += 1
    complaint.updated_at = at
    names = {"version", "updated_at", *fields}
    if because := _snoozed.ends(complaint, kind, names):
        also = [*also, *_snoozed.end(complaint, because, by=by, at=at)]
        changes = {**(changes or {}), "woken": because}
        names.update(_snoozed.FIELDS)
    if clocks is None and not names.isdisjoint(MEASURED):
        clocks = clocks_of(complaint)
    if clocks is not None:
        clocks = list(clocks)
        sla.save(complaint, clocks, at=at)
        complaint.queue_at = sla.queue_at(clocks, complaint)
        names.update(("queue_at", *standing.refresh(complaint, clocks)))
    complaint.save(update_fields=sorted(names))
    trail.append(complaint, kind, by=by, at=at, changes=changes, private=private)
    settled = [] if names.isdisjoint(_overtaken.MOVES) else _overtaken.settle(complaint, by=by, at=at)
    rows.insert([*also, *settled, *telling.followed(complaint, kind, by=by, at=at)])
    return complaint


def tier_of(complaint: Complaint) -> str:
    """The customer's tier; blank without one. Query cost: 1 unless the customer is loaded."""
    return complaint.customer.tier if complaint.customer else ""


def acknowledge_in_passing(complaint: Complaint, clocks: list[Clock], *, at: datetime, told: bool) -> list[str]:
    """A person takes the case up, and `told` the complainant something: the first response (domain, Complaint 8), with
    which alone the law counts it as acknowledged. Returns the fields that changed.

    Clocks that begin with it are added to `clocks`.
    """
    changed = []
    if complaint.acknowledged_at is None:
        complaint.acknowledged_at = at
        changed.append("acknowledged_at")
        if complaint.status == Status.NEW:
            complaint.status = Status.ACKNOWLEDGED
            changed.append("status")
    if told and complaint.first_response_at is None:
        complaint.first_response_at = at
        changed.append("first_response_at")
    if changed:
        sla.acknowledge(complaint, clocks, tier=tier_of(complaint), at=at)
    return changed


def informed(complaint: Complaint, clocks: list[Clock], *, at: datetime, told: bool) -> None:
    """The next update is due from `at` on: a person told the complainant something, or (`told` false) took the case up.

    The cycle that ran is done, a new one is added to `clocks`; taking up begins only the first.
    """
    if told or not any(clock.kind == ClockKind.UPDATE for clock in clocks):
        clocks += sla.next_update(complaint, clocks, tier=tier_of(complaint), at=at)
