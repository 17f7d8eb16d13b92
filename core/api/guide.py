"""The guide for integrators as an installation serves it: the pages of docs/api, as they stand in the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.access import public

FOLDER = settings.BASE_DIR / "docs" / "api"
FIRST = "start"
FILES: Mapping[str, str] = MappingProxyType(
    {
        FIRST: "README.md",
        "conventions": "conventions.md",
        "bulk": "bulk.md",
        "webhooks": "webhooks.md",
        "errors": "errors.md",
        "changes": "../../CHANGELOG.md",
    }
)
SAMPLE_ADDRESS = "http://127.0.0.1:8000"  # what the commands of the pages call; here it is this installation
_COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_NO_LETTER = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its title, its text without it as HTML, and its parts (anchor, title)."""

    title: str
    text: SafeString
    parts: tuple[tuple[str, str], ...]


@public
@require_safe
def guide(request: HttpRequest, name: str = FIRST) -> HttpResponse:
    """GET /api/v1/guide/ and /api/v1/guide/{page}/: HTML in English, as the API's own words are. No query."""
    if name not in FILES:
        raise Http404
    found = page(name)
    others = [(address_of(one), page(one).title, one == name) for one in FILES]
    return render(request, "api/guide.html", {"page": found, "pages": others})


def address_of(name: str) -> str:
    return reverse("api-guide") if name == FIRST else reverse("api-guide-page", args=[name])


@cache
def page(name: str) -> Page:
    """The page that is called so. Raises KeyError for another. Raw HTML of the source is shown, not run."""
    source = _COMMENT.sub("", (FOLDER / FILES[name]).read_text())
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("table_open", _wide_table)
    reader.add_render_rule("table_close", _wide_table_end)
    tokens = reader.parse(source.replace(SAMPLE_ADDRESS, settings.BASE_URL))
    title, rest = tokens[1].content, tokens[3:]
    parts = []
    for place, token in enumerate(rest):
        if token.type == "heading_open":
            words = rest[place + 1].content
            token.attrSet("id", anchor_of(words))
            if token.tag == "h2":
                parts.append((anchor_of(words), words.replace("`", "")))
        children = token.children or []
        for child, following in pairwise(children):
            if child.type == "link_open":
                child.attrSet("href", _served(str(child.attrGet("href"))))
                following.content = _called(following.content)
    return Page(title, mark_safe(reader.renderer.render(rest, reader.options, {})), tuple(parts))  # noqa: S308


def anchor_of(heading: str) -> str:
    """The name of a heading in links, as where the source is shown: lower case, words joined by hyphens."""
    return _NO_LETTER.sub("", heading.lower()).replace(" ", "-")


def _served(href: str) -> str:
    """Where a link between the files leads here."""
    file, hash_, anchor = href.partition("#")
    if file == "openapi.json":
        return reverse("api-schema")
    name = next((name for name, one in FILES.items() if one == file), None)
    return href if name is None else f"{address_of(name)}{hash_}{anchor}"


def _called(words: str) -> str:
    """What a link says: the title of a page where the source says its file."""
    return _first_line(words) if words in FILES.values() else words


def _first_line(file: str) -> str:
    with (FOLDER / file).open() as lines:
        return next(lines).removeprefix("#").strip()


def _wide_table(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    return '<div class="guide__table" tabindex="0"><table class="table">\n'


def _wide_table_end(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    return "</table></div>\n"
