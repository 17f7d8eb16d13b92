"""`/api/v1/referrals/` and those of one customer: who brought whom, and what for (interface.md; mission C4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from core import dates
from core.access import MANAGER, Access
from core.api.bodies import Strict
from core.api.fields import Day, Text, Whole
from core.api.filters import SINCE, Days, Narrowing, flag, key, text
from core.api.happened import Reference
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from core.models import User
from retention.actions import loyalty
from retention.actions import referrals as actions
from retention.actions.customers import Details
from retention.api.bodies import CustomerBody
from retention.api.customers import HANDLES_CASES
from retention.api.naming import CustomerId, customer_at
from retention.models import Customer, Referral
from retention.models.offers import NOTE, REASON

SOURCE = "api"  # of ids that callers give those they make


def _points() -> Whole:
    return Whole(min_value=0, max_value=loyalty.MOST, required=False)


class NewReferralBy(Strict):
    """`referred_on`: today unless said. Points are an incentive that managers give."""

    referred = CustomerBody()
    referred_on = Day(required=False)
    note = Text(max_length=NOTE, trim=True, required=False, allow_blank=True)
    referrer_points = _points()
    referred_points = _points()


class NewReferral(NewReferralBy):
    """With the customer who brought them."""

    referrer = CustomerId()


class ReferralWithdrawalBody(Strict):
    reason = Text(max_length=REASON, trim=True)


class ReferralIncentiveBody(Strict):
    """At least one of them above zero."""

    referrer_points = _points()
    referred_points = _points()


class ReferralShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    referrer = Reference(help_text="Who brought them.")
    referred = Reference(help_text="Who was brought.")
    referred_on = serializers.DateField()
    note = serializers.CharField(allow_blank=True)
    referrer_points = serializers.IntegerField(help_text="What the one who brought them was credited for it.")
    referred_points = serializers.IntegerField(help_text="What the one who was brought was credited for it.")
    by = serializers.CharField(allow_null=True, help_text="The id of who wrote it down.")
    withdrawn_at = serializers.DateTimeField(allow_null=True, help_text="From then on it counts no more.")
    reason = serializers.CharField(allow_blank=True, help_text="Why it was withdrawn.")
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


def referral_dict(row: Referral) -> dict[str, Any]:
    """Its customers have to be loaded."""
    return {
        "id": str(row.pk),
        "referrer": {"id": str(row.referrer_id), "name": row.referrer.name},
        "referred": {"id": str(row.referred_id), "name": row.referred.name},
        "referred_on": row.referred_on,
        "note": row.note,
        "referrer_points": row.referrer_points,
        "referred_points": row.referred_points,
        "by": str(row.by_id) if row.by_id else None,
        "withdrawn_at": iso(row.withdrawn_at),
        "reason": row.reason,
        "source": row.source,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "version": row.version,
    }


def seen_by(user: User) -> QuerySet[Referral]:
    return Referral.objects.visible_to(user).select_related("referrer", "referred")


FILTERS: tuple[Narrowing, ...] = (
    key("referrer", description="The id of the one who brought them."),
    key("referred", description="The id of the one who was brought."),
    replace(
        flag("withdrawn", description="true: those withdrawn; false: those that stand."),
        apply=lambda rows, wanted: rows.filter(withdrawn_at__isnull=not wanted),
    ),
    Days("referred_on"),
    text("source"),
    SINCE,
)


class Referrals(ListView):
    """All referrals, also those withdrawn."""

    access, resource = HANDLES_CASES, "referrals"
    does: ClassVar = {"POST": "Write down that one customer brought another one, who is made if unknown."}
    body: ClassVar = {"POST": NewReferral}
    answer = ReferralShape
    success: ClassVar = {"POST": 201}
    filters: ClassVar[tuple[Narrowing, ...]] = FILTERS
    ordering: ClassVar = {"id": "pk", "referred_on": "referred_on", "updated_at": "updated_at"}

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Referral]:
        rows: Any = seen_by(caller(request))
        if "pk" in kwargs:
            rows = rows.about(customer_at(self, kwargs["pk"]))
        return rows  # type: ignore[no-any-return]

    def to_dict(self, row: Referral) -> dict[str, Any]:
        return referral_dict(row)

    def post(self, request: Request, pk: int | None = None) -> HttpResponse:
        values, by, at = self.read(request), self.actor(request), now()
        referrer = customer_at(self, pk) if pk is not None else values.pop("referrer")
        values.setdefault("referred_on", dates.of_actor(by, at))
        who = _who(values.pop("referred"))
        made = actions.refer(referrer, who, by=by, at=at, **values)
        return _answer(self, made.pk, 201, location=reverse("api-referral", args=[made.pk]))


class ReferralsOfCustomer(Referrals):
    """Whom one customer brought, and who brought them; the newest first."""

    does: ClassVar = {"POST": "Write down whom this customer brought."}
    body: ClassVar = {"POST": NewReferralBy}
    default_ordering = "-referred_on"


class OneReferral(ApiView):
    """One referral."""

    access, resource = HANDLES_CASES, "referrals"
    answer = ReferralShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.find(seen_by(caller(request)), pk=pk)
        return self.reply(referral_dict(row), version=row.version)


class ReferralWithdrawal(ApiView):
    """The referral does not count."""

    access, resource = HANDLES_CASES, "referrals"
    body: ClassVar = ReferralWithdrawalBody
    answer = ReferralShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Withdraw a referral. Points given for it are taken back, by managers; 409 when they are spent."""
        row = self.find(seen_by(caller(request)), pk=pk)
        actions.withdraw(row, by=self.actor(request), at=now(), **self.read(request))
        return _answer(self, pk)


class ReferralIncentive(ApiView):
    """Points for a referral."""

    access, resource = Access(roles=frozenset({MANAGER})), "referrals"
    body: ClassVar = ReferralIncentiveBody
    answer = ReferralShape

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Credit points for a referral that was written down without any; once."""
        row = self.find(seen_by(caller(request)), pk=pk)
        actions.reward(row, by=self.actor(request), at=now(), **self.read(request))
        return _answer(self, pk)


def _who(told: dict[str, Any]) -> Customer | Details:
    return told["id"] if "id" in told else Details(**told, source=SOURCE)


def _answer(view: ApiView, pk: int, status: int = 200, *, location: str = "") -> HttpResponse:
    row = Referral.objects.select_related("referrer", "referred").get(pk=pk)
    return view.reply(referral_dict(row), status, location=location, version=row.version)
