"""Record historic complaints as another system states them (domain, Complaint 5; mission A3).

One action for a batch, because history comes by the ten thousand. It keeps odd dates, sends nothing, starts no
clock that anybody waits for, counts in nobody's workload. Rows are known by (source, external_id): a repeat
changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints import errors, routing
from complaints.actions import _history, take_over
from complaints.models import (
    OPEN,
    ChannelCode,
    Clock,
    ClockEvent,
    ClockKind,
    ClockState,
    Complaint,
    Narrative,
    Outcome,
    Severity,
    Status,
)
from core import bulk, rows, trail, trail_rows
from core.actor import Actor
from core.errors import InvalidInput
from core.importing.tally import Tally, without_repeats
from core.models import TrailEntry, User

RECORDED, RECORD_CHANGED = "complaint.recorded", "complaint.record_changed"
STATUSES = frozenset(set(Status.values) - {Status.MERGED})  # a merge needs both cases
ALLOWED: dict[str, frozenset[str]] = {
    "channel": frozenset(ChannelCode.values),
    "severity": frozenset(Severity.values),
    "status": STATUSES,
    "outcome": frozenset({"", *Outcome.values}),
}
LIMITS = {
    "external_id": 120,
    "source_channel": 80,
    "source_status": 80,
    "subject": 200,
    "order_number": 80,
    "product": 120,
}
FURTHEST_AHEAD = timedelta(minutes=5)


@dataclass(slots=True)
class HistoricComplaint:
    """What a file states about one complaint. Instants UTC; blank or None: it does not say.

    `type_path`: (code, name) from the top level down, a blank code where the file has only a name; empty: unclassified.
    `due_at`: the deadline it had; `timely`: a verdict stated without a deadline.
    """

    external_id: str
    channel: str
    subject: str
    description: str
    received_at: datetime
    status: str
    type_path: tuple[tuple[str, str], ...] = ()
    severity: str = Severity.MODERATE
    source_channel: str = ""
    source_status: str = ""
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    timely: bool | None = None
    outcome: str = ""
    accepted: bool | None = None
    summary: str = ""
    language: str = ""
    order_number: str = ""
    product: str = ""
    customer_name: str = ""
    customer_email: str = ""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def digest(self) -> str:
        """SHA-256 of all it says: equal digests, nothing new."""
        said = [getattr(self, name) for name in _NAMES]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()


_NAMES = tuple(field.name for field in fields(HistoricComplaint))


@transaction.atomic
def record_history(
    batch: Iterable[HistoricComplaint],
    *,
    by: Actor,
    at: datetime,
    source: str,
    owner: User | None = None,
    open_live: bool = False,
) -> Tally:
    """Write down a batch (a thousand or so) of complaints known to `source`; `at` is when that happens.

    `owner`: who answers for them, else the default owner. `open_live`: open ones come in live, their clocks
    starting at `at` (cut-over). A complaint that is live here already is never overwritten. Atomic: all or nothing.
    Raises InvalidInput (see `guard`), OwnerUnavailable, NobodyToOwnIt. Query cost: about a dozen, 6 more for each
    changed row and for each one taken over.
    """
    if owner is not None and not owner.sees_cases:
        raise errors.OwnerUnavailable(field="owner")
    answerable = owner or routing.fallback_owner(at)
    tally = Tally()
    for part in without_repeats(batch):
        for row in part:
            guard(row, at=at)
        known = _known(source, part)
        fresh = [row for row in part if row.external_id not in known]
        live = [row for row in fresh if open_live and row.is_open]
        past = [row for row in fresh if not (open_live and row.is_open)]
        types = _history.types_for(part, by=by, at=at)
        changed = _changed([row for row in part if row.external_id in known], known)
        customers = _history.customers_for([*fresh, *changed], by=by, at=at)
        _insert(past, types, customers, source=source, owner=answerable, by=by, at=at)
        for row in live:
            take_over.take_over(row, _history.stated(row, types, customers), source=source, owner=owner, by=by, at=at)
        tally.created += len(fresh)
        for row in changed:
            stated = _history.stated(row, types, customers)
            _update(known[row.external_id], row, stated, by=by, at=at)
        tally.updated += len(changed)
        tally.unchanged += len(part) - len(fresh) - len(changed)
    return tally


def guard(row: HistoricComplaint, *, at: datetime) -> None:
    """Refuse what no history can be: unknown codes, no subject, text too long, a future receipt (InvalidInput).

    Dates in an odd order are kept: closed before it opened is what the file says.
    """
    if not row.external_id:
        raise InvalidInput(_("The complaint needs an id."), code="required", field="external_id")
    if not row.subject.strip():
        raise InvalidInput(_("The complaint needs a subject."), code="required", field="subject")
    for field, allowed in ALLOWED.items():
        if (value := getattr(row, field)) not in allowed:
            raise InvalidInput(_("Unknown value “%(value)s”.") % {"value": value}, code="invalid_choice", field=field)
    for field, most in LIMITS.items():
        if len(getattr(row, field)) > most:
            raise InvalidInput(_("Longer than %(most)s characters.") % {"most": most}, code="too_long", field=field)
    for field in ("received_at", "resolved_at", "closed_at"):
        value = getattr(row, field)
        if value is not None and value > at + FURTHEST_AHEAD:
            raise InvalidInput(_("This instant lies in the future."), code="in_the_future", field=field)


def _known(source: str, part: Sequence[HistoricComplaint]) -> dict[str, Complaint]:
    """Complaints already here, by external id."""
    ids = [row.external_id for row in part]
    found = Complaint.objects.filter(source=source, external_id__in=ids).only("external_id", "is_history")
    return {complaint.external_id: complaint for complaint in found}


def _changed(part: Sequence[HistoricComplaint], known: dict[str, Complaint]) -> list[HistoricComplaint]:
    """The rows that say something else than when last recorded; what people did since is no change of the file."""
    history = {known[row.external_id].pk: row for row in part if known[row.external_id].is_history}
    entries = TrailEntry.objects.filter(
        subject_kind="complaint", subject_id__in=list(history), kind__in=(RECORDED, RECORD_CHANGED)
    ).order_by("subject_id", "seq")
    last = {pk: json.loads(body).get("digest") for pk, body in entries.values_list("subject_id", "body")}
    return [row for pk, row in history.items() if last.get(pk) != row.digest()]


def _insert(
    part: Sequence[HistoricComplaint],
    types: _history.Types,
    customers: _history.Customers,
    *,
    source: str,
    owner: User,
    by: Actor,
    at: datetime,
) -> None:
    """Write new complaints table by table: plain rows, since a model instance costs twenty times as much."""
    if not part:
        return
    ids = rows.new_ids(Complaint, len(part))
    verdicts = [_history.verdict(row, at=at) for row in part]
    clock_ids = iter(rows.new_ids(Clock, sum(verdict is not None for verdict in verdicts)))
    entry_ids = bulk.new_keys(TrailEntry, len(part))
    shared = {"source": source, "owner_id": owner.pk, "team_id": owner.team_id, "created_at": at, "updated_at": at}
    tables: dict[bulk.Table, list[Any]] = {table: [] for table in _history.TABLES}
    entries: list[tuple[Any, ...]] = []
    for pk, reference, row, verdict, entry_id in zip(
        ids, _history.references(len(part)), part, verdicts, entry_ids, strict=True
    ):
        stated = _history.stated(row, types, customers)
        tables[_history.COMPLAINTS].append(
            _history.COMPLAINTS.row(
                id=pk,
                reference=reference,
                external_id=row.external_id,
                root_cause_id=_history.no_cause(),
                **shared,
                **stated,
                **_history.measured(row, verdict),
            )
        )
        tables[_history.NARRATIVES].append(
            _history.NARRATIVES.row(complaint_id=pk, description=row.description, summary=row.summary)
        )
        if verdict is not None:
            clock_id = next(clock_ids)
            tables[_history.CLOCKS].append(_history.CLOCKS.row(id=clock_id, complaint_id=pk, **verdict))
            event = _history.stated_event(verdict, at=at)
            tables[_history.EVENTS].append(_history.EVENTS.row(clock_id=clock_id, **event))
        chain = trail_rows.Chain("complaint", pk, stated["customer_id"])
        facts = _history.facts(row, stated, reference=reference, source=source, owner_id=owner.pk)
        entries.append(chain.add(entry_id, RECORDED, by=by, at=at, changes=facts))
    for table, values in tables.items():
        table.load(values)
    bulk.load(TrailEntry, trail_rows.COLUMNS, entries)


def _update(complaint: Complaint, row: HistoricComplaint, stated: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """The file states something else now: take it over, with what changed on the trail."""
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    changes: dict[str, Any] = {"digest": row.digest()}
    if not row.customer_email and complaint.customer_id is not None:
        stated = {**stated, "customer_id": complaint.customer_id}  # a name alone says nothing new about who it is
    for name, value in stated.items():
        before = getattr(complaint, name)
        if before != value:
            setattr(complaint, name, value)
            if name not in ("subject", "preview"):  # personal text stays out of the hashed part
                changes[name] = [_history.plain(before), _history.plain(value)]
    complaint.version += 1
    complaint.updated_at = at
    for name, value in _history.measured(row, _history.verdict(row, at=at)).items():
        setattr(complaint, name, value)
    complaint.save()
    Narrative.objects.filter(complaint=complaint).update(description=row.description, summary=row.summary)
    _restate(complaint, row, at=at)
    trail.append(complaint, RECORD_CHANGED, by=by, at=at, changes=changes)


def _restate(complaint: Complaint, row: HistoricComplaint, *, at: datetime) -> None:
    """Bring the resolve clock in line with what the file says now."""
    verdict = _history.verdict(row, at=at)
    clock = Clock.objects.filter(complaint=complaint, kind=ClockKind.RESOLVE, cycle=1).first()
    if verdict is None and clock is None:
        return
    if clock is None:
        clock = Clock(complaint=complaint)
    for name, value in (verdict or {"state": ClockState.CANCELLED}).items():
        setattr(clock, name, value)
    clock.save()
    event = _history.stated_event(vars(clock), at=at)
    ClockEvent.objects.create(clock=clock, **{**event, "data": json.loads(event["data"])})
