"""`/api/v1/offers/` and those to one customer: made, answered, and how they stand (interface.md; mission C2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from core import dates
from core.api.bodies import Strict
from core.api.fields import Code, Day, Id, Instant, Text
from core.api.filters import SINCE, Filter, Narrowing, between, choice, key, text
from core.api.happened import Reference
from core.api.money import MoneyField, MoneyShape
from core.api.money import shown as money_shown
from core.api.views import ApiView, ListView, caller
from core.clock import now
from core.instants import iso
from retention.actions import offers as actions
from retention.api.customers import HANDLES_CASES
from retention.api.naming import CustomerId, customer_at, of_customer, refuse_unless_theirs
from retention.models import Offer, OfferKind, OfferState
from retention.models.customers import CHANNELS
from retention.models.offers import PRODUCT, REASON, TEXT, lapsed


class NewOffer(Strict):
    """`amount`: what it is worth. `valid_until`: the last day it holds. `complaint`: the reference of the one of the
    customer's complaints that it came from."""

    kind = Code(choices=OfferKind.choices)
    text = Text(max_length=TEXT, trim=True)
    channel = Code(choices=CHANNELS)
    product = Text(max_length=PRODUCT, trim=True, required=False, allow_blank=True)
    amount = MoneyField(required=False, allow_null=True)
    valid_until = Day(required=False, allow_null=True)
    complaint = Text(max_length=16, trim=True, required=False)
    made_at = Instant(required=False, not_future=True)


class NewOfferTo(NewOffer):
    """With the customer it is made to."""

    customer = CustomerId()


class OfferAcceptanceBody(Strict):
    """`purchase`: the order that came of it. `decided_at`: when they said so, if not now."""

    purchase = Id(required=False, allow_null=True)
    decided_at = Instant(required=False, not_future=True)


class OfferRefusalBody(Strict):
    """`reason`: why they do not take it. `decided_at`: when they said so, if not now."""

    reason = Text(max_length=REASON, trim=True, required=False, allow_blank=True)
    decided_at = Instant(required=False, not_future=True)


class OfferShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    customer = Reference()
    kind = serializers.ChoiceField(choices=OfferKind.choices)
    text = serializers.CharField(help_text="What is offered.")
    product = serializers.CharField(allow_blank=True)
    amount = MoneyShape(allow_null=True, help_text="What it is worth.")
    channel = serializers.ChoiceField(choices=CHANNELS)
    complaint = serializers.CharField(allow_null=True, help_text="The reference of the complaint it came from.")
    made_at = serializers.DateTimeField()
    by = serializers.CharField(allow_null=True, help_text="The id of who made it.")
    valid_until = serializers.DateField(allow_null=True, help_text="The last day it holds, a local date.")
    state = serializers.ChoiceField(
        choices=OfferState.choices, help_text="`lapsed` from the day after `valid_until`, if nobody answered."
    )
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was declined.")
    purchase = serializers.CharField(allow_null=True, help_text="The id of the order that came of it.")
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


def offer_dict(row: Offer, on: date) -> dict[str, Any]:
    """As it stands on a day; its customer has to be loaded."""
    return {
        "id": str(row.pk),
        "customer": {"id": str(row.customer_id), "name": row.customer.name},
        "kind": row.kind,
        "text": row.text,
        "product": row.product,
        "amount": money_shown(row.amount, row.currency) if row.amount is not None else None,
        "channel": row.channel,
        "complaint": row.complaint_reference or None,
        "made_at": iso(row.made_at),
        "by": str(row.by_id) if row.by_id else None,
        "valid_until": row.valid_until,
        "state": str(row.state_on(on)),
        "decided_at": iso(row.decided_at),
        "reason": row.reason,
        "purchase": str(row.purchase_id) if row.purchase_id else None,
        "source": row.source,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "version": row.version,
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def _changed_since(rows: QuerySet[Offer], since: datetime) -> QuerySet[Offer]:
    """Also those that lapsed at or after it, which nobody writes down."""
    first = dates.of_house(since)
    ended_from = first if _midnight(first) < since else first - timedelta(days=1)
    return rows.filter(Q(updated_at__gte=since) | lapsed(dates.of_house(now())) & Q(valid_until__gte=ended_from))


def _in_states(rows: Any, states: list[str]) -> QuerySet[Offer]:
    found: QuerySet[Offer] = rows.in_states(states, dates.of_house(now()))
    return found


FILTERS: tuple[Narrowing, ...] = (
    choice("kind", OfferKind.values),
    replace(choice("state", OfferState.values), apply=_in_states),
    choice("channel", [code for code, _name in CHANNELS]),
    text("complaint", "complaint_reference"),
    key("purchase"),
    text("source"),
    between("made_at"),
    between("decided_at"),
    Filter(
        SINCE.name,
        SINCE.parse,
        _changed_since,
        description="Changed at or after this instant; one that lapsed has changed.",
        schema=SINCE.schema,
    ),
)


class Offers(ListView):
    """All offers to all customers."""

    access, resource = HANDLES_CASES, "offers"
    does: ClassVar = {"POST": "Make a customer an offer; names the customer."}
    body: ClassVar = {"POST": NewOfferTo}
    answer = OfferShape
    success: ClassVar = {"POST": 201}
    filters: ClassVar[tuple[Narrowing, ...]] = (of_customer(), *FILTERS)
    ordering: ClassVar = {"id": "pk", "made_at": "made_at", "updated_at": "updated_at"}

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Offer]:
        rows = Offer.objects.visible_to(caller(request)).select_related("customer")
        if "pk" in kwargs:
            rows = rows.filter(customer=customer_at(self, kwargs["pk"]))
        return rows

    def to_dicts(self, rows: list[Offer]) -> list[dict[str, Any]]:
        return [offer_dict(row, dates.of_house(now())) for row in rows]

    def post(self, request: Request, pk: int | None = None) -> HttpResponse:
        user, values = caller(request), self.read(request)
        customer = customer_at(self, pk) if pk is not None else values.pop("customer")
        reference = values.pop("complaint", "")
        refuse_unless_theirs(customer, user, reference)
        if amount := values.pop("amount", None):
            values["amount"], values["currency"] = amount
        made = actions.make(customer, complaint_reference=reference, by=self.actor(request), at=now(), **values)
        return _answer(self, made.pk, 201, location=reverse("api-offer", args=[made.pk]))


class OffersToCustomer(Offers):
    """What one customer was offered, the newest first."""

    does: ClassVar = {"POST": "Make this customer an offer."}
    body: ClassVar = {"POST": NewOffer}
    filters = FILTERS
    default_ordering = "-made_at"


class _OfOffer(ApiView):
    """What addresses of one offer have in common."""

    access, resource = HANDLES_CASES, "offers"
    answer = OfferShape

    def seen(self, request: Request, pk: int) -> Offer:
        return self.find(Offer.objects.visible_to(caller(request)).select_related("customer"), pk=pk)

    def take_back(self, request: Request, pk: int, answer: OfferState) -> HttpResponse:
        actions.take_back_answer(self.seen(request, pk), answer=answer, by=self.actor(request), at=now())
        return _answer(self, pk)


class OneOffer(_OfOffer):
    """One offer."""

    def get(self, request: Request, pk: int) -> HttpResponse:
        row, on = self.seen(request, pk), dates.of_house(now())
        return self.reply(offer_dict(row, on), version=row.version)


class OfferAcceptance(_OfOffer):
    """The customer takes it."""

    body: ClassVar = {"POST": OfferAcceptanceBody}

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Write down that the customer accepts the offer, perhaps with the order that came of it."""
        actions.accept(self.seen(request, pk), by=self.actor(request), at=now(), **self.read(request))
        return _answer(self, pk)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """They did not accept after all: the offer can be answered again, unless it has lapsed."""
        return self.take_back(request, pk, OfferState.ACCEPTED)


class OfferRefusal(_OfOffer):
    """The customer does not take it."""

    body: ClassVar = {"POST": OfferRefusalBody}

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Write down that the customer declines the offer, perhaps with their reason."""
        actions.decline(self.seen(request, pk), by=self.actor(request), at=now(), **self.read(request))
        return _answer(self, pk)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """They did not decline after all: the offer can be answered again, unless it has lapsed."""
        return self.take_back(request, pk, OfferState.DECLINED)


def _answer(view: ApiView, pk: int, status: int = 200, *, location: str = "") -> HttpResponse:
    row, on = Offer.objects.select_related("customer").get(pk=pk), dates.of_house(now())
    return view.reply(offer_dict(row, on), status, location=location, version=row.version)
