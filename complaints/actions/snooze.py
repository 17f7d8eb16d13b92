"""Put a case aside until a moment, or until the customer writes; and take it back (ux, Agent's desk 8).

A snoozed case stays in hand: its clocks run, it counts as its owner's work, the sweep watches it. It only leaves the
lists (`Complaint.snoozed_until`). Of its own it comes back at its hour (`wake_due`, a job), and when a warning or a
missed deadline rings: the sweep then sets the hour to that very moment. What else ends it: `_snoozed`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from complaints import errors
from complaints.actions import _base, _snoozed
from complaints.models import NEVER, Complaint, Firing
from complaints.promises import owed
from core import clock, rows, trail
from core.actor import Actor
from core.errors import InvalidInput

LONGEST = timedelta(days=366)
WAKER = Actor.system("wake")


@transaction.atomic
def snooze(complaint: Complaint, *, by: Actor, at: datetime, until: datetime | None) -> Complaint:
    """Put the case aside until `until` (UTC), or with None until the customer writes. Deadlines keep running.

    A case snoozed already gets the new hour. Raises InvalidInput (in_the_past, too_far), AlreadySnoozed for the same
    hour, NotInHand (quarantine, history), AlreadyClosed or AlreadyEnded.
    """
    if until is not None and until <= at:
        raise InvalidInput(_("Choose a moment that lies ahead."), code="in_the_past", field="until")
    if until is not None and until > at + LONGEST:
        raise InvalidInput(_("A case can be snoozed for a year at most."), code="too_far", field="until")
    complaint = _base.locked(complaint)
    _base.refuse_unless_live(complaint)
    if not complaint.in_queue:
        raise errors.NotInHand
    before, complaint.snoozed_until = complaint.snoozed_until, until or NEVER
    if before == complaint.snoozed_until:
        raise errors.AlreadySnoozed
    complaint.snoozed_by = by.user
    return _base.finish(
        complaint,
        "complaint.snoozed",
        by=by,
        at=at,
        fields=_snoozed.FIELDS,
        changes={"until": [_iso(before), _iso(complaint.snoozed_until)]},
    )


@transaction.atomic
def wake(complaint: Complaint, *, by: Actor, at: datetime) -> Complaint:
    """Take the case back into the lists now; whoever snoozed it is told. Raises NotSnoozed."""
    complaint = _base.locked(complaint)
    if complaint.snoozed_until is None:
        raise errors.NotSnoozed
    told = _snoozed.end(complaint, _snoozed.ASKED, by=by, at=at)
    changes = {"because": _snoozed.ASKED}
    return _base.finish(complaint, "complaint.woken", by=by, at=at, fields=_snoozed.FIELDS, changes=changes, also=told)


def wake_due(*, at: datetime | None = None, most: int = 1_000) -> int:
    """Take back every case whose hour has come, each in a transaction of its own; how many. For the job.

    Any number of workers; a case somebody works on is passed over and found next time. `version` stays: it counts what
    people changed. Query cost: 1 by a partial index when nothing is due, about 6 a case.
    """
    moment = at or clock.database_now()
    due = Complaint.objects.filter(snoozed_until__lte=moment).order_by("snoozed_until")
    return sum(_wake(key, at=moment) for key in list(due.values_list("pk", flat=True)[:most]))


@transaction.atomic
def _wake(key: int, *, at: datetime) -> bool:
    found = Complaint.objects.filter(pk=key, snoozed_until__lte=at)
    if connection.features.has_select_for_update_skip_locked:
        found = found.select_for_update(skip_locked=True)
    complaint = found.first()
    if complaint is None:
        return False
    because = _rang(complaint, complaint.snoozed_until or at) or _snoozed.TIME
    told = _snoozed.end(complaint, because, by=WAKER, at=at)
    complaint.updated_at = at
    complaint.save(update_fields=["updated_at", *_snoozed.FIELDS])
    trail.append(complaint, "complaint.woken", by=WAKER, at=at, changes={"because": because})
    rows.insert(told)
    return True


def _rang(complaint: Complaint, moment: datetime) -> str:
    """What the sweep found at that very moment; "" for nothing. Query cost: at most 2."""
    if Firing.objects.filter(clock__complaint=complaint, fired_at=moment).exists():
        return _snoozed.DEADLINE
    rang = Q(warned_at=moment) | Q(detected_at=moment)
    return _snoozed.PROMISE if owed.of_case(complaint).filter(rang).exists() else ""


def _iso(at: datetime | None) -> str | None:
    """NEVER (until the customer writes) is told as such."""
    return None if at is None else "reply" if at == NEVER else at.isoformat()
