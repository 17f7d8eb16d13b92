"""One action on many complaints: row by row through the action for one case, each row exactly once (ux, desk 7).

`begin` writes down what is asked for (BulkRun, a BulkRow for each case); `carry_on` does it, row by row in transactions
of their own: a row and what was done to its case are committed together, so whoever is killed half-way has neither
lost nor repeated anything. A case that refuses is noted with the reason, the rest is done. A few rows are done within
the request; more by a job (`advance`): any number of workers, a run that its worker left is taken up after LEASE.

`undo` takes back what can be taken back, for UNDO: again row by row; a case that changed meanwhile is left alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions.bulk_acts import ACTS, BulkAct
from complaints.models import BulkRow, BulkRun, BulkState, Complaint
from core import clock
from core.actor import INTEGRATION, Actor
from core.errors import DomainError, InvalidInput
from core.models import User

log = logging.getLogger(__name__)

MOST = 5_000  # cases of one run
AT_ONCE = 25  # rows done within the request
UNDO = timedelta(minutes=30)
LEASE = timedelta(seconds=15)  # a worker that gave no sign for so long has left the run
RENEW = 5.0  # seconds
AT_WORK = (BulkState.WAITING, BulkState.RUNNING, BulkState.UNDOING)


class NotUndoable(DomainError):
    code = "not_undoable"
    message = gettext_lazy("This can no longer be undone.")


class StillRunning(DomainError):
    code = "still_running"
    message = gettext_lazy("This is still being done. It can be undone once it is finished.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: rows done, refused, not there; `undone` and `kept` (could not be undone) while undoing."""

    total: int
    done: int
    refused: int
    undone: int
    kept: int

    @property
    def looked(self) -> int:
        return self.done + self.refused


@transaction.atomic
def begin(
    *,
    by: Actor,
    at: datetime,
    action: str,
    values: Mapping[str, Any],
    complaints: Sequence[int],
    missing: Sequence[str] = (),
    back: str = "",
) -> BulkRun:
    """Write down what shall be done to `complaints` (primary keys, in this order); the caller goes on with `carry_on`.

    `missing`: references asked for that are not there for `by`. Raises InvalidInput (unknown_action, nothing_chosen,
    too_many, and what the action says of its values). Query cost: 2, and 1 more per 1,000 cases.
    """
    act = ACTS.get(action)
    if act is None:
        raise InvalidInput(_("Choose what to do."), code="unknown_action", field="action")
    if strange := [name for name in values if name not in act.fields]:
        said = _("There is no field “%(name)s”.") % {"name": str(strange[0])[:40]}
        raise InvalidInput(said, code="unknown_field", field="values")
    keys = list(dict.fromkeys(complaints))
    if not keys and not missing:
        raise InvalidInput(_("Choose at least one case."), code="nothing_chosen", field="references")
    if len(keys) > MOST:
        raise InvalidInput(_("At most %(n)d cases at once.") % {"n": MOST}, code="too_many", field="references")
    run = BulkRun.objects.create(
        by=by.user,
        token_label=by.label if by.kind == INTEGRATION else "",
        action=act.key,
        values=act.read(values),
        back=back[:600],
        missing=list(missing),
        total=len(keys) + len(missing),
        created_at=at,
        held_until=clock.now() + LEASE if len(keys) <= AT_ONCE else None,
    )
    BulkRow.objects.bulk_create([BulkRow(run=run, complaint_id=key) for key in keys], batch_size=1_000)
    return run


@transaction.atomic
def undo(run: BulkRun, *, by: Actor, at: datetime) -> BulkRun:
    """Begin to take a finished run back; the caller goes on with `carry_on`. Only whoever asked for it may.

    Raises StillRunning or NotUndoable.
    """
    run = BulkRun.objects.select_for_update().get(pk=run.pk)
    if run.state in AT_WORK:
        raise StillRunning
    if run.by_id != by.user_id or not undoable(run, at=at):
        raise NotUndoable
    run.state, run.finished_at = BulkState.UNDOING, None
    few = _to_undo(run)[: AT_ONCE + 1].count() <= AT_ONCE
    run.held_until = clock.now() + LEASE if few else None
    run.save(update_fields=["state", "finished_at", "held_until"])
    return run


def undoable(run: BulkRun, *, at: datetime) -> bool:
    """Whether there is something to take back and still time for it. No query."""
    act = ACTS.get(run.action)
    return (
        run.state == BulkState.DONE
        and run.undo_until is not None
        and at < run.undo_until
        and act is not None
        and act.undo is not None
    )


def is_small(run: BulkRun) -> bool:
    """Whether the request itself carries it out."""
    return run.held_until is not None


def carry_on(run: BulkRun, *, seconds: float = 30.0) -> int:
    """Do the rows that are left, for about `seconds`; how many. Finishes the run after the last one.

    Each row is a transaction of its own; rows that another worker is at are passed over. Query cost: about 5 a row
    beside the action's own.
    """
    end, looked, held = time.monotonic() + seconds, 0, time.monotonic()
    user = run.by
    by = Actor(INTEGRATION, run.token_label, user) if run.token_label else Actor.person(user)
    BulkRun.objects.filter(pk=run.pk, state=BulkState.WAITING).update(state=BulkState.RUNNING)
    run.refresh_from_db(fields=["state"])
    step = _undo_one if run.state == BulkState.UNDOING else _do_one
    with translation.override(user.language or translation.get_language()):
        while run.state in AT_WORK and time.monotonic() < end:
            if not step(run, ACTS[run.action], user, by):
                _finish(run)
                break
            looked += 1
            if time.monotonic() - held > RENEW:
                held = time.monotonic()
                BulkRun.objects.filter(pk=run.pk).update(held_until=clock.now() + LEASE)
    if run.state in AT_WORK:  # out of time: whoever comes next need not wait for the lease
        BulkRun.objects.filter(pk=run.pk).update(held_until=None)
    return looked


def advance(*, seconds: float = 30.0) -> int:
    """Go on with every run that waits, for about `seconds`; how many rows were looked at. For the job.

    Query cost: 1 by a partial index when nothing waits.
    """
    end, looked, seen = time.monotonic() + seconds, 0, list[int]()
    while (left := end - time.monotonic()) > 0:
        run = _claim(seen)
        if run is None:
            break
        seen.append(run.pk)
        looked += carry_on(run, seconds=left)
    return looked


def progress(run: BulkRun) -> Progress:
    """Query cost: 1."""
    found = run.rows.aggregate(
        done=Count("pk", filter=Q(done_at__isnull=False)),
        refused=Count("pk", filter=~Q(code="")),
        undone=Count("pk", filter=Q(undone_at__isnull=False)),
        kept=Count("pk", filter=~Q(undo_code="")),
    )
    found["refused"] += len(run.missing)
    return Progress(total=run.total, **found)


def _claim(without: Sequence[int]) -> BulkRun | None:
    """A run nobody is at, now held by us. Query cost: 1 without one, else 3."""
    at = clock.database_now()
    free = BulkRun.objects.filter(state__in=[str(one) for one in AT_WORK]).exclude(pk__in=without).order_by("pk")
    free = free.filter(Q(held_until__isnull=True) | Q(held_until__lt=at))
    if not free.exists():
        return None
    with transaction.atomic():
        run = _skipping(free).first()
        if run is None:
            return None
        run.held_until = at + LEASE
        run.save(update_fields=["held_until"])
    return BulkRun.objects.select_related("by").get(pk=run.pk)


def _to_do(run: BulkRun) -> QuerySet[BulkRow]:
    return BulkRow.objects.filter(run=run, done_at__isnull=True, code="").order_by("pk")


def _to_undo(run: BulkRun) -> QuerySet[BulkRow]:
    return BulkRow.objects.filter(run=run, done_at__isnull=False, undone_at__isnull=True, undo_code="").order_by("pk")


@transaction.atomic
def _do_one(run: BulkRun, act: BulkAct, user: User, by: Actor) -> bool:
    """The next row and its case together; False if there is none left for us."""
    row = _skipping(_to_do(run)).first()
    if row is None:
        return False
    at = clock.now()
    seen = Complaint.objects.visible_to(user) if user.is_active else Complaint.objects.none()
    complaint = seen.filter(pk=row.complaint_id).select_for_update(of=("self",)).first()
    if complaint is None:
        row.code, row.message = "not_found", _("This case is not there, or not yours to see.")
    elif refusal := _tried(row, lambda: _carry_out(row, act, complaint, run, by, at)):
        row.code, row.message = refusal
        row.before = {}
    else:
        row.done_at = at
        row.version = Complaint.objects.values_list("version", flat=True).get(pk=complaint.pk)
    row.save(update_fields=["code", "message", "before", "done_at", "version"])
    return True


def _carry_out(row: BulkRow, act: BulkAct, complaint: Complaint, run: BulkRun, by: Actor, at: datetime) -> None:
    if act.remember is not None:
        row.before = act.remember(complaint, by)
    act.run(complaint, run.values, by=by, at=at)


@transaction.atomic
def _undo_one(run: BulkRun, act: BulkAct, user: User, by: Actor) -> bool:
    """Take back the next row. Whoever did it may, even where they no longer see the case, as long as nobody else did
    anything to it."""
    row = _skipping(_to_undo(run)).first()
    if row is None or act.undo is None:
        return False
    at, take_back = clock.now(), act.undo
    complaint = Complaint.objects.select_for_update().get(pk=row.complaint_id)
    if act.watches_version and complaint.version != row.version:
        row.undo_code, row.message = "changed", _("Changed since: left as it is.")
    elif refusal := _tried(row, lambda: take_back(complaint, row.before, by=by, at=at)):
        row.undo_code, row.message = refusal
    else:
        row.undone_at = at
    row.save(update_fields=["undo_code", "message", "undone_at"])
    return True


def _tried(row: BulkRow, work: Any) -> tuple[str, str] | None:
    """Why it was refused, as (code, words); None when it is done. The database's own troubles are raised."""
    try:
        with transaction.atomic():
            work()
    except DomainError as refusal:
        return refusal.code[:40], str(refusal)[:300]
    except DatabaseError:
        raise
    except Exception:
        log.exception("bulk row %s: not done", row.pk)
        return "failed", _("Something went wrong. Nothing was changed.")
    return None


@transaction.atomic
def _finish(run: BulkRun) -> None:
    """Close the run unless another worker is still at a row of it."""
    run.refresh_from_db(from_queryset=BulkRun.objects.select_for_update())
    left = _to_undo(run) if run.state == BulkState.UNDOING else _to_do(run)
    if run.state not in AT_WORK or left.exists():
        return
    at = clock.now()
    undone = run.state == BulkState.UNDOING
    act = ACTS[run.action]
    run.state, run.finished_at = BulkState.UNDONE if undone else BulkState.DONE, at
    run.held_until = None
    if not undone and act.undo is not None and run.rows.filter(done_at__isnull=False).exists():
        run.undo_until = at + UNDO
    run.save(update_fields=["state", "finished_at", "held_until", "undo_until"])


def _skipping(found: Any) -> Any:
    if connection.features.has_select_for_update_skip_locked:
        return found.select_for_update(skip_locked=True, of=("self",))
    return found.select_for_update()
