"""The small markup of playbooks and articles: paragraphs, lists, **bold**, [links](https://...). All else is text.

Nothing a writer types reaches the page unescaped (case F13): the only tags are those made here. Lines that begin with
"- " are a list, with "1. " a numbered one; a blank line parts paragraphs. Pure but for Django's escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\(([^\s()\\]{1,500})\)")
_DOT = re.compile(r"[-*•] +(.*)")
_NUMBER = re.compile(r"\d{1,3}[.)] +(.*)")


def safe_url(url: str) -> str:
    """`url` where it is a web address, a mail address, a telephone number or a path of ours; else nothing."""
    if any(char <= " " or char == "\\" or char == "\x7f" for char in url):
        return ""
    if url.startswith("/"):
        return "" if url.startswith("//") else url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in SCHEMES:
        return ""
    return url if parts.netloc or parts.scheme.lower() not in ("http", "https") else ""


@lru_cache(maxsize=1024)
def render(text: str) -> SafeString:
    """The text as HTML, kept for the same text."""
    return mark_safe("".join(_blocks(text)))  # noqa: S308 - every piece is escaped where it is made


def plain(text: str) -> str:
    """The text as it goes into a mail: without stars, addresses behind the words of links, those of ours left out."""
    said = []
    for part, _is_bold in _bold(text):
        said.append(_LINK.sub(_spelled, part))
    return "".join(said).strip()


def _spelled(found: re.Match[str]) -> str:
    words, url = found.group(1), safe_url(found.group(2))
    if not url:
        return found.group(0)
    return words if url.startswith("/") or url == words else f"{words} ({url})"


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs and lists, one after the other."""
    kind = ""
    held: list[str] = []
    for line in [*text.replace("\r\n", "\n").split("\n"), ""]:
        line = line.strip()
        of, words = _kind(line)
        if held and of != kind:
            yield _block(kind, held)
            held = []
        kind = of
        if line:
            held.append(words)


def _kind(line: str) -> tuple[str, str]:
    """ "ul", "ol" or "p", and what the line says; "" for a blank one."""
    if found := _DOT.fullmatch(line):
        return "ul", found.group(1)
    if found := _NUMBER.fullmatch(line):
        return "ol", found.group(1)
    return ("p", line) if line else ("", "")


def _block(kind: str, lines: list[str]) -> str:
    said = [_inline(line) for line in lines]
    if kind == "p":
        return f"<p>{'<br>'.join(said)}</p>"
    return f"<{kind}>{''.join(f'<li>{line}</li>' for line in said)}</{kind}>"


def _inline(line: str) -> str:
    """One line with its bold words and links, escaped."""
    return "".join(f"<b>{_links(part)}</b>" if is_bold else _links(part) for part, is_bold in _bold(line))


def _bold(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is bold; stars without a partner stay stars."""
    parts = text.split("**")
    for place, part in enumerate(parts):
        is_pair = place % 2 == 1 and place < len(parts) - 1
        if is_pair and part.strip():
            yield part, True
        elif is_pair:
            yield f"**{part}**", False
        elif place % 2 == 1:
            yield f"**{part}", False
        else:
            yield part, False


def _links(text: str) -> str:
    made: list[str] = []
    end = 0
    for found in _LINK.finditer(text):
        made.append(escape(text[end : found.start()]))
        made.append(_link(found.group(1), found.group(2)) or escape(found.group(0)))
        end = found.end()
    return "".join([*made, escape(text[end:])])


def _link(words: str, url: str) -> str:
    if not (url := safe_url(url)):
        return ""
    away = "" if url.startswith("/") else ' rel="noopener noreferrer"'
    return f'<a href="{escape(url)}"{away}>{escape(words)}</a>'
