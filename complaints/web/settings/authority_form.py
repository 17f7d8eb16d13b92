"""The form of one limit in the draft, and what is asked of the limits to try them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions.authority import SUMS
from complaints.authority import drafts, lines
from complaints.models import AuthorityLimit, LimitHolder, LimitPeriod, RemedyKind
from complaints.web.remedies.form import read_amount
from complaints.web.remedies.limit_words import ROLES
from complaints.web.settings import choices
from complaints.web.settings.editing import Part, SettingsForm
from core import languages, money
from core.models import Team, User
from core.web.fields import Line, PlainSelect
from retention.web.buying_forms import Currency, read_decimal

KINDS = [(kind, label) for kind, label in RemedyKind.choices if kind not in lines.FREE]


class LimitForm(SettingsForm):
    """Whose, of what, how much. The row is the draft: a form shown before somebody changed it is refused (F24)."""

    parts = (
        Part(gettext_lazy("Whose limit"), ("holder", "role", "team", "person")),
        Part(gettext_lazy("Of what"), ("kind", "currency")),
        Part(
            gettext_lazy("How much"),
            ("per_complaint", "per_customer", "per_period", "period"),
            gettext_lazy("Left empty there is no such limit. Zero allows nothing."),
        ),
    )
    holder = forms.ChoiceField(
        label=gettext_lazy("It holds for"), choices=LimitHolder.choices, widget=forms.RadioSelect, initial="role"
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    person = forms.ChoiceField(label=gettext_lazy("Person"), required=False, widget=PlainSelect)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of remedy"),
        required=False,
        help_text=gettext_lazy("a limit for one kind goes before one for all kinds"),
    )
    currency = Currency(required=False)
    per_complaint = Line(label=gettext_lazy("On one complaint"), required=False, max_length=30)
    per_customer = Line(
        label=gettext_lazy("For one customer in the period"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("over all complaints, whoever granted it"),
    )
    per_period = Line(
        label=gettext_lazy("By one person in the period"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("over all complaints; not for everybody together"),
    )
    period = forms.ChoiceField(label=gettext_lazy("Period"), choices=LimitPeriod.choices, initial=LimitPeriod.MONTH)

    def __init__(self, data: Any = None, *, row: Any = None, limit: AuthorityLimit | None = None) -> None:
        self.limit = limit
        super().__init__(data, row=row)

    def build(self) -> None:
        limit = self.limit
        options = {
            "role": [("", _("choose")), *ROLES.items()],
            "team": choices.teams(blank=_("choose"), keep=limit.team_id if limit else None),
            "person": choices.people(blank=_("choose"), keep=limit.person_id if limit else None),
            "kind": [("", _("all kinds together")), *KINDS],
        }
        for name, found in options.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]
        self.fields["currency"].help_text = _("three letters, such as EUR; empty: any, each by itself, and points")
        for name in SUMS:
            self.fields[name].widget.attrs.update(inputmode="decimal", autocomplete="off")

    def again(self, row: Any) -> SettingsForm:
        current = AuthorityLimit.objects.filter(pk=self.limit.pk).first() if self.limit else None
        return LimitForm(row=row, limit=current)

    def start(self, row: Any) -> dict[str, Any]:
        limit = self.limit
        if limit is None:
            return {}
        plain = {name: getattr(limit, name) for name in ("holder", "role", "kind", "currency", "period")}
        sums = {name: written(getattr(limit, name), limit) for name in SUMS}
        return {**plain, **sums, "team": str(limit.team_id or ""), "person": str(limit.person_id or "")}

    def also(self) -> str:
        """Which state of the draft it was shown in."""
        return str(drafts.revision(self.row)) if self.row is not None else ""  # type: ignore[arg-type]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in SUMS:
            text = data.get(name, "")
            data[name] = None
            if text and "currency" in data and "kind" in data:
                try:
                    data[name] = read_sum(text, data["kind"], data["currency"])
                except ValidationError as error:
                    self.add_error(name, error)
        return data

    @property
    def values(self) -> dict[str, Any]:
        given = dict(super().values)
        given["team"] = Team.objects.filter(pk=given["team"]).first() if given["team"] else None
        given["person"] = User.objects.filter(pk=given["person"]).first() if given["person"] else None
        return given


class TryForm(forms.Form):
    """A remedy that nobody asks for: what would happen?"""

    person = forms.ChoiceField(label=gettext_lazy("Person"), widget=PlainSelect)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=RemedyKind.choices, initial=RemedyKind.REFUND)
    amount = Line(label=gettext_lazy("Amount"), required=False, max_length=30)
    currency = Currency(required=False, initial="EUR")
    draft = forms.BooleanField(label=gettext_lazy("By the draft"), required=False)

    def __init__(self, data: Any = None, *, has_draft: bool) -> None:
        super().__init__(data, auto_id="try_%s")
        self.fields["person"].choices = choices.people(blank=_("choose"))  # type: ignore[attr-defined]
        self.fields["amount"].widget.attrs.update(inputmode="decimal", autocomplete="off")
        self.fields["currency"].help_text = ""
        if not has_draft:
            del self.fields["draft"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text = data.get("amount", "")
        data["amount"] = None
        if "kind" in data and "currency" in data:
            if text:
                try:
                    data["amount"] = read_amount(text, data["kind"], data["currency"])
                except ValidationError as error:
                    self.add_error("amount", error)
            elif data["kind"] not in lines.UNVALUED:
                self.add_error("amount", _("Say how much."))
        return data


def read_sum(text: str, kind: str, currency: str) -> Decimal:
    """A limit as it is typed; of any currency with at most four decimals. Raises ValidationError."""
    if kind == lines.POINTS:
        return read_decimal(text, 0)
    return read_decimal(text, money.exponent(currency) if currency else money.PRICE_PLACES)


def written(amount: Decimal | None, limit: AuthorityLimit) -> str:
    """A limit as it stands in its field."""
    if amount is None:
        return ""
    return money.shown(amount, limit.currency or "JPY").replace(".", languages.voice().decimal)
