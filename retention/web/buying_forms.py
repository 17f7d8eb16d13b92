"""The forms of purchases, returns, charges and payments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import languages, money
from core.web.fields import Line, LocalInstant, Paragraphs
from retention.actions.purchases import MOST_LINES, REASON, Back, Item
from retention.models import Charge, PurchaseLine
from retention.web.acting import ActForm

ROWS, MORE = 4, 4
COLUMNS = ("sku", "description", "quantity", "unit_price")


class Exact(forms.CharField):
    """A decimal as the reader's language writes it, without a separator of thousands; never through a float."""

    def __init__(self, *, places: int, signed: bool = False, **kwargs: Any) -> None:
        self.places, self.signed = places, signed
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_length=30, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        return read_decimal(text, self.places, signed=self.signed) if text else None


class Day(forms.DateField):
    """A local date."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class Currency(Line):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Currency"))
        super().__init__(max_length=3, help_text=gettext_lazy("three letters, such as EUR"), **kwargs)

    def clean(self, value: Any) -> str:
        code = super().clean(value).strip().upper()
        if code and code not in money.CURRENCIES:
            raise ValidationError(_("This is no ISO 4217 currency."), code="unknown_currency")
        return str(code)


def read_decimal(text: str, places: int, *, signed: bool = False) -> Decimal:
    """Raises ValidationError. Where the language writes a comma, `1.000` may mean a thousand: it is refused."""
    text = text.strip().replace("−", "-")
    if languages.voice().decimal == ",":
        if "," in text:
            text = "" if "." in text else text.replace(",", ".")
        elif len(text.partition(".")[2]) == 3:
            text = ""
    try:
        return money.decimal(text, places, signed=signed)
    except money.MoneyError as error:
        words = {
            "invalid_amount": _("Write a number such as %(sample)s, without a separator of thousands."),
            "too_many_decimals": _("At most %(places)s decimals."),
            "amount_out_of_range": _("This is too large."),
        }[error.code]
        sample = languages.number(Decimal("12.30"))
        raise ValidationError(words % {"sample": sample, "places": error.places}, code=error.code) from None


class PurchaseForm(ActForm):
    """An order with as many lines as `rows`; lines left empty do not count."""

    order_number = Line(label=gettext_lazy("Order number"), max_length=80)
    purchased_at = LocalInstant(label=gettext_lazy("Bought"))
    currency = Currency()
    incentive = forms.BooleanField(label=gettext_lazy("Bought with a discount or another incentive"), required=False)
    rows = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        asked = str((data or self.initial).get("rows") or ROWS)
        self.count = min(max(int(asked), 1), MOST_LINES) if asked.isascii() and asked.isdigit() else ROWS
        self.initial["rows"] = str(self.count)
        for number in range(self.count):
            self.fields[f"sku_{number}"] = Line(label=_("Article"), max_length=80, required=False)
            self.fields[f"description_{number}"] = Line(label=_("Description"), required=False)
            self.fields[f"quantity_{number}"] = Exact(label=_("Quantity"), places=3, required=False)
            self.fields[f"unit_price_{number}"] = Exact(label=_("Unit price"), places=4, required=False)

    @property
    def head(self) -> list[Any]:
        return [self[name] for name in ("order_number", "purchased_at", "currency", "incentive")]

    @property
    def lines(self) -> list[tuple[int, list[Any]]]:
        """Number of the line, its fields."""
        return [(n + 1, [self[f"{name}_{n}"] for name in COLUMNS]) for n in range(self.count)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.items: list[tuple[int, Item]] = []
        for number in range(self.count):
            row = {name: data.get(f"{name}_{number}") for name in COLUMNS}
            raw = [self.data.get(f"{name}_{number}", "").strip() for name in COLUMNS]
            if not any(raw) or any(f"{name}_{number}" in self.errors for name in COLUMNS):
                continue
            for name in COLUMNS[1:]:
                if row[name] in (None, ""):
                    field = f"{name}_{number}"
                    words = _("Line %(number)s: %(label)s is missing.")
                    self.add_error(field, words % {"number": number + 1, "label": self.fields[field].label})
            self.items.append((number, Item(**row)))  # type: ignore[arg-type]
        in_lines = any(f"{name}_{number}" in self.errors for number in range(self.count) for name in COLUMNS)
        if not self.items and not in_lines:
            self.add_error("description_0", _("Write down at least one line."))
        return data

    def values(self) -> dict[str, Any]:
        names = ("order_number", "purchased_at", "currency", "incentive")
        return {**{name: self.cleaned_data[name] for name in names}, "lines": [item for _n, item in self.items]}

    def place(self, name: str) -> str:
        parts = name.split(".")
        if parts[0] == "lines" and len(parts) == 3:
            return f"{parts[2]}_{self.items[int(parts[1])][0]}"
        return super().place(name)


class ReasonForm(ActForm):
    reason = Paragraphs(label=gettext_lazy("Why"), max_length=REASON, rows=3)


class ReturnForm(ReasonForm):
    """How much of each line comes back; `left` is what can."""

    def __init__(self, lines: Iterable[tuple[PurchaseLine, Decimal]], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.left = [(line, left) for line, left in lines if left > 0]
        for line, left in self.left:
            hint = _("at most %(left)s") % {
                "left": languages.number(left.normalize() if left % 1 else left.to_integral())
            }
            label = " ".join(part for part in (line.sku, line.description) if part) or _("Line")
            self.fields[f"line_{line.pk}"] = Exact(label=label, help_text=hint, places=3, required=False)
        self.order_fields([f"line_{line.pk}" for line, _left in self.left])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.back = [
            Back(line.pk, quantity)
            for line, _left in self.left
            if (quantity := data.get(f"line_{line.pk}")) is not None
        ]
        if not self.back and not self.errors:
            self.add_error(None, _("Which lines come back?"))
        return data

    def values(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"], "lines": self.back}

    def place(self, name: str) -> str:
        parts = name.split(".")
        return (
            f"line_{self.back[int(parts[1])].line}" if parts[0] == "lines" and len(parts) > 1 else super().place(name)
        )


class ChargeForm(ActForm):
    amount = Exact(label=gettext_lazy("Amount"), places=4)
    currency = Currency()
    charged_on = Day(label=gettext_lazy("Charged on"))
    description = Line(label=gettext_lazy("What for"), required=False)
    order_number = Line(label=gettext_lazy("Order number"), max_length=80, required=False)


class PaymentForm(ActForm):
    amount = Exact(
        label=gettext_lazy("Amount"), places=4, signed=True, help_text=gettext_lazy("below zero: money given back")
    )
    currency = Currency()
    paid_on = Day(label=gettext_lazy("Paid on"))
    charge = forms.TypedChoiceField(
        label=gettext_lazy("For which charge"), required=False, coerce=int, empty_value=None
    )
    method = Line(label=gettext_lazy("How"), max_length=80, required=False)

    def __init__(self, charges: Iterable[Charge], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        named = [
            (one.pk, f"{languages.day(one.charged_on)} · {languages.money(one.amount, one.currency)} {one.description}")
            for one in charges
        ]
        self.fields["charge"].choices = [("", _("no particular one")), *named]  # type: ignore[attr-defined]


class Correcting(ActForm):
    """What a correction has beside the values: the version it was shown for, and why."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    why = Paragraphs(label=gettext_lazy("Why it is corrected"), max_length=REASON, rows=3)
    current: Callable[[], int] | None = None  # the version as it is now, for a form that came back

    def anew(self) -> dict[str, str]:
        return {"version": str(self.current())} if self.current else {}

    def values(self) -> dict[str, Any]:
        found = super().values()
        found["reason"] = found.pop("why")
        return found

    def place(self, name: str) -> str:
        return "why" if name == "reason" else super().place(name)


class ChargeCorrectionForm(ChargeForm, Correcting):
    """A charge as it should have been."""


class PaymentCorrectionForm(PaymentForm, Correcting):
    """A payment as it should have been."""


class LineCorrectionForm(Correcting):
    """A line as it should have been."""

    sku = Line(label=gettext_lazy("Article"), max_length=80, required=False)
    description = Line(label=gettext_lazy("Description"))
    quantity = Exact(label=gettext_lazy("Quantity"), places=3, help_text=gettext_lazy("0: it was never bought"))
    unit_price = Exact(label=gettext_lazy("Unit price"), places=4)


class BackCorrectionForm(Correcting):
    """How much of a line really came back."""

    quantity = Exact(label=gettext_lazy("How much came back"), places=3)


def written(number: Decimal) -> str:
    """A number as it is typed into these forms: without a separator of thousands."""
    return f"{number:f}".replace(".", languages.voice().decimal)


class DepartureForm(ActForm):
    left_on = Day(label=gettext_lazy("Last day"))
    reason = Line(label=gettext_lazy("Why do they leave?"))


class ReturnedForm(ActForm):
    returned_on = Day(label=gettext_lazy("With us again since"))
    plan = Line(label=gettext_lazy("Contract"), max_length=80, required=False)


class JoiningForm(ActForm):
    joined_on = Day(label=gettext_lazy("With us since"))
    plan = Line(label=gettext_lazy("Contract"), max_length=80, required=False)


class PlainForm(ActForm):
    """A button is enough."""
