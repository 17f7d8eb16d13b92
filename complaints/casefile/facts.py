"""The facts of a case file: the JSON edition, and what the PDF is worded from. Keys and codes are stable.

Instants are datetimes in UTC, which `core.api.rendering.to_json` writes with `Z`; amounts are exact
strings. What only staff may read is left out of the complainant's edition, key and all.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from complaints import decision_letter
from complaints.casefile import happened
from complaints.casefile.collect import Rows
from complaints.casefile.editions import Edition
from complaints.models import (
    AuthorityLimit,
    Clock,
    ClockState,
    Complaint,
    Decision,
    Demand,
    Payout,
    PayoutState,
    Promise,
    Remedy,
)
from complaints.promises import states
from complaints.reference import catalogue, organisation
from complaints.sla import packs
from complaints.web.names import clock_name, name_of, teams, terms
from core import money, trail

VERSION = 1
Facts = dict[str, Any]


def facts(rows: Rows, *, edition: str, language: str, at: datetime, by: str) -> Facts:
    """All of it, worded (where it has words) in the language of the moment. No query but what names cost every few
    seconds. `by`: who asked for it, by name."""
    internal = edition == Edition.INTERNAL
    mails = {mail.key: mail for mail in rows.mails}
    found: Facts = {
        "format": "amends-case-file",
        "version": VERSION,
        "edition": edition,
        "language": language,
        "produced_at": at,
        "produced_by": by,
        "organisation": organisation().name,
        "complaint": _complaint(rows, internal),
        "deadlines": [_deadline(clock, at, internal) for clock in rows.clocks],
        "statement": _statement(rows.complaint),
        "demands": [_demand(one, rows) for one in rows.demands],
        "decisions": [_decision(one, mails, internal) for one in rows.decisions],
        "remedies": [_remedy(one, rows, internal) for one in rows.remedies],
        "promises": [_promise(one, rows, at, internal) for one in rows.promises],
        "timeline": happened.timeline(rows, mails, internal=internal),
        "attachments": [_file(one, rows) for one in rows.files],
        "trail": _trail(rows),
    }
    if internal:
        found["summary"] = rows.complaint.narrative.summary
        found["corrective_actions"] = [
            {
                "title": one.title,
                "state": one.state,
                "root_cause": one.root_cause.code,
                "owner": name_of(one.owner_id),
                "due_on": one.due_on,
                "done_on": one.done_on,
                "effective": one.effective,
            }
            for one in rows.corrective
        ]
    return found


def _complaint(rows: Rows, internal: bool) -> Facts:
    row, known = rows.complaint, catalogue()
    kind = known.types_by_id[row.type_id]
    found: Facts = {
        "reference": row.reference,
        "kind": row.kind,
        "subject": row.subject,
        "status": row.status,
        "channel": row.channel,
        "type": kind.code,
        "type_name": kind.path,
        "product": row.product,
        "lot": row.lot,
        "order_number": row.order_number,
        "language": row.language,
        "owner": name_of(row.owner_id),
        "customer": _customer(rows, internal),
        "received_at": row.received_at,
        "acknowledged_at": row.acknowledged_at,
        "first_response_at": row.first_response_at,
        "resolved_at": row.resolved_at,
        "closed_at": row.closed_at,
        "outcome": row.outcome or None,
        "accepted": row.accepted,
        "accepted_at": row.accepted_at,
        "joint": [one.reference for one in rows.cases[1:]],
    }
    if internal:
        cause = known.causes_by_id.get(row.root_cause_id or 0)
        found |= {
            "severity": row.severity,
            "team": teams().get(row.team_id or 0, ""),
            "root_cause": cause.code if cause else None,
            "root_cause_name": cause.path if cause else "",
            "themes": rows.themes,
            "late_reason": row.late_reason or None,
            "late_note": row.narrative.late_note,
            "merged_into": row.merged_into.reference if row.merged_into else None,
            "incident": row.incident.reference if row.incident else None,
            "source": row.source,
            "external_id": row.external_id or None,
            "source_channel": row.source_channel,
            "is_history": row.is_history,
        }
    return found


def _customer(rows: Rows, internal: bool) -> Facts | None:
    """Who complains; None for nobody known. An erased customer has no name and no contacts left."""
    customer = rows.complaint.customer
    if customer is None:
        return None
    found: Facts = {
        "name": customer.name,
        "kind": customer.kind,
        "contacts": [{"kind": one.kind, "value": one.value} for one in rows.contacts],
    }
    if internal:
        found |= {"id": str(customer.pk), "tier": customer.tier, "language": customer.language}
    return found


def _statement(row: Complaint) -> Facts:
    told = row.narrative
    return {
        "description": told.description,
        "expectation": told.expectation,
        "remedy_sought": told.remedy_sought,
    }


def _deadline(clock: Clock, at: datetime, internal: bool) -> Facts:
    """`verdict`: met, missed, open, paused, or none where it was cancelled."""
    found: Facts = {
        "kind": clock.kind,
        "code": clock.code or None,
        "name": clock_name(clock),
        "cycle": clock.cycle,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "completed_at": clock.completed_at,
        "missed_at": clock.breached_at,
        "verdict": _verdict(clock, at),
        "rule": _rule(clock),
    }
    if internal:
        policy = terms().policies.get(clock.policy_id or 0)
        found |= {
            "policy": policy[0] if policy else None,
            "policy_version": policy[1] if policy else None,
            "overrun_seconds": clock.overrun_seconds,
            "stated": clock.stated,
        }
    return found


def _verdict(clock: Clock, at: datetime) -> str:
    if clock.state == ClockState.CANCELLED:
        return "none"
    if clock.state == ClockState.MET:
        return "met"
    late = clock.state == ClockState.BREACHED
    if late or (clock.state == ClockState.RUNNING and clock.due_at is not None and clock.due_at < at):
        return "expired" if packs.is_window(clock) else "missed"
    return "paused" if clock.state == ClockState.PAUSED else "open"


def _rule(clock: Clock) -> Facts | None:
    """The statutory rule behind a clock, with where it stands written."""
    if clock.pack_id is None:
        return None
    pack = packs.pack(clock.pack_id)
    source = pack.definition.get("source", {})
    return {
        "pack": pack.code,
        "edition": pack.edition,
        "name": packs.said(pack.definition["name"]),
        "law": source.get("law", ""),
        "section": source.get("section", ""),
        "url": source.get("url", ""),
    }


def _demand(one: Demand, rows: Rows) -> Facts:
    return {
        "id": str(one.pk),
        "text": one.text,
        "outcome": one.outcome or None,
        "answer": one.answer,
        "remedy": str(one.remedy_id) if one.remedy_id in {given.pk for given in rows.remedies} else None,
        "decided_at": one.decided_at,
        "complaint": rows.by_id[one.complaint_id].reference,
    }


def _decision(one: Decision, mails: happened.Mails, internal: bool) -> Facts:
    mail = mails.get(f"message:{one.answer_id}")
    found: Facts = {
        "number": one.number,
        "outcome": one.outcome,
        "decided_at": one.decided_at,
        "answer": one.answer.body if one.answer else "",
        "answered_at": one.answer.at if one.answer else None,
        "delivery": {
            "mail": happened.fate_of(mail),
            "seen_at": one.seen_at,
            "told_how": one.told_how or None,
            "told_at": one.told_at,
        },
        "accepted": one.accepted,
        "accepted_at": one.accepted_at,
        "superseded_at": one.superseded_at,
    }
    if internal:
        found |= {"findings": one.findings, "decided_by": name_of(one.decided_by_id)}
        found["delivery"]["told_by"] = name_of(one.told_by_id)
        found["delivery"]["is_lost"] = _is_lost(one, mail is not None and mail.failed_at is not None)
    return found


def _is_lost(one: Decision, failed: bool) -> bool:
    return failed and one.seen_at is None and one.told_at is None


def _remedy(one: Remedy, rows: Rows, internal: bool) -> Facts:
    found: Facts = {
        "id": str(one.pk),
        "kind": one.kind,
        "status": one.status,
        "amount": _exact(one.amount, one.currency) if one.currency else None,
        "currency": one.currency or None,
        "points": int(one.amount) if one.amount is not None and not one.currency else None,
        "description": one.description,
        "words": decision_letter.remedy(one),
        "decided_at": one.decided_at,
        "payout": _payout(one, internal),
        "complaint": rows.by_id[one.complaint_id].reference,
    }
    if internal:
        found |= {
            "reason": one.reason,
            "requested_by": name_of(one.requested_by_id),
            "requested_at": one.requested_at,
            "within_authority": one.within_authority,
            "decided_by": name_of(one.decided_by_id),
            "decided_note": one.decided_note,
            "authority": _authority(one.authority, one) if one.authority else None,
            "charge": one.charge.external_id if one.charge is not None else None,
            "undone_by": name_of(one.undone_by_id),
            "undone_at": one.undone_at,
            "undone_note": one.undone_note,
        }
    return found


def _authority(limit: AuthorityLimit, one: Remedy) -> Facts:
    """The limit under which it was granted: whose, from which version, and how far it goes."""
    currency = limit.currency or one.currency
    whose = {"person": name_of(limit.person_id), "team": limit.team.name if limit.team else "", "role": limit.role}
    return {
        "version": limit.version.number,
        "holder": limit.holder,
        "whose": whose.get(limit.holder, ""),
        "per_complaint": _exact(limit.per_complaint, currency),
        "per_customer": _exact(limit.per_customer, currency),
        "per_period": _exact(limit.per_period, currency),
        "period": limit.period,
        "currency": currency or None,
    }


def _exact(value: Decimal | None, currency: str) -> str | None:
    """In the currency's own decimals, "12.30"; points as whole numbers."""
    if value is None:
        return None
    return money.shown(value, currency) if currency else f"{value.normalize():f}"


def _payout(one: Remedy, internal: bool) -> Facts | None:
    payout: Payout | None = getattr(one, "payout", None)
    if payout is None:
        return None
    if not internal:  # that it failed at a bank is between us and finance until it is paid
        return {"state": payout.state if payout.state == PayoutState.PAID else "due", "paid_on": payout.paid_on}
    return {
        "state": payout.state,
        "paid_on": payout.paid_on,
        "reference": payout.reference,
        "export": payout.export.number if payout.export else None,
        "failure": payout.failure,
    }


def _promise(one: Promise, rows: Rows, at: datetime, internal: bool) -> Facts:
    found: Facts = {
        "id": str(one.pk),
        "text": one.text,
        "state": states.state_of(one, at=at),
        "made_at": one.made_at,
        "due_at": one.due_at,
        "broken_at": one.broken_at,
        "settled_at": one.settled_at,
        "complaint": rows.by_id[one.complaint_id].reference,
    }
    if internal:
        found |= {
            "to_whom": one.to_whom,
            "channel": one.channel or None,
            "owner": name_of(one.owner_id),
            "made_by": name_of(one.made_by_id),
            "settled_by": name_of(one.settled_by_id),
            "settled_note": one.settled_note,
            "renewed_as": str(one.renewed_as_id) if one.renewed_as_id else None,
        }
    return found


def _file(one: Any, rows: Rows) -> Facts:
    return {
        "id": one.token,
        "name": one.name,
        "content_type": one.content_type,
        "size": one.size,
        "sha256": one.sha256,
        "message": str(one.message_id) if one.message_id else None,
        "note": str(one.note_id) if one.note_id else None,
        "added_at": one.created_at,
        "complaint": rows.by_id[one.complaint_id].reference,
    }


def _trail(rows: Rows) -> Facts:
    """What verifying the chains found. `sealed`: entries that an anchor covers; the newest are sealed within minutes.

    `last_hash`: of the case's own chain. `chains`: one per case, those merged into it too.
    """
    faults = {one.subject: one for one in trail.verify(rows.entries)}
    chains = []
    for case in rows.cases:
        own = [entry for entry in rows.entries if entry.subject_id == case.pk]
        fault = faults.get(f"complaint:{case.pk}")
        chains.append(
            {
                "complaint": case.reference,
                "intact": fault is None,
                "entries": len(own),
                "last_hash": bytes(own[-1].hash).hex() if own else None,
                "fault": {"entry": fault.seq, "code": fault.code, "problem": fault.problem} if fault else None,
            }
        )
    end = rows.anchor.last_id if rows.anchor else 0
    return {
        "intact": not faults,
        "entries": len(rows.entries),
        "last_hash": chains[0]["last_hash"],
        "sealed": sum(entry.pk <= end for entry in rows.entries),
        "anchor": {"number": rows.anchor.pk, "at": rows.anchor.at, "hash": bytes(rows.anchor.hash).hex()}
        if rows.anchor
        else None,
        "chains": chains,
    }
