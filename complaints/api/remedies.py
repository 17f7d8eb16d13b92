"""Remedies of a complaint and of all: asked for, approved, taken back (mission A7; interface.md; cases F26, F33)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from complaints.actions import remedies, remedy_asking
from complaints.api import bodies, present
from complaints.api.complaints import HANDLES_CASES
from complaints.api.of_complaint import OF_COMPLAINT
from complaints.api.shapes import Reference
from complaints.authority.refusals import UnknownCharge
from complaints.models import Complaint, PayoutState, Remedy, RemedyKind, RemedyStatus
from core.actor import Actor
from core.api.bodies import Strict
from core.api.expanding import Expandable
from core.api.fields import Code, Id, Text, Whole
from core.api.filters import SINCE, Narrowing, between, choice, currency, flag, key, text
from core.api.money import MoneyField, MoneyShape
from core.api.money import shown as money_shown
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.errors import InvalidInput
from retention.api.naming import of_customer
from retention.models import Charge

LONG = remedies.MOST_WORDS


class RemedyBody(Strict):
    """`points` for goodwill points, else `amount`; `charge`: what a refund gives back."""

    kind = Code(choices=RemedyKind.choices)
    reason = Text(max_length=LONG)
    amount = MoneyField(required=False)
    points = Whole(min_value=1, max_value=remedy_asking.MOST_POINTS, required=False)
    description = Text(max_length=remedy_asking.MOST_DESCRIPTION, required=False, allow_blank=True)
    charge = Id(required=False, allow_null=True)
    example: ClassVar = {"kind": "refund", "amount": {"amount": "12.30", "currency": "EUR"}, "reason": "Shipping"}


class ApprovalBody(Strict):
    note = Text(max_length=LONG, required=False, allow_blank=True)


class WithdrawalBody(Strict):
    reason = Text(max_length=LONG, required=False, allow_blank=True)


class PayoutOfShape(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=PayoutState.choices)
    paid_on = serializers.DateField(allow_null=True)
    reference = serializers.CharField(allow_blank=True)


class RemedyShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    complaint = Expandable(help_text="Its reference; with `expand=complaint` as under /complaints/.")
    kind = serializers.ChoiceField(choices=RemedyKind.choices)
    status = serializers.ChoiceField(choices=RemedyStatus.choices)
    amount = MoneyShape(allow_null=True, help_text="null: points, or nothing that is valued.")
    points = serializers.IntegerField(allow_null=True)
    description = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    charge = serializers.CharField(allow_null=True, help_text="The id of the charge that a refund gives back.")
    within_authority = serializers.BooleanField(
        allow_null=True, help_text="Granted on the spot (true) or after approval (false); null: not granted."
    )
    requested_by = Reference()
    requested_at = serializers.DateTimeField()
    decided_by = Reference(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_note = serializers.CharField(allow_blank=True)
    undone_by = Reference(
        allow_null=True, help_text="Who withdrew the request (null: it ended with the case) or took the remedy back."
    )
    undone_at = serializers.DateTimeField(allow_null=True)
    undone_note = serializers.CharField(allow_blank=True)
    payout = PayoutOfShape(allow_null=True, help_text="Where the money of a granted refund or credit is.")
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


def remedy_dict(row: Remedy) -> dict[str, Any]:
    """One remedy; the caller has complaint, people and payout loaded (`whole`)."""
    payout = getattr(row, "payout", None)
    in_money = row.amount is not None and row.currency
    return {
        "id": str(row.pk),
        "complaint": row.complaint.reference,
        "kind": row.kind,
        "status": row.status,
        "amount": money_shown(row.amount or Decimal(0), row.currency) if in_money else None,
        "points": int(row.amount) if row.amount is not None and not row.currency else None,
        "description": row.description,
        "reason": row.reason,
        "charge": str(row.charge_id) if row.charge_id else None,
        "within_authority": row.within_authority,
        "requested_by": present.user_brief(row.requested_by),
        "requested_at": present.instant(row.requested_at),
        "decided_by": present.user_brief(row.decided_by) if row.decided_by else None,
        "decided_at": present.instant(row.decided_at),
        "decided_note": row.decided_note,
        "undone_by": present.user_brief(row.undone_by) if row.undone_by else None,
        "undone_at": present.instant(row.undone_at),
        "undone_note": row.undone_note,
        "payout": {"state": payout.state, "paid_on": payout.paid_on, "reference": payout.reference} if payout else None,
        "updated_at": present.instant(row.updated_at),
        "version": row.version,
    }


def whole(rows: QuerySet[Remedy]) -> QuerySet[Remedy]:
    return rows.select_related("complaint", "requested_by", "decided_by", "undone_by", "payout")


def seen(request: Request) -> QuerySet[Remedy]:
    """The remedies of the cases that the caller sees."""
    visible = Complaint.objects.visible_to(caller(request))
    return whole(Remedy.objects.filter(complaint__in=visible.values("pk")))


FILTERS = (
    choice("status", RemedyStatus.values),
    choice("kind", RemedyKind.values),
    currency(),
    flag("within_authority"),
    key("requested_by"),
    key("decided_by"),
    key("charge"),
    between("requested_at"),
    between("decided_at"),
    SINCE,
)


class Remedies(ListView):
    """The remedies of all complaints the caller sees."""

    access, resource = HANDLES_CASES, "remedies"
    answer: ClassVar[Any] = RemedyShape
    filters: ClassVar[tuple[Narrowing, ...]] = (
        text("complaint", "complaint__reference"),
        of_customer("complaint__customer"),
        *FILTERS,
    )
    expansions = OF_COMPLAINT
    ordering: ClassVar = {"id": "pk", "requested_at": "requested_at", "updated_at": "updated_at"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Remedy]:
        return seen(request)

    def to_dict(self, row: Remedy) -> dict[str, Any]:
        return remedy_dict(row)


class RemediesOf(Remedies):
    """The remedies of one complaint."""

    body: ClassVar = {"POST": RemedyBody}
    answer: ClassVar = {"GET": RemedyShape, "POST": RemedyShape}
    success: ClassVar = {"POST": 201}
    filters = FILTERS
    default_ordering = "id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Remedy]:
        return whole(Remedy.objects.filter(complaint=self.case(request, kwargs["reference"])))

    def case(self, request: Request, reference: str) -> Complaint:
        return self.find(Complaint.objects.visible_to(caller(request)), reference=reference)

    def post(self, request: Request, reference: str) -> HttpResponse:
        """Grant a remedy within the caller's authority, or else ask for its approval. `status` of the answer says
        which: `granted` or `awaiting_approval`."""
        complaint = self.case(request, reference)
        values = self.read(request)
        amount, currency = value_of(values)
        made = remedies.ask(
            complaint,
            by=self.actor(request),
            at=now(),
            kind=values["kind"],
            amount=amount,
            currency=currency,
            description=values.get("description", ""),
            reason=values["reason"],
            charge=charge_of(complaint, values.get("charge")),
        )
        row = whole(Remedy.objects.all()).get(pk=made.pk)
        where = reverse("api-complaint-remedy", args=[reference, made.pk])
        return self.reply(remedy_dict(row), 201, location=where, version=row.version)


class OneRemedy(ApiView):
    """One remedy; also under its complaint."""

    access, resource = HANDLES_CASES, "remedies"
    answer: ClassVar = RemedyShape

    def get(self, request: Request, pk: int, reference: str = "") -> HttpResponse:
        rows = seen(request).filter(complaint__reference=reference) if reference else seen(request)
        row = self.find(rows, pk=pk)
        return self.reply(remedy_dict(row), version=row.version)


class _Decision(ApiView):
    """POST carries out `act` on one remedy of a case the caller sees, and answers with it as it is then."""

    access, resource = HANDLES_CASES, "remedies"
    answer: ClassVar = RemedyShape

    def act(self, remedy: Remedy, values: dict[str, Any], by: Actor) -> Remedy:
        raise NotImplementedError

    def post(self, request: Request, reference: str, pk: int) -> HttpResponse:
        remedy = self.find(seen(request), complaint__reference=reference, pk=pk)
        self.act(remedy, self.read(request), self.actor(request))
        row = whole(Remedy.objects.all()).get(pk=pk)
        return self.reply(remedy_dict(row), version=row.version)


class Approval(_Decision):
    """Grant what somebody else asked for, within the caller's own authority.

    A refund or credit goes out with the next export to finance, points are credited at once; the one who asked is told.
    Nobody approves what they asked for themselves (409 `own_request`).
    """

    body: ClassVar = ApprovalBody

    def act(self, remedy: Remedy, values: dict[str, Any], by: Actor) -> Remedy:
        return remedies.approve(remedy, by=by, at=now(), **values)


class Rejection(_Decision):
    """Do not grant what somebody else asked for.

    By who could have granted as much; the one who asked is told why.
    """

    body: ClassVar = bodies.ReasonBody

    def act(self, remedy: Remedy, values: dict[str, Any], by: Actor) -> Remedy:
        return remedies.reject(remedy, by=by, at=now(), **values)


class RequestWithdrawal(_Decision):
    """Who asked does not want it any more."""

    body: ClassVar = WithdrawalBody

    def act(self, remedy: Remedy, values: dict[str, Any], by: Actor) -> Remedy:
        return remedies.withdraw(remedy, by=by, at=now(), **values)


class Revocation(_Decision):
    """Take back what was granted, before it is paid.

    By who granted it or could have. It counts in no sum any more: a payout that is not with finance yet is cancelled,
    points are taken off again.
    """

    body: ClassVar = bodies.ReasonBody

    def act(self, remedy: Remedy, values: dict[str, Any], by: Actor) -> Remedy:
        return remedies.revoke(remedy, by=by, at=now(), **values)


def value_of(values: dict[str, Any]) -> tuple[Decimal | None, str]:
    """What the body says it is worth. Raises InvalidInput not_points, not_money."""
    if values["kind"] == RemedyKind.POINTS:
        if "amount" in values:
            raise InvalidInput(_("Goodwill is counted in points."), code="not_money", field="amount")
        if "points" not in values:
            raise InvalidInput(_("Say how many points."), code="amount_required", field="points")
        return Decimal(values["points"]), ""
    if "points" in values:
        raise InvalidInput(_("Only goodwill is counted in points."), code="not_points", field="points")
    return values.get("amount") or (None, "")


def charge_of(complaint: Complaint, pk: int | None) -> Charge | None:
    """A charge of the complaint's customer. Raises InvalidInput unknown_charge, alike for what is somebody else's."""
    if pk is None:
        return None
    found = Charge.objects.filter(pk=pk, customer=complaint.customer_id or 0).first()
    if found is None:
        raise UnknownCharge(field="charge")
    return found
