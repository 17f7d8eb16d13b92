"""Knowledge: articles and playbooks to read, to find and to confirm (mission A6, D1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from complaints import markup
from complaints.actions import readings
from complaints.models import ArticleKind, ArticleVersion, Playbook, PlaybookVersion
from complaints.playbooks import articles, memory, reading
from complaints.playbooks.articles import Found
from complaints.playbooks.content import HOW, Changed, Step, differences, said, spoken_in
from complaints.reference import catalogue
from complaints.web.many.filter_forms import type_choices
from complaints.web.names import name_of
from complaints.web.settings.frame import words_of
from core import languages
from core.access import ADMIN, CASES, LEAD, MANAGER, allow
from core.actor import Actor
from core.clock import now
from core.errors import DomainError
from core.web.once import Repeated, claim, fresh
from core.web.parts import Chip, Empty, Link

READERS = (*CASES, ADMIN)
SHOWN = 50


@dataclass(slots=True)
class Line:
    """One article in a list."""

    title: str
    url: str
    kind: Chip
    about: str  # its types, or that it holds for all
    when: str
    preview: str
    lang: str = ""


@dataclass(slots=True)
class Version:
    """One published version in a history."""

    number: int
    name: str
    note: str
    who: str
    url: str
    current: bool = False


@dataclass(slots=True)
class Confirming:
    """What stands under a version that has to be read: the button, or when it was confirmed."""

    url: str
    version: int
    nonce: str
    confirmed: str = ""


@require_safe
@allow(*READERS)
def index(request: HttpRequest) -> HttpResponse:
    """What there is to know, newest first, or what fits words and filters best. Query cost: 2 beside the frame's."""
    words, kind, code = words_of(request), request.GET.get("kind", ""), request.GET.get("type", "")
    chosen = catalogue().types.get(code)
    kind = kind if kind in ArticleKind.values else ""
    found = articles.find(
        words, type_id=chosen.pk if chosen else None, kinds=[kind] if kind else (), only_type=True, limit=SHOWN
    )
    types = type_choices()
    context = {
        "words": words,
        "kind": kind,
        "kinds": [Link(pgettext("articles", "All"), _here(words, "", code), current=not kind)]
        + [Link(str(one.label), _here(words, one.value, code), current=kind == one.value) for one in ArticleKind],
        "types": [(value, label, chosen is not None and value == code) for value, label in types],
        "lines": [line(one) for one in found],
        "narrowed": bool(words or kind or chosen),
        "playbooks": _playbooks() if not (words or kind or chosen) else [],
        "unread": reading.unread(request.user),  # type: ignore[arg-type]
        "may_write": bool(request.user.roles & {MANAGER, ADMIN}),  # type: ignore[union-attr]
        "empty": _empty(bool(words or kind or chosen)),
    }
    return render(request, "knowledge/list.html", context)


def _here(words: str, kind: str, code: str) -> str:
    asked = {name: value for name, value in (("q", words), ("kind", kind), ("type", code)) if value}
    return reverse("knowledge") + (f"?{urlencode(asked)}" if asked else "")


def _empty(narrowed: bool) -> Empty:
    if narrowed:
        clear = Link(_("Show all"), reverse("knowledge"))
        return Empty("match", _("No article fits"), _("Other words, or fewer filters, may find one."), [clear])
    text = _("Policies, procedures, product updates and answers stand here.")
    return Empty("nothing", _("No articles yet"), text, [])


def line(one: Found) -> Line:
    spoken = spoken_in(one.version.titles)
    published = one.version.published_at
    return Line(
        title=one.title,
        url=reverse("knowledge_article", args=[one.article.pk]),
        kind=kind_chip(one.article.kind),
        about=", ".join(one.types) or _("for all complaints"),
        when=languages.short_day(languages.local(published), now=now()) if published else "",
        preview=_beginning(said(one.version.bodies)),
        lang=spoken if spoken != languages.code() else "",
    )


def kind_chip(kind: str) -> Chip:
    return Chip(str(ArticleKind(kind).label))


def _beginning(text: str, longest: int = 160) -> str:
    flat = " ".join(word for word in markup.plain(text).split() if word not in ("-", "*", "•"))
    return flat if len(flat) <= longest else flat[:longest].rsplit(" ", 1)[0] + " …"


def _playbooks() -> list[Link]:
    """The playbooks in force: the general one first, then in the order of the types."""
    known, types = memory.editions(), catalogue().types_by_id
    ordered = sorted(known, key=lambda pk: (pk is not None, types[pk].position if pk in types else 0))
    books = [known[pk].playbook for pk in ordered]
    return [Link(one.label, reverse("knowledge_playbook", args=[one.pk])) for one in books]


@require_safe
@allow(*READERS)
def article(request: HttpRequest, article_id: int) -> HttpResponse:
    """One article; `version` shows an older one, `language` another language. Query cost: at most 4."""
    versions = list(
        ArticleVersion.objects.filter(article=article_id, published_at__isnull=False).select_related("article")
    )
    shown = _chosen(request, versions)
    newest, language = versions[0], _language(request)
    one = newest.article
    here = reverse("knowledge_article", args=[one.pk])
    known = catalogue().types_by_id
    types = sorted(known[pk].path for pk in one.types.values_list("pk", flat=True) if pk in known)
    context = {
        "title": said(shown.titles, language),
        "body": markup.render(said(shown.bodies, language)),
        "lang": spoken_in(shown.bodies, language) or languages.code(),
        "kind": kind_chip(one.kind),
        "about": ", ".join(types) or _("for all complaints"),
        "external": one.url,
        "in_use": one.is_active,
        "note": _version_note(shown, is_newest=shown.pk == newest.pk),
        "what_changed": shown.what_changed,
        "tongues": _tongues(shown.titles, here, language, shown.number if shown.pk != newest.pk else None),
        "versions": _history(versions, here, shown),
        "confirming": _confirming(request, "article", one.pk, newest)
        if one.must_confirm and one.is_active and shown.pk == newest.pk
        else None,
        "edit_url": _edit(request, "settings_article", one.pk),
        "readings_url": _readers(request, "settings_article_readings", one.pk) if one.must_confirm else "",
    }
    return render(request, "knowledge/article.html", context)


@require_safe
@allow(*READERS)
def playbook(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """One playbook with its history; `from` shows what a version changed since another. Query cost: at most 4."""
    one = Playbook.objects.filter(pk=playbook_id).first()
    versions = list(PlaybookVersion.objects.filter(playbook=playbook_id, published_at__isnull=False))
    if one is None:
        raise Http404
    shown = _chosen(request, versions)
    newest, language = versions[0], _language(request)
    here = reverse("knowledge_playbook", args=[one.pk])
    whole = memory.whole_of(shown)
    before = _number(request, "from", versions)
    if before is None and shown.number > 1:
        before = next((other for other in versions if other.number < shown.number), None)
    context = {
        "title": said(one.names, language) or one.name,
        "steps": [read_step(step, language) for step in whole.steps],
        "customer": markup.render(said(whole.customer_part, language)),
        "lang": language,
        "blocks": whole.blocks_resolving,
        "about": _about(one),
        "in_use": one.is_active,
        "note": _version_note(shown, is_newest=shown.pk == newest.pk),
        "what_changed": shown.what_changed,
        "tongues": _tongues(one.names, here, language, shown.number if shown.pk != newest.pk else None),
        "versions": _history(versions, here, shown),
        "differences": worded(differences(memory.whole_of(before), whole)) if before is not None else [],
        "before": before.number if before is not None else None,
        "now": shown.number,
        "confirming": _confirming(request, "playbook", one.pk, newest)
        if one.is_active and shown.pk == newest.pk
        else None,
        "edit_url": _edit(request, "settings_playbook", one.pk),
        "readings_url": _readers(request, "settings_playbook_readings", one.pk),
    }
    return render(request, "knowledge/playbook.html", context)


def _about(one: Playbook) -> str:
    """For which complaints it is."""
    row = catalogue().types_by_id.get(one.type_id) if one.type_id is not None else None
    return row.path if row is not None else _("every complaint without one of its own")


def read_step(step: Step, language: str) -> dict[str, Any]:
    """A step as a reader of `language` sees it."""
    titles = articles.titles()
    links = [Link(one.title, one.url) for one in step.links]
    if step.article in titles:
        title = said(titles[step.article], language)
        links.insert(0, Link(title, reverse("knowledge_article", args=[step.article]), "book"))
    return {
        "key": step.key,
        "title": said(step.titles, language),
        "text": markup.render(said(step.texts, language)),
        "who": step.who_label,
        "required": step.required,
        "links": links,
        "lang": spoken_in(step.titles, language),
    }


def worded(found: list[Changed]) -> list[tuple[str, str, tuple[tuple[str, str, str], ...]]]:
    """Differences for `knowledge/_differences.html`: (how, title, lines)."""
    return [(str(HOW[one.how]), one.title, one.lines) for one in found]


@require_safe
@allow(*CASES)
def to_read(request: HttpRequest) -> HttpResponse:
    """What the reader has to confirm, open ones first. Query cost: 1 beside the frame's."""
    rows = []
    for item, at in reading.of(request.user):  # type: ignore[arg-type]
        rows.append(
            {
                "title": item.title,
                "kind": _("Playbook") if item.kind == reading.PLAYBOOK else _("Article"),
                "url": reverse(f"knowledge_{item.kind}", args=[item.id]),
                "what_changed": item.what_changed,
                "since": _("version %(n)s, since %(day)s")
                % {"n": item.number, "day": languages.day(item.published_at)},
                "confirming": Confirming(
                    reverse(f"knowledge_{item.kind}_reading", args=[item.id]), item.number, fresh(), _when(at)
                ),
            }
        )
    context = {
        "open": [row for row in rows if not row["confirming"].confirmed],  # type: ignore[attr-defined]
        "done": [row for row in rows if row["confirming"].confirmed],  # type: ignore[attr-defined]
        "empty": Empty("done", _("Everything read"), _("New versions of playbooks and articles will stand here."), []),
    }
    return render(request, "knowledge/to_read.html", context)


@require_POST
@allow(*CASES)
def confirm_playbook(request: HttpRequest, playbook_id: int) -> HttpResponse:
    """The reader has read the version that stood there."""
    return _confirm(request, PlaybookVersion.objects.filter(playbook=playbook_id))


@require_POST
@allow(*CASES)
def confirm_article(request: HttpRequest, article_id: int) -> HttpResponse:
    """The reader has read the version that stood there."""
    return _confirm(request, ArticleVersion.objects.filter(article=article_id))


def _confirm(request: HttpRequest, versions: models.QuerySet[Any]) -> HttpResponse:
    number = request.POST.get("version", "")
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404
    version = versions.filter(number=int(number), published_at__isnull=False).first()
    if version is None:
        raise Http404
    at = now()
    try:
        with transaction.atomic():
            claim(request, request.POST.get("nonce", "")[:64], at=at)
            readings.confirm(version, by=Actor.of(request), at=at)
    except Repeated:
        pass
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you, noted as read"))
    return HttpResponseRedirect(reverse("knowledge_to_read"))


def _confirming(request: HttpRequest, kind: str, key: int, version: Any) -> Confirming | None:
    """The button for those who must confirm. Query cost: 1."""
    if not request.user.sees_cases:  # type: ignore[union-attr]
        return None
    at = reading.has_read(request.user, kind, version.pk)  # type: ignore[arg-type]
    return Confirming(reverse(f"knowledge_{kind}_reading", args=[key]), version.number, fresh(), _when(at))


def _when(at: datetime | None) -> str:
    return _("You confirmed it on %(day)s") % {"day": languages.day(at)} if at else ""


def _chosen(request: HttpRequest, versions: list[Any]) -> Any:
    """The version asked for, else the newest. Raises Http404 without any."""
    if not versions:
        raise Http404
    if "version" not in request.GET:
        return versions[0]
    found = _number(request, "version", versions)
    if found is None:
        raise Http404
    return found


def _number(request: HttpRequest, name: str, versions: list[Any]) -> Any:
    """The version whose number stands in the query string; None without one."""
    text = request.GET.get(name, "")
    return next((one for one in versions if str(one.number) == text), None)


def _language(request: HttpRequest) -> str:
    """The language asked for among ours, else the reader's."""
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else languages.code()


def _tongues(texts: Any, here: str, language: str, version: int | None) -> list[Link]:
    """In which languages it can be read."""
    kept: dict[str, str] = {"version": str(version)} if version is not None else {}
    return [
        Link(languages.own_name(code), f"{here}?{urlencode({**kept, 'language': code})}", current=code == language)
        for code, _name in settings.LANGUAGES
        if texts.get(code)
    ]


def _version_note(shown: Any, *, is_newest: bool) -> str:
    words = {"n": shown.number, "day": languages.day(shown.published_at)}
    if is_newest:
        return _("Version %(n)s, in force since %(day)s") % words
    return _("Version %(n)s of %(day)s, no longer in force") % words


def _history(versions: list[Any], here: str, shown: Any) -> list[Version]:
    return [
        Version(
            number=one.number,
            name=_("Version %(n)s") % {"n": one.number},
            note=one.what_changed,
            who=f"{languages.day(one.published_at)}, {name_of(one.made_by_id) or 'Amends'}",
            url=f"{here}?version={one.number}",
            current=one.pk == shown.pk,
        )
        for one in versions
    ]


def _edit(request: HttpRequest, name: str, key: int) -> str:
    return reverse(name, args=[key]) if request.user.roles & {MANAGER, ADMIN} else ""  # type: ignore[union-attr]


def _readers(request: HttpRequest, name: str, key: int) -> str:
    return reverse(name, args=[key]) if request.user.roles & {LEAD, MANAGER, ADMIN} else ""  # type: ignore[union-attr]
