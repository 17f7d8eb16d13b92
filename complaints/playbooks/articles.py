"""Articles in force and how they are found: by the type of a case and by words, in five languages (mission D1).

There are hundreds of articles, not millions. The database picks candidates by any of the words (full text on
PostgreSQL, a plain match on SQLite), at most MOST of them, the newest first; ranking is the same arithmetic on both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from complaints.markup import plain
from complaints.models import Article, ArticleVersion
from complaints.playbooks.content import CODES, Texts, said
from complaints.reference import catalogue
from core.cached import Cached
from retention.names import fold

MOST = 300  # candidates that are ranked
MOST_WORDS = 40  # of a question; a complaint's text is cut to them
LEAST_LETTERS = 3
STEM = 6  # letters that are compared: words change their ends in all five languages
IN_TITLE, OWN_TYPE, TYPE_ABOVE = 3.0, 6.0, 3.0
SPLIT = "\n"  # between titles and bodies in `words`
_WORDS = re.compile(r"[^\W_]+")
_EXPRESSION = "to_tsvector('simple', words)"  # as the index of migration 0015 has it


@dataclass(slots=True)
class Found:
    """An article in its version in force. `score`: how well it fits; 0 where nobody asked for words or a type."""

    article: Article
    version: ArticleVersion
    type_ids: frozenset[int]
    score: float = 0.0
    types: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        return said(self.version.titles)


def in_force() -> QuerySet[ArticleVersion]:
    """The newest published version of every article in use."""
    newest = ArticleVersion.objects.filter(article=OuterRef("article"), published_at__isnull=False).order_by("-number")
    rows = ArticleVersion.objects.filter(article__is_active=True, pk=Subquery(newest.values("pk")[:1]))
    return rows.select_related("article").order_by("-published_at", "-pk")


def find(
    text: str = "",
    *,
    type_id: int | None = None,
    kinds: Collection[str] = (),
    only_type: bool = False,
    limit: int = 50,
) -> list[Found]:
    """Articles for words and a type, best first; without either all of them, newest first.

    `type_id` raises those for the type or the one above it; `only_type` leaves the others out. An article for no type
    in particular fits every type. `text`: a search, or what a complainant wrote. Query cost: 2.
    """
    stems, family = stems_of(text), _family(type_id)
    rows, through = in_force(), Article.types.through.objects.all()
    fits = Q(article__in=through.filter(complainttype__in=family).values("article"))
    if kinds:
        rows = rows.filter(article__kind__in=kinds)
    if only_type and family:
        rows = rows.filter(fits | ~Q(article__in=through.values("article")))
    if stems:
        rows = rows.filter(_having(stems) | fits if family and not only_type else _having(stems))
    if not stems and not family:
        return _with_types(list(rows[:limit]))
    found = _with_types(list(rows[:MOST]))
    _rank(found, stems, family)
    kept = [one for one in found if one.score > 0 or not stems]
    kept.sort(key=lambda one: -one.score)  # stable: of equal ones the newest first
    return kept[:limit]


def having(text: str) -> QuerySet[ArticleVersion]:
    """Versions in force that have a word beginning like one of the text's; all of them for a text without words."""
    stems = stems_of(text)
    return in_force().filter(_having(stems)) if stems else in_force()


def stems_of(text: str) -> list[str]:
    """The words of a text as they are compared: folded, without their ends, each once, the longest first."""
    folded = fold_text(text[:4000])
    words = {word for word in folded.split() if len(word) >= LEAST_LETTERS}
    stems = sorted({word[:STEM] for word in words}, key=lambda stem: (-len(stem), stem))
    return stems[:MOST_WORDS]


def fold_text(text: str) -> str:
    """A text without case, accents and signs: words with a blank between."""
    return " ".join(_WORDS.findall(" ".join(fold(word) for word in text.split())))


def words_of(titles: Texts, bodies: Texts) -> str:
    """What is kept for finding a version: all its titles on the first line, all its bodies on the second."""
    return SPLIT.join(
        " ".join(fold_text(plain(texts[code])) for code in CODES if code in texts) for texts in (titles, bodies)
    )


def _having(stems: Sequence[str]) -> Q:
    """Versions that have a word beginning with one of the stems."""
    if connection.vendor == "postgresql":
        asked = " | ".join(f"{stem}:*" for stem in stems)  # stems are letters and digits alone
        sql = f"SELECT id FROM complaints_articleversion WHERE {_EXPRESSION} @@ to_tsquery('simple', %s)"  # noqa: S608
        return Q(pk__in=RawSQL(sql, [asked]))  # noqa: S611
    wanted = Q()
    for stem in stems:
        wanted |= Q(words__contains=stem)
    return wanted


def _rank(found: Sequence[Found], stems: Sequence[str], family: Sequence[int]) -> None:
    """Score by words (rare ones weigh more, in the title three times) and by type."""
    said_in = [tuple(_begins(line) for line in [*one.version.words.split(SPLIT), "", ""][:2]) for one in found]
    weights = {}
    for stem in stems:
        having = sum(any(stem in line for line in lines) for lines in said_in)
        weights[stem] = math.log((1 + len(found)) / having) if having else 0.0
    for one, (title, body) in zip(found, said_in, strict=True):
        one.score = sum(weights[stem] * (IN_TITLE if stem in title else float(stem in body)) for stem in stems)
        if family and family[0] in one.type_ids:
            one.score += OWN_TYPE
        elif one.type_ids.intersection(family):
            one.score += TYPE_ABOVE


def _begins(line: str) -> set[str]:
    """The beginnings of all words of a line, as long as stems can be."""
    return {word[:length] for word in line.split() for length in range(LEAST_LETTERS, STEM + 1) if len(word) >= length}


def _family(type_id: int | None) -> list[int]:
    """A type and the one above it."""
    row = catalogue().types_by_id.get(type_id) if type_id is not None else None
    return [] if row is None else [row.pk, *([row.parent_id] if row.parent_id is not None else [])]


def _with_types(versions: Iterable[ArticleVersion]) -> list[Found]:
    """With the types of each. Query cost: 1."""
    versions = list(versions)
    through = Article.types.through.objects.filter(article__in=[one.article_id for one in versions])
    types: dict[int, set[int]] = {}
    for article, type_id in through.values_list("article", "complainttype"):
        types.setdefault(article, set()).add(type_id)
    known = catalogue().types_by_id
    found = []
    for one in versions:
        own = types.get(one.article_id, set())
        named = sorted(known[key].path for key in own if key in known)
        found.append(Found(one.article, one, frozenset(own), types=named))
    return found


@Cached
def titles() -> dict[int, Texts]:
    """Titles of the articles in use by key, for links to them. Query cost: one every few seconds per process."""
    return dict(in_force().values_list("article", "titles"))
