"""The forms by which a case is decided, or the law's longer time is taken for it (domain, Complaint 6-7; Regulated)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints import decision_letter, decisions, errors
from complaints.actions import demands as asked_for
from complaints.actions.demands import GIVEN, DemandAnswer
from complaints.models import Complaint, Demand, DemandOutcome, LateReason, Outcome, Remedy, ToldHow
from complaints.reference import catalogue
from complaints.sla import pack_texts
from complaints.web.one import final_answers, statutory
from complaints.web.one.forms import ActForm, Key, Keys, MacroKey, cause_choices
from core.web.fields import Line, LocalInstant, Paragraphs, PlainSelect

ABOUT_DEMANDS = "demand_"


def remember(complaint: Complaint, asked: Iterable[Demand], given: Iterable[Remedy]) -> None:
    """Keep with the case what was read of its demands, and of the remedies that can answer them."""
    complaint.__dict__["shown_demands"], complaint.__dict__["shown_remedies"] = list(asked), list(given)


def demands(complaint: Complaint) -> Sequence[Demand]:
    """What the complainant asks for. Query cost: 1 unless remembered."""
    if "shown_demands" not in complaint.__dict__:
        complaint.__dict__["shown_demands"] = decisions.demands(complaint)
    found: list[Demand] = complaint.__dict__["shown_demands"]
    return found


def remedies(complaint: Complaint) -> Sequence[Remedy]:
    """What is given, or waits for approval. Query cost: 1 unless remembered."""
    if "shown_remedies" not in complaint.__dict__:
        complaint.__dict__["shown_remedies"] = list(Remedy.objects.filter(complaint=complaint, status__in=GIVEN))
    found: list[Remedy] = complaint.__dict__["shown_remedies"]
    return found


class ResolveForm(ActForm):
    """Asks what is decided about each demand, why it is late where a deadline was missed, and for what the rule packs
    of the case demand. A prepared answer is put in by `final_answers`, before anything is sent.
    """

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
    findings = Paragraphs(
        label=gettext_lazy("What we found"), required=False, rows=3, help_text=gettext_lazy("for us, not sent")
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
    template = Key(label=gettext_lazy("Prepared answer"), required=False, widget=final_answers.Pick)
    macro = MacroKey()
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
    def look(cls, complaint: Complaint) -> tuple[Any, ...] | None:  # type: ignore[override]
        """None where there are demands: no two such forms look alike."""
        if demands(complaint):
            return None
        texts = tuple((text.key, text.name, text.required) for text in statutory.texts(complaint, pack_texts.RESOLVE))
        late = (complaint.late_reason,) if statutory.is_late(complaint) else None
        return cause_choices(), late, texts, statutory.answer_asked_by(complaint), final_answers.offered(complaint)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ask_about_demands()
        if prepared := final_answers.offered(self.complaint):
            self.fields["template"].choices = [("", _("choose")), *prepared]  # type: ignore[attr-defined]
        else:
            del self.fields["template"]
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

    def _ask_about_demands(self) -> None:
        """For each demand a yes, in part or no, a few words, and what is given for it, behind the outcome."""
        given = [(str(one.pk), decision_letter.remedy(one)) for one in remedies(self.complaint)]
        names = []
        for one in demands(self.complaint):
            name = f"{ABOUT_DEMANDS}{one.pk}"
            self.fields[name] = forms.ChoiceField(
                label=_("They ask for: %(what)s") % {"what": one.text},
                widget=forms.RadioSelect,
                required=False,
                choices=DemandOutcome.choices,
                initial=one.outcome,
            )
            self.fields[f"{name}_answer"] = Line(
                label=_("In a few words"),
                required=False,
                max_length=asked_for.LONGEST_ANSWER,
                initial=one.answer,
                help_text=_("the customer reads it"),
            )
            names += [name, f"{name}_answer"]
            if given:
                choices = [("", pgettext("what is given", "nothing")), *given]
                self.fields[f"{name}_remedy"] = Key(
                    label=_("What is given for it"), required=False, widget=PlainSelect, initial=one.remedy_id or ""
                )
                self.fields[f"{name}_remedy"].choices = choices  # type: ignore[attr-defined]
                names.append(f"{name}_remedy")
        self.order_fields(["outcome", *names, *(name for name in self.fields if name not in ("outcome", *names))])

    @property
    def values(self) -> dict[str, Any]:
        found = {name: value for name, value in super().values.items() if not name.startswith(ABOUT_DEMANDS)}
        found.pop("template", None)
        return {**found, "demands": self.answers}

    @property
    def answers(self) -> list[DemandAnswer]:
        """What was said about each demand; those left open are left out."""
        found = []
        for one in demands(self.complaint):
            said, name = self.cleaned_data, f"{ABOUT_DEMANDS}{one.pk}"
            key = said.get(f"{name}_remedy") or ""
            if outcome := said.get(name):
                remedy = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else None
                found.append(DemandAnswer(one.pk, outcome, said.get(f"{name}_answer", ""), remedy))
        return found

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """As of every form; an open demand says so in its place."""
        with super().refusals():
            yield
        if isinstance(self.refusal, errors.DemandOpen):
            for one in demands(self.complaint):
                if not self.cleaned_data.get(name := f"{ABOUT_DEMANDS}{one.pk}"):
                    self.add_error(name, _("Say what you decide about it."))

    def _ask_why_late(self) -> None:
        if not statutory.is_late(self.complaint):
            del self.fields["late_reason"], self.fields["late_note"]
            return
        self.fields["late_reason"].choices = [("", _("choose")), *LateReason.choices]  # type: ignore[attr-defined]
        self.fields["late_reason"].initial = self.complaint.late_reason

    def clean_root_cause(self) -> Any:
        return catalogue().causes[self.cleaned_data["root_cause"]]


class LatenessForm(ActForm):
    """Why a case that is decided came late."""

    late_reason = forms.ChoiceField(
        widget=PlainSelect,
        label=gettext_lazy("Why it came late"),
        help_text=gettext_lazy("reason not given so far; for us, not sent"),
        error_messages={"required": gettext_lazy("Say why it came late.")},
    )
    late_note = Line(label=gettext_lazy("More about it"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["late_reason"].choices = [("", _("choose")), *LateReason.choices]  # type: ignore[attr-defined]


class ToldForm(ActForm):
    """A person told the complainant what was decided."""

    how = forms.ChoiceField(
        label=gettext_lazy("They were told"),
        widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in ToldHow],
        error_messages={"required": gettext_lazy("Say how they were told.")},
    )
    told_at = LocalInstant(
        label=gettext_lazy("When"), required=False, help_text=gettext_lazy("by your clock; empty means now")
    )


class DemandForm(ActForm):
    """One thing the complainant asks for."""

    text = Line(
        label=gettext_lazy("What they ask for"),
        max_length=asked_for.LONGEST,
        error_messages={"required": gettext_lazy("Write what they ask for.")},
    )


class OldDemandForm(ActForm):
    """A demand by its key; with other words, or without any: it is no longer asked for."""

    demand = Key(widget=forms.HiddenInput)

    def clean_demand(self) -> Demand | None:
        key = self.cleaned_data["demand"]
        known = key.isascii() and key.isdigit() and len(key) < 19
        return Demand.objects.filter(complaint=self.complaint, pk=int(key)).first() if known else None


class ChangeDemandForm(OldDemandForm):
    text = Line(
        label=gettext_lazy("What they ask for"),
        max_length=asked_for.LONGEST,
        error_messages={"required": gettext_lazy("Write what they ask for.")},
    )


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
