"""Playbooks and articles for tests, through the actions."""

from __future__ import annotations

from typing import Any

from complaints.actions import articles as article_actions
from complaints.actions import playbooks as actions
from complaints.models import Article, ArticleVersion, Playbook, PlaybookVersion
from complaints.reference import catalogue
from core import cached, clock
from core.actor import Actor


def words(text: str) -> dict[str, str]:
    """A text in all five languages, each marked by its code."""
    return {code: text if code == "en" else f"{text} ({code})" for code in ("en", "es", "pt", "it", "ru")}


def make_step(key: str, title: str = "", **more: Any) -> dict[str, Any]:
    return {"key": key, "title": words(title or key.capitalize()), "required": True, **more}


def no_playbooks() -> None:
    """Without those that every installation starts with."""
    PlaybookVersion.objects.all().delete()
    Playbook.objects.all().delete()
    cached.clear_all()


def make_playbook(
    by: Actor, *keys: str, type: str = "", customer: str = "", what: str = "", steps: Any = None, **more: Any
) -> Playbook:
    """A playbook in force with a step for each key; the one of that type gets a new version where there is one."""
    row = catalogue().types[type] if type else None
    found = Playbook.objects.filter(type=row).first()
    if found is None:
        found = actions.create(words(f"Playbook {type or 'general'}"), type=row, by=by, at=clock.now())
    given = steps if steps is not None else [make_step(key) for key in keys]
    part = words(customer) if customer else {}
    actions.save_draft(found, steps=given, customer_part=part, by=by, at=clock.now(), **more)
    actions.publish(found, what_changed=what or "As agreed", by=by, at=clock.now())
    return Playbook.objects.get(pk=found.pk)


def make_article(
    by: Actor, title: str, body: str = "", *, kind: str = "policy", types: tuple[str, ...] = (), **values: Any
) -> Article:
    """A published article."""
    rows = [catalogue().types[code] for code in types]
    made = article_actions.create(
        {"kind": kind, **values}, words(title), words(body or f"About {title}."), types=rows, by=by, at=clock.now()
    )
    article_actions.publish(made, by=by, at=clock.now())
    return Article.objects.get(pk=made.pk)


def version_of(article: Article) -> ArticleVersion:
    return ArticleVersion.objects.filter(article=article, published_at__isnull=False).order_by("-number")[0]
