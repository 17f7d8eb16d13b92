"""The rows that recorded history consists of: types and customers found or made, the stated verdict as a clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.text import slugify

from complaints.actions import catalogue as catalogue_actions
from complaints.actions.file import PREVIEW
from complaints.models import (
    Clock,
    ClockEvent,
    ClockKind,
    ClockState,
    Complaint,
    ComplaintType,
    Narrative,
)
from complaints.models.catalogue import UNCLASSIFIED
from complaints.reference import catalogue
from complaints.sla import standing
from core import bulk
from core.actor import Actor
from core.references import new_reference
from retention.actions.customers import Details, draft
from retention.models import ContactPoint, Customer
from retention.models.customers import EMAIL

if TYPE_CHECKING:
    from complaints.actions.record_history import HistoricComplaint

COMPLAINTS = bulk.Table(Complaint, is_history=True, in_queue=False)
NARRATIVES = bulk.Table(Narrative)
CLOCKS = bulk.Table(Clock)
EVENTS = bulk.Table(ClockEvent, keyless=True)
TABLES = (COMPLAINTS, NARRATIVES, CLOCKS, EVENTS)  # parents first
RESOLVE, RUNNING, MET = str(ClockKind.RESOLVE), str(ClockState.RUNNING), str(ClockState.MET)
BREACHED, CANCELLED = str(ClockState.BREACHED), str(ClockState.CANCELLED)
STATED = "stated"  # the one event of a clock that comes from a file
CODE_LENGTH = 80
NAME_LENGTH = 160
Types = dict[tuple[tuple[str, str], ...], ComplaintType]
Customers = dict[str, Customer]


def types_for(part: Iterable[HistoricComplaint], *, by: Actor, at: datetime) -> Types:
    """The type of every path in the batch; what is missing is made, not offered on the public form. Query cost: 1 and
    a few for each new type."""
    wanted = dict.fromkeys(row.type_path for row in part)
    existing = sorted(
        ComplaintType.objects.select_related("parent"), key=lambda row: (row.parent_id is not None, row.pk)
    )
    by_code = {row.code: row for row in existing}
    found: Types = {(): by_code[UNCLASSIFIED]}
    for path in wanted:
        above: ComplaintType | None = None
        for code, name in path:
            row = by_code.get(code) if code else None
            if not code:
                row = _named(existing, name, above, top=above is None and len(path) > 1)
            if row is None:
                row = _new_type(code, name, above, by_code, by=by, at=at)
                existing.append(row)
                by_code[row.code] = row
            above = row
            if row.code == UNCLASSIFIED:
                break
        found[path] = above or by_code[UNCLASSIFIED]
    return found


def _named(
    existing: Sequence[ComplaintType], name: str, parent: ComplaintType | None, *, top: bool
) -> ComplaintType | None:
    """By code or by one of its names; under `parent` if there is one; `top`: only the upper level."""
    key = name[:NAME_LENGTH].casefold()
    for row in existing:
        fits = row.parent_id == parent.pk if parent else not (top and row.parent_id)
        if fits and (row.code == key or key in {row.name.casefold(), *(n.casefold() for n in row.names.values())}):
            return row
    return None


def _new_type(
    code: str, name: str, parent: ComplaintType | None, by_code: dict[str, ComplaintType], *, by: Actor, at: datetime
) -> ComplaintType:
    code = code or code_of(name if parent is None else f"{parent.code} {name}")
    while code in by_code:  # the same slug for another name
        code = code_of(code, f"{name}{len(by_code)}")
    row = ComplaintType(code=code, name=name[:NAME_LENGTH], parent=parent, position=10_000)
    return catalogue_actions.create(row, by=by, at=at)


@lru_cache(maxsize=4096)
def code_of(text: str, distinguish: str = "") -> str:
    """A code of at most 80 characters; longer texts, and those without Latin letters, end in a short hash."""
    slug = slugify(text)
    if slug and len(slug) <= CODE_LENGTH and not distinguish:
        return slug
    mark = hashlib.sha256((distinguish or text).encode()).hexdigest()[:8]
    return f"{slug[: CODE_LENGTH - 9].rstrip('-') or 'type'}-{mark}"


def customers_for(part: Sequence[HistoricComplaint], *, by: Actor, at: datetime) -> Customers:
    """The customers of new rows, by e-mail in lower case (by the row's external id where there is only a name).

    Known ones are found by e-mail; the others are made and written. Query cost: 1 with e-mails, and those of inserting.
    """
    emails = {row.customer_email.lower() for row in part if row.customer_email}
    found: Customers = {}
    if emails:
        points = ContactPoint.objects.filter(kind=EMAIL, value_key__in=emails, customer__merged_into__isnull=True)
        for point in points.select_related("customer").order_by("-pk"):
            found[point.value_key] = point.customer
    written: list[models.Model] = []
    for row in part:
        key = customer_key(row)
        if (row.customer_email or row.customer_name) and key not in found:
            details = Details(name=row.customer_name[:200], email=row.customer_email, language=row.language)
            found[key], made = draft(details, by=by, at=at)
            written += made
    bulk.insert(sorted(written, key=lambda made: (type(made) is not Customer, type(made).__name__)))
    return found


def customer_key(row: HistoricComplaint) -> str:
    return row.customer_email.lower() or row.external_id


def references(count: int) -> list[str]:
    """That many references nobody has. Query cost: 1."""
    drawn: set[str] = set()
    while len(drawn) < count:
        drawn |= {new_reference() for _ in range(count - len(drawn))}
        drawn -= set(Complaint.objects.filter(reference__in=drawn).values_list("reference", flat=True))
    return list(drawn)


def stated(row: HistoricComplaint, types: Types, customers: Customers) -> dict[str, Any]:
    """The fields of a complaint that the file governs, by attribute name."""
    customer = customers.get(customer_key(row)) if row.customer_email or row.customer_name else None
    return {
        "source_channel": row.source_channel,
        "source_status": row.source_status,
        "customer_id": customer.pk if customer else None,
        "channel": str(row.channel),
        "type_id": types[row.type_path].pk,
        "severity": str(row.severity),
        "subject": row.subject,
        "preview": preview(row.description),
        "product": row.product,
        "order_number": row.order_number,
        "language": row.language or settings.LANGUAGE_CODE,
        "status": str(row.status),
        "received_at": row.received_at,
        "resolved_at": row.resolved_at,
        "closed_at": row.closed_at,
        "outcome": str(row.outcome),
        "accepted": row.accepted,
    }


def preview(text: str) -> str:
    """The first line or so of a long text."""
    words = " ".join(text[: PREVIEW * 4].split())
    return words if len(words) <= PREVIEW else words[: PREVIEW - 1].rstrip() + "…"


def verdict(row: HistoricComplaint, *, at: datetime) -> dict[str, Any] | None:
    """What the file says about its deadline, as the fields of a resolve clock; None if it says nothing.

    With a deadline: met or breached by it, open and not yet due: running, but never looked at by the sweep.
    Without one: the verdict as stated, no instants.
    """
    if row.due_at is None and row.timely is None:
        return None
    found: dict[str, Any] = {"kind": RESOLVE, "started_at": row.received_at, "due_at": row.due_at, "stated": False}
    completed_at = (row.resolved_at or row.closed_at) if row.due_at else None
    found |= {"completed_at": completed_at, "breached_at": None, "detected_at": None, "next_at": None, "state": RUNNING}
    if row.due_at is None:
        found |= {"stated": True, "state": MET if row.timely else BREACHED}
    elif (completed_at or at) > row.due_at:
        found |= {"state": BREACHED, "breached_at": row.due_at, "detected_at": at}
    elif completed_at is not None:
        found["state"] = MET
    elif not row.is_open:  # ended, but nobody says when
        found["state"] = CANCELLED
    return found


def measured(row: HistoricComplaint, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """What figures read: the verdict, and the working time to the resolution by the calendar of the last policy."""
    clocks = [SimpleNamespace(**found)] if found is not None else []
    until = row.resolved_at or row.closed_at
    return {
        **standing.of_clocks(clocks),
        "resolution_seconds": standing.worked(standing.house_calendar(), row.received_at, until),
    }


def stated_event(clock: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """The event behind such a clock: what the file stated, from which the row follows. `data` is JSON text."""
    data = {
        "state": str(clock["state"]),
        "due_at": plain(clock["due_at"]),
        "completed_at": plain(clock["completed_at"]),
    }
    return {"kind": STATED, "at": clock["started_at"], "recorded_at": at, "data": json.dumps(data)}


def facts(
    row: HistoricComplaint, stated: Mapping[str, Any], *, reference: str, source: str, owner_id: int
) -> dict[str, Any]:
    """What the trail keeps of a recorded complaint, its digest among it."""
    return {
        "reference": reference,
        "source": source,
        "external_id": row.external_id,
        "channel": stated["channel"],
        "type": stated["type_id"],
        "status": stated["status"],
        "owner": owner_id,
        "received_at": row.received_at.isoformat(),
        "digest": row.digest(),
    }


def no_cause() -> int:
    """The root cause of history: nobody analysed it (domain, Complaint 5)."""
    return catalogue().causes[UNCLASSIFIED].pk


def plain(value: Any) -> Any:
    """A value as the trail can keep it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, models.Model):
        return value.pk
    return value if value is None or isinstance(value, bool | int) else str(value)
