"""A new survey in the browser: what it measures, when it is asked, its words in five languages (mission B1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings as house
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.web.settings.editing import CODES, Part, carry_out
from complaints.web.settings.frame import show
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.web.fields import Line
from core.web.parts import Link
from metrics.actions import surveys as actions
from metrics.models import Survey, SurveyKind
from metrics.survey_words import PARTS
from metrics.web.survey_settings import HERE, SurveyForm, newest, part_names


class NewSurveyForm(SurveyForm):
    """Everything a survey needs to be asked; `like`: the code of a survey whose words it starts from."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What it measures"),
        widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in actions.OFFERED],
        initial=SurveyKind.CSAT,
    )

    def __init__(self, data: Any = None, *, like: Survey | None = None) -> None:
        self.like = like
        super().__init__(data)
        self.initial = self.start(Survey())
        if like is not None:
            texts = newest(like).texts
            told = {f"{part}_{code}": texts.get(code, {}).get(part, "") for code in CODES for part in PARTS}
            self.initial |= {"kind": like.kind, **told}

    def build(self) -> None:
        named = part_names()
        for code in CODES:
            for part in PARTS:
                field = Line(label=named[part], max_length=actions.LONGEST, required=code == house.LANGUAGE_CODE)
                field.widget.attrs["lang"] = code
                self.fields[f"{part}_{code}"] = field
        own = tuple(
            name
            for name in self.fields
            if name not in ("nonce", "seen") and "_".join(name.split("_")[:-1]) not in PARTS
        )
        texts = [
            Part(languages.own_name(code).capitalize(), tuple(f"{part}_{code}" for part in PARTS)) for code in CODES
        ]
        self.parts = (Part(_("The survey"), own), *texts)

    @property
    def texts(self) -> dict[str, dict[str, str]]:
        return {code: {part: self.cleaned_data[f"{part}_{code}"] for part in PARTS} for code in CODES}

    @property
    def values(self) -> dict[str, Any]:
        told = {f"{part}_{code}" for code in CODES for part in PARTS}
        return {name: value for name, value in super().values.items() if name not in told}


@allow(ADMIN, MANAGER)
def new(request: HttpRequest) -> HttpResponse:
    """A new survey, once per form; `?like=` starts from the words of another one. Query cost: 2 to show."""
    like = Survey.objects.filter(code=request.GET.get("like", "")[:40]).first()
    form = NewSurveyForm(request.POST if request.method == "POST" else None, like=like)

    def run(**who: Any) -> Survey:
        return actions.create(form.values, form.texts, **who)

    def go(made: Survey) -> str:
        return reverse("settings_survey", args=[made.code])

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Survey created"), go=go)):
        return answer
    context = {
        "form": form,
        "lead": _(
            "Only complaints settled from now on are asked about. Where a language says nothing, the house's does."
        ),
        "submit": _("Create the survey"),
        "back": Link(_("Cancel"), reverse(HERE)),
        "likes": [Link(one.name, f"{reverse('settings_survey_new')}?like={one.code}") for one in Survey.objects.all()],
    }
    return show(request, "settings/survey_new.html", HERE, context, title=_("New survey"), status=form.http_status)
