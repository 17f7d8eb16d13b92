"""What somebody typed, taken apart: words, "phrases", -exclusions, and what may be a number. Pure.

Words are folded as the index folds them (no case, no accents); stems come from Snowball, for all languages that are
written in the letters of the word: who searches may write another language than the complaint.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import snowballstemmer

from core.references import ALPHABET
from retention.names import fold

LONGEST = 200  # characters of a question
MOST_WORDS = 12
LEAST_PREFIX = 3  # letters from which the last word may still be growing
LEAST_DIGITS = 4
LEAST_FRAGMENT = 4
HALF = 4  # signs between the dashes of a reference
LATIN = {"en": "english", "es": "spanish", "pt": "portuguese", "it": "italian"}
CYRILLIC = {"ru": "russian"}
_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_IS_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
# How endings are written that people type without their accents: reclamacao, devolucion, citta.
_ACCENTED = (("coes", "ções"), ("cao", "ção"), ("cion", "ción"), ("sion", "sión"), ("ita", "ità"))


@dataclass(frozen=True, slots=True)
class Term:
    """One word, or the words of a phrase in their order, as typed in small letters.

    `prefix`: it may be the beginning of a longer word; `exclude`: not with it.
    """

    words: tuple[str, ...]
    prefix: bool = False
    exclude: bool = False

    @property
    def is_phrase(self) -> bool:
        return len(self.words) > 1


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: `text` in one line, its terms; `fragment`: what may be a part of a number, in capitals."""

    text: str
    terms: tuple[Term, ...]
    fragment: str = ""
    digits: str = ""  # of what looks like a phone number
    is_mail: bool = False

    @property
    def wanted(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if not term.exclude)

    @property
    def is_number(self) -> bool:
        """A reference, an order, a phone, an address: whoever types that means it."""
        return bool(self.fragment or self.digits or self.is_mail)

    def __bool__(self) -> bool:
        return bool(self.wanted)


def read(text: str) -> Question:
    """What a text asks for. A text without a single word asks for nothing: the Question is false."""
    text = unicodedata.normalize("NFC", text.replace("\0", " "))[:LONGEST]
    line = " ".join(text.split())
    terms: list[Term] = []
    for minus, phrase, bare in _PART.findall(line):
        exclude = bool(minus) or (bare.startswith("-") and len(bare) > 1)
        words = _WORD.findall((phrase or bare).lower())
        if not words:
            continue
        if phrase:
            terms.append(Term(tuple(words), exclude=exclude))
        elif exclude:
            terms.append(Term(tuple(words), exclude=True))
        else:
            terms += [Term((word,)) for word in words]
    terms = terms[:MOST_WORDS]
    if terms and _may_grow(terms[-1], text):
        terms[-1] = Term(terms[-1].words, prefix=True)
    return Question(line, tuple(terms), _fragment(line), _digits(line), "@" in line and " " not in line)


def _may_grow(last: Term, text: str) -> bool:
    """Whether the last word may still be typed: it stands at the very end, without quotes."""
    whole = not text or text[-1].isspace() or text.rstrip().endswith('"')
    return not whole and not last.exclude and not last.is_phrase and len(last.words[0]) >= LEAST_PREFIX


def _fragment(line: str) -> str:
    """A part of a reference, an order number, an external id: one run with a digit in it, or signs of a reference."""
    if " " in line or len(line) < LEAST_FRAGMENT or "@" in line or '"' in line:
        return ""
    upper = line.upper()
    sure = any(c.isdecimal() for c in line) or (len(upper) > HALF and upper.startswith("AM-"))
    return upper if sure or _like_reference(upper) else ""


def _like_reference(upper: str) -> bool:
    """Whether this may be a part of a reference in which there happens to be no digit: a half, or with its dash."""
    return set(upper) <= {*ALPHABET, "-"} and ("-" in upper or len(upper) in (HALF, 2 * HALF, 2 * HALF + len("AM")))


def _digits(line: str) -> str:
    digits = "".join(c for c in line if c.isdecimal() and c.isascii())
    return digits if len(digits) >= LEAST_DIGITS and not any(c.isalpha() for c in line) else ""


def languages_of(word: str) -> dict[str, str]:
    """Languages whose letters the word is written in, with the names of their stemmers."""
    return CYRILLIC if _IS_CYRILLIC.search(word) else LATIN


def spelt(word: str) -> list[str]:
    """The word and, if it ends as words do that lost an accent, the word with it."""
    forms = [word.replace("ё", "е")]
    for plain, accented in _ACCENTED:
        if word.endswith(plain) and len(word) > len(plain) + 2:
            forms.append(word.removesuffix(plain) + accented)
            break
    return forms


@lru_cache(maxsize=4096)
def stems(word: str) -> frozenset[str]:
    """Its stems in all languages it may belong to, folded; of three letters at least."""
    found = {fold(_stemmer(name).stemWord(form)) for form in spelt(word) for name in languages_of(word).values()}
    return frozenset(stem for stem in found if len(stem) >= LEAST_PREFIX)


@lru_cache(maxsize=8192)
def stem_of(word: str, language: str) -> str:
    """The stem of a word of a text in that language; folded. Other languages: the word."""
    name = {**LATIN, **CYRILLIC}.get(language[:2])
    if name is None or (name == "russian" and not _IS_CYRILLIC.search(word)):
        name = "english" if name else None
    return fold(_stemmer(name).stemWord(word.replace("ё", "е"))) if name else fold(word)


@lru_cache(maxsize=8)
def _stemmer(name: str) -> Any:
    return snowballstemmer.stemmer(name)


@lru_cache(maxsize=65_536)
def _folded(word: str) -> str:
    return fold(word)


class Matcher:
    """Which words of a text a question means, for marking them."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.exact: set[str] = set()
        self.prefixes: list[str] = []
        self.stems: set[str] = set()
        for term in terms:
            for word in term.words:
                self.exact.add(fold(word))
                if not term.is_phrase:
                    self.stems |= stems(word)
            if term.prefix:
                self.prefixes.append(fold(term.words[0]))
        self._starts = tuple({word[:LEAST_PREFIX] for word in (*self.exact, *self.stems, *self.prefixes)})

    def hits(self, text: str, language: str) -> list[tuple[int, int, str]]:
        """Start, end and folded form of the words meant, in order."""
        found = []
        for match in _WORD.finditer(text):
            folded = _folded(match[0])
            if not folded.startswith(self._starts):
                continue
            if (
                folded in self.exact
                or (self.prefixes and folded.startswith(tuple(self.prefixes)))
                or (self.stems and stem_of(match[0].lower(), language) in self.stems)
            ):
                found.append((match.start(), match.end(), folded))
        return found
