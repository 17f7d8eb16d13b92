"""The forms of offers and referrals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import languages
from core.models import User
from core.web.fields import Line, LocalInstant, Paragraphs, PlainSelect
from retention.actions.customers import Details, find
from retention.models import Customer, OfferKind, Purchase
from retention.models.customers import CHANNELS
from retention.models.offers import NOTE, PRODUCT, REASON, TEXT
from retention.web.acting import ActForm
from retention.web.buying_forms import Currency, Day, Exact
from retention.web.loyalty import Points

NOW = gettext_lazy("by your clock; empty means now")
ROUGH = gettext_lazy("the last day it holds; empty: it has no end")


class OfferForm(ActForm):
    """What is offered. `complaints`: (reference, words) of those it may come from."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=OfferKind.choices, widget=forms.RadioSelect, initial=OfferKind.CROSS_SELL
    )
    text = Line(label=gettext_lazy("What is offered"), max_length=TEXT)
    product = Line(label=gettext_lazy("Product"), max_length=PRODUCT, required=False)
    amount = Exact(label=gettext_lazy("What it is worth"), places=4, required=False)
    currency = Currency(required=False)
    channel = forms.ChoiceField(label=gettext_lazy("How it is made"), choices=CHANNELS, widget=PlainSelect)
    valid_until = Day(label=gettext_lazy("Holds until"), required=False, help_text=ROUGH)
    complaint = forms.ChoiceField(label=gettext_lazy("Came from a complaint"), required=False, widget=PlainSelect)
    made_at = LocalInstant(label=pgettext_lazy("offer", "Made"), required=False, help_text=NOW)

    def __init__(self, complaints: Iterable[tuple[str, str]], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["complaint"].choices = [("", _("from none")), *complaints]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        found = super().values()
        found["complaint_reference"] = found.pop("complaint")
        if found["amount"] is None:
            found["currency"] = ""
        return found


class AnswerForm(ActForm):
    decided_at = LocalInstant(label=gettext_lazy("When they said so"), required=False, help_text=NOW)


class AcceptanceForm(AnswerForm):
    """They take it; `orders`: what may have come of it."""

    purchase = forms.TypedChoiceField(
        label=gettext_lazy("Which order came of it"), required=False, coerce=int, empty_value=None, widget=PlainSelect
    )
    field_order = ["purchase", "decided_at"]

    def __init__(self, orders: Iterable[Purchase], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        named = [
            (one.pk, f"{languages.day(languages.local(one.purchased_at).date())} · {one.order_number}")
            for one in orders
        ]
        self.fields["purchase"].choices = [("", _("none yet")), *named]  # type: ignore[attr-defined]


class RefusalForm(AnswerForm):
    reason = Line(label=gettext_lazy("Why they decline"), max_length=REASON, required=False)
    field_order = ["reason", "decided_at"]


class WithdrawalForm(ActForm):
    reason = Line(label=gettext_lazy("Why it does not count"), max_length=REASON)


class SomePoints(Points):
    """Points, or none where it is left empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> int:
        return super().clean(value) if str(value or "").strip() else 0


class IncentiveForm(ActForm):
    """Points for either side."""

    referrer_points = SomePoints(label=gettext_lazy("Points for who brought them"))
    referred_points = SomePoints(label=gettext_lazy("Points for who was brought"))


class ReferralForm(IncentiveForm):
    """The other customer, known or (if they were brought) new, and when. `side`: which of the two they are."""

    customer = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    customer_name = Line(
        label=gettext_lazy("Customer"), required=False, help_text=gettext_lazy("name, e-mail or phone number")
    )
    customer_email = forms.EmailField(label=gettext_lazy("E-mail"), required=False, max_length=254)
    customer_phone = Line(label=gettext_lazy("Phone"), required=False, max_length=40)
    referred_on = Day(label=gettext_lazy("Brought on"))
    note = Paragraphs(label=gettext_lazy("Note"), required=False, rows=2, max_length=NOTE)
    field_order = [
        "customer_name", "customer_email", "customer_phone", "referred_on", "referrer_points", "referred_points", "note"
    ]  # fmt: skip

    def __init__(self, user: User, data: Any = None, *, side: str, with_points: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.user, self.side = user, side
        if not with_points:
            del self.fields["referrer_points"], self.fields["referred_points"]

    @property
    def who(self) -> list[Any]:
        return [self["customer_name"], self["customer_email"], self["customer_phone"]]

    @property
    def rest(self) -> list[Any]:
        return [field for field in self.visible_fields() if not field.name.startswith("customer")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if any(name in self.errors for name in ("customer_name", "customer_email", "customer_phone")):
            return data
        self.found = self._known(data)
        if self.found is None:
            self.add_error("customer_name", _("Choose one of the customers that are found, or write more about them."))
        return data

    def _known(self, data: dict[str, Any]) -> Customer | Details | None:
        chosen = data.get("customer", "")
        if chosen:
            key = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0
            return Customer.objects.visible_to(self.user).filter(pk=key).first()
        told = Details(name=data["customer_name"], email=data["customer_email"], phone=data["customer_phone"])
        if told.is_empty:
            return None
        return told if self.side == "referred" else find(told)

    def values(self) -> dict[str, Any]:
        found = {name: value for name, value in super().values().items() if not name.startswith("customer")}
        return {**found, self.side: self.found}

    def place(self, name: str) -> str:
        return "customer_name" if name in ("referred", "external_id") else super().place(name)
