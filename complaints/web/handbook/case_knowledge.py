"""Knowledge from within a case: suggested by its type and the complainant's words, searched, quoted (mission D1)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from complaints import markup
from complaints.models import Complaint
from complaints.playbooks import articles, reading
from complaints.playbooks.content import said, spoken_in
from complaints.web.handbook import knowledge
from complaints.web.many import strip
from complaints.web.one import case
from complaints.web.settings.frame import words_of
from core import languages
from core.access import CASES, allow

SUGGESTED, FOUND = 5, 12


@require_safe
@allow(*CASES)
def find(request: HttpRequest, reference: str) -> HttpResponse:
    """Articles for a case: suggestions, or with `q` what fits the words. A fragment for htmx, else a page.

    Query cost: 3 beside session and user.
    """
    complaint = case.find(request, reference)
    words = words_of(request)
    context = {
        "reference": complaint.reference,
        "here": reverse("case_knowledge", args=[complaint.reference]),
        "words": words,
        "found": [_entry(complaint, one) for one in for_case(complaint, words)],
        "case_url": complaint.get_absolute_url() + strip.list_query(request),
    }
    page = "complaints/_case_knowledge.html" if request.htmx else "complaints/case_knowledge.html"  # type: ignore[attr-defined]
    return render(request, page, context)


def for_case(complaint: Complaint, words: str = "") -> list[articles.Found]:
    """What fits the words, or without them the case: its type, subject and the complainant's words. Query cost: 2."""
    if words:
        return articles.find(words, type_id=None, limit=FOUND)
    text = f"{complaint.subject}\n{complaint.narrative.description}"
    return articles.find(text, type_id=complaint.type_id, limit=SUGGESTED)


def _entry(complaint: Complaint, one: articles.Found) -> dict[str, Any]:
    shown = knowledge.line(one)
    url = reverse("case_article", args=[complaint.reference, one.article.pk])
    return {"line": shown, "url": url, "id": one.article.pk}


def _marks(language: str) -> str:
    """How a quotation stands in that language: {} between the marks."""
    with translation.override(language):
        return languages.quoted("{}")


@require_safe
@allow(*CASES)
def article(request: HttpRequest, reference: str, article_id: int) -> HttpResponse:
    """One article beside a case, with what can be put into the answer. Query cost: 2 beside session and user."""
    complaint = case.find(request, reference)
    version = reading.newest_article(article_id)
    if version is None or not version.article.is_active:
        raise Http404
    language = complaint.language
    title, url = said(version.titles, language), version.article.url
    inside = settings.BASE_URL.rstrip("/") + reverse("knowledge_article", args=[article_id])
    context = {
        "id": article_id,
        "title": said(version.titles),
        "body": markup.render(said(version.bodies)),
        "lang": spoken_in(version.bodies),
        "quote": markup.plain(said(version.bodies, language)),
        "quote_language": languages.language_name(spoken_in(version.bodies, language) or language),
        "marks": _marks(language),
        "link_reply": f"{title}: {url}" if url else "",
        "link_note": f"{said(version.titles)}: {url or inside}",
        "why_no_link": "" if url else _("It has no public address: in a reply it can only be quoted."),
        "page_url": reverse("knowledge_article", args=[article_id]),
        "case_url": complaint.get_absolute_url() + strip.list_query(request),
        "kind": knowledge.kind_chip(version.article.kind),
    }
    page = "complaints/_case_article.html" if request.htmx else "complaints/case_article.html"  # type: ignore[attr-defined]
    return render(request, page, context)
