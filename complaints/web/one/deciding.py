"""The forms by which a case is decided, or the law's longer time is taken for it (domain, Complaint 7; Regulated)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Complaint, LateReason, Outcome
from complaints.reference import catalogue
from complaints.sla import pack_texts
from complaints.web.one import statutory
from complaints.web.one.forms import ActForm, Key, Keys, cause_choices
from core.web.fields import Line, Paragraphs, PlainSelect


class ResolveForm(ActForm):
    """Asks why it is late where a deadline was missed, and for what the rule packs of the case demand."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in (Outcome.UPHELD, Outcome.PARTLY, Outcome.NOT_UPHELD)],
        error_messages={"required": gettext_lazy("Choose upheld, partly upheld or not upheld.")},
    )
    root_cause = forms.ChoiceField(
        widget=PlainSelect,
        label=gettext_lazy("Root cause"),
        error_messages={"required": gettext_lazy("Name the root cause.")},
    )
    summary = Paragraphs(
        label=gettext_lazy("What was done"),
        rows=3,
        help_text=gettext_lazy("for us, not sent"),
        error_messages={"required": gettext_lazy("Say what was done.")},
    )
    late_reason = forms.ChoiceField(
        widget=PlainSelect,
        label=gettext_lazy("Why it came late"),
        help_text=gettext_lazy("a deadline was missed; for us, not sent"),
        error_messages={"required": gettext_lazy("Say why it came late.")},
    )
    late_note = Line(label=gettext_lazy("More about it"), required=False)
    answer = Paragraphs(
        label=gettext_lazy("Final answer to the customer"),
        required=False,
        rows=5,
        help_text=gettext_lazy("what we decided, why, and what happens now"),
    )
    texts = Keys(
        label=gettext_lazy("Add to the answer"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("as the law asks, in the customer's language"),
    )

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        texts = tuple((text.key, text.name, text.required) for text in statutory.texts(complaint, pack_texts.RESOLVE))
        late = (complaint.late_reason,) if statutory.is_late(complaint) else None
        return cause_choices(), late, texts, statutory.answer_asked_by(complaint)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["root_cause"].choices = [("", _("choose")), *cause_choices()]  # type: ignore[attr-defined]
        self._ask_why_late()
        texts = statutory.texts(self.complaint, pack_texts.RESOLVE)
        if not texts:
            del self.fields["texts"]
        else:
            self.fields["texts"].choices = [(text.key, text.name) for text in texts]  # type: ignore[attr-defined]
            self.fields["texts"].initial = [text.key for text in texts if text.required]
        if asked_by := statutory.answer_asked_by(self.complaint):
            self.fields["answer"].required = True
            said = _("%(pack)s asks for: %(what)s.")
            self.fields["answer"].error_messages["required"] = said % {
                "pack": asked_by,
                "what": pack_texts.FACTS["answer"],
            }

    def _ask_why_late(self) -> None:
        if not statutory.is_late(self.complaint):
            del self.fields["late_reason"], self.fields["late_note"]
            return
        self.fields["late_reason"].choices = [("", _("choose")), *LateReason.choices]  # type: ignore[attr-defined]
        self.fields["late_reason"].initial = self.complaint.late_reason

    def clean_root_cause(self) -> Any:
        return catalogue().causes[self.cleaned_data["root_cause"]]


class ExtendForm(ActForm):
    """The longer time that a rule allows in exceptional cases."""

    clock = Key(label=gettext_lazy("Deadline"), widget=PlainSelect)
    reason = Paragraphs(
        label=gettext_lazy("Why more time is needed"),
        rows=3,
        help_text=gettext_lazy("write it for the customer: the holding reply says it, with the new date"),
        error_messages={"required": gettext_lazy("Say why more time is needed.")},
    )
    tell = forms.BooleanField(
        label=gettext_lazy("Send the holding reply, in the customer's language"), required=False, initial=True
    )

    @classmethod
    def look(cls, complaint: Complaint) -> tuple[Any, ...]:
        return tuple(statutory.extendable(complaint))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clock"].choices = statutory.extendable(self.complaint)  # type: ignore[attr-defined]
