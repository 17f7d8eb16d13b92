"""The forms by which lists of cases are narrowed, and what each filter offers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import ChannelCode, Severity, Status
from complaints.reference import catalogue, themes
from complaints.web.many.filters import DUE, ME, MINE, PROMISED
from complaints.web.names import colleagues, teams
from core import languages


class NarrowingForm(forms.Form):
    """The filters that every list of cases has; what they mean is complaints.web.many.filters."""

    status = forms.ChoiceField(label=gettext_lazy("Status"), required=False)
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    owner = forms.ChoiceField(label=gettext_lazy("Owner"), required=False)
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), required=False)
    theme = forms.ChoiceField(label=gettext_lazy("Theme"), required=False)

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(initial=given)
        for name, found in filter_choices():
            if name in self.fields:
                self.fields[name].choices = [("", _("any")), *found]  # type: ignore[attr-defined]


def _only(label: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=forms.CheckboxInput(attrs={"value": "yes"}))


class FilterForm(NarrowingForm):
    """The filters of the queue as a GET form."""

    field_order = ("view", "sort", "q", "due", "promise")

    view = forms.CharField(widget=forms.HiddenInput, required=False)
    sort = forms.CharField(widget=forms.HiddenInput, required=False)
    q = forms.CharField(
        label=gettext_lazy("Words"),
        required=False,
        help_text=gettext_lazy("a reference, a name, a number, or what was said"),
    )
    due = forms.ChoiceField(label=gettext_lazy("Due"), required=False)
    promise = forms.ChoiceField(label=gettext_lazy("Promise"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    escalated = _only(gettext_lazy("Only escalated"))
    incident = _only(gettext_lazy("Only of an incident"))
    draft = _only(gettext_lazy("Only with a draft of mine"))
    snoozed = _only(gettext_lazy("Only snoozed"))

    def __init__(self, given: dict[str, str], *, view: str) -> None:
        super().__init__({**given, "view": view})


def filter_choices() -> tuple[tuple[str, tuple[tuple[Any, Any], ...]], ...]:
    """What each filter offers, hashable."""
    people = ((pk, one.name) for pk, one in colleagues().items() if one.takes_cases)
    return (
        ("due", tuple((key, words) for key, (words, _condition) in DUE.items())),
        ("promise", tuple((key, words) for key, (words, _condition) in PROMISED.items())),
        ("status", tuple(Status.choices)),
        ("team", ((MINE, _("my team")), *teams().items())),
        ("owner", ((ME, _("me")), *people)),
        ("type", tuple(type_choices())),
        ("channel", tuple(ChannelCode.choices)),
        ("severity", tuple(Severity.choices)),
        ("theme", tuple((row.code, row.label) for row in themes().values())),
        ("language", tuple((code, languages.language_name(code)) for code, _name in settings.LANGUAGES)),
    )


def type_choices() -> list[tuple[str, str]]:
    """Every type by code, those below another one after it with their path."""
    types = catalogue().types.values()
    tops = [row for row in types if row.parent_id is None]
    return [(row.code, row.path) for top in tops for row in (top, *(one for one in types if one.parent_id == top.pk))]
