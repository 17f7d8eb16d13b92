"""The place where something was found, with its words marked. Text goes in raw and comes out escaped (case F13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from complaints.search.words import Matcher

LENGTH, BEFORE = 180, 60  # characters shown, and before the first word marked


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a complaint. `place`: where it stands (complaints.search.PLACES); `language`: of its words."""

    place: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Snippet:
    place: str
    html: SafeString


def best(pieces: Iterable[Piece], matcher: Matcher) -> Snippet | None:
    """The piece with the most different words of the question, the first of equals; None where none has any."""
    chosen: tuple[int, Piece, list[tuple[int, int, str]]] | None = None
    for piece in pieces:
        hits = matcher.hits(piece.text, piece.language)
        number = len({word for _start, _end, word in hits})
        if number and (chosen is None or number > chosen[0]):
            chosen = number, piece, hits
    if chosen is None:
        return None
    _number, piece, hits = chosen
    return Snippet(piece.place, window(piece.text, hits))


def marked(text: str, hits: Iterable[tuple[int, int, str]]) -> SafeString:
    """The text, escaped, with <mark> around the hits; blanks become one."""
    parts: list[str] = []
    at = 0
    for start, end, _word in hits:
        parts += [_flat(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    parts.append(_flat(text[at:]))
    return mark_safe("".join(parts).strip())  # noqa: S308  every part of the text is escaped


def window(text: str, hits: list[tuple[int, int, str]]) -> SafeString:
    """About two lines around the first hit, cut between words."""
    first = hits[0][0]
    start = max(0, first - BEFORE)
    if start:
        blank = text.find(" ", start, first)
        start = blank + 1 if blank >= 0 else start
    end = min(len(text), start + LENGTH)
    if end < len(text):
        blank = text.rfind(" ", max(hits[0][1], start), end)
        end = blank if blank > 0 else max(end, hits[0][1])
    inside = [(a - start, b - start, word) for a, b, word in hits if a >= start and b <= end]
    body = marked(text[start:end], inside)
    return mark_safe(f"{'… ' if start else ''}{body}{' …' if end < len(text) else ''}")  # noqa: S308  see marked


def _flat(text: str) -> str:
    flat = " ".join(text.split())
    lead = " " if text[:1].isspace() else ""
    tail = " " if flat and text[-1:].isspace() else ""
    return escape(f"{lead}{flat}{tail}" if flat else (" " if text else ""))
