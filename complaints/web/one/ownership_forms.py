"""The forms of handing over, escalating and following."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from complaints.models import Complaint
from complaints.web.one.forms import ActForm, owner_choices
from core.models import User
from core.web.fields import Line, Paragraphs, PlainSelect

LONG = 2_000


class Somebody(forms.ChoiceField):
    """A colleague who handles cases, by key; whether they can is for the action to say."""

    widget = PlainSelect

    def valid_value(self, value: Any) -> bool:
        return True

    def clean(self, value: Any) -> User | None:
        key = str(super().clean(value))
        return User.objects.filter(pk=key).first() if key.isascii() and key.isdigit() and len(key) < 19 else None


class _People(ActForm):
    """A form with a choice of colleagues, the first of which is named `empty`."""

    people = ""
    empty: Any = gettext_lazy("choose")

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return owner_choices()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[self.people].choices = [("", str(self.empty)), *owner_choices()]  # type: ignore[attr-defined]


class OfferForm(_People):
    people = "to"
    to = Somebody(
        label=gettext_lazy("Whom to ask"),
        error_messages={"required": gettext_lazy("Say whom you ask to take it over.")},
    )
    reason = Line(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=LONG,
        help_text=gettext_lazy("the case stays with its owner until they accept"),
    )


class AcceptOfferForm(ActForm):
    guarded = False


class DeclineOfferForm(ActForm):
    guarded = False
    answer = Line(
        label=gettext_lazy("Why not"),
        max_length=LONG,
        error_messages={"required": gettext_lazy("Say why you do not take it over.")},
    )


class BareForm(ActForm):
    guarded = False


class EscalateForm(_People):
    guarded = False
    people = "to"
    empty = gettext_lazy("the team's lead, then a manager")
    to = Somebody(label=gettext_lazy("Whom to ask"), required=False)
    reason = Paragraphs(
        label=gettext_lazy("What you need help with"),
        max_length=LONG,
        rows=3,
        help_text=gettext_lazy("asking is never held against you"),
        error_messages={"required": gettext_lazy("Say what you need help with.")},
    )


class AnswerEscalationForm(ActForm):
    guarded = False
    answer = Paragraphs(
        label=gettext_lazy("What should be done"),
        max_length=LONG,
        rows=3,
        error_messages={"required": gettext_lazy("Say what should be done.")},
    )
    take_over = forms.BooleanField(label=gettext_lazy("I take the case over"), required=False)


class WatcherForm(_People):
    guarded = False
    people = "user"
    user = Somebody(
        label=gettext_lazy("Who should follow"),
        help_text=gettext_lazy("they see the case from then on"),
        error_messages={"required": gettext_lazy("Say who should follow it.")},
    )


class NoWatcherForm(ActForm):
    guarded = False
    user = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_user(self) -> User | None:
        key = self.cleaned_data["user"]
        return User.objects.filter(pk=key).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
