"""An owner who leaves a case lying past a limit, or is away from a late one: somebody else takes it on, never nobody
(domain, Complaint 2; SLA 7).

Silent: a rung of the ladder that hands over is the limit. Past it, while the clock runs, the owner has to do something
on the case, anything that their trail shows, at least once in the rung's span: the working time from the rung before
it (else the start of the clock) to it; at 150 % after 100 % that is half of the target. So a note holds no case for
ever, nor does an acknowledgement. Until the rung nobody is silent; who got the case behind it has a span from then on;
a pause is no silence, the span begins anew behind it. Of an owner who is away only counts what they did since they
left.

The sweep marks the rung (`Firing.hand_over`). A mark is looked at again (`look_at`) until it has moved its case, once,
or its clock is done (`handled_at`): when the owner would be silent, and every RETRY while the clock is paused or nobody
else is there.

Absent: whatever the ladder says, a case past a deadline whose owner is away goes to the deputy once its owner has done
nothing on it for LEFT_FOR, and had it so long.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from complaints import routing
from complaints.actions import telling
from complaints.actions.manage import change_owner
from complaints.models import OPEN, Clock, ClockEvent, ClockKind, ClockState, Complaint, Firing, Status
from complaints.sla import ladder, policies, replay
from core import clock as clocks_time
from core import trail, working_time
from core.actor import Actor
from core.models import Absence, TrailEntry, User
from core.working_time import Target, TargetKind

SILENT, ABSENT = "silent", "absent"  # the reason on the trail
RETRY = timedelta(minutes=10)
LEFT_FOR = timedelta(days=1)
BATCH = 100
GIVEN = ("complaint.assigned", "complaint.handed_over", "complaint.released")
BY = Actor.system("silence")
log = logging.getLogger("amends.silence")


@dataclass(frozen=True, slots=True)
class Tenure:
    """How long the case has been the owner's (None: longer than its trail), when they last did something on it as its
    owner (None: never), and who lost it by silence before."""

    since: datetime | None
    acted: datetime | None
    silent: frozenset[int]


def hand_over_silent(*, at: datetime | None = None, seconds: float = 30.0) -> int:
    """Look at every mark whose time has come, then at late cases of those away, each in a transaction of its own;
    returns how many cases moved.

    `at`: UTC; default: the database's now, anew for each. Begins no further one after `seconds`. Any number of workers:
    what another looks at is passed over. One that fails is logged, and tried again the next time. Query cost: 2 when
    nothing waits, the first by a partial index, 3 while anybody is away; about 14 for each that is looked at.
    """
    end = time.monotonic() + seconds
    return _look_at_marks(at, end) + _take_from_those_away(at, end)


def _look_at_marks(at: datetime | None, end: float) -> int:
    moved, failed = 0, list[int]()
    while time.monotonic() < end:
        # no transaction, nothing locked, if there is none
        key = _waiting(failed, at or clocks_time.now()).values_list("pk", flat=True).first()
        if key is None:
            break
        try:
            looked = _next(failed, at)
        except Exception:
            log.exception("firing %s: not looked at", key)
            failed.append(key)
            continue
        if looked is None:
            break  # others are at it
        moved += looked
    return moved


@transaction.atomic
def _next(without: Sequence[int], at: datetime | None) -> bool | None:
    """Deal with the first mark that nobody else has locked: whether its case moved; None if there is none."""
    waiting = _waiting(without, at or clocks_time.now())
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    firing = waiting.first()
    if firing is None:
        return None
    moment = at or clocks_time.database_now()
    moved, again = _look(firing, at=moment)
    firing.look_at, firing.handled_at = again, None if again else moment
    firing.save(update_fields=["look_at", "handled_at"])
    return moved


def _waiting(without: Sequence[int], at: datetime) -> QuerySet[Firing]:
    waiting = Firing.objects.filter(hand_over=True, handled_at__isnull=True, look_at__lte=at)
    return waiting.exclude(pk__in=without).order_by("look_at", "pk")


def _look(firing: Firing, *, at: datetime) -> tuple[bool, datetime | None]:
    """Move the case if its owner is silent; whether it moved, and when to look again (None: the mark is done). The
    caller holds the mark locked."""
    case_id = Clock.objects.values_list("complaint_id", flat=True).get(pk=firing.clock_id)
    complaint = Complaint.objects.select_for_update().get(pk=case_id)
    clock = Clock.objects.get(pk=firing.clock_id)  # as it is now that nobody else can move it
    if clock.is_finished or not (complaint.in_queue and complaint.is_open):
        return False, None
    if clock.state == ClockState.PAUSED or (clock.kind == ClockKind.RESOLVE and complaint.status == Status.WAITING):
        return False, at + RETRY
    tenure = tenure_of(complaint)
    silent_at = _silent_at(clock, firing, tenure, _away_since(complaint.owner, at))
    if silent_at is None or silent_at > at:
        return False, silent_at or at + LEFT_FOR
    try:
        heir = routing.successor(complaint, at=at, without=tenure.silent, also_away=False)
    except routing.NobodyToOwnIt:
        log.warning("%s stays where it is: its owner is silent, and nobody else is there", complaint.reference)
        return False, at + RETRY
    facts = {"reason": SILENT, "clock": clock.pk, "clock_kind": str(clock.kind), "rung": firing.rung}
    told = _tell(complaint, heir, SILENT, key=f"handed_over:{firing.pk}", at=at)
    change_owner(complaint, heir, by=BY, at=at, reason="", why="handed_over", facts=facts, also=told)
    return True, None


def _silent_at(clock: Clock, firing: Firing, tenure: Tenure, away_since: datetime | None) -> datetime | None:
    """From when on the owner counts as silent: at the rung, or a span after they last did something, got the case or
    the clock went on. None: its calendar does not open any more. Query cost: 2 at most."""
    acted = tenure.acted
    if away_since is not None and acted is not None and acted < away_since:
        acted = None
    given = tenure.since if tenure.since is not None and tenure.since > firing.due_at else None
    resumed = ClockEvent.objects.filter(clock=clock, kind__in=(replay.RESUMED, replay.REOPENED))
    went_on = resumed.order_by("-at").values_list("at", flat=True).first()
    begins = [one for one in (acted, given, went_on) if one is not None]
    if not begins or clock.calendar_version_id is None:
        return firing.due_at
    calendar = policies.calendar_of(clock.calendar_version_id)
    if clock.target_kind == TargetKind.WORKING_SECONDS:
        total = clock.target_value or 0
    else:
        total = working_time.worked(calendar, clock.started_at, clock.due_at or firing.due_at)
    span = Target.seconds(max(1, total * _share(clock, firing) // 100))
    silent_at = working_time.due_at(calendar, max(begins), span)
    return None if silent_at is None else max(silent_at, firing.due_at)


def _share(clock: Clock, firing: Firing) -> int:
    """How many percent of the target lie between the rung and the one before it. Query cost: 1."""
    own = ladder.percent_of(firing.rung)
    fired = Firing.objects.filter(clock=clock).values_list("rung", flat=True)
    return own - max((percent for rung in fired if (percent := ladder.percent_of(rung)) < own), default=0)


def tenure_of(complaint: Complaint) -> Tenure:
    """What the trail says about the owner. Query cost: 1."""
    owner, since, first = None, None, 0
    silent, acts = set[int](), list[tuple[int, datetime]]()
    entries = trail.of(complaint).order_by("seq").values_list("seq", "kind", "at", "actor_id", "body")
    for seq, kind, at, actor_id, body in entries:
        if '"owner"' in body:
            said = json.loads(body)
            named = said.get("owner")
            after = named[-1] if isinstance(named, list) and named else named
            if isinstance(after, int) and after != owner:
                owner, since, first = after, at, seq
            if kind == "complaint.handed_over" and said.get("reason") == SILENT:
                silent.add(named[0])
        if actor_id == complaint.owner_id:
            acts.append((seq, at))
    if owner != complaint.owner_id:
        since, first = None, 0
    return Tenure(since, max((at for seq, at in acts if seq >= first), default=None), frozenset(silent))


def _away_since(owner: User, at: datetime) -> datetime | None:
    """When the absence of the owner began that holds at `at`; None: they are here. Query cost: 1."""
    covering = Absence.objects.covering(at).filter(user=owner)
    found: datetime | None = covering.order_by("from_at").values_list("from_at", flat=True).first()
    return found


def _take_from_those_away(at: datetime | None, end: float) -> int:
    """Move the late cases that those who are away have left lying; how many."""
    moved, seen = 0, list[int]()
    while time.monotonic() < end:
        moment = at or clocks_time.now()
        away = list(Absence.objects.covering(moment).values_list("user", flat=True).distinct())
        if not away:
            break
        keys = list(
            _left(moment, owner__in=away).exclude(pk__in=seen).order_by("pk").values_list("pk", flat=True)[:BATCH]
        )
        if not keys or not User.objects.present_at(moment).who_take_cases().exists():
            break
        for key in keys:
            seen.append(key)
            if time.monotonic() >= end:
                break
            try:
                moved += _take(key, at)
            except Exception:
                log.exception("complaint %s: not taken from who is away", key)
    return moved


def _left(at: datetime, **which: Any) -> QuerySet[Complaint]:
    """Open cases (of `which`) past a deadline that their owner has left lying. Query cost of reading: 1."""
    late = Clock.objects.filter(complaint=OuterRef("pk"), state=ClockState.BREACHED, completed_at__isnull=True)
    lately = TrailEntry.objects.filter(
        Q(actor_id=OuterRef("owner_id")) | Q(kind__in=GIVEN),
        subject_kind="complaint",
        subject_id=OuterRef("pk"),
        at__gt=at - LEFT_FOR,
    )
    return Complaint.objects.filter(Exists(late), ~Exists(lately), in_queue=True, status__in=OPEN, **which)


@transaction.atomic
def _take(key: int, at: datetime | None) -> bool:
    """Move one such case, unless another worker has, or nobody is there; whether it moved."""
    locked = Complaint.objects.filter(pk=key)
    locked = (
        locked.select_for_update(skip_locked=True)
        if connection.features.has_select_for_update_skip_locked
        else locked.select_for_update()
    )
    complaint = locked.first()
    moment = at or clocks_time.database_now()
    if complaint is None or _away_since(complaint.owner, moment) is None or not _left(moment, pk=key).exists():
        return False
    try:
        heir = routing.successor(complaint, at=moment, without=tenure_of(complaint).silent, also_away=False)
    except routing.NobodyToOwnIt:
        return False
    told = _tell(complaint, heir, ABSENT, key=f"handed_over:{complaint.pk}:{complaint.version + 1}", at=moment)
    facts = {"reason": ABSENT}
    change_owner(complaint, heir, by=BY, at=moment, reason="", why="handed_over", facts=facts, also=told)
    return True


def _tell(complaint: Complaint, heir: User, because: str, *, key: str, at: datetime) -> list[models.Model]:
    """To the one it is taken from and to the team's lead; the new owner gets the usual one, of any new case."""
    before, team = complaint.owner, complaint.team
    people = {one.pk: one for one in (before, team.lead if team else None) if one is not None and one.pk != heir.pk}
    return telling.passed_on(complaint, people.values(), before, heir, because=because, key=key, at=at)
