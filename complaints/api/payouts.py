"""`/api/v1/payouts/`: the money of refunds and credits on its way to the customer (interface.md; mission A7; F26)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from complaints import payout_files as files
from complaints.actions import payouts
from complaints.api import present
from complaints.api.shapes import Reference
from complaints.models import Complaint, Payout, PayoutExport, PayoutLine, PayoutReturn, PayoutState, RemedyKind
from core import money
from core.access import MANAGER, Access
from core.actor import Actor
from core.api.bodies import Nothing, Strict
from core.api.fields import Day, Text
from core.api.filters import SINCE, between, choice, currency, key, since, text
from core.api.money import MoneyShape
from core.api.money import shown as money_shown
from core.api.problem import bad_parameter
from core.api.views import ApiView, ListView, caller
from core.clock import now
from retention.api.naming import of_customer

HANDS_OUT_MONEY = Access(roles=frozenset({MANAGER}))


class PayoutConfirmationBody(Strict):
    paid_on = Day()
    reference = Text(max_length=payouts.REFERENCE, trim=True)


class PayoutFailureBody(Strict):
    reason = Text(max_length=payouts.REASON, trim=True)


class PayoutReturnBody(Strict):
    returned_on = Day()
    reason = Text(max_length=payouts.REASON, trim=True)


class PayoutReturnShape(serializers.Serializer[Any]):
    paid_on = serializers.DateField()
    reference = serializers.CharField()
    returned_on = serializers.DateField()
    reason = serializers.CharField()
    payment = serializers.CharField(allow_null=True, help_text="The customer's payment that came back.")
    counter = serializers.CharField(allow_null=True, help_text="The customer's payment that takes it back.")


class PayoutShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    remedy = serializers.CharField(help_text="The id of the remedy that is paid.")
    complaint = serializers.CharField(help_text="Its reference.")
    customer = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(choices=RemedyKind.choices)
    state = serializers.ChoiceField(choices=PayoutState.choices)
    amount = MoneyShape()
    charge = serializers.CharField(allow_null=True)
    export = serializers.IntegerField(allow_null=True, help_text="The number of the file it went out with last.")
    paid_on = serializers.DateField(allow_null=True)
    reference = serializers.CharField(allow_blank=True)
    failure = serializers.CharField(allow_blank=True)
    payment = serializers.CharField(allow_null=True, help_text="The customer's payment that was made of it.")
    returns = PayoutReturnShape(many=True, help_text="What was paid and came back, oldest first.")
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class PayoutExportShape(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = Reference(allow_null=True)
    count = serializers.IntegerField()


class PayoutLineShape(serializers.Serializer[Any]):
    payout = serializers.CharField()
    remedy = serializers.CharField()
    complaint = serializers.CharField()
    customer = serializers.CharField(allow_null=True)
    customer_name = serializers.CharField(allow_blank=True)
    customer_external_id = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=RemedyKind.choices)
    amount = MoneyShape()
    charge_external_id = serializers.CharField(allow_blank=True)
    order_number = serializers.CharField(allow_blank=True)


class WholeExportShape(PayoutExportShape):
    lines = PayoutLineShape(many=True)


def payout_dict(row: Payout) -> dict[str, Any]:
    """One payout; the caller has remedy, its complaint, export and returns loaded."""
    remedy = row.remedy
    return {
        "id": str(row.pk),
        "remedy": str(row.remedy_id),
        "complaint": remedy.complaint.reference,
        "customer": str(remedy.complaint.customer_id) if remedy.complaint.customer_id else None,
        "kind": remedy.kind,
        "state": row.state,
        "amount": money_shown(remedy.amount, remedy.currency) if remedy.amount is not None else None,
        "charge": str(remedy.charge_id) if remedy.charge_id else None,
        "export": row.export.number if row.export is not None else None,
        "paid_on": row.paid_on,
        "reference": row.reference,
        "failure": row.failure,
        "payment": str(row.payment_id) if row.payment_id else None,
        "returns": [return_dict(one) for one in row.returns.all()],
        "updated_at": present.instant(row.updated_at),
        "version": row.version,
    }


def return_dict(row: PayoutReturn) -> dict[str, Any]:
    return {
        "paid_on": row.paid_on,
        "reference": row.reference,
        "returned_on": row.returned_on,
        "reason": row.reason,
        "payment": str(row.payment_id) if row.payment_id else None,
        "counter": str(row.counter_id) if row.counter_id else None,
    }


def export_dict(row: PayoutExport, count: int) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": present.instant(row.at),
        "by": present.user_brief(row.by) if row.by is not None else None,
        "count": count,
    }


def line_dict(row: PayoutLine) -> dict[str, Any]:
    return {
        "payout": str(row.payout_id),
        "remedy": str(row.payout.remedy_id),
        "complaint": row.complaint_reference,
        "customer": str(row.customer_key) if row.customer_key else None,
        "customer_name": row.customer_name,
        "customer_external_id": row.customer_external_id,
        "kind": row.kind,
        "amount": {"amount": money.shown(row.amount, row.currency), "currency": row.currency},
        "charge_external_id": row.charge_external_id,
        "order_number": row.order_number,
    }


def seen(request: Request) -> QuerySet[Payout]:
    """The payouts of the cases that the caller sees."""
    visible = Complaint.objects.visible_to(caller(request)).values("pk")
    rows = Payout.objects.filter(remedy__complaint__in=visible)
    return rows.select_related("remedy__complaint", "export").prefetch_related("returns")


class Payouts(ListView):
    """All payouts of granted refunds and credits."""

    access, resource, answer = HANDS_OUT_MONEY, "payouts", PayoutShape
    filters: ClassVar = (
        choice("state", PayoutState.values),
        choice("kind", (RemedyKind.REFUND, RemedyKind.CREDIT), "remedy__kind"),
        currency("remedy__currency"),
        text("complaint", "remedy__complaint__reference"),
        text("reference"),
        of_customer("remedy__complaint__customer"),
        key("remedy"),
        key("export", "export__number"),
        between("paid_on"),
        SINCE,
    )
    ordering: ClassVar = {"id": "pk", "updated_at": "updated_at"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Payout]:
        return seen(request)

    def to_dict(self, row: Payout) -> dict[str, Any]:
        return payout_dict(row)


class OnePayout(ApiView):
    """One payout."""

    access, resource, answer = HANDS_OUT_MONEY, "payouts", PayoutShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(seen(request), pk=pk)
        return self.reply(payout_dict(row), version=row.version)


class _Said(ApiView):
    """What finance says of a payout."""

    access, resource, answer = HANDS_OUT_MONEY, "payouts", PayoutShape

    def act(self, payout: Payout, values: dict[str, Any], by: Actor) -> Payout:
        raise NotImplementedError

    def post(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(seen(request), pk=pk)
        self.act(row, self.read(request), self.actor(request))
        row = seen(request).get(pk=pk)
        return self.reply(payout_dict(row), version=row.version)


class PayoutConfirmation(_Said):
    """Finance has paid it; the customer gets a payment below zero, once."""

    body: ClassVar = PayoutConfirmationBody

    def act(self, payout: Payout, values: dict[str, Any], by: Actor) -> Payout:
        return payouts.confirm(payout, by=by, at=now(), **values)


class PayoutFailure(_Said):
    """Finance could not pay it; it goes out again with the next export."""

    body: ClassVar = PayoutFailureBody

    def act(self, payout: Payout, values: dict[str, Any], by: Actor) -> Payout:
        return payouts.fail(payout, by=by, at=now(), **values)


class PayoutReturned(_Said):
    """The bank sent it back: a payment the other way balances it, and it goes out again with the next export."""

    body: ClassVar = PayoutReturnBody

    def act(self, payout: Payout, values: dict[str, Any], by: Actor) -> Payout:
        return payouts.take_back(payout, by=by, at=now(), **values)


class PayoutExports(ListView):
    """The files handed to finance, newest first."""

    access, resource = HANDS_OUT_MONEY, "payouts"
    body: ClassVar = {"POST": Nothing}
    answer: ClassVar = {"GET": PayoutExportShape, "POST": WholeExportShape}
    success: ClassVar = {"POST": 201}
    filters: ClassVar = (between("at"), since("at"))
    ordering: ClassVar = {"number": "number"}
    default_ordering = "-number"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[PayoutExport]:
        rows = PayoutExport.objects.select_related("by").annotate(count=Count("lines"))
        return rows if MANAGER in caller(request).roles else rows.none()

    def to_dict(self, row: PayoutExport) -> dict[str, Any]:
        return export_dict(row, row.count)  # type: ignore[attr-defined]

    def post(self, request: Request) -> HttpResponse:
        """Hand over to finance everything that is due or has failed."""
        self.read(request)
        made = payouts.export(by=self.actor(request), at=now())
        location = reverse("api-payout-export", args=[made.number])
        return self.reply(_whole(made), 201, location=location)


class OneExport(ApiView):
    """One file as it was handed over; `?format=csv` gives it as CSV."""

    access, resource, answer = HANDS_OUT_MONEY, "payouts", WholeExportShape
    parameters = ("format",)

    @extend_schema(
        parameters=[OpenApiParameter("format", {"type": "string", "enum": ["json", "csv"], "default": "json"})],
        responses={(200, "application/json"): WholeExportShape, (200, "text/csv"): str},
    )
    def get(self, request: Request, number: int) -> Any:
        row = self.find(PayoutExport.objects.select_related("by"), number=number)
        asked = request.query_params.get("format", "json")
        if asked == "csv" and self.only is not None:
            raise bad_parameter("fields", "unknown_parameter", _("The file has all its columns."))
        if asked == "csv":
            return csv_of(row)
        if asked != "json":
            raise bad_parameter("format", "unknown_code", "json, csv")
        return self.reply(_whole(row))


def csv_of(export: PayoutExport) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(files.written(files.lines_of(export)), content_type=files.TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{files.name_of(export)}"'
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _whole(row: PayoutExport) -> dict[str, Any]:
    lines = files.lines_of(row)
    return {**export_dict(row, len(lines)), "lines": [line_dict(one) for one in lines]}
