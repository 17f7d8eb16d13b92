"""Names of files that somebody else chose: made harmless wherever they are shown or saved (cases F13, F14).

Pure: no Django. A name is a label only; nothing is ever stored under it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 120  # characters
LONGEST_BYTES = 230  # of UTF-8: file systems take 255, and " (12)" must still fit
LONGEST_SUFFIX = 16
NAMELESS = "file"
_BREAKS_NAMES = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # needed inside words and emoji; every other invisible character goes
_COUNTED = re.compile(r" \((\d{1,4})\)\Z")


def clean(name: str, *, default: str = NAMELESS) -> str:
    """`name` without folders, control, invisible and turning characters, fit for any file system.

    NFC, at most 120 characters; the ending is kept when the name is cut. What is nothing then becomes `default`.
    """
    text = unicodedata.normalize("NFC", str(name).encode("utf-8", "replace").decode("utf-8"))
    text = re.split(r"[/\\]", text)[-1]
    text = "".join(_plain(character) for character in text)
    text = _BREAKS_NAMES.sub("_", " ".join(text.split())).strip(" .")
    stem, suffix = split(text)
    if not stem.strip(" ._" + _JOINERS):
        stem = default
    if _RESERVED.fullmatch(stem.partition(".")[0].strip()):
        stem = f"_{stem}"
    return _cut(stem, suffix)


def split(name: str) -> tuple[str, str]:
    """Stem and ending (".pdf", or empty): photo.jpg is ("photo", ".jpg"), a long or odd ending is none."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or not 0 < len(suffix) < LONGEST_SUFFIX or not suffix.isalnum():
        return name, ""
    return stem, f".{suffix}"


def told_apart(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The names, those that come again with a number: "bill.pdf", "bill (2).pdf". Upper and lower case are one."""
    used = {name.casefold() for name in taken}
    found = []
    for name in names:
        stem, suffix = split(name)
        stem, number, one = _COUNTED.sub("", stem), 1, name
        while one.casefold() in used:
            number += 1
            one = _cut(stem, f" ({number}){suffix}")
        used.add(one.casefold())
        found.append(one)
    return found


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp", "Zs"):
        return " " if character in "\t\n\r\u2028\u2029" or kind == "Zs" else ""
    if kind in ("Cf", "Cs", "Cn", "Co") and character not in _JOINERS:
        return ""
    return character


def _cut(stem: str, suffix: str) -> str:
    stem = stem[: LONGEST - len(suffix)]
    while len((stem + suffix).encode()) > LONGEST_BYTES:
        stem = stem[:-1]
    return f"{stem.rstrip(' .')}{suffix}"
