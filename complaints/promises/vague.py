"""Words that sound like a promise and name no hour: "soon", "in a few days", "in due course" (mission A12). No Django.

The lists are data of ours (`vague_words.json`), by language: `vague` is pointed out, `fine` is not although a word of
it would be ("no later than Friday"). The browser gets the same lists and looks by the same rule (static/js/vague.js):
whole words, whatever their case, any white space between them, the longest first, е for ё.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_name("vague_words.json")
LANGUAGES = ("en", "es", "pt", "it", "ru")
Lists = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Vague:
    """A place in a text, by characters; `words` as they stand there."""

    start: int
    end: int
    words: str


def find(text: str, languages: Iterable[str]) -> list[Vague]:
    """Every place that names no hour, in order; a language without a list has none."""
    pattern = _pattern(_known(languages))
    if pattern is None:
        return []
    found = pattern.finditer(text.replace("\u0451", "\u0435").replace("\u0401", "\u0415"))
    places = [one.span("vague") for one in found if one["vague"] is not None]
    return [Vague(start, end, text[start:end]) for start, end in places]


def words(text: str, languages: Iterable[str]) -> list[str]:
    """The same as words, each once, as they stand in the text."""
    return list(dict.fromkeys(one.words for one in find(text, languages)))


def lists(languages: Iterable[str]) -> Lists:
    """What the browser looks by: `vague` and `fine` of all these languages, the longest first."""
    return _lists(_known(languages))


def _known(languages: Iterable[str]) -> tuple[str, ...]:
    """The lists asked for, whatever the region: "pt-br" is "pt"."""
    return tuple(sorted({one.partition("-")[0].lower() for one in languages} & set(LANGUAGES)))


@cache
def _all() -> dict[str, Lists]:
    known: dict[str, Lists] = json.loads(WORDS.read_text(encoding="utf-8"))
    return known


@cache
def _lists(languages: tuple[str, ...]) -> Lists:
    return {
        name: sorted({phrase for one in languages for phrase in _all()[one][name]}, key=lambda one: (-len(one), one))
        for name in ("vague", "fine")
    }


@cache
def _pattern(languages: tuple[str, ...]) -> re.Pattern[str] | None:
    if not languages:
        return None
    known = _lists(languages)
    fine, vague = ("|".join(_phrase(one) for one in known[name]) for name in ("fine", "vague"))
    return re.compile(rf"(?<!\w)(?:(?:{fine})|(?P<vague>{vague}))(?!\w)", re.IGNORECASE)


def _phrase(phrase: str) -> str:
    return r"\s+".join(re.escape(word.replace("ё", "е")) for word in phrase.split())
