"""The case as one file: which edition, in which language, as what; and the download (mission E1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from complaints.api.case_file import response_of
from complaints.casefile.editions import Edition, Form, default_language
from complaints.casefile.making import make
from complaints.models import Complaint
from core import languages
from core.access import CASES, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError

LANGUAGES = [(code, languages.own_name(code)) for code, _name in settings.LANGUAGES]


class CaseFileForm(forms.Form):
    """Blank language: the one that fits the edition."""

    edition = forms.ChoiceField(label=gettext_lazy("Edition"), choices=Edition.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("Yours, or the complaint's for the complainant")), *LANGUAGES],
    )
    format = forms.ChoiceField(
        label=gettext_lazy("File"),
        choices=[
            (Form.PDF, gettext_lazy("PDF, to read and to print")),
            (Form.JSON, gettext_lazy("JSON, for programs")),
        ],
        widget=forms.RadioSelect,
    )


BEGIN: dict[str, Any] = {"edition": Edition.INTERNAL, "format": Form.PDF}


@require_safe
@allow(*CASES)
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """The choice. Query cost: 1."""
    return _show(request, _find(request, reference), CaseFileForm(initial=BEGIN))


@require_safe
@allow(*CASES)
def download(request: HttpRequest, reference: str) -> HttpResponse:
    """The file; each download is noted on the trail, a HEAD is none. What is refused shows the choice again."""
    complaint = _find(request, reference)
    form = CaseFileForm(request.GET)
    if not form.is_valid():
        return _show(request, complaint, form, 422)
    if request.method == "HEAD":
        return HttpResponse()
    given = form.cleaned_data
    edition = given["edition"]
    language = given["language"] or default_language(complaint, edition)
    try:
        file = make(complaint, by=Actor.of(request), at=now(), edition=edition, language=language, form=given["format"])
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _show(request, complaint, form, refusal.status)
    return response_of(file)


def _find(request: HttpRequest, reference: str) -> Complaint:
    seen = Complaint.objects.visible_to(request.user).select_related("narrative")  # type: ignore[arg-type]
    return get_object_or_404(seen, reference=reference)


def _show(request: HttpRequest, complaint: Complaint, form: CaseFileForm, status: int = 200) -> HttpResponse:
    context = {
        "reference": complaint.reference,
        "case_url": complaint.get_absolute_url(),
        "url": reverse("case_file_download", args=[complaint.reference]),
        "form": form,
        "title": _("Case file %(reference)s") % {"reference": complaint.reference},
    }
    return render(request, "complaints/case_file.html", context, status=status)
