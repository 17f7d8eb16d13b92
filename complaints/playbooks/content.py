"""The content of a playbook's version: steps as values, what they say in a language, what differs between two versions.

Pure: no query. What is stored is described at complaints.models.PlaybookVersion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import languages

Texts = Mapping[str, str]
CODES = tuple(code for code, _name in settings.LANGUAGES)
HOUSE = languages.code(settings.LANGUAGE_CODE)
WHO: dict[str, str | Promise] = {
    "agent": gettext_lazy("the owner of the case"),
    "lead": gettext_lazy("the team's lead"),
    "manager": gettext_lazy("a manager"),
}


def said(texts: Texts, language: str | None = None) -> str:
    """What is said in `language` (default: the active one), else in the house's, else in English, else in any."""
    for code in (languages.code(language), HOUSE, "en", *CODES):
        if text := texts.get(code):
            return text
    return ""


def spoken_in(texts: Texts, language: str | None = None) -> str:
    """The language in which `said` answers; empty when there is nothing."""
    return next((code for code in (languages.code(language), HOUSE, "en", *CODES) if texts.get(code)), "")


@dataclass(frozen=True, slots=True)
class Address:
    """Something to open beside a step: a web address, or a path of ours."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `key` stays its own through versions, and is the same in playbooks that share a step."""

    key: str
    titles: Texts
    texts: Texts
    who: str
    links: tuple[Address, ...]
    article: int | None
    required: bool

    @property
    def title(self) -> str:
        return said(self.titles)

    @property
    def text(self) -> str:
        return said(self.texts)

    @property
    def who_label(self) -> str:
        return str(WHO.get(self.who, self.who))


def steps_of(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Stored steps as values; what a row of an older shape lacks is empty."""
    return tuple(
        Step(
            key=one["key"],
            titles=one.get("title") or {},
            texts=one.get("text") or {},
            who=one.get("who") or "",
            links=tuple(Address(link["title"], link["url"]) for link in one.get("links") or ()),
            article=one.get("article"),
            required=bool(one.get("required")),
        )
        for one in stored
    )


def stored(step: Step) -> dict[str, Any]:
    """A step as it is stored and as the API shows it."""
    return {
        "key": step.key,
        "title": dict(step.titles),
        "text": dict(step.texts),
        "who": step.who,
        "links": [{"title": one.title, "url": one.url} for one in step.links],
        "article": step.article,
        "required": step.required,
    }


@dataclass(frozen=True, slots=True)
class Changed:
    """What differs about one step (or, without a key, about the version as a whole).

    `how`: added, removed, moved, changed. `lines`: (what, before, after) in the reader's language.
    """

    how: str
    title: str
    key: str = ""
    lines: tuple[tuple[str, str, str], ...] = ()


HOW: dict[str, str | Promise] = {
    "added": gettext_lazy("added"),
    "removed": pgettext_lazy("a step", "left out"),
    "moved": pgettext_lazy("a step", "moved"),
    "changed": pgettext_lazy("a step", "changed"),
}


@dataclass(frozen=True, slots=True)
class Whole:
    """A version's content apart from its numbers."""

    steps: tuple[Step, ...]
    customer_part: Texts
    blocks_resolving: bool


def differences(before: Whole, after: Whole) -> list[Changed]:
    """What the later version says differently, in the order of its steps; what is gone comes last."""
    old = {step.key: step for step in before.steps}
    new = {step.key: step for step in after.steps}
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    found = []
    for key, step in new.items():
        if key not in old:
            found.append(Changed("added", step.title, key))
        elif lines := _lines(old[key], step):
            found.append(Changed("changed", step.title, key, lines))
        elif key in moved:
            found.append(Changed("moved", step.title, key))
    found += [Changed("removed", step.title, key) for key, step in old.items() if key not in new]
    if whole := _whole_lines(before, after):
        found.append(Changed("changed", _("The playbook as a whole"), "", whole))
    return found


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The fewest keys whose moving makes the one order the other: those outside the longest common run."""
    place = {key: number for number, key in enumerate(before)}
    best: list[list[str]] = []
    for key in after:
        longest = max((run for run in best if place[run[-1]] < place[key]), key=len, default=[])
        best.append([*longest, key])
    stays = max(best, key=len, default=[])
    return set(after) - set(stays)


def _lines(before: Step, after: Step) -> tuple[tuple[str, str, str], ...]:
    lines = [
        *_texts(_("Title"), before.titles, after.titles),
        *_texts(_("Text"), before.texts, after.texts),
        (_("Who"), before.who_label, after.who_label),
        (_("Links"), _addresses(before), _addresses(after)),
        (_("Article"), str(before.article or ""), str(after.article or "")),
        (_("Required"), _yes(before.required), _yes(after.required)),
    ]
    return tuple(line for line in lines if line[1] != line[2])


def _whole_lines(before: Whole, after: Whole) -> tuple[tuple[str, str, str], ...]:
    lines = [
        *_texts(_("For the customer"), before.customer_part, after.customer_part),
        (_("Holds back resolving"), _yes(before.blocks_resolving), _yes(after.blocks_resolving)),
    ]
    return tuple(line for line in lines if line[1] != line[2])


def _texts(name: str, before: Texts, after: Texts) -> list[tuple[str, str, str]]:
    """A line for each language."""
    return [(f"{name}, {languages.own_name(code)}", before.get(code, ""), after.get(code, "")) for code in CODES]


def _addresses(step: Step) -> str:
    return ", ".join(f"{one.title} ({one.url})" for one in step.links)


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")
