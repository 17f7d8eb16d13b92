"""The form by which a remedy is asked for: reads what was typed; every rule is in the action (mission A7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions.remedies import MOST_WORDS
from complaints.actions.remedy_asking import MOST_DESCRIPTION
from complaints.authority import lines
from complaints.authority.refusals import UnknownCharge
from complaints.models import Complaint, RemedyKind
from core import money
from core.errors import DomainError
from core.web.fields import Line, Paragraphs
from core.web.once import OnceForm, fresh, renewed
from retention.models import Charge
from retention.web.buying_forms import Currency, read_decimal

PLACES = {"amount.amount": "amount", "points": "amount", "amount.currency": "currency"}


class RemedyForm(OnceForm):
    """What, how much (of points a whole number, whatever the currency), why; `charge`: what a refund gives back."""

    kind = forms.ChoiceField(
        choices=RemedyKind.choices,
        error_messages={
            "required": gettext_lazy("Choose what they get."),
            "invalid_choice": gettext_lazy("There is no such remedy."),
        },
    )
    amount = Line(
        label=gettext_lazy("Amount"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = Currency(required=False)
    description = Line(label=gettext_lazy("What they get"), required=False, max_length=MOST_DESCRIPTION)
    reason = Paragraphs(
        label=gettext_lazy("Reason"),
        rows=2,
        max_length=MOST_WORDS,
        error_messages={"required": gettext_lazy("Say why.")},
    )
    charge = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, complaint: Complaint, **kwargs: Any) -> None:
        super().__init__(data, auto_id="id_remedy_%s", **kwargs)
        self.complaint = complaint
        self.http_status = 200

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text = data.get("amount", "")
        data["amount"] = None
        if text and "kind" in data and "currency" in data:
            try:
                data["amount"] = read_amount(text, data["kind"], data["currency"])
            except ValidationError as error:
                self.add_error("amount", error)
        return data

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes. Raises UnknownCharge. Query cost: 1 with a charge."""
        data = self.cleaned_data
        unvalued = data["kind"] == RemedyKind.POINTS or data["amount"] is None
        return {
            "kind": data["kind"],
            "amount": data["amount"],
            "currency": "" if unvalued else data["currency"],
            "description": data["description"],
            "reason": data["reason"],
            "charge": self._charge(data["charge"]) if data["kind"] == RemedyKind.REFUND else None,
        }

    def _charge(self, text: str) -> Charge | None:
        """A charge of the complaint's customer; what is somebody else's is refused as what there is not."""
        if not text:
            return None
        key = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        found = Charge.objects.filter(pk=key, customer=self.complaint.customer_id or 0).first()
        if found is None:
            raise UnknownCharge
        return found

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """A DomainError inside becomes an error of the form; `http_status` says 422 for wrong input, else its own."""
        try:
            yield
        except DomainError as refusal:
            name = PLACES.get(refusal.field or "", refusal.field)
            self.add_error(name if name in self.fields and name != "charge" else None, str(refusal))
            self.http_status = 422 if refusal.status == 400 else refusal.status

    def renew(self) -> None:
        """Shown again as it was typed, sending it again counts."""
        self.data = renewed(self.data, nonce=fresh())


class WhyForm(OnceForm):
    """A decision with its words."""

    reason = Paragraphs(required=False, max_length=MOST_WORDS)
    note = Paragraphs(required=False, max_length=MOST_WORDS)


def read_amount(text: str, kind: str, currency: str) -> Decimal:
    """As the reader's language writes it, with the currency's decimals; points whole. Raises ValidationError."""
    if kind == lines.POINTS:
        return read_decimal(text, 0)
    if not currency:
        raise ValidationError(_("Say in which currency."), code="currency_required")
    return read_decimal(text, money.exponent(currency))
