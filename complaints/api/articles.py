"""`/api/v1/articles/`: policies, procedures, product updates and answers, versioned (mission D1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from complaints.actions import articles as actions
from complaints.actions import readings
from complaints.api import playbook_shapes as shapes
from complaints.api.playbooks import READS, WRITES, _One, numbered, of_type, refuse_unless_sees_readers, types_of
from complaints.models import Article, ArticleKind, ArticleVersion
from complaints.playbooks import articles, reading
from core.api.filters import Filter, choice, flag, since
from core.api.views import ListView, caller
from core.clock import now
from core.instants import iso

FACTS = ("kind", "url", "must_confirm", "is_active")
SEARCH = Filter(
    "search",
    str,
    lambda rows, words: rows.filter(pk__in=articles.having(words).values("article")),
    description="Articles with a word that begins like one of these, in any language.",
)


def shown(rows: Sequence[Article]) -> list[dict[str, Any]]:
    """Articles with the version in force. Query cost: 1, and 1 for the types unless they are loaded."""
    newest: dict[int, ArticleVersion] = {}
    drafts: dict[int, int] = {}
    versions = ArticleVersion.objects.filter(article__in=rows).defer("words").order_by("number")
    for one in versions:
        if one.published_at is None:
            drafts[one.article_id] = one.number
        else:
            newest[one.article_id] = one
    return [
        {
            "id": str(row.pk),
            "kind": row.kind,
            "types": sorted(one.code for one in row.types.all()),
            "url": row.url,
            "must_confirm": row.must_confirm,
            "is_active": row.is_active,
            "created_at": iso(row.created_at),
            "in_force": shapes.article_version(newest[row.pk]) if row.pk in newest else None,
            "draft": drafts.get(row.pk),
            "version": row.version,
        }
        for row in rows
    ]


class Articles(ListView):
    """All articles with the version in force."""

    access, resource = READS, "articles"
    body: ClassVar = {"POST": shapes.NewArticle}
    answer = shapes.ArticleShape
    success: ClassVar = {"POST": 201}
    filters = (
        choice("kind", ArticleKind.values),
        of_type("types__code"),
        flag("is_active"),
        flag("must_confirm"),
        since("created_at", trail=True),
        SEARCH,
    )
    ordering: ClassVar = {"id": "pk", "created_at": "created_at"}
    default_ordering = "-id"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[Article]:
        return Article.objects.prefetch_related("types")

    def to_dicts(self, rows: list[Any]) -> list[dict[str, Any]]:
        return shown(rows)

    def post(self, request: Request) -> HttpResponse:
        """Make an article with its first draft (managers and administrators). Nobody reads it before its
        publication."""
        given = self.read(request)
        values = {name: given[name] for name in FACTS if name in given}
        made = actions.create(
            values,
            given["titles"],
            given["bodies"],
            types=types_of(given.get("types", [])),
            by=self.actor(request),
            at=now(),
        )
        location = reverse("api-article", args=[made.pk])
        return self.reply(shown([made])[0], 201, version=made.version, location=location)


class _OneArticle(_One):
    """Something of one article."""

    resource = "articles"

    def article(self, pk: int) -> Article:
        return self.find(Article.objects.all(), pk=pk)


class OneArticle(_OneArticle):
    """One article."""

    body: ClassVar = {"PATCH": shapes.ArticlePatch}
    answer = shapes.ArticleShape

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.article(pk)
        return self.reply(shown([row])[0], version=row.version)

    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Change all of an article but its texts (managers and administrators, `If-Match` required). The texts change
        by a draft."""
        row = self.article(pk)
        self.require_match(request, row.version)
        given, seen = self.read(request), self.expected_version(request)
        types = types_of(given["types"]) if "types" in given else None
        values = {name: given[name] for name in FACTS if name in given}
        by = self.actor(request)
        self.unless_stale(lambda: actions.change(row, values, types=types, seen=seen, by=by, at=now()))
        changed = self.article(pk)
        return self.reply(shown([changed])[0], version=changed.version)


class Versions(ListView):
    """The published versions of an article, newest first. They never change."""

    access, resource = READS, "articles"
    answer = shapes.ArticleVersionShape
    filters: ClassVar = (since("created_at", "published_at"),)
    ordering: ClassVar = {"number": "number"}
    default_ordering = "-number"

    def rows(self, request: Request, *args: Any, **kwargs: Any) -> QuerySet[ArticleVersion]:
        one = self.find(Article.objects.all(), pk=kwargs["pk"])
        return ArticleVersion.objects.filter(article=one, published_at__isnull=False)

    def to_dict(self, row: ArticleVersion) -> dict[str, Any]:
        return shapes.article_version(row)


class Draft(_OneArticle):
    """Read the draft of an article's next version. 404 where there is none."""

    access = WRITES
    body: ClassVar = {"PUT": shapes.ArticleDraftBody}
    answer: ClassVar = {"GET": shapes.ArticleVersionShape, "PUT": shapes.ArticleVersionShape}
    success: ClassVar = {"DELETE": 204}

    def get(self, request: Request, pk: int) -> HttpResponse:
        row = self.article(pk)
        draft = actions.draft_of(row)
        if draft is None:
            raise Http404
        return self.reply(shapes.article_version(draft), version=row.version)

    def put(self, request: Request, pk: int) -> HttpResponse:
        """Write the draft of an article's next version, making it if there is none. `If-Match` is heeded where it is
        sent."""
        row, given, seen = self.article(pk), self.read(request), self.expected_version(request)
        by = self.actor(request)
        draft = self.unless_stale(
            lambda: actions.save_draft(row, given["titles"], given["bodies"], seen=seen, by=by, at=now())
        )
        return self.reply(shapes.article_version(draft), version=self.article(pk).version)

    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Throw an article's draft away. The version in force stays. `If-Match` is heeded where it is sent."""
        row, seen = self.article(pk), self.expected_version(request)
        self.unless_stale(lambda: actions.discard_draft(row, seen=seen, by=self.actor(request), at=now()))
        return self.no_content()


class Publication(_OneArticle):
    """Put the draft in force. Where the article asks for it, everybody who takes cases is told and confirms having read
    it."""

    access = WRITES
    body: ClassVar = {"POST": shapes.PublicationBody}
    answer = shapes.ArticleVersionShape
    success: ClassVar = {"POST": 201}

    def post(self, request: Request, pk: int) -> HttpResponse:
        row, seen = self.article(pk), self.expected_version(request)
        words, by = self.read(request).get("what_changed", ""), self.actor(request)
        made = self.unless_stale(lambda: actions.publish(row, what_changed=words, seen=seen, by=by, at=now()))
        return self.reply(shapes.article_version(made), 201, version=self.article(pk).version)


class Readings(_OneArticle):
    """Who has confirmed the version in force. Leads see the teams they lead."""

    body: ClassVar = {"POST": shapes.ConfirmationBody}
    answer: ClassVar = {"GET": shapes.ReadersShape, "POST": shapes.ConfirmationShape}

    def get(self, request: Request, pk: int) -> HttpResponse:
        refuse_unless_sees_readers(request)
        version = actions.newest(self.article(pk))
        if version is None:
            raise Http404
        standing = reading.standing(reading.ARTICLE, version.pk, caller(request))
        return self.reply(shapes.readers(standing, version.number))

    def post(self, request: Request, pk: int) -> HttpResponse:
        """Confirm that the caller has read the version in force."""
        versions = ArticleVersion.objects.filter(article=self.article(pk), published_at__isnull=False)
        version = numbered(versions, self.read(request).get("number"))
        made = readings.confirm(version, by=self.actor(request), at=now())
        return self.reply({"number": version.number, "confirmed_at": iso(made.at)})
