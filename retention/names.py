"""Names as they are searched: without case, accents and double blanks, and across alphabets (mission B3, E2). Pure."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

LONGEST = 200
LONGEST_KEY = 2 * LONGEST  # a folded name, two blanks, and how it sounds
BEHIND = "  "  # no folded name has two blanks together; sorts before every letter
# Letters of their own that Unicode does not take apart, as people without that keyboard write them.
_SPELT = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ŋ": "n", "ħ": "h", "’": "'"}
)
_SHORT_I = "и\u0306"  # й is a letter, no и with an accent
_SPELT_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
# One spelling for what passports, ISO 9, BGN and habit write differently; applied in this order to Latin text.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"tsch|tch", "ch"),
        (r"shch|sch", "sh"),
        (r"dzh", "j"),
        (r"zh", "z"),
        (r"kh", "h"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"tz", "ts"),
        (r"c(?=[eiy])", "s"),
        (r"ck|c(?!h)|q", "k"),
        (r"x", "ks"),
        (r"w", "v"),
        (r"(?<=[bdfgklmnprstvz])(?:yo|jo)", "e"),
        (r"[yj]e", "e"),
        (r"[yj]", "i"),
        (r"([a-z])\1+", r"\1"),
    )
)
_NO_SOUND = re.compile(r"[^a-z0-9]+")


def fold(name: str) -> str:
    """The name without case and accents: José Müller-Weiß is jose muller-weiss, İREM is irem, Пётр is петр."""
    lower = unicodedata.normalize("NFKD", name).casefold()
    apart = unicodedata.normalize("NFKD", lower).replace(_SHORT_I, "й")
    plain = "".join(c for c in apart if not unicodedata.combining(c)).translate(_SPELT)
    return " ".join(plain.split())[:LONGEST].rstrip()


def sound(name: str) -> list[str]:
    """Its words as they sound, in Latin letters: Юлия, Yulia, Julia and Yuliya are iulia, Мария and Maria maria.

    Near, not exact: for finding, never for telling two people apart.
    """
    return _sound_of(fold(name))


def _sound_of(folded: str) -> list[str]:
    found = []
    for word in folded.split():
        latin = anyascii(word).casefold().replace("'", "")
        for part in _NO_SOUND.split(latin):
            for pattern, spelling in _SOUNDS:
                part = pattern.sub(spelling, part)
            if part:
                found.append(part)
    return found


def search_key(name: str) -> str:
    """What a customer is sorted by and found under: the folded name and, behind two blanks, words that sound otherwise.

    At most LONGEST_KEY characters: "ольга ким" gives "ольга ким  olga kim", "ana" stays "ana".
    """
    folded = fold(name)
    known = set(_NO_SOUND.split(folded))
    heard = [word for word in dict.fromkeys(_sound_of(folded)) if word not in known]
    return f"{folded}{BEHIND}{' '.join(heard)}"[:LONGEST_KEY].rstrip() if heard else folded


def spellings(words: str) -> list[str]:
    """The search forms of what somebody typed, likeliest first: Mueller may stand for Müller, and Müller for Mueller;
    last how it sounds, which finds Ольга by olga and Maria by Мария.

    One to four forms, none for blanks.
    """
    key = fold(words)
    spelt = fold(unicodedata.normalize("NFC", words).casefold().translate(_UMLAUTS))
    short = key
    for pair, letter in _SPELT_UMLAUTS:
        short = short.replace(pair, letter)
    return list(dict.fromkeys(form for form in (key, spelt, short, " ".join(_sound_of(key))) if form))
