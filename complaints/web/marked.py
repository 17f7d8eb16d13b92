"""Names in notes, marked as what they are."""

from __future__ import annotations

import json

from django.utils.html import escape
from django.utils.safestring import SafeString


def marked(body: str, stored: str) -> str:
    """A note's text with the names in it marked, safe for HTML; as it is where nobody is named. `stored`: Note.mentions
    as JSON text. No query."""
    if not stored or stored == "[]":
        return body
    spans = sorted((first, behind) for first, behind, _kind, _key in json.loads(stored) if behind)
    parts: list[str] = []
    last = 0
    for first, behind in spans:
        if first < last or behind > len(body):
            continue
        parts += [escape(body[last:first]), '<span class="mention">', escape(body[first:behind]), "</span>"]
        last = behind
    return SafeString("".join([*parts, escape(body[last:])])) if parts else body
