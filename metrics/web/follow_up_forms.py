"""The forms of a follow-up call. They only read and check what was typed; every rule is in the actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.errors import DomainError
from core.models import User
from core.web.fields import Line, Paragraphs, PlainSelect
from core.web.once import OnceForm, fresh, renewed
from retention.actions.follow_ups import ABOUT, HOW_IT_ENDS, NOTE
from retention.models import FollowUp
from retention.models.care import FollowUpOutcome

OUTCOMES = sorted(HOW_IT_ENDS, key=lambda one: one != FollowUpOutcome.REACHED)  # reached first


class Day(forms.DateField):
    """A local date from the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(input_formats=["%Y-%m-%d"], widget=widget, **kwargs)
        self.error_messages["invalid"] = gettext_lazy("Write a date, such as 2026-03-05.")


class CallForm(OnceForm):
    """What all have: `refusals` turns a DomainError into an error of the form, `http_status` is what to answer with."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.http_status = 200

    @contextmanager
    def refusals(self) -> Iterator[None]:
        try:
            yield
        except DomainError as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
            self.http_status = 422 if refusal.status == 400 else refusal.status

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "nonce"}

    def renew(self) -> None:
        """A fresh nonce, so that sending the mended form counts."""
        self.data = renewed(self.data, nonce=fresh())


class OutcomeForm(CallForm):
    """How a call went. With `next_on` after nobody was reached it is tried again, otherwise it is over."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("How did it go?"),
        widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in OUTCOMES],
        error_messages={"required": gettext_lazy("Say how the call ended.")},
    )
    note = Paragraphs(label=gettext_lazy("What was said"), required=False, max_length=NOTE, rows=3)
    next_on = Day(
        label=gettext_lazy("Try again on"),
        required=False,
        help_text=gettext_lazy("where nobody was reached; without a day it is given up"),
    )


class ChangeForm(CallForm):
    """Somebody else, another day, another matter."""

    owner = forms.ChoiceField(label=gettext_lazy("Who calls"), widget=PlainSelect)
    due_on = Day(label=gettext_lazy("At the latest on"))
    about = Line(label=gettext_lazy("What about"), required=False, max_length=ABOUT)

    def __init__(self, *args: Any, keep: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = callers(keep)  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        given = dict(super().values)
        given["owner"] = User.objects.get(pk=given["owner"])
        return given


class PlanForm(ChangeForm):
    """A new call. `complaint`: one of the customer's that the reader may see."""

    complaint = forms.ChoiceField(label=gettext_lazy("Complaint"), required=False, widget=PlainSelect)
    field_order = ("about", "complaint", "due_on", "owner")


class CancelForm(CallForm):
    reason = Line(
        label=gettext_lazy("Why it is not needed"),
        max_length=NOTE,
        error_messages={"required": gettext_lazy("Say why the call is not needed.")},
    )


def callers(keep: int | None = None) -> list[tuple[str, str]]:
    """Everybody who may make a call, by name, and who is to make it now. Query cost: 1."""
    found = User.objects.who_take_cases().order_by("name", "username")
    shown = [(str(one.pk), str(one)) for one in found]
    if keep is not None and str(keep) not in dict(shown):
        shown.append((str(keep), str(User.objects.get(pk=keep))))
    return shown


def start(call: FollowUp) -> dict[str, Any]:
    """What the form of a call that stands begins with."""
    return {"owner": str(call.owner_id), "due_on": call.due_on, "about": call.about}
