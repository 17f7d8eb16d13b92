"""Names as they are searched: without case, accents and double blanks (mission B3, E2). Pure."""

from __future__ import annotations

import unicodedata

LONGEST = 200
# Letters of their own that Unicode does not take apart, as people without that keyboard write them.
_SPELT = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ŋ": "n", "ħ": "h", "’": "'"}
)
_SHORT_I = "и\u0306"  # й is a letter, no и with an accent
_SPELT_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(name: str) -> str:
    """The search form of a name: José Müller-Weiß is jose muller-weiss, İREM is irem, Пётр is петр."""
    lower = unicodedata.normalize("NFKD", name).casefold()
    apart = unicodedata.normalize("NFKD", lower).replace(_SHORT_I, "й")
    plain = "".join(c for c in apart if not unicodedata.combining(c)).translate(_SPELT)
    return " ".join(plain.split())[:LONGEST].rstrip()


def spellings(words: str) -> list[str]:
    """The search forms of what somebody typed, likeliest first: Mueller may stand for Müller, and Müller for Mueller.

    One to three forms, none for blanks.
    """
    key = fold(words)
    spelt = fold(unicodedata.normalize("NFC", words).casefold().translate(_UMLAUTS))
    short = key
    for pair, letter in _SPELT_UMLAUTS:
        short = short.replace(pair, letter)
    return list(dict.fromkeys(form for form in (key, spelt, short) if form))
