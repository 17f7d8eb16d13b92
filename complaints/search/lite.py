"""Search on SQLite: two FTS5 tables and the triggers that keep them (decision 17).

`complaints_searchwords` holds the words (subject and names, what was wanted, messages, notes), without accents;
`complaints_searchkeys` holds references and numbers in pieces of three. FTS5 knows no stems: a word is looked for by
its beginning, cut to its shortest likely stem. Triggers are put up after every `migrate` and taken down before it:
SQLite cannot rename a table while a trigger elsewhere names it, and forgets the triggers of a table it makes anew.
"""

# ruff: noqa: S608  statements of our own names; what people typed is always a parameter
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from complaints.search.words import LEAST_PREFIX, Question, Term, stems
from retention.names import fold

WORDS, KEYS, BASE = "complaints_searchwords", "complaints_searchkeys", "complaints_searchtext"
_YO = "replace(replace({}, 'ё', 'е'), 'Ё', 'Е')"
EDGE = "' xqxq '"  # a word between texts, so that no "phrase" reaches from one into the next
_JOINED = f"(SELECT group_concat(body, {EDGE}) FROM (SELECT body FROM {{}} WHERE complaint_id = c.id ORDER BY id))"
_KEYS = (
    "upper(c.reference || ' ' || replace(c.reference, '-', '') || ' ' || c.order_number || ' ' || c.external_id "
    "|| ' ' || c.lot)"
)
_FROM = (
    "FROM complaints_complaint c JOIN complaints_narrative n ON n.complaint_id = c.id "
    "LEFT JOIN retention_customer k ON k.id = c.customer_id"
)
COLUMNS = {
    "head": _YO.format(f"c.subject || {EDGE} || c.product || {EDGE} || coalesce(k.name_key, '')"),
    "body": _YO.format(f"n.description || {EDGE} || n.expectation || {EDGE} || n.remedy_sought"),
    "talk": f"coalesce({EDGE} || {_YO.format(_JOINED.format('complaints_message'))}, '')",
    "notes": (
        _YO.format(f"n.summary || {EDGE} || n.late_note")
        + f" || coalesce({EDGE} || {_YO.format(_JOINED.format('complaints_note'))}, '')"
    ),
}
BUILT = f"SELECT c.id, {_KEYS} AS keys, {', '.join(f'{sql} AS {name}' for name, sql in COLUMNS.items())} {_FROM}"


def _put(ids: str) -> str:
    """Statements that write anew what complaints are searched by; `ids`: an SQL condition on c.id."""
    return (
        f"DELETE FROM {WORDS} WHERE rowid {ids}; DELETE FROM {KEYS} WHERE rowid {ids}; "
        f"DELETE FROM {BASE} WHERE complaint_id {ids}; "
        f"INSERT INTO {BASE} (complaint_id, keys) SELECT c.id, {_KEYS} {_FROM} WHERE c.id {ids}; "
        f"INSERT INTO {KEYS} (rowid, keys) SELECT c.id, {_KEYS} {_FROM} WHERE c.id {ids}; "
        f"INSERT INTO {WORDS} (rowid, {', '.join(COLUMNS)}) SELECT c.id, {', '.join(COLUMNS.values())} {_FROM} "
        f"WHERE c.id {ids};"
    )


def _append(column: str) -> str:
    added = _YO.format("NEW.body")
    return f"UPDATE {WORDS} SET {column} = {column} || {EDGE} || {added} WHERE rowid = NEW.complaint_id;"


def _drop(key: str) -> str:
    return (
        f"DELETE FROM {WORDS} WHERE rowid = {key}; DELETE FROM {KEYS} WHERE rowid = {key}; "
        f"DELETE FROM {BASE} WHERE complaint_id = {key};"
    )


def _changed(*names: str) -> str:
    return " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in names)


_AMENDED = ("reference", "subject", "product", "lot", "order_number", "external_id", "customer_id")
_SAID = ("description", "expectation", "remedy_sought", "summary", "late_note")
TRIGGERS = {
    "complaints_search_filed": f"AFTER INSERT ON complaints_narrative BEGIN {_put('= NEW.complaint_id')} END",
    "complaints_search_gone": f"AFTER DELETE ON complaints_narrative BEGIN {_drop('OLD.complaint_id')} END",
    "complaints_search_reworded": (
        f"AFTER UPDATE ON complaints_narrative WHEN {_changed(*_SAID)} BEGIN {_put('= NEW.complaint_id')} END"
    ),
    "complaints_search_amended": (
        f"AFTER UPDATE OF {', '.join(_AMENDED)} ON complaints_complaint WHEN {_changed(*_AMENDED)} "
        f"BEGIN {_put('= NEW.id')} END"
    ),
    "complaints_search_renamed": (
        f"AFTER UPDATE OF name_key ON retention_customer WHEN {_changed('name_key')} "
        f"BEGIN {_put('IN (SELECT id FROM complaints_complaint WHERE customer_id = NEW.id)')} END"
    ),
}
for _name, _table, _column in (("message", "complaints_message", "talk"), ("note", "complaints_note", "notes")):
    TRIGGERS |= {
        f"complaints_search_{_name}_added": f"AFTER INSERT ON {_table} BEGIN {_append(_column)} END",
        f"complaints_search_{_name}_less": f"AFTER DELETE ON {_table} BEGIN {_put('= OLD.complaint_id')} END",
        f"complaints_search_{_name}_reworded": (
            f"AFTER UPDATE OF body, complaint_id ON {_table} WHEN {_changed('body', 'complaint_id')} "
            f"BEGIN {_put('IN (OLD.complaint_id, NEW.complaint_id)')} END"
        ),
    }


def missing_triggers(link: Any) -> list[str]:
    with link.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        there = {name for (name,) in cursor.fetchall()}
    return [name for name in TRIGGERS if name not in there]


def put_triggers_up(link: Any) -> None:
    with link.cursor() as cursor:
        for name in missing_triggers(link):
            cursor.execute(f"CREATE TRIGGER {name} {TRIGGERS[name]}")


def take_triggers_down(link: Any) -> None:
    with link.cursor() as cursor:
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def is_there(link: Any) -> bool:
    """Whether the tables are there: not before migration 0013."""
    with link.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = %s", [WORDS])
        return cursor.fetchone() is not None


def is_whole(link: Any) -> bool:
    """Whether as many complaints can be found as there are: triggers were missing while somebody wrote otherwise."""
    with link.cursor() as cursor:
        cursor.execute(f"SELECT (SELECT count(*) FROM complaints_narrative) = (SELECT count(*) FROM {BASE})")
        return bool(cursor.fetchone()[0])


def put(low: int, high: int) -> None:
    """Write anew the complaints with keys of low <= key < high."""
    with connection.cursor() as cursor:
        for statement in _put(f"BETWEEN {int(low)} AND {int(high) - 1}").split(";"):
            if statement.strip():
                cursor.execute(statement)


def differing(low: int, high: int) -> list[int]:
    """Keys of complaints in the range whose search text is not what it should be."""
    span = f"BETWEEN {int(low)} AND {int(high) - 1}"
    names = ", ".join(COLUMNS)
    wanted = f"{BUILT} WHERE c.id {span}"
    held = (
        f"SELECT b.complaint_id, k.keys, {names} FROM {BASE} b JOIN {WORDS} w ON w.rowid = b.complaint_id "
        f"JOIN {KEYS} k ON k.rowid = b.complaint_id AND k.keys = b.keys WHERE b.complaint_id {span}"
    )
    lost = f"SELECT rowid, 0, 0, 0, 0, 0 FROM {WORDS} WHERE rowid {span} AND rowid NOT IN (SELECT c.id {_FROM})"
    both = f"SELECT * FROM ({wanted}) EXCEPT SELECT * FROM ({held})"
    back = f"SELECT * FROM ({held}) EXCEPT SELECT * FROM ({wanted})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT 1 * column1 FROM (SELECT id AS column1 FROM ({both}) UNION "
            f"SELECT complaint_id FROM ({back}) UNION SELECT rowid FROM ({lost}))"
        )
        return [key for (key,) in cursor.fetchall()]


def matching(question: Question, among: tuple[str, Sequence[Any]], most: int) -> tuple[list[tuple[int, float]], bool]:
    """The newest matches with their ranks, at most `most`, and whether these are all. Query cost: 1."""
    sql, params = among
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT f.rowid, -bm25({WORDS}, 10, 4, 2, 1) FROM {WORDS} f CROSS JOIN ({sql}) c ON c.id = f.rowid "
            f"WHERE f.{WORDS} MATCH %s ORDER BY f.rowid DESC LIMIT {int(most) + 1}",
            [*params, asked(question)],
        )
        found = cursor.fetchall()
    return [(key, float(rank)) for key, rank in found[:most]], len(found) <= most


def by_fragment(fragment: str, among: tuple[str, Sequence[Any]], most: int) -> list[int]:
    """The newest complaints with these signs in a reference or number. Query cost: 1."""
    sql, params = among
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT f.rowid FROM {KEYS} f CROSS JOIN ({sql}) c ON c.id = f.rowid "
            f"WHERE f.{KEYS} MATCH %s ORDER BY f.rowid DESC LIMIT {int(most)}",
            [*params, _quoted(fragment)],
        )
        return [key for (key,) in cursor.fetchall()]


def asked(question: Question) -> str:
    """The question in FTS5's language."""
    wanted = " AND ".join(_term(term) for term in question.wanted)
    without = [_term(term) for term in question.terms if term.exclude]
    return f"({wanted}) NOT ({' OR '.join(without)})" if without else wanted


def _term(term: Term) -> str:
    if term.is_phrase:
        return _quoted(" ".join(term.words).replace("ё", "е"))
    word = term.words[0].replace("ё", "е")  # FTS5 takes the accents off itself
    beginnings = _shortest({*stems(word), *([fold(word)] if term.prefix else [])})
    forms = [f"{_quoted(one)} *" for one in beginnings]
    if not any(fold(word).startswith(one) for one in beginnings):
        forms.insert(0, _quoted(word))
    return f"({' OR '.join(forms)})"


def _shortest(found: Iterable[str]) -> list[str]:
    """Beginnings that do not begin with another one. An English y that became i goes: repli finds reply."""
    kept: list[str] = []
    for one in sorted(found, key=len):
        cut = one[:-1] if one.endswith("i") and len(one) > LEAST_PREFIX + 1 else one
        if not cut.startswith(tuple(kept)):
            kept.append(cut)
    return kept


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
