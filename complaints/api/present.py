"""Complaints as the API shows them (interface.md): plain dicts, made in microseconds, no query of their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from complaints.models import (
    NEVER,
    Act,
    ActKind,
    Clock,
    Complaint,
    ComplaintType,
    Message,
    Narrative,
    Note,
    Pending,
    Purpose,
    RootCause,
)
from complaints.models.conversation import IN, OUT
from complaints.reference import catalogue
from complaints.sla.policies import policy_name
from core.actor import CUSTOMER, USER
from core.models import User
from retention.models import Customer


def complaint(row: Complaint, narrative: Narrative, clocks: Iterable[Clock]) -> dict[str, Any]:
    """One complaint, whole. The caller has customer, owner and team loaded."""
    return {
        "reference": row.reference,
        "kind": row.kind,
        "source": row.source,
        "external_id": row.external_id or None,
        "source_channel": row.source_channel,
        "customer": customer_brief(row.customer),
        "channel": row.channel,
        "type": type_brief(catalogue().types_by_id[row.type_id]),
        "severity": row.severity,
        "subject": row.subject,
        "description": narrative.description,
        "expectation": narrative.expectation,
        "remedy_sought": narrative.remedy_sought,
        "order_number": row.order_number,
        "product": row.product,
        "lot": row.lot,
        "language": row.language,
        "owner": user_brief(row.owner),
        "team": row.team.name if row.team else None,
        "status": row.status,
        "received_at": instant(row.received_at),
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
        "acknowledged_at": instant(row.acknowledged_at),
        "first_response_at": instant(row.first_response_at),
        "resolved_at": instant(row.resolved_at),
        "closed_at": instant(row.closed_at),
        "promise_due_at": instant(row.promise_due_at),
        "outcome": row.outcome or None,
        "late_reason": row.late_reason or None,
        "late_note": narrative.late_note,
        "accepted": row.accepted,
        "root_cause": catalogue().causes_by_id[row.root_cause_id].code if row.root_cause_id else None,
        "merged_into": row.merged_into.reference if row.merged_into_id and row.merged_into else None,
        "incident": row.incident.reference if row.incident_id and row.incident else None,
        "clocks": [clock(one) for one in clocks],
        "snoozed": snoozed(row),
        "version": row.version,
    }


def snoozed(row: Complaint) -> dict[str, Any] | None:
    """None unless it is put aside; `until` null: until the customer writes."""
    until = row.snoozed_until
    return None if until is None else {"until": None if until == NEVER else instant(until)}


def clock(row: Clock) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "code": row.code or None,
        "cycle": row.cycle,
        "policy": policy_name(row.policy_id),
        "due_at": instant(row.due_at),
        "state": row.state,
        "paused_since": instant(row.paused_since),
        "completed_at": instant(row.completed_at),
        "breached_at": instant(row.breached_at),
        "detected_at": instant(row.detected_at),
    }


def message(row: Message) -> dict[str, Any]:
    """What comes in is the customer's, whoever noted it down. The complaint and its customer are loaded."""
    ours = user_brief(row.author) if row.author_id and row.author else None
    came_in = row.direction == IN
    return {
        "id": str(row.pk),
        "direction": row.direction,
        "purpose": row.purpose,
        "channel": row.channel,
        "author": _author(customer_brief(row.complaint.customer), CUSTOMER) if came_in else _author(ours, USER),
        "recorded_by": ours if came_in else None,
        "body": row.body,
        "at": instant(row.at),
        "by_mail": bool(row.by_mail_to),
        **acts(row.acts.all()),
        "macro": str(row.macro.macro_id) if row.macro_id and row.macro else None,
        "word_for_word": row.word_for_word,
        "state": "sent",
        "send_at": None,
    }


def _author(brief: dict[str, str] | None, kind: str) -> dict[str, str] | None:
    return {"kind": kind, **brief} if brief else None


def acts(rows: Iterable[Act]) -> dict[str, Any]:
    """What a message did beside saying something."""
    known = {row.kind: row for row in rows}
    refusal = known.get(ActKind.REFUSAL)
    names = ("cannot", "because", "instead")
    return {
        "thanks": ActKind.THANKS in known,
        "apology": ActKind.APOLOGY in known,
        "refusal": {name: getattr(refusal, name) for name in names} if refusal else None,
    }


def pending(row: Pending) -> dict[str, Any]:
    """A message that waits, in the shape of one that was sent: `send_at` is when it goes. The author is loaded."""
    given = row.content.get("acts") or {}
    return {
        "id": str(row.pk),
        "direction": OUT,
        "purpose": str(Purpose.REPLY),
        "channel": row.complaint.channel,
        "author": _author(user_brief(row.author), USER) if row.author else None,
        "recorded_by": None,
        "body": row.body,
        "at": None,
        "by_mail": None,
        "thanks": bool(given.get("thanks")),
        "apology": bool(given.get("apology")),
        "refusal": given.get("refusal"),
        "macro": None,
        "word_for_word": row.content.get("word_for_word"),
        "state": row.state,
        "send_at": instant(row.due_at),
    }


def note(row: Note) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "author": user_brief(row.author) if row.author_id and row.author else None,
        "body": row.body,
        "mentions": [{"kind": kind, "id": str(key)} for _first, _behind, kind, key in row.mentions],
        "created_at": instant(row.created_at),
    }


def type_brief(row: ComplaintType) -> dict[str, str]:
    return {"code": row.code, "path": row.path}


def catalogue_row(row: ComplaintType | RootCause) -> dict[str, Any]:
    """A type or root cause: `code name parent`."""
    return {
        "code": row.code,
        "name": row.label,
        "parent": row.parent.code if row.parent else None,
        "is_active": row.is_active,
    }


def customer_brief(row: Customer | None) -> dict[str, str] | None:
    return {"id": str(row.pk), "name": row.name} if row else None


def user_brief(row: User) -> dict[str, str]:
    return {"id": str(row.pk), "name": str(row)}


def agent(row: User) -> dict[str, Any]:
    return {"id": str(row.pk), "username": row.username, "name": str(row), "team": row.team.name if row.team else None}


def instant(at: datetime | None) -> str | None:
    """UTC with `Z`: `2026-03-01T09:30:00Z`, with the fraction only where there is one."""
    return at.isoformat().replace("+00:00", "Z") if at else None
