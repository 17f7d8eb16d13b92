"""The rows behind figures as the API shows them: enough to recognise each, by the kind of row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from complaints.api.shapes import Reference
from complaints.models import Clock, Complaint, Message, Promise, Remedy
from complaints.reference import catalogue
from core.api.money import MoneyShape
from core.api.money import shown as money_shown
from core.instants import iso
from core.models import User
from metrics.models import Invitation, SurveyResponse
from retention.models import Customer, Purchase, Tenure

LOADED: Mapping[str, tuple[str, ...]] = {
    "complaint": ("customer", "owner"),
    "clock": ("complaint",),
    "response": ("complaint", "customer"),
    "invitation": ("complaint", "customer", "survey", "response"),
    "customer": (),
    "tenure": ("customer",),
    "purchase": ("customer",),
    "message": ("complaint", "author", "macro__macro"),
    "promise": ("complaint", "owner"),
    "remedy": ("complaint", "requested_by", "decided_by"),
}


def _of(*kinds: str, field: type[serializers.Field[Any, Any, Any, Any]] = serializers.CharField, **more: Any) -> Any:
    """A field that rows of these kinds have, and no others."""
    said = f"Of {', '.join(f'`{kind}`' for kind in kinds)}."
    return field(required=False, help_text=f"{more.pop('about', '')} {said}".strip(), **more)


_AT, _DAY, _FLAG, _WHOLE = (
    serializers.DateTimeField,
    serializers.DateField,
    serializers.BooleanField,
    serializers.IntegerField,
)
_OF_CASES = ("clock", "response", "invitation", "message", "promise", "remedy")

# Made by hand, as `source` and `label` are words of serializers.
RowShape: type[serializers.Serializer[Any]] = type(
    "RowShape",
    (serializers.Serializer,),
    {
        "__doc__": "`row` and `id` are always there; which others are follows from `row`, as each says.",
        "row": serializers.ChoiceField(choices=sorted(LOADED), help_text="What kind of row it is."),
        "id": serializers.CharField(help_text="Of the record; a complaint by its reference."),
        "reference": _of("complaint"),
        "subject": _of("complaint"),
        "source_channel": _of("complaint", allow_blank=True),
        "type": _of("complaint", about="The code of its type."),
        "severity": _of("complaint"),
        "status": _of("complaint"),
        "received_at": _of("complaint", field=_AT),
        "first_response_at": _of("complaint", field=_AT, allow_null=True),
        "resolved_at": _of("complaint", field=_AT, allow_null=True),
        "closed_at": _of("complaint", field=_AT, allow_null=True),
        "outcome": _of("complaint", allow_null=True),
        "accepted": _of("complaint", field=_FLAG, allow_null=True),
        "source": _of("complaint", "response", "customer", "tenure", "purchase", allow_blank=True),
        "external_id": _of("complaint", "clock", "response", "tenure", allow_null=True),
        "channel": _of("complaint", "promise", allow_null=True),
        "owner": _of("complaint", "promise", field=Reference),
        "customer": _of("complaint", "response", "invitation", "tenure", "purchase", field=Reference, allow_null=True),
        "complaint": _of(*_OF_CASES, about="The reference of its complaint.", allow_null=True),
        "kind": _of("clock", "response", "remedy"),
        "cycle": _of("clock", field=_WHOLE),
        "state": _of("clock"),
        "stated": _of("clock", field=_FLAG, about="As an imported file says."),
        "due_at": _of("clock", "promise", field=_AT, allow_null=True),
        "completed_at": _of("clock", field=_AT, allow_null=True),
        "breached_at": _of("clock", field=_AT, allow_null=True),
        "score": _of("response", field=_WHOLE, allow_null=True),
        "answered_at": _of("response", "invitation", field=_AT, allow_null=True),
        "period_label": _of("response", allow_blank=True),
        "segment": _of("response", allow_blank=True),
        "survey": _of("invitation", about="The code of the survey."),
        "sent_at": _of("invitation", field=_AT, allow_null=True),
        "name": _of("customer"),
        "tier": _of("customer", allow_blank=True),
        "joined_on": _of("tenure", field=_DAY, allow_null=True),
        "left_on": _of("tenure", field=_DAY, allow_null=True),
        "reason": _of("tenure", about="Why they left.", allow_blank=True),
        "plan": _of("tenure", allow_blank=True),
        "order_number": _of("purchase"),
        "purchased_at": _of("purchase", field=_AT),
        "incentive": _of("purchase", field=_FLAG),
        "amount": _of("purchase", "remedy", field=MoneyShape, allow_null=True),
        "at": _of("message", field=_AT),
        "author": _of("message", field=Reference, allow_null=True),
        "macro": _of("message", field=Reference, allow_null=True),
        "number": _of("message", field=_WHOLE, about="Of the macro's version.", allow_null=True),
        "word_for_word": _of("message", field=_FLAG, allow_null=True),
        "text": _of("promise"),
        "made_at": _of("promise", field=_AT),
        "kept": _of("promise", field=_FLAG, about="As the figure counts it; with `broken` false too: open."),
        "broken": _of("promise", field=_FLAG, about="As the figure counts it."),
        "settled_at": _of("promise", field=_AT, allow_null=True),
        "settled_as": _of("promise", allow_null=True),
        "points": _of("remedy", field=_WHOLE, allow_null=True),
        "description": _of("remedy", allow_blank=True),
        "within_authority": _of("remedy", field=_FLAG, allow_null=True),
        "requested_by": _of("remedy", field=Reference),
        "requested_at": _of("remedy", field=_AT),
        "decided_by": _of("remedy", field=Reference, allow_null=True),
        "decided_at": _of("remedy", field=_AT, allow_null=True),
    },
)


def loaded(kind: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what is shown of them, in one query."""
    return rows.select_related(*LOADED[kind]) if LOADED[kind] else rows


def complaint(row: Complaint) -> dict[str, Any]:
    return {
        "row": "complaint",
        "id": row.reference,
        "reference": row.reference,
        "source": row.source,
        "external_id": row.external_id or None,
        "subject": row.subject,
        "channel": row.channel,
        "source_channel": row.source_channel,
        "type": catalogue().types_by_id[row.type_id].code,
        "severity": row.severity,
        "status": row.status,
        "owner": colleague(row.owner),
        "customer": person(row.customer),
        "received_at": iso(row.received_at),
        "first_response_at": iso(row.first_response_at),
        "resolved_at": iso(row.resolved_at),
        "closed_at": iso(row.closed_at),
        "outcome": row.outcome or None,
        "accepted": row.accepted,
    }


def clock(row: Clock) -> dict[str, Any]:
    return {
        "row": "clock",
        "id": str(row.pk),
        "complaint": row.complaint.reference,
        "external_id": row.complaint.external_id or None,
        "kind": row.kind,
        "cycle": row.cycle,
        "state": row.state,
        "stated": row.stated,
        "due_at": iso(row.due_at),
        "completed_at": iso(row.completed_at),
        "breached_at": iso(row.breached_at),
    }


def response(row: SurveyResponse) -> dict[str, Any]:
    return {
        "row": "response",
        "id": str(row.pk),
        "kind": row.kind,
        "score": row.score,
        "answered_at": iso(row.answered_at),
        "period_label": row.period_label,
        "segment": row.segment,
        "source": row.source,
        "external_id": row.external_id or None,
        "complaint": row.complaint.reference if row.complaint else None,
        "customer": person(row.customer),
    }


def invitation(row: Invitation) -> dict[str, Any]:
    answer = getattr(row, "response", None)
    return {
        "row": "invitation",
        "id": str(row.pk),
        "survey": row.survey.code,
        "sent_at": iso(row.sent_at),
        "answered_at": iso(answer.answered_at) if answer is not None else None,
        "complaint": row.complaint.reference if row.complaint else None,
        "customer": person(row.customer),
    }


def customer(row: Customer) -> dict[str, Any]:
    return {"row": "customer", "id": str(row.pk), "name": str(row), "tier": row.tier, "source": row.source}


def tenure(row: Tenure) -> dict[str, Any]:
    return {
        "row": "tenure",
        "id": str(row.pk),
        "customer": person(row.customer),
        "joined_on": row.joined_on,
        "left_on": row.left_on,
        "reason": row.reason,
        "plan": row.plan,
        "source": row.source,
        "external_id": row.external_id or None,
    }


def purchase(row: Purchase) -> dict[str, Any]:
    return {
        "row": "purchase",
        "id": str(row.pk),
        "order_number": row.order_number,
        "customer": person(row.customer),
        "purchased_at": iso(row.purchased_at),
        "amount": {"amount": str(row.valid_amount), "currency": row.currency},
        "incentive": row.incentive,
        "source": row.source,
    }


def message(row: Message) -> dict[str, Any]:
    version = row.macro
    return {
        "row": "message",
        "id": str(row.pk),
        "complaint": row.complaint.reference,
        "at": iso(row.at),
        "author": colleague(row.author),
        "macro": {"id": str(version.macro_id), "name": version.macro.label} if version else None,
        "number": version.number if version else None,
        "word_for_word": row.word_for_word,
    }


def promise(row: Promise) -> dict[str, Any]:
    """`kept`, `broken`: as the figure counts it (both false: open), see `PromisesKept.facts`."""
    return {
        "row": "promise",
        "id": str(row.pk),
        "complaint": row.complaint.reference,
        "text": row.text,
        "owner": colleague(row.owner),
        "channel": row.channel or None,
        "made_at": iso(row.made_at),
        "due_at": iso(row.due_at),
        "kept": row.kept,  # type: ignore[attr-defined]
        "broken": row.broken,  # type: ignore[attr-defined]
        "settled_at": iso(row.settled_at),
        "settled_as": row.settled_as or None,
    }


def remedy(row: Remedy) -> dict[str, Any]:
    """`amount` null: points, or nothing that is valued."""
    value = row.amount
    return {
        "row": "remedy",
        "id": str(row.pk),
        "complaint": row.complaint.reference,
        "kind": row.kind,
        "amount": money_shown(value, row.currency) if value is not None and row.currency else None,
        "points": int(value) if value is not None and not row.currency else None,
        "description": row.description,
        "within_authority": row.within_authority,
        "requested_by": colleague(row.requested_by),
        "requested_at": iso(row.requested_at),
        "decided_by": colleague(row.decided_by),
        "decided_at": iso(row.decided_at),
    }


def colleague(row: User | None) -> dict[str, str] | None:
    return None if row is None else {"id": str(row.pk), "name": str(row)}


def person(row: Customer | None) -> dict[str, str] | None:
    return None if row is None else {"id": str(row.pk), "name": str(row)}


SHOWN: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "complaint": complaint,
    "clock": clock,
    "response": response,
    "invitation": invitation,
    "customer": customer,
    "tenure": tenure,
    "purchase": purchase,
    "message": message,
    "promise": promise,
    "remedy": remedy,
}
