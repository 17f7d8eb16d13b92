"""The forms of corrective actions. They only read; every rule is in the actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints import learning
from complaints.actions import corrective as actions
from complaints.models import CorrectiveAction
from complaints.reference import catalogue
from complaints.web.one.forms import cause_choices, owner_choices
from core import dates
from core.clock import now
from core.models import User
from core.web.fields import Line, Paragraphs, PlainSelect
from core.web.once import OnceForm

DUE_IN = 30  # days, where nothing is said
DAY = {"type": "date"}


class CorrectiveForm(OnceForm):
    """What shall change. `version`: the action as it was shown; `complaint`: the cases that gave rise to it."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    complaint = forms.CharField(widget=forms.HiddenInput, required=False, max_length=1_000)
    title = Line(
        label=gettext_lazy("What is changed"),
        max_length=160,
        error_messages={"required": gettext_lazy("Give it a title.")},
    )
    description = Paragraphs(
        label=gettext_lazy("How, and what it shall achieve"), required=False, max_length=actions.LENGTHS["description"]
    )
    root_cause = forms.ChoiceField(
        label=gettext_lazy("Against which root cause"),
        widget=PlainSelect,
        error_messages={"required": gettext_lazy("Choose the root cause.")},
    )
    product = Line(
        label=gettext_lazy("Product"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("as it stands on the complaints; empty: any"),
    )
    lot = Line(
        label=gettext_lazy("Lot"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("as it stands on the complaints; empty: any"),
    )
    owner = forms.ChoiceField(label=gettext_lazy("Who sees to it"), widget=PlainSelect)
    due_on = forms.DateField(
        label=gettext_lazy("Due on"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
        error_messages={"required": gettext_lazy("Say by which day."), "invalid": gettext_lazy("This is no date.")},
    )
    window_days = forms.IntegerField(
        label=gettext_lazy("Days to measure"),
        help_text=gettext_lazy("as many before it is done are compared with as many after"),
        min_value=1,
        max_value=learning.LONGEST_WINDOW,
        initial=90,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["root_cause"].choices = [("", _("choose")), *cause_choices()]  # type: ignore[attr-defined]
        self.fields["owner"].choices = owner_choices()  # type: ignore[attr-defined]

    @property
    def facts(self) -> dict[str, Any]:
        """The values as the actions take them."""
        data = self.cleaned_data
        plain = ("title", "description", "product", "lot", "due_on", "window_days")
        return {
            **{name: data[name] for name in plain},
            "root_cause": catalogue().causes[data["root_cause"]],
            "owner": User.objects.get(pk=data["owner"]),
        }

    @classmethod
    def of(cls, action: CorrectiveAction) -> CorrectiveForm:
        """Filled in with an action as it is."""
        names = ("title", "description", "product", "lot", "due_on", "window_days", "version")
        known = {name: getattr(action, name) for name in names}
        cause = catalogue().causes_by_id[action.root_cause_id].code
        return cls(initial={**known, "root_cause": cause, "owner": str(action.owner_id)})

    @classmethod
    def blank(cls, user: User, **known: Any) -> CorrectiveForm:
        due_on = dates.of_house(now()) + timedelta(days=DUE_IN)
        return cls(initial={"owner": str(user.pk), "due_on": due_on, **known})


class DoneForm(OnceForm):
    done_on = forms.DateField(
        label=pgettext_lazy("corrective action", "Done on"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
        error_messages={"required": gettext_lazy("Say on which day."), "invalid": gettext_lazy("This is no date.")},
    )


class DropForm(OnceForm):
    reason = Line(
        label=gettext_lazy("Why it is dropped"),
        max_length=actions.LONG,
        error_messages={"required": gettext_lazy("Say why it is dropped.")},
    )


class VerdictForm(OnceForm):
    effective = forms.ChoiceField(
        label=gettext_lazy("Did it help?"),
        choices=[("yes", pgettext_lazy("corrective action", "Effective")),
                 ("no", pgettext_lazy("corrective action", "Not effective"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say whether it helped.")},
    )  # fmt: skip
    note = Paragraphs(label=gettext_lazy("What tells so"), required=False, max_length=actions.LONG)


class CaseForm(OnceForm):
    complaint = Line(
        label=gettext_lazy("Reference of the complaint"),
        max_length=20,
        error_messages={"required": gettext_lazy("Say which complaint.")},
    )
