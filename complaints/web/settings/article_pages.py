"""Articles in the settings: the list, one with its kind and types, its texts in five languages, publishing (D1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints import markup
from complaints.actions import articles as actions
from complaints.models import Article, ArticleKind, ArticleVersion, ComplaintType
from complaints.playbooks import checking, reading
from complaints.playbooks.content import CODES, HOUSE, said, spoken_in
from complaints.web.handbook import knowledge
from complaints.web.settings import choices
from complaints.web.settings.editing import Part, SettingsForm, carry_out, joined_names, split_names, tabs_of
from complaints.web.settings.frame import in_use, key_of, show
from complaints.web.settings.playbook_pages import PublishForm, tongues
from complaints.web.settings.press import Press, press
from core import languages
from core.access import ADMIN, MANAGER, allow
from core.clock import now
from core.web.fields import Line, Paragraphs
from core.web.parts import Cell, Chip, Column, Empty, Link

HERE = "settings_knowledge"
PAGE = 50


class FactsForm(SettingsForm):
    """What kind of article it is, for which complaints, and whether it has to be confirmed."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=ArticleKind.choices)
    url = Line(
        label=gettext_lazy("Public address"), max_length=checking.URL, required=False,
        help_text=gettext_lazy("where customers can read it; begins with https://"),
    )  # fmt: skip
    must_confirm = forms.BooleanField(
        label=gettext_lazy("Everybody confirms having read each new version"), required=False
    )
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    types = forms.MultipleChoiceField(
        label=gettext_lazy("For complaints of these types"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def build(self) -> None:
        self.fields["types"].choices = [one for one in choices.types(blank="") if one[0]]  # type: ignore[attr-defined]
        hint = gettext_lazy("None: for all of them.")
        self.parts = (Part(gettext_lazy("For complaints of these types"), ("types",), hint, look="picks"),)

    def start(self, row: Any) -> dict[str, Any]:
        own = {name: getattr(row, name) for name in ("kind", "url", "must_confirm", "is_active")}
        return {**own, "types": [str(key) for key in row.types.values_list("pk", flat=True)]}

    def also(self) -> str:
        return ",".join(sorted(self.start(self.row)["types"]))

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in super().values.items() if name in actions.CHANGEABLE}

    @property
    def chosen(self) -> list[ComplaintType]:
        return list(ComplaintType.objects.filter(pk__in=[int(key) for key in self.cleaned_data["types"]]))


class WordsForm(SettingsForm):
    """Title and text in five languages. `do`: keep them as a draft, or only look at them."""

    do = forms.ChoiceField(
        widget=forms.HiddenInput, required=False, choices=[("save", ""), ("look", "")], initial="save"
    )

    def build(self) -> None:
        for code in CODES:
            title = Line(label=gettext_lazy("Title"), max_length=checking.TITLE, required=code == HOUSE)
            hint = gettext_lazy("**Bold**, lists with “- ” or “1. ” and [links](https://...) work. Nothing else does.")
            body = Paragraphs(
                label=gettext_lazy("Text"), max_length=checking.LONG, rows=14, required=code == HOUSE, help_text=hint
            )
            for name, field in (("title", title), ("body", body)):
                field.widget.attrs["lang"] = code
                self.fields[f"{name}_{code}"] = field

    def start(self, row: Any) -> dict[str, Any]:
        shown = actions.draft_of(row) or actions.newest(row)
        titles, bodies = (shown.titles, shown.bodies) if shown is not None else ({}, {})
        return {**split_names("title", titles), **split_names("body", bodies)}

    @property
    def tongues(self) -> list[dict[str, Any]]:
        return tabs_of(self, "title", "body")

    def texts(self, name: str) -> dict[str, str]:
        """What stands in the form now, valid or not."""
        return {code: str(self[f"{name}_{code}"].value() or "") for code in CODES}


class NewForm(WordsForm):
    """A new article: what kind, and its texts."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=ArticleKind.choices)

    @property
    def others(self) -> list[Any]:
        return [self["kind"]]


def find(article_id: int) -> Article:
    one = Article.objects.filter(pk=article_id).first()
    if one is None:
        raise Http404
    return one


def _title(one: Article, version: ArticleVersion | None) -> str:
    return said(version.titles) if version is not None else _("Article %(id)s") % {"id": one.pk}


@require_safe
@allow(ADMIN, MANAGER)
def index(request: HttpRequest) -> HttpResponse:
    """All articles, the newest first, 50 a page. Query cost: 3."""
    newest = ArticleVersion.objects.filter(article=OuterRef("pk")).order_by("-number")
    published = newest.filter(published_at__isnull=False)
    found = Article.objects.annotate(
        called=Subquery(newest.values("titles")[:1]),
        in_force=Subquery(published.values("number")[:1]),
        draft=Subquery(newest.filter(published_at__isnull=True).values("number")[:1]),
        since=Subquery(published.values("published_at")[:1]),
    ).order_by("-pk")
    if before := key_of(request, "before"):
        found = found.filter(pk__lt=before)
    listed = list(found[: PAGE + 1])
    rows = [
        [
            Cell(said(one.called or {}), "head", reverse("settings_article", args=[one.pk])),
            Cell(knowledge.kind_chip(one.kind), "chip"),
            Cell(Chip(in_use(one.is_active), "met" if one.is_active else "pause"), "chip"),
            Cell(str(one.in_force or languages.DASH), "num"),
            Cell(languages.short_day(languages.local(one.since), now=now()) if one.since else languages.DASH),
            Cell(_("to be confirmed") if one.must_confirm else ""),
            Cell(_("draft of version %(n)s") % {"n": one.draft} if one.draft else ""),
        ]
        for one in listed[:PAGE]
    ]
    context = {
        "lead": _("Policies, procedures, product updates and answers, found from within the case by type and words."),
        "columns": [
            Column(_("Article")),
            Column(_("Kind")),
            Column(_("State")),
            Column(_("Version"), end=True),
            Column(_("Since")),
            Column(_("Reading")),
            Column(_("Draft")),
        ],
        "rows": rows,
        "empty": Empty("nothing", _("No articles yet"), _("The first one can answer what is asked most."), []),
        "next_url": f"{reverse(HERE)}?before={listed[PAGE - 1].pk}" if len(listed) > PAGE else "",
        "previous_url": reverse(HERE) if before else "",
    }
    tools = (Link(_("New article"), reverse("settings_article_new"), "plus", primary=True),)
    return show(request, "settings/list.html", HERE, context, tools=tools)


@allow(ADMIN, MANAGER)
def new(request: HttpRequest) -> HttpResponse:
    """An article with its first draft."""
    form = NewForm(request.POST if request.method == "POST" else None)

    def run(**who: Any) -> Article:
        given = form.values
        return actions.create({"kind": given["kind"]}, joined_names("title", given), joined_names("body", given), **who)

    def go(made: Article) -> str:
        return reverse("settings_article", args=[made.pk])

    looking = request.POST.get("do") == "look"
    if looking:
        form.is_valid()
    elif request.method == "POST" and (answer := carry_out(request, form, run, done=_("Draft begun"), go=go)):
        return answer
    context = {"form": form, "back": Link(_("Cancel"), reverse(HERE)), "samples": _samples(form) if looking else []}
    return show(request, "settings/article_words.html", HERE, context, title=_("New article"), status=form.http_status)


@allow(ADMIN, MANAGER)
def article(request: HttpRequest, article_id: int) -> HttpResponse:
    """One article: kind, types and address; its draft and what is in force."""
    one = find(article_id)
    form = FactsForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> Article:
        return actions.change(one, form.facts, types=form.chosen, **who)

    here = reverse("settings_article", args=[one.pk])
    if request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved"), go=here)):
        return answer
    return _page(request, one, form)


def _page(
    request: HttpRequest, one: Article, form: FactsForm, *, publishing: PublishForm | None = None
) -> HttpResponse:
    """Query cost: at most 9."""
    draft, last = actions.draft_of(one), actions.newest(one)
    shown = draft or last
    here = reverse("settings_article", args=[one.pk])
    language = request.GET.get("language", "")
    language = language if language in CODES else languages.code()
    context = {
        "form": form,
        "article": one,
        "is_draft": draft is not None,
        "note": _note(draft, last),
        "sample": {
            "title": said(shown.titles, language),
            "body": markup.render(said(shown.bodies, language)),
            "lang": spoken_in(shown.bodies, language),
        }
        if shown is not None
        else None,
        "tongues": tongues(here, language),
        "publishing": publishing or (PublishForm(row=one) if draft is not None else None),
        "press": Press(),
        "seen": one.version,
        "readings": _readings(request, one, last),
    }
    tools = [Link(_("Texts"), reverse("settings_article_texts", args=[one.pk]), primary=draft is None)]
    if last is not None:
        tools.insert(0, Link(_("As everybody reads it"), reverse("knowledge_article", args=[one.pk]), "book"))
    status = (publishing or form).http_status
    title = _title(one, shown)
    return show(request, "settings/article.html", HERE, context, title=title, tools=tuple(tools), status=status)


def _note(draft: ArticleVersion | None, last: ArticleVersion | None) -> str:
    if draft is not None and last is not None:
        words = {"n": draft.number, "old": last.number}
        return _("Draft of version %(n)s. Version %(old)s stays in force until it is published.") % words
    if draft is not None:
        return _("Draft of version %(n)s. Until it is published nobody finds it.") % {"n": draft.number}
    if last is not None and last.published_at is not None:
        day = languages.day(last.published_at)
        return _("Version %(n)s is in force since %(day)s.") % {"n": last.number, "day": day}
    return _("Nothing is written yet.")


def _readings(request: HttpRequest, one: Article, last: ArticleVersion | None) -> dict[str, Any] | None:
    if last is None or not (one.must_confirm and one.is_active):
        return None
    standing = reading.standing(reading.ARTICLE, last.pk, request.user)  # type: ignore[arg-type]
    words = {
        "done": languages.number(sum(team.confirmed for team in standing)),
        "all": languages.number(sum(len(team.readers) for team in standing)),
        "n": last.number,
    }
    return {
        "words": _("%(done)s of %(all)s have confirmed version %(n)s") % words,
        "url": reverse("settings_article_readings", args=[one.pk]),
    }


@allow(ADMIN, MANAGER)
def texts(request: HttpRequest, article_id: int) -> HttpResponse:
    """Title and text in five languages, kept as a draft."""
    one = find(article_id)
    form = WordsForm(request.POST if request.method == "POST" else None, row=one)

    def run(**who: Any) -> ArticleVersion:
        return actions.save_draft(one, form.texts("title"), form.texts("body"), **who)

    here = reverse("settings_article", args=[one.pk])
    looking = request.POST.get("do") == "look"
    if looking:
        form.is_valid()
    elif request.method == "POST" and (answer := carry_out(request, form, run, done=_("Saved in the draft"), go=here)):
        return answer
    title = _title(one, actions.draft_of(one) or actions.newest(one))
    context = {"form": form, "back": Link(_("Cancel"), here), "samples": _samples(form) if looking else []}
    return show(request, "settings/article_words.html", HERE, context, title=title, status=form.http_status)


def _samples(form: WordsForm) -> list[dict[str, Any]]:
    """How the texts in the form would read, in each language that has some."""
    titles, bodies = form.texts("title"), form.texts("body")
    return [
        {
            "name": languages.own_name(code).capitalize(),
            "lang": code,
            "title": titles[code],
            "body": markup.render(bodies[code]),
        }
        for code in CODES
        if titles[code] or bodies[code]
    ]


@require_POST
@allow(ADMIN, MANAGER)
def discard(request: HttpRequest, article_id: int) -> HttpResponse:
    """Throw the draft away."""
    one = find(article_id)

    def run(sent: Press, **who: Any) -> Any:
        return actions.discard_draft(one, seen=sent.known, **who)

    here = reverse("settings_article", args=[one.pk])
    return press(request, run, done=_("Draft discarded"), go=here, back=here)


@require_POST
@allow(ADMIN, MANAGER)
def publish(request: HttpRequest, article_id: int) -> HttpResponse:
    """Put the draft in force; whoever must read it is told."""
    one = find(article_id)
    form = PublishForm(request.POST, row=one)

    def run(**who: Any) -> ArticleVersion:
        return actions.publish(one, what_changed=form.values["what_changed"], **who)

    here = reverse("settings_article", args=[one.pk])
    if answer := carry_out(request, form, run, done=_("Published"), go=here):
        return answer
    one = find(article_id)
    return _page(request, one, FactsForm(row=one), publishing=form)
