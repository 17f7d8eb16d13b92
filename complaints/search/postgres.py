"""Search on PostgreSQL: one tsvector per complaint, kept by triggers (migration 0013, decision 17).

The planner goes wrong with `@@ ... ORDER BY ... LIMIT` (2.7 s for an absent word at a million), so it is never asked
that: a common word is looked for among the newest complaints the viewer may see, one by one; any other word through
the index, whole, before anything is sorted. Which is which the database's statistics say.
"""

# ruff: noqa: S608  statements of our own names; what people typed is always a parameter
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from complaints.search.words import Question, Term, languages_of, spelt

NEWEST = 5_000  # complaints looked at one by one
COMMON = 3_000  # from this many matches on a word is common: reading them all takes longer than looking at the newest
Among = tuple[str, Sequence[Any]]
_FREQUENCIES = (
    "SELECT most_common_elems::text::text[], most_common_elem_freqs, (SELECT reltuples FROM pg_class WHERE oid = "
    "'complaints_searchtext'::regclass) FROM pg_stats WHERE tablename = 'complaints_searchtext' AND attname = 'words'"
)
KNOWN_FOR = 600.0  # seconds after which the statistics are read again
# From the newest on, each looked up by its key, until there are enough: the planner left to itself reads all rows.
_RANKED = """
SELECT held.complaint_id, ts_rank(held.words, %s::tsquery) FROM (
    SELECT hit.id FROM (SELECT id FROM hit ORDER BY id DESC) hit CROSS JOIN LATERAL (
        SELECT 1 AS yes FROM ({among}) found WHERE found.id = hit.id OFFSET 0) seen
    ORDER BY hit.id DESC LIMIT {most}
) best JOIN complaints_searchtext held ON held.complaint_id = best.id ORDER BY held.complaint_id DESC
"""
_ALL = """
WITH hit AS MATERIALIZED (SELECT complaint_id AS id FROM complaints_searchtext WHERE words @@ %s::tsquery)
"""
_NEWEST = """
WITH near AS MATERIALIZED ({near}),
hit AS MATERIALIZED (
    SELECT near.id FROM near CROSS JOIN LATERAL (
        SELECT held.words @@ %s::tsquery AS yes FROM complaints_searchtext held
        WHERE held.complaint_id = near.id OFFSET 0) looked WHERE looked.yes
)
"""
_NEWEST_OF_ALL = """
WITH hit AS MATERIALIZED (
    SELECT complaint_id AS id FROM (
        SELECT complaint_id, words FROM complaints_searchtext ORDER BY complaint_id DESC LIMIT {newest}) newest
    WHERE words @@ %s::tsquery
)
"""


def matching(
    question: Question, among: Among, most: int, *, enough: int, near: Among | None
) -> tuple[list[tuple[int, float]], bool]:
    """The newest matches with their ranks, at most `most`, and whether these are all.

    `near`: the newest complaints the viewer may see, None for whoever sees all. A common word's matches among those
    do when they are `enough`. Query cost: 1, 1 more for each word not met lately, 1 more for a common word seldom seen.
    """
    query = asked(question)
    with connection.cursor() as cursor:
        if estimate(question) > COMMON:
            found = _newest(cursor, query, among, most, near)
            if len(found) >= enough:
                return found[:most], False
        cursor.execute(_ALL + _RANKED.format(among=among[0], most=most + 1), [query, query, *among[1]])
        found = cursor.fetchall()
    return found[:most], len(found) <= most


def _newest(cursor: Any, query: str, among: Among, most: int, near: Among | None) -> list[tuple[int, float]]:
    ranked = _RANKED.format(among=among[0], most=most + 1)
    if near is None:
        cursor.execute(_NEWEST_OF_ALL.format(newest=NEWEST) + ranked, [query, query, *among[1]])
    else:
        cursor.execute(_NEWEST.format(near=near[0]) + ranked, [*near[1], query, query, *among[1]])
    found: list[tuple[int, float]] = cursor.fetchall()
    return found


def estimate(question: Question) -> float:
    """How many complaints may match, by the statistics of the last ANALYZE: the rarest word decides, and a word that is
    not among the thousand most common ones is rare. (The planner takes every beginning of a word for common.)"""
    found = frequencies()
    shares = [_share(term, found.shares) for term in question.wanted]
    return min(shares, default=0.0) * found.rows


def _share(term: Term, shares: Mapping[str, float]) -> float:
    if term.is_phrase:
        return min(shares.get(lexemes(word)[0], 0.0) for word in term.words)
    forms = lexemes(term.words[0])
    known = sum(shares.get(form, 0.0) for form in forms)
    if term.prefix:
        known += sum(share for word, share in shares.items() if word.startswith(forms[0]) and word not in forms)
    return min(known, 1.0)


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In which share of the complaints the commonest words stand; `rows`: how many complaints; `at`: when read."""

    shares: Mapping[str, float]
    rows: float
    at: float


_read: dict[str, Frequencies] = {}  # by database


def frequencies() -> Frequencies:
    """Query cost: 1 every ten minutes in each process."""
    name = str(connection.settings_dict["NAME"])
    known = _read.get(name)
    if known is None or time.monotonic() - known.at > KNOWN_FOR:
        with connection.cursor() as cursor:
            cursor.execute(_FREQUENCIES)
            words, shares, rows = cursor.fetchone() or ((), (), 0)
        pairs = dict(zip(words or (), shares or (), strict=False))  # two numbers more than words: least and most
        known = _read[name] = Frequencies(pairs, max(float(rows or 0), 0.0), time.monotonic())
    return known


def by_fragment(fragment: str, among: Among, most: int) -> list[int]:
    """The newest complaints with these signs in a reference or number. Query cost: 1, by trigrams."""
    sql, params = among
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH hit AS MATERIALIZED (SELECT complaint_id AS id FROM complaints_searchtext WHERE keys LIKE %s) "
            "SELECT hit.id FROM (SELECT id FROM hit ORDER BY id DESC) hit CROSS JOIN LATERAL ("
            f"SELECT 1 AS yes FROM ({sql}) found WHERE found.id = hit.id OFFSET 0) seen "
            f"ORDER BY hit.id DESC LIMIT {int(most)}",
            [f"%{connection.ops.prep_for_like_query(fragment)}%", *params],
        )
        return [key for (key,) in cursor.fetchall()]


def asked(question: Question) -> str:
    """The question in the language of tsquery. Query cost: 1 for words not met lately."""
    parts = [_term(term) for term in question.wanted]
    parts += [f"!{_term(term)}" for term in question.terms if term.exclude]
    return " & ".join(parts)


def _term(term: Term) -> str:
    if term.is_phrase:
        return f"({' <-> '.join(_quoted(lexemes(word)[0]) for word in term.words)})"
    raw, *stems = lexemes(term.words[0])
    first = _quoted(raw) + (":*" if term.prefix else "")
    return f"({' | '.join([first, *(_quoted(one) for one in stems if one != raw or term.prefix)])})"


@lru_cache(maxsize=4096)
def lexemes(word: str) -> tuple[str, ...]:
    """A word as the index has it, first as it is written, then its stems in all languages it may belong to."""
    names = [*languages_of(word).values()]
    forms = spelt(word)
    stems = " || ".join(f"coalesce(ts_lexize('pg_catalog.{name}_stem', given.form), '{{}}')" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT complaints_search_fold(given.form), {stems} "
            "FROM unnest(%s::text[]) WITH ORDINALITY given(form, place) ORDER BY place",
            [[*forms]],
        )
        rows = cursor.fetchall()
    found = [rows[0][0].lower(), *(stem for _raw, stems in rows for stem in stems)]
    return tuple(dict.fromkeys(found))


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def put(low: int, high: int) -> None:
    """Write anew the complaints with keys of low <= key < high."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT complaints_search_put(array(SELECT id FROM complaints_complaint WHERE id >= %s AND id < %s))",
            [low, high],
        )
        cursor.execute(
            "DELETE FROM complaints_searchtext held WHERE complaint_id >= %s AND complaint_id < %s AND NOT EXISTS "
            "(SELECT 1 FROM complaints_narrative said WHERE said.complaint_id = held.complaint_id)",
            [low, high],
        )


def differing(low: int, high: int) -> list[int]:
    """Keys of complaints in the range whose search text is not what it should be: other numbers, other words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(built.complaint_id, held.complaint_id) FROM complaints_search_built("
            "array(SELECT id FROM complaints_complaint WHERE id >= %s AND id < %s)) built "
            "FULL JOIN (SELECT * FROM complaints_searchtext WHERE complaint_id >= %s AND complaint_id < %s) held "
            "ON held.complaint_id = built.complaint_id "
            "WHERE (built.keys, strip(built.words)) IS DISTINCT FROM (held.keys, strip(held.words))",
            [low, high, low, high],
        )
        return [key for (key,) in cursor.fetchall()]


def missing_triggers() -> list[str]:
    """Names of triggers that are not there, or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text || '.' || tgname FROM pg_trigger "
            "WHERE tgname LIKE 'complaints\\_search\\_%%' AND tgenabled <> 'D'"
        )
        there = {name for (name,) in cursor.fetchall()}
    return sorted(TRIGGERS - there)


TRIGGERS = frozenset(
    f"{table}.complaints_search_{name}"
    for table, names in {
        "complaints_narrative": ("filed", "gone", "reworded"),
        "complaints_complaint": ("amended",),
        "retention_customer": ("renamed",),
        "complaints_message": ("added", "less", "reworded"),
        "complaints_note": ("added", "less", "reworded"),
    }.items()
    for name in names
)
