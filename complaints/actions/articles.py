"""Write articles: policies, procedures, product updates, answers; versioned as playbooks are (mission D1, E1).

Managers and administrators write. Of a new version of an article that asks for it everybody who takes cases is told,
and confirms having read it. `seen`: the article's `version` that the writer saw.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.actions.playbooks import NoDraft, NothingNew, refuse_bad_change, refuse_unless_in_charge, tell
from complaints.models import Article, ArticleKind, ArticleVersion, ComplaintType
from complaints.playbooks import articles, checking
from core import cached, trail
from core.actions.settings import Stale
from core.actor import Actor
from core.errors import InvalidInput

CHANGEABLE = frozenset({"kind", "url", "must_confirm", "is_active"})


@transaction.atomic
def create(
    values: Mapping[str, Any],
    titles: Mapping[str, str],
    bodies: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
    types: Collection[ComplaintType] = (),
) -> Article:
    """An article with its first draft. `values`: kind, and url and must_confirm where they are not blank.

    Raises NotAllowed or InvalidInput (invalid_choice, invalid_url, text_required, too_long, unknown_field).
    """
    refuse_unless_in_charge(by)
    article = Article(created_at=at, **_checked({"kind": "", **values}))
    article.save(force_insert=True)
    article.types.set(types)
    facts = {"kind": article.kind, "types": sorted(one.code for one in types), "must_confirm": article.must_confirm}
    trail.append(article, "article.created", by=by, at=at, changes=facts)
    texts = _texts(titles, bodies)
    ArticleVersion.objects.create(article=article, number=1, made_by=by.user, created_at=at, **texts)
    _forget()
    return article


@transaction.atomic
def change(
    article: Article,
    values: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    types: Collection[ComplaintType] | None = None,
    seen: int | None = None,
) -> Article:
    """Set kind, address, types, whether it must be confirmed and is in use.

    Raises NotAllowed, Stale or InvalidInput.
    """
    refuse_unless_in_charge(by)
    current = _locked(article, seen)
    given = _checked(values)
    changes: dict[str, Any] = {
        name: [getattr(current, name), value] for name, value in given.items() if getattr(current, name) != value
    }
    for name, (_before, value) in changes.items():
        setattr(current, name, value)
    fields = list(changes)
    if types is not None:
        before, after = sorted(current.types.values_list("code", flat=True)), sorted(one.code for one in types)
        if before != after:
            current.types.set(types)
            changes["types"] = [before, after]
    if changes:
        _touch(current, *fields)
        trail.append(current, "article.changed", by=by, at=at, changes=changes)
    return current


@transaction.atomic
def save_draft(
    article: Article,
    titles: Mapping[str, str],
    bodies: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
    seen: int | None = None,
) -> ArticleVersion:
    """Put title and body into the draft, which is begun where there is none.

    Raises NotAllowed, Stale or InvalidInput.
    """
    refuse_unless_in_charge(by)
    current = _locked(article, seen)
    texts = _texts(titles, bodies)
    draft = draft_of(current)
    if draft is None:
        last = newest(current)
        number = last.number + 1 if last else 1
        draft = ArticleVersion(article=current, number=number, made_by=by.user, created_at=at)
    elif all(getattr(draft, name) == value for name, value in texts.items()):
        return draft
    for name, value in texts.items():
        setattr(draft, name, value)
    draft.save()
    _touch(current)
    trail.append(current, "article.draft_saved", by=by, at=at, changes={"number": draft.number})
    return draft


@transaction.atomic
def discard_draft(article: Article, *, by: Actor, at: datetime, seen: int | None = None) -> Article:
    """Throw the draft away. Raises NotAllowed, Stale or NoDraft."""
    refuse_unless_in_charge(by)
    current = _locked(article, seen)
    draft = draft_of(current)
    if draft is None:
        raise NoDraft
    number = draft.number
    draft.delete()
    _touch(current)
    trail.append(current, "article.draft_discarded", by=by, at=at, changes={"number": number})
    return current


@transaction.atomic
def publish(
    article: Article, *, by: Actor, at: datetime, what_changed: str = "", seen: int | None = None
) -> ArticleVersion:
    """Put the draft in force; everybody who must read it is told.

    Raises NotAllowed, Stale, NoDraft, NothingNew or InvalidInput (what_changed_required, too_long).
    """
    refuse_unless_in_charge(by)
    current = _locked(article, seen)
    draft = draft_of(current)
    if draft is None:
        raise NoDraft
    last = newest(current)
    if last is not None and (last.titles, last.bodies) == (draft.titles, draft.bodies):
        raise NothingNew
    words = " ".join(what_changed.split())
    refuse_bad_change(words, needed=last is not None)
    draft.what_changed, draft.published_at, draft.made_by = words, at, by.user
    draft.save(update_fields=["what_changed", "published_at", "made_by"])
    _touch(current)
    changes = {"number": [last.number if last else 0, draft.number], "what_changed": words}
    trail.append(current, "article.published", by=by, at=at, changes=changes)
    if current.must_confirm and current.is_active:
        url = reverse("knowledge_article", args=[current.pk])
        tell(draft, draft.titles, f"article:{draft.pk}", url, by=by, at=at)
    return draft


def newest(article: Article) -> ArticleVersion | None:
    """The version in force. Query cost: 1."""
    return ArticleVersion.objects.filter(article=article, published_at__isnull=False).order_by("-number").first()


def draft_of(article: Article) -> ArticleVersion | None:
    """Query cost: 1."""
    return ArticleVersion.objects.filter(article=article, published_at__isnull=True).first()


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(values) - CHANGEABLE:
        raise InvalidInput(_("This field cannot be set here."), code="unknown_field", field=sorted(unknown)[0])
    given = dict(values)
    if "kind" in given and given["kind"] not in ArticleKind.values:
        raise InvalidInput(_("Choose what kind of article it is."), code="invalid_choice", field="kind")
    if given.get("url"):
        given["url"] = checking.url(given["url"].strip(), name="url")
    return given


def _texts(titles: Mapping[str, str], bodies: Mapping[str, str]) -> dict[str, Any]:
    """Both by language, and the words by which they are found."""
    named = checking.line(titles, name="title")
    texts = checking.texts(bodies, name="body", longest=checking.LONG)
    return {"titles": named, "bodies": texts, "words": articles.words_of(named, texts)}


def _locked(article: Article, seen: int | None) -> Article:
    current: Article = Article.objects.select_for_update().get(pk=article.pk)
    if seen is not None and current.version != seen:
        raise Stale
    return current


def _touch(article: Article, *fields: str) -> None:
    article.version += 1
    article.save(update_fields=["version", *fields])
    _forget()


def _forget() -> None:
    transaction.on_commit(cached.clear_all)
    cached.clear_all()
