"""Surveys in the settings: which are asked and when, their words in five languages, what came of them (mission B1)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings as house
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.web.names import name_of
from complaints.web.settings.editing import CODES, Part, SettingsForm, carry_out
from complaints.web.settings.frame import in_use, show
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.web.fields import Line
from core.web.parts import Cell, Chip, Column, Link
from metrics.actions import surveys as actions
from metrics.models import Invitation, Survey, SurveyResponse, SurveySettings, SurveyVersion
from metrics.models.surveys import HIGHEST, LOWEST, Suppression, SurveyKind
from metrics.survey_words import PARTS
from metrics.web.survey_page import scores

HERE = "settings_surveys"
HOUR = 3600


class TogetherForm(SettingsForm):
    contact_cap_days = forms.IntegerField(
        label=gettext_lazy("Days between two surveys to the same person"), min_value=0, max_value=365,
        help_text=gettext_lazy("over all surveys; 0 for no limit"),
    )  # fmt: skip
    follow_up_working_days = forms.IntegerField(
        label=gettext_lazy("Working days until an unhappy customer is called"), min_value=0, max_value=60
    )


class SurveyForm(SettingsForm):
    name = Line(label=pgettext_lazy("of a thing", "Name"), max_length=120)
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False)
    after_resolution = forms.BooleanField(
        label=gettext_lazy("Asked after a complaint was resolved"), required=False,
        help_text=gettext_lazy("only about complaints settled from now on, never about enquiries and imported history"),
    )  # fmt: skip
    delay_hours = forms.DecimalField(
        label=gettext_lazy("Working hours between the resolution and the mail"), min_value=0, max_value=1440,
        decimal_places=2, help_text=gettext_lazy("by the calendar of the last policy under Deadlines"),
    )  # fmt: skip
    expires_days = forms.IntegerField(
        label=gettext_lazy("Days the link can be answered"), min_value=1, max_value=actions.MOST_DAYS
    )
    share_percent = forms.IntegerField(
        label=gettext_lazy("Share of those who could be asked, per cent"), min_value=1, max_value=100
    )

    def start(self, row: Any) -> dict[str, Any]:
        hours = (Decimal(row.delay_seconds) / HOUR).quantize(Decimal("0.01")).normalize()
        own = {name: getattr(row, name) for name in self.fields if hasattr(row, name)}
        return {**own, "delay_hours": f"{hours:f}"}

    @property
    def values(self) -> dict[str, Any]:
        given = dict(super().values)
        given["delay_seconds"] = int(given.pop("delay_hours") * HOUR)
        return given


class WordsForm(SettingsForm):
    """Seven texts in each language. `do`: publish them, or only look at them."""

    do = forms.ChoiceField(
        widget=forms.HiddenInput, required=False, choices=[("publish", ""), ("look", "")], initial="publish"
    )

    def build(self) -> None:
        named = part_names()
        for code in CODES:
            for part in PARTS:
                field = Line(label=named[part], max_length=actions.LONGEST, required=code == house.LANGUAGE_CODE)
                field.widget.attrs["lang"] = code
                self.fields[f"{part}_{code}"] = field
        self.parts = tuple(
            Part(languages.own_name(code).capitalize(), tuple(f"{part}_{code}" for part in PARTS)) for code in CODES
        )

    def start(self, row: Any) -> dict[str, Any]:
        texts = newest(row).texts
        return {f"{part}_{code}": texts.get(code, {}).get(part, "") for code in CODES for part in PARTS}

    def also(self) -> str:
        return str(newest(self.row).number)

    @property
    def texts(self) -> dict[str, dict[str, str]]:
        """What stands in the form now, valid or not."""
        return {code: {part: str(self[f"{part}_{code}"].value() or "") for part in PARTS} for code in CODES}


@dataclass(frozen=True, slots=True)
class Sample:
    """The survey as its readers will see it in one language."""

    language: str
    name: str
    texts: dict[str, str]
    prompts: list[tuple[str, str]]


def part_names() -> dict[str, str]:
    return {
        "question": _("Question"),
        "low": _("Lowest number means"),
        "high": _("Highest number means"),
        "prompt_low": _("Asked after a low score"),
        "prompt_middle": _("Asked after a middling score"),
        "prompt_high": _("Asked after a high score"),
        "thanks": _("Under “Thank you”"),
    }


def newest(survey: Any) -> SurveyVersion:
    return SurveyVersion.objects.filter(survey=survey).order_by("-number")[0]


@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """All surveys with how many were asked and answered, and what holds for all. Query cost: 4."""
    form = TogetherForm(request.POST if request.method == "POST" else None, row=SurveySettings.objects.get(pk=1))

    def run(**who: Any) -> SurveySettings:
        return actions.change_settings(form.values, **who)

    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=reverse(HERE))):
        return answer
    sent, answered = _sent(), _answered()
    context = {
        "form": form,
        "columns": [
            Column(_("Survey")),
            Column(_("Kind")),
            Column(_("State")),
            Column(_("Sent"), end=True),
            Column(_("Answered"), end=True),
            Column(_("Share"), end=True),
        ],
        "rows": [_row(one, sent.get(one.pk, 0), answered.get(one.pk, 0)) for one in Survey.objects.all()],
    }
    tools = (Link(_("New survey"), reverse("settings_survey_new"), "plus", primary=True),)
    return show(request, "settings/surveys.html", HERE, context, tools=tools, status=form.http_status)


def _row(one: Survey, sent: int, answered: int) -> list[Cell]:
    return [
        Cell(one.name, "head", reverse("settings_survey", args=[one.code])),
        Cell(str(SurveyKind(one.kind).label)),
        Cell(Chip(in_use(one.is_active), "met" if one.is_active else "pause"), "chip"),
        Cell(languages.number(sent), "num"),
        Cell(languages.number(answered), "num"),
        Cell(languages.percent(Decimal(answered * 100) / sent) if sent else languages.DASH, "num"),
    ]


@allow(ADMIN, MANAGER)
def survey(request: HttpRequest, code: str) -> HttpResponse:
    """One survey: switches, times, figures and versions. Query cost: 6."""
    one = _find(code)
    form = SurveyForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> Survey:
        return actions.change(one, form.values, **who)

    here = reverse("settings_survey", args=[one.code])
    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=here)):
        return answer
    context = {
        "form": form,
        "kind": str(SurveyKind(one.kind).label),
        "figures": _figures(one),
        "versions": _versions(one),
        "sample": _samples(one, newest(one).texts, only=languages.code())[0],
        **_scale(one),
    }
    tools = (Link(_("Words"), reverse("settings_survey_words", args=[one.code]), primary=True),)
    return show(request, "settings/survey.html", HERE, context, title=one.name, tools=tools, status=form.http_status)


@allow(ADMIN, MANAGER)
def text(request: HttpRequest, code: str) -> HttpResponse:
    """The words in five languages: look at them as a reader would, then publish them as a new version."""
    one = _find(code)
    form = WordsForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> SurveyVersion:
        return actions.publish(one, form.texts, **who)

    looking = request.method == "POST" and request.POST.get("do") == "look"
    if looking:
        form.is_valid()
    elif request.method == "POST":
        go = reverse("settings_survey", args=[one.code])
        if answer := carry_out(request, form, run, done=_("Published"), go=go):
            return answer
    number = newest(one).number
    context = {
        "form": form,
        "lead": _("Version %(n)s is in force. Publishing makes a new one; answers keep the words they were given to.")
        % {"n": number},
        "samples": _samples(one, form.texts),
        "looking": looking,
        "back": Link(_("Cancel"), reverse("settings_survey", args=[one.code])),
        **_scale(one),
    }
    title = _("Words of: %(name)s") % {"name": one.name}
    return show(request, "settings/survey_words.html", HERE, context, title=title, status=form.http_status)


def _scale(one: Survey) -> dict[str, Any]:
    kind = SurveyKind(one.kind)
    return {"scores": scores(kind), "lowest": LOWEST[kind], "highest": HIGHEST[kind]}


def _samples(one: Survey, texts: dict[str, dict[str, str]], only: str = "") -> list[Sample]:
    """How it reads in each language, what is missing said in the house's own."""
    first = texts.get(house.LANGUAGE_CODE) or texts.get("en") or {}
    found = []
    for code in [only] if only else CODES:
        said = {part: texts.get(code, {}).get(part) or first.get(part, "") for part in PARTS}
        prompts = [(reach, said[f"prompt_{band}"]) for band, reach in _reaches(one)]
        found.append(Sample(code, languages.own_name(code).capitalize(), said, prompts))
    return found


def _reaches(one: Survey) -> list[tuple[str, str]]:
    """Which scores each prompt follows: [("low", "0–6"), ("middle", "7–8"), ("high", "9–10")]."""
    by_band: dict[str, list[int]] = {}
    for score in scores(one.kind):
        by_band.setdefault(score.band, []).append(score.value)
    return [(band, f"{own[0]}–{own[-1]}" if len(own) > 1 else str(own[0])) for band, own in by_band.items()]


def _figures(one: Survey) -> list[tuple[str, str]]:
    """Sent, answered, waiting, and why others were not asked. Query cost: 3."""
    own = Invitation.objects.filter(survey=one)
    sent, answered = own.filter(sent_at__isnull=False).count(), SurveyResponse.objects.filter(survey=one).count()
    why = dict(own.exclude(suppressed="").values_list("suppressed").annotate(n=Count("pk")).order_by())
    found = [
        (_("Sent"), languages.number(sent)),
        (_("Answered"), languages.number(answered)),
        (_("Waiting for their time"), languages.number(own.filter(sent_at__isnull=True, suppressed="").count())),
    ]
    named = [(str(reason.label), languages.number(why[reason.value])) for reason in Suppression if reason.value in why]
    return [*found, *[(_("Not asked: %(why)s") % {"why": name}, number) for name, number in named]]


def _versions(one: Survey) -> list[tuple[str, str]]:
    found = []
    for version in SurveyVersion.objects.filter(survey=one).order_by("-number")[:20]:
        who = name_of(version.published_by_id) or "Amends"
        found.append((_("Version %(n)s") % {"n": version.number}, f"{languages.day(version.published_at)}, {who}"))
    return found


def _sent() -> dict[int, int]:
    rows = Invitation.objects.filter(sent_at__isnull=False).values_list("survey").annotate(n=Count("pk")).order_by()
    return dict(rows)


def _answered() -> dict[int, int]:
    rows = SurveyResponse.objects.filter(survey__isnull=False).values_list("survey")
    return dict(rows.annotate(n=Count("pk")).order_by())


def _find(code: str) -> Survey:
    one = Survey.objects.filter(code=code).first()
    if one is None:
        raise Http404
    return one
