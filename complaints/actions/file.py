"""File a complaint: the one way in for the public form, the agents' form, the API and (later) mail (mission A3-A5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _

from complaints import errors, routing
from complaints.actions import letters
from complaints.actions.attachments import attach, take
from complaints.actions.attachments import facts as facts_of_files
from complaints.actions.demands import demand_all
from complaints.models import (
    NEVER,
    Clock,
    Complaint,
    ComplaintType,
    Kind,
    Narrative,
    Severity,
    Status,
)
from complaints.models.catalogue import LIVE_CHANNELS
from complaints.reference import catalogue, unclassified
from complaints.sla import clocks as sla
from complaints.sla import packs, standing
from core import rows, trail
from core.actor import Actor
from core.errors import Collided, InvalidInput
from core.models import User
from core.references import new_reference
from retention.actions import customers
from retention.models import Customer

PREVIEW = 160


@dataclass(slots=True)
class Filing:
    """What is known when a complaint comes in. Instants UTC; blank text means not said.

    `customer`: a known customer; else `details` find or make one, unless they are empty (anonymous). `demands`: each
    thing they ask for.
    """

    channel: str
    subject: str
    description: str
    type: ComplaintType | None = None
    customer: Customer | None = None
    details: customers.Details = field(default_factory=customers.Details)
    kind: str = Kind.COMPLAINT
    severity: str = ""
    expectation: str = ""
    remedy_sought: str = ""
    language: str = ""
    received_at: datetime | None = None
    source: str = ""
    external_id: str = ""
    source_channel: str = ""
    order_number: str = ""
    product: str = ""
    lot: str = ""
    owner: User | None = None
    quarantine: bool = False
    demands: Sequence[str] = ()


def file(filing: Filing, *, by: Actor, at: datetime, attachments: Sequence[str] = ()) -> Complaint:
    """Write down a complaint: customer, owner, clocks, receipt and trail in one transaction.

    `at` is when it is written down; deadlines run from `filing.received_at` (default `at`), which may lie in the past.
    Taken by phone, in person or live chat by a person of ours it counts as acknowledged and answered at receipt.
    `attachments`: tokens of uploads of whoever files it (complaints.actions.attachments).
    Raises InvalidInput (in_the_future, unknown_attachment, what `demand_all` refuses), DuplicateExternalId,
    NobodyToOwnIt; inside a caller's transaction Collided, for `core.anew`. Query cost: 6 with a known team, 2 more
    with files, 1 and 6 each with demands.
    """
    received_at = filing.received_at or at
    if received_at > at + settings.FUTURE_TOLERANCE:
        raise InvalidInput(_("This instant lies in the future."), code="in_the_future", field="received_at")
    _refuse_second(filing)
    try:
        # No savepoint inside a caller's transaction: whatever fails here undoes the whole of it.
        with transaction.atomic(savepoint=False):
            filed = _write(filing, received_at, by=by, at=at, attachments=attachments)
            demand_all(filed, filing.demands, by=by, at=at)
            return filed
    except IntegrityError as error:
        met_customer = any(name in str(error) for name in customers.TAKEN)
        if filing.external_id and "external_id" in str(error) and not met_customer:
            raise errors.DuplicateExternalId(field="external_id") from error
        # Two random references meet once in half a million at a million rows.
        if not met_customer and "reference" not in str(error):
            raise
        if connection.in_atomic_block:
            raise Collided from error
        return file(filing, by=by, at=at, attachments=attachments)  # finds the customer, draws another reference


def _write(filing: Filing, received_at: datetime, *, by: Actor, at: datetime, attachments: Sequence[str]) -> Complaint:
    files = take(attachments, by=by, complaint=None)
    customer, fresh = _customer(filing, by=by, at=at)
    complaint = _complaint(filing, customer, received_at, at)
    clocks: list[Clock] = []
    if filing.quarantine:
        complaint.owner, complaint.team = routing.fallback_owner(at), None
        complaint.in_queue, complaint.is_quarantined = False, True
    else:
        _give_owner(complaint, filing, at)
        clocks = begin_clocks(complaint, customer, by, received_at)
    rows.give_ids(complaint)
    for clock in clocks:
        clock.complaint_id = complaint.pk
    narrative = rows.new(
        Narrative,
        complaint=complaint,
        description=filing.description,
        expectation=filing.expectation,
        remedy_sought=filing.remedy_sought,
    )
    seals, names = facts_of_files(files)
    entry = trail.build(
        complaint, "complaint.filed", by=by, at=at, changes={**facts(complaint), **seals}, private=names
    )
    receipt = [] if filing.quarantine else letters.receipt(complaint, _address(filing, customer, fresh), at=at)
    rows.insert([*fresh, complaint, narrative, *sla.with_events(clocks), entry, *receipt])
    attach(files, complaint=complaint)
    # Spares whoever shows it two queries.
    complaint.narrative, complaint.fresh_clocks = narrative, clocks  # type: ignore[attr-defined]
    return complaint


def _refuse_second(filing: Filing) -> None:
    """The usual case of a repeated external id, told before anything is written. Query cost: 1 with an external id."""
    if filing.external_id:
        twin = Complaint.objects.filter(source=filing.source, external_id=filing.external_id)
        if twin.exists():
            raise errors.DuplicateExternalId(field="external_id")


def _address(filing: Filing, customer: Customer | None, fresh: list[models.Model]) -> str:
    """Where the receipt goes: the address just given, else the known customer's."""
    return filing.details.email or ("" if fresh else letters.address(customer))


def _customer(filing: Filing, *, by: Actor, at: datetime) -> tuple[Customer | None, list[models.Model]]:
    if filing.customer is not None:
        return filing.customer, []
    if filing.details.is_empty:
        return None, []
    known = customers.find(filing.details)
    return (known, []) if known else customers.draft(filing.details, by=by, at=at)


def _complaint(filing: Filing, customer: Customer | None, received_at: datetime, at: datetime) -> Complaint:
    channel = catalogue().channels.get(filing.channel)
    return rows.new(
        Complaint,
        reference=new_reference(),
        kind=filing.kind,
        source=filing.source,
        external_id=filing.external_id,
        source_channel=filing.source_channel,
        customer=customer,
        channel=filing.channel,
        type=filing.type or unclassified(),
        severity=filing.severity or (channel.default_severity if channel else Severity.MODERATE),
        subject=filing.subject,
        preview=preview(filing.description),
        product=filing.product,
        lot=filing.lot,
        order_number=filing.order_number,
        language=filing.language or (customer.language if customer else "") or settings.LANGUAGE_CODE,
        received_at=received_at,
        created_at=at,
        updated_at=at,
        queue_at=NEVER,
    )


def preview(text: str) -> str:
    """The beginning of a text for lists: one line of at most 160 characters."""
    line = " ".join(text[: PREVIEW * 4].split())
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1].rstrip() + "…"


def _give_owner(complaint: Complaint, filing: Filing, at: datetime) -> None:
    if filing.owner is not None:
        if not routing.hold(filing.owner):
            raise errors.OwnerUnavailable(field="owner")
        complaint.owner, complaint.team = filing.owner, filing.owner.team
        routing.take(filing.owner, at=at)
        return
    team = routing.team_for(
        type_id=complaint.type_id, channel=complaint.channel, language=complaint.language, severity=complaint.severity
    )
    complaint.owner, complaint.team = routing.choose_owner(team=team, language=complaint.language, at=at)


def begin_clocks(complaint: Complaint, customer: Customer | None, by: Actor, received_at: datetime) -> list[Clock]:
    """Start the clocks; a live conversation is acknowledged and answered the moment it is received."""
    tier = customer.tier if customer else ""
    clocks = sla.start(complaint, tier=tier, start_at=received_at)
    clocks += sla.start_statutory(complaint, tier=tier, at=received_at, moment=packs.RECEIVED)
    if complaint.channel in LIVE_CHANNELS and by.is_person:
        complaint.status = Status.ACKNOWLEDGED
        complaint.acknowledged_at = complaint.first_response_at = received_at
        sla.acknowledge(complaint, clocks, tier=tier, at=received_at)
        clocks += sla.next_update(complaint, clocks, tier=tier, at=received_at)
    complaint.queue_at = sla.queue_at(clocks, complaint)
    standing.refresh(complaint, clocks)
    return clocks


def facts(complaint: Complaint) -> dict[str, object]:
    return {
        "reference": complaint.reference,
        "kind": str(complaint.kind),
        "channel": str(complaint.channel),
        "type": complaint.type.code,
        "severity": str(complaint.severity),
        "owner": complaint.owner_id,
        "team": complaint.team_id,
        "received_at": complaint.received_at.isoformat(),
        "source": complaint.source,
        "external_id": complaint.external_id,
    }
