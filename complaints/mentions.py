"""Who is named in a note: `@Ana Agent`, `@ana`, `@Lisbon desk` (mission D3; ux, Agent's desk 5).

One reading for page, API and composer. A name that two people share names nobody: then only the user name does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.cached import Cached
from core.models import Team, User

USER, TEAM = "user", "team"
MOST = 50  # in one note
_AT = re.compile(r"(?<![\w@.])@(?=\w)")


class Mention(NamedTuple):
    """Somebody named in the characters [first, behind) of a text; 0, 0: named beside it."""

    first: int
    behind: int
    kind: str
    key: int


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody and every team that can be named, by what one writes, in lower case; `shared`: names of several."""

    names: Mapping[str, tuple[str, int]]
    shared: frozenset[str]
    longest: int  # words of the longest name
    members: Mapping[int, frozenset[int]]  # by team: its active people and its lead


@Cached
def directory() -> Directory:
    """Query cost: two every few seconds per process."""
    people = list(User.objects.who_take_cases().values_list("pk", "username", "name", "team"))
    teams = list(Team.objects.filter(is_active=True).values_list("pk", "name", "lead"))
    said: dict[str, set[tuple[str, int]]] = {}
    for pk, _username, name, _team in people:
        if name:
            said.setdefault(_plain(name), set()).add((USER, pk))
    for pk, name, _lead in teams:
        said.setdefault(_plain(name), set()).add((TEAM, pk))
    names = {name: next(iter(keys)) for name, keys in said.items() if len(keys) == 1}
    shared = frozenset(name for name, keys in said.items() if len(keys) > 1)
    names.update({_plain(username): (USER, pk) for pk, username, _name, _team in people})
    able = {pk for pk, *_rest in people}
    members = {
        key: frozenset({pk for pk, _username, _name, team in people if team == key} | ({lead} & able))
        for key, _name, lead in teams
    }
    longest = max((name.count(" ") + 1 for name in (*names, *shared)), default=1)
    return Directory(names, shared - set(names), longest, members)


def found_in(text: str, known: Directory | None = None) -> list[Mention]:
    """Everybody named in `text`, in order, at most MOST. The longest name wins. No query within a few seconds."""
    known = known or directory()
    found: list[Mention] = []
    for at in _AT.finditer(text):
        if len(found) == MOST:
            break
        for end in _ends(text, at.end(), known.longest):
            name = _plain(text[at.end() : end])
            who = known.names.get(name)
            if who is not None:
                found.append(Mention(at.start(), end, *who))
            if who is not None or name in known.shared:
                break
    return found


def people_of(mentions: list[Mention], known: Directory | None = None) -> dict[int, int | None]:
    """Whom they name: each person once, with the team through which they are named (None: by name)."""
    known = known or directory()
    named: dict[int, int | None] = {one.key: None for one in mentions if one.kind == USER}
    for one in mentions:
        if one.kind == TEAM:
            for pk in sorted(known.members.get(one.key, ())):
                named.setdefault(pk, one.key)
    return named


def _ends(text: str, start: int, longest: int) -> Iterator[int]:
    """Where a name that begins at `start` may end, the longest first: behind each of its first words.

    A full stop, comma or the like behind a word belongs to the sentence, unless it is part of the name ("J. Doe").
    """
    ends: list[int] = []
    for words, word in enumerate(re.finditer(r"[^\s@]+", text[start : start + 200]), 1):
        if words > longest or "\n" in text[start : start + word.start()]:
            break
        whole, bare = start + word.end(), start + word.start() + len(word[0].rstrip(".,;:!?)]}'\"…»”’"))
        ends += [bare, whole] if bare != whole else [whole]
    yield from sorted(set(ends), reverse=True)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
