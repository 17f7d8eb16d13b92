"""The forms of promises: what and by when, in the reader's zone, with the hours people usually mean (mission A12)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions import promises
from complaints.models import ChannelCode, Complaint
from complaints.web.one.forms import ActForm, owner_choices
from core import languages
from core.clock import now
from core.instants import InstantError, parse_instant
from core.models import User
from core.web.fields import Line, LocalInstant, PlainSelect
from core.web.once import OnceForm

NOON, EVENING = time(12), time(17)
FRIDAY, MONDAY, SATURDAY = 4, 0, 5
SOONEST = timedelta(hours=1)  # an hour nearer than that is no choice
OWN = "own"


def hours(at: datetime) -> list[tuple[str, str]]:
    """The hours to choose, as (instant, words): today and tomorrow at five, Friday, Monday at noon, in a week. No hour
    twice; Saturday and Sunday only where they are today."""
    zone = timezone.get_current_timezone()
    today = languages.local(at).date()
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    monday = today + timedelta(days=(MONDAY - today.weekday()) % 7 or 7)
    tomorrow = today + timedelta(days=1)
    days = [(today, EVENING)]
    if tomorrow.weekday() < SATURDAY:
        days.append((tomorrow, EVENING))
    if friday <= tomorrow:
        friday += timedelta(days=7)
    days += [(friday, EVENING), (monday, NOON), (today + timedelta(days=7), EVENING)]
    moments = {datetime.combine(on, hour, zone).astimezone(UTC) for on, hour in days}
    found = sorted(one for one in moments if one > at + SOONEST)
    return [(iso(one), _("by %(when)s") % {"when": languages.near(one, at)}) for one in found]


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Hour(forms.ChoiceField):
    """An instant that was chosen (ISO 8601 with its zone), or OWN; None for nothing and for OWN."""

    def valid_value(self, value: Any) -> bool:
        return True

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text or text == OWN:
            return None
        try:
            return parse_instant(text)
        except InstantError:
            raise ValidationError(_("There is no such date."), code="invalid_datetime") from None


class ByWhen(forms.Form):
    """`due_at`: one of the usual hours; `due_on`: an hour of one's own, which counts where it is filled in."""

    due_at = Hour(label=gettext_lazy("By when"), widget=forms.RadioSelect, required=False)
    due_on = LocalInstant(label=gettext_lazy("Another date and time"), future=True, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_at"].choices = [*hours(now()), (OWN, _("another time"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        found["due_at"] = found.pop("due_on", None) or found.get("due_at")
        if found["due_at"] is None and not {"due_at", "due_on"} & set(self.errors):
            self.add_error("due_at", ValidationError(_("Say by when: a promise needs its hour."), code="required"))
        return found


class PromiseForm(ActForm, ByWhen):
    """A new promise."""

    guarded = False
    text = Line(
        label=gettext_lazy("What we promise"),
        max_length=promises.MOST_TEXT,
        error_messages={"required": gettext_lazy("Say what we promise.")},
    )
    to_whom = Line(
        label=gettext_lazy("To whom"),
        max_length=promises.MOST_WHOM,
        required=False,
        help_text=gettext_lazy("the customer, unless you name somebody"),
    )
    channel = forms.ChoiceField(label=gettext_lazy("How they will hear"), widget=PlainSelect, required=False)
    owner = forms.ChoiceField(label=gettext_lazy("Who keeps it"), widget=PlainSelect, required=False)
    field_order = ["text", "due_at", "due_on", "to_whom", "channel", "owner"]

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return owner_choices(), tuple(hours(now())), languages.local(now()).date()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs["data-vague"] = ""
        self.fields["channel"].choices = [("", _("not decided")), *ChannelCode.choices]  # type: ignore[attr-defined]
        self.fields["owner"].choices = [("", _("who has the case")), *owner_choices()]  # type: ignore[attr-defined]

    def clean_owner(self) -> User | None:
        key = self.cleaned_data["owner"]
        return User.objects.filter(pk=key).first() if key else None


class RenegotiationForm(OnceForm, ByWhen):
    """Another hour, and why; perhaps in other words."""

    text = Line(
        label=gettext_lazy("In other words"),
        max_length=promises.MOST_TEXT,
        required=False,
        help_text=gettext_lazy("left empty, the promise stays as it is"),
    )
    reason = Line(
        label=gettext_lazy("Why it was agreed anew"),
        error_messages={"required": gettext_lazy("Say why it was agreed anew.")},
    )
    field_order = ["due_at", "due_on", "reason", "text"]


class ReleaseForm(OnceForm):
    reason = Line(
        label=gettext_lazy("Why it is no longer wanted"),
        error_messages={"required": gettext_lazy("Say why it is no longer wanted.")},
    )


class FulfilmentForm(OnceForm):
    note = Line(label=gettext_lazy("Note"), required=False)
