"""The page behind a survey's link: it shows a question; only a person who sends the form answers it (ux, Survey; F12).

GET and HEAD write nothing, whoever asks and however often: mail scanners open links and run scripts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from complaints.web.public.forms import Words
from complaints.web.public.pages import private, spoken_in
from core import clock, languages
from core.access import public
from core.actor import Actor
from core.errors import DomainError
from core.references import status_token
from core.web.context import LanguageChoice
from metrics.actions import answer as actions
from metrics.models import Invitation, SurveyResponse
from metrics.models.surveys import HIGHEST, LOWEST, SurveyKind, band
from metrics.survey_links import key_of
from metrics.survey_words import words


@dataclass(frozen=True, slots=True)
class Score:
    """One answer of the scale. `band`: which prompt goes with it (low, middle, high)."""

    value: int
    band: str
    checked: bool


class AnswerForm(forms.Form):
    """The answer. Without a score it is none."""

    use_required_attribute = False
    score = forms.IntegerField(
        error_messages={
            "required": gettext_lazy("Choose a number"),
            "invalid": gettext_lazy("Choose a number"),
            "min_value": gettext_lazy("Choose a number"),
            "max_value": gettext_lazy("Choose a number"),
        }
    )
    comment = Words(required=False, rows=4, max_length=actions.COMMENT)
    may_call = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, kind: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        low, high = LOWEST[SurveyKind(kind)], HIGHEST[SurveyKind(kind)]
        self.fields["score"] = forms.IntegerField(
            min_value=low, max_value=high, error_messages=self.fields["score"].error_messages
        )


@public
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """The question; `?score=` only marks an answer. POST takes the answer, and takes a later one in its place.

    In the invitation's language unless `?language=` chooses another. An altered link is 404, an expired one 410.
    Query cost: 3 to show.
    """
    invitation = invitation_of(token)
    with spoken_in(request, invitation.language):
        if invitation.expires_at is None or invitation.expires_at <= clock.now():
            return private(_closed(request, invitation))
        if request.method == "POST":
            return private(_answer(request, invitation))
        return private(_show(request, invitation, _form(request, invitation)))


def invitation_of(token: str) -> Invitation:
    """The invitation of a link that went out. Raises Http404; the query is made whatever the link looks like."""
    key = key_of(token)
    known = Invitation.objects.select_related("version", "survey", "complaint")
    found = known.filter(key=(key or token)[:32], sent_at__isnull=False).first()
    if key is None or found is None:
        raise Http404
    return found


def _given(invitation: Invitation) -> SurveyResponse | None:
    return SurveyResponse.objects.filter(invitation=invitation).first()


def _form(request: HttpRequest, invitation: Invitation) -> AnswerForm:
    """What was answered before, with the score of the link that was followed."""
    before = _given(invitation)
    start: dict[str, Any] = {"may_call": True}
    if before is not None:
        start = {"score": before.score, "comment": before.comment, "may_call": before.may_call}
    asked = request.GET.get("score", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 3:
        start["score"] = int(asked)
    return AnswerForm(kind=invitation.survey.kind, initial=start)


def _answer(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = AnswerForm(request.POST, kind=invitation.survey.kind)
    if not form.is_valid():
        return _show(request, invitation, form, status=422)
    given = form.cleaned_data
    try:
        response = actions.answer(
            invitation,
            by=Actor.customer("respondent"),
            at=clock.now(),
            score=given["score"],
            comment=given["comment"],
            may_call=given["may_call"],
            language=languages.code(),
        )
    except actions.Expired:
        return _closed(request, invitation)
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return _show(request, invitation, form, status=422 if refusal.status == 400 else refusal.status)
    return _thank(request, invitation, response)


def _show(request: HttpRequest, invitation: Invitation, form: AnswerForm, status: int = 200) -> HttpResponse:
    kind = SurveyKind(invitation.survey.kind)
    chosen = str(form["score"].value() if form["score"].value() is not None else "")
    context = {
        **_frame(request, invitation),
        "texts": words(invitation.version, languages.code()),
        "about": _about(invitation),
        "scores": scores(kind, chosen),
        "lowest": LOWEST[kind],
        "highest": HIGHEST[kind],
        "form": form,
        "errors": [
            ("score-0" if name == "score" else name, line) for name in form.errors for line in form.errors[name]
        ],
        "again": _given(invitation) is not None,
        "stop_url": _stop_url(request),
    }
    return render(request, "survey/survey.html", context, status=status)


def scores(kind: str, chosen: str = "") -> list[Score]:
    """The scale of a kind of survey, from its lowest to its highest number."""
    own = SurveyKind(kind)
    return [Score(n, band(own, n), str(n) == chosen) for n in range(LOWEST[own], HIGHEST[own] + 1)]


def _thank(request: HttpRequest, invitation: Invitation, response: SurveyResponse) -> HttpResponse:
    kind = SurveyKind(invitation.survey.kind)
    context = {
        **_frame(request, invitation),
        "texts": words(invitation.version, languages.code()),
        "score": response.score,
        "highest": HIGHEST[kind],
        "comment": response.comment,
        "unhappy": actions.is_unhappy(response),
        "may_call": response.may_call,
        "change_url": _address(request),
        "status_url": _status(invitation),
        "until": languages.sentence_day(invitation.expires_at) if invitation.expires_at else "",
    }
    return render(request, "survey/thanks.html", context)


def _closed(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    context = {**_frame(request, invitation), "status_url": _status(invitation), "stop_url": _stop_url(request)}
    return render(request, "survey/closed.html", context, status=410)


def _frame(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    active, given = languages.code(), request.GET.copy()
    choices = []
    for code, _name in settings.LANGUAGES:
        given["language"] = code
        choice = LanguageChoice(code, languages.own_name(code), code == active)
        choices.append((choice, f"{request.path}?{given.urlencode()}"))
    return {"choices": choices}


def _address(request: HttpRequest) -> str:
    """This page without a score, in the language the reader chose."""
    chosen = request.GET.get("language", "")
    return f"{request.path}?language={languages.code(chosen)}" if chosen else request.path


def _stop_url(request: HttpRequest) -> str:
    """Where they say that they want no more surveys, in the language the reader chose."""
    chosen = request.GET.get("language", "")
    return f"{request.path}stop/" + (f"?language={languages.code(chosen)}" if chosen else "")


def _about(invitation: Invitation) -> str:
    """About your complaint AM-1048-2K7M, settled on 24 November 2026."""
    complaint = invitation.complaint
    if complaint is None:
        return ""
    if complaint.resolved_at is None:
        return _("About your complaint %(reference)s") % {"reference": complaint.reference}
    settled = languages.sentence_day(complaint.resolved_at)
    text = _("About your complaint %(reference)s, settled: %(date)s")
    return text % {"reference": complaint.reference, "date": settled}


def _status(invitation: Invitation) -> str:
    return reverse("status", args=[status_token(invitation.complaint.reference)]) if invitation.complaint else ""
