"""What may be written into a playbook or an article: texts by language, steps, links (cases F02, F13)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from anyascii import anyascii
from django.utils.text import slugify
from django.utils.translation import gettext as _

from complaints.markup import safe_url
from complaints.playbooks.content import CODES, HOUSE, WHO
from core.errors import InvalidInput

TITLE, TEXT, LONG, WHO_LONGEST, URL = 160, 2_000, 20_000, 80, 300
MOST_STEPS, MOST_LINKS = 40, 6
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,23}", re.ASCII)
RESERVED = frozenset({"new"})  # an address of ours
STEP_FIELDS = frozenset({"key", "title", "text", "who", "links", "article", "required"})


def texts(given: Mapping[str, str], *, name: str, longest: int, required: bool = True) -> dict[str, str]:
    """Texts by language, trimmed, empty ones left out; the house's own is needed where `required`.

    Raises InvalidInput unknown_language, text_required or too_long; `field` is `<name>_<language>`.
    """
    found = {}
    for code, text in given.items():
        if code not in CODES:
            raise InvalidInput(_("There is no such language."), code="unknown_language", field=name)
        said = unicodedata.normalize("NFC", str(text).replace("\r\n", "\n")).strip()
        if len(said) > longest:
            raise InvalidInput(_("This is too long."), code="too_long", field=f"{name}_{code}")
        if said:
            found[code] = said
    if required and HOUSE not in found:
        message = _("In the house's own language no text may be missing.")
        raise InvalidInput(message, code="text_required", field=f"{name}_{HOUSE}")
    return {code: found[code] for code in CODES if code in found}


def line(given: Mapping[str, str], *, name: str, longest: int = TITLE, required: bool = True) -> dict[str, str]:
    """The same for texts of one line each."""
    flat = {code: " ".join(str(text).split()) for code, text in given.items()}
    return texts(flat, name=name, longest=longest, required=required)


def step(given: Mapping[str, Any], *, taken: Collection[str], articles: Collection[int]) -> dict[str, Any]:
    """One step as it is stored; without a key it gets one from its title. `taken`: keys that are not free.

    `articles`: the keys of those there are. Raises InvalidInput (unknown_field, invalid_key, key_taken,
    unknown_article, invalid_url, too_many, too_long, text_required).
    """
    if strange := set(given) - STEP_FIELDS:
        raise InvalidInput(_("There is no such field."), code="unknown_field", field=sorted(strange)[0])
    title = line(given.get("title") or {}, name="title")
    key = given.get("key") or free_key(title[HOUSE], taken)
    if not KEY.fullmatch(key) or key in RESERVED:
        message = _("A key has small Latin letters, digits and hyphens, at most 24.")
        raise InvalidInput(message, code="invalid_key", field="key")
    if key in taken:
        raise InvalidInput(_("Two steps have the same key."), code="key_taken", field="key")
    who = " ".join(str(given.get("who") or "").split())
    if len(who) > WHO_LONGEST:
        raise InvalidInput(_("This is too long."), code="too_long", field="who")
    article = given.get("article")
    if article is not None and article not in articles:
        raise InvalidInput(_("There is no such article."), code="unknown_article", field="article")
    return {
        "key": key,
        "title": title,
        "text": texts(given.get("text") or {}, name="text", longest=TEXT, required=False),
        "who": who or next(iter(WHO)),
        "links": links(given.get("links") or ()),
        "article": article,
        "required": bool(given.get("required", False)),
    }


def steps(given: Sequence[Mapping[str, Any]], *, articles: Collection[int]) -> list[dict[str, Any]]:
    """All steps of a version, in order. Raises InvalidInput as `step` does, and too_many."""
    if len(given) > MOST_STEPS:
        message = _("A playbook has at most %(most)d steps.") % {"most": MOST_STEPS}
        raise InvalidInput(message, code="too_many", field="steps")
    named = [one["key"] for one in given if one.get("key")]
    found: list[dict[str, Any]] = []
    for one in given:
        before = {other["key"] for other in found}
        taken = before if one.get("key") else before | set(named)
        found.append(step(one, taken=taken, articles=articles))
    return found


def links(given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Addresses with their titles. Raises InvalidInput too_many, invalid_url, text_required."""
    if len(given) > MOST_LINKS:
        message = _("A step has at most %(most)d links.") % {"most": MOST_LINKS}
        raise InvalidInput(message, code="too_many", field="links")
    found = []
    for one in given:
        address, title = str(one.get("url") or "").strip(), " ".join(str(one.get("title") or "").split())
        if not title or len(title) > TITLE:
            raise InvalidInput(_("Say what the link leads to, in one line."), code="text_required", field="links")
        found.append({"title": unicodedata.normalize("NFC", title), "url": url(address, name="links")})
    return found


def url(given: str, *, name: str) -> str:
    """An address that can be followed safely. Raises InvalidInput invalid_url."""
    if not given or len(given) > URL or not safe_url(given):
        message = _("Write a web address that begins with https://, or a path of this site that begins with /.")
        raise InvalidInput(message, code="invalid_url", field=name)
    return given


def free_key(title: str, taken: Collection[str]) -> str:
    """A key from a title, in Latin letters: «Выслушать» is vyslushat, a second one vyslushat-2."""
    stem = slugify(anyascii(title).replace("'", ""))[:20].strip("-") or "step"
    if stem not in taken and stem not in RESERVED:
        return stem
    return next(key for number in range(2, len(taken) + 3) if (key := f"{stem}-{number}") not in taken)
