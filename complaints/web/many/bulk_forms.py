"""What each action on many cases asks for, and how it looks in the bar (ux, Agent's desk 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.actions.decide import DECISIONS
from complaints.models import Incident, Macro, Severity
from complaints.web.many import snoozing
from complaints.web.one.forms import cause_choices, owner_choices, type_choices
from core.models import User
from core.web.fields import Line, Paragraphs, PlainSelect

INCIDENTS = 100  # open ones to choose from, newest first


class BulkForm(forms.Form):
    """What an action asks for beside the cases. `values`: plain JSON, as the action reads it; `user`: who asks.
    The ids are its own: it opens over the queue, whose filters have an owner and a type as well."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        kwargs.setdefault("auto_id", "id_bulk_%s")
        super().__init__(*args, **kwargs)

    @property
    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class AssignForm(BulkForm):
    owner = forms.ChoiceField(
        label=gettext_lazy("New owner"),
        widget=PlainSelect,
        error_messages={"required": gettext_lazy("Choose somebody.")},
    )
    reason = Line(label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("only colleagues can read this"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", _("choose")), *owner_choices()]  # type: ignore[attr-defined]


class ClassifyForm(BulkForm):
    type = forms.ChoiceField(label=gettext_lazy("Type"), widget=PlainSelect, required=False)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), widget=PlainSelect, required=False)
    reason = Line(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("deadlines are counted anew from receipt"),
        error_messages={"required": gettext_lazy("Say why it is sorted differently.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unchanged = ("", _("as it is"))
        self.fields["type"].choices = [unchanged, *type_choices()]  # type: ignore[attr-defined]
        self.fields["severity"].choices = [unchanged, *Severity.choices]  # type: ignore[attr-defined]


class SnoozeForm(snoozing.Until, BulkForm):
    @property
    def values(self) -> dict[str, Any]:
        until = self.cleaned_data["until"]
        return {"until": until.isoformat() if until else "reply"}


class NoteForm(BulkForm):
    body = Paragraphs(
        label=gettext_lazy("Internal note"),
        help_text=gettext_lazy("only colleagues can read this"),
        error_messages={"required": gettext_lazy("Write something first.")},
    )


class MacroForm(BulkForm):
    macro = forms.ChoiceField(
        label=gettext_lazy("Macro"),
        widget=PlainSelect,
        help_text=gettext_lazy("in each customer's language; where something is missing, the case is left out"),
        error_messages={"required": gettext_lazy("Choose a macro.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Macro.objects.visible_to(self.user).filter(is_active=True, current__isnull=False)
        own = [one for one in known if one.owner_id in (None, self.user.pk)]
        self.fields["macro"].choices = [("", _("choose")), *((one.pk, one.label) for one in own)]  # type: ignore[attr-defined]


class WaitForm(BulkForm):
    reason = Line(
        label=gettext_lazy("What we are waiting for"),
        error_messages={"required": gettext_lazy("Say what you are waiting for.")},
    )


class ResolveForm(BulkForm):
    outcome = forms.ChoiceField(label=gettext_lazy("Decision"), widget=PlainSelect)
    root_cause = forms.ChoiceField(label=gettext_lazy("Root cause"), widget=PlainSelect)
    summary = Paragraphs(
        label=gettext_lazy("What was done"),
        help_text=gettext_lazy("only colleagues can read this"),
        error_messages={"required": gettext_lazy("Say what was done.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        decisions = [("", _("choose")), *((one.value, one.label) for one in DECISIONS)]
        self.fields["outcome"].choices = decisions  # type: ignore[attr-defined]
        self.fields["root_cause"].choices = [("", _("choose")), *cause_choices()]  # type: ignore[attr-defined]


class IncidentForm(BulkForm):
    incident = forms.ChoiceField(
        label=gettext_lazy("Incident"),
        widget=PlainSelect,
        error_messages={"required": gettext_lazy("Say which incident.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Incident.objects.filter(closed_at__isnull=True).order_by("-pk")[:INCIDENTS]
        named = [(one.reference, f"{one.reference} {one.title}") for one in known]
        self.fields["incident"].choices = [("", _("choose")), *named]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Choice:
    """An action in the bar. `key`: a physical key; without one it stands in the menu behind. `done`: what was done, for
    `n` cases; `form`: what it asks for."""

    icon: str
    done: Callable[[int], str]
    form: type[BulkForm] = BulkForm
    key: str = ""


CHOICES: dict[str, Choice] = {
    "assign": Choice(
        "team", lambda n: ngettext("%(n)s case assigned", "%(n)s cases assigned", n), AssignForm, key="KeyA"
    ),
    "take": Choice("person", lambda n: ngettext("%(n)s case taken", "%(n)s cases taken", n), key="KeyT"),
    "classify": Choice(
        "filter", lambda n: ngettext("%(n)s case sorted", "%(n)s cases sorted", n), ClassifyForm, key="KeyS"
    ),
    "snooze": Choice(
        "snooze", lambda n: ngettext("%(n)s case snoozed", "%(n)s cases snoozed", n), SnoozeForm, key="KeyZ"
    ),
    "macro": Choice("macro", lambda n: ngettext("%(n)s case handled", "%(n)s cases handled", n), MacroForm, key="KeyM"),
    "note": Choice("note", lambda n: ngettext("%(n)s note added", "%(n)s notes added", n), NoteForm),
    "wait": Choice(
        "paused", lambda n: ngettext("%(n)s case waits", "%(n)s cases wait on their customers", n), WaitForm
    ),
    "watch": Choice("eye", lambda n: ngettext("%(n)s case followed", "%(n)s cases followed", n)),
    "resolve": Choice("met", lambda n: ngettext("%(n)s case resolved", "%(n)s cases resolved", n), ResolveForm),
    "incident": Choice(
        "flag",
        lambda n: ngettext("%(n)s case added to the incident", "%(n)s cases added to the incident", n),
        IncidentForm,
    ),
    "close": Choice("check", lambda n: ngettext("%(n)s case closed", "%(n)s cases closed", n)),
}
