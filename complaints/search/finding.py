"""Find complaints: by reference, number, customer and every word said, as visible to whoever asks (ux, desk 8).

Each way is a query of its own into an index of its own, never an OR over several; they are merged here: first what
somebody can only mean (a whole reference or number, parts of one, a phone, an address), then words by rank and age.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet, teams_of
from complaints.search import lite, postgres
from complaints.search.snippets import Snippet
from complaints.search.told import snippets
from complaints.search.words import Question, read
from core.access import MANAGER
from core.clock import now
from core.models import User
from retention import search as customers
from retention.models import ContactPoint
from retention.models.customers import EMAIL, PHONE

MOST = 200  # matches that are ranked; a question that finds more wants another word
PAGE = 25
MOST_CUSTOMERS = 500
HALF_LIFE = 180  # days after which a match counts half
BY_REFERENCE, BY_CONTACT, BY_WORDS, BY_NAME = range(4)


@dataclass(frozen=True, slots=True)
class Hit:
    """A complaint found. `way`: by what, the surest first; `snippet`: where its words stand, None without words."""

    pk: int
    way: int
    snippet: Snippet | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits, the best first. `cursor`: of the next page, None on the last.

    `whole`: nothing else matches; otherwise only the newest MOST matches were ranked. `named`: keys of the customers
    of such a name, the best first; None where nobody had to look.
    """

    question: Question
    hits: list[Hit] = field(default_factory=list)
    cursor: int | None = None
    whole: bool = True
    named: list[int] | None = None


def find(
    text: str,
    user: User,
    *,
    limit: int = PAGE,
    cursor: int | None = None,
    among: ComplaintQuerySet | None = None,
    places: bool = True,
) -> Found:
    """The complaints that fit `text` and that `user` may see; `among`: further conditions, such as a status.
    `places`: with where the words stand.

    Staff only: notes are among the words. A text without a word finds nothing. Query cost: about 5, whatever is found.
    """
    question = read(text)
    if not question or not user.sees_cases:
        return Found(question)
    start = min(max(cursor or 0, 0), MOST)
    rows = (Complaint.objects.all() if among is None else among).visible_to(user)
    ways, whole, named = _ways(question, rows, user, enough=start + limit + 1)
    page = list(ways.items())[start : start + limit]
    told = snippets([pk for pk, _way in page], question) if places else {}
    hits = [Hit(pk, way, told.get(pk)) for pk, way in page]
    following = start + limit
    more = following < min(len(ways), MOST)
    return Found(question, hits, following if more else None, whole and len(ways) <= MOST, named)


def keys(text: str, rows: ComplaintQuerySet, user: User | None = None, *, most: int = MOST) -> list[int]:
    """Keys of those of `rows` that fit, the best first; `user`: whose view it is, if anybody's. Query cost: 2 to 5."""
    question = read(text)
    return list(_ways(question, rows, user, enough=most, most=most)[0])[:most] if question else []


def narrowed(text: str, rows: ComplaintQuerySet, user: User | None = None, *, most: int = MOST) -> Q:
    """The condition that leaves of `rows` the best `most` that fit."""
    return Q(pk__in=keys(text, rows, user, most=most))


def _ways(
    question: Question, rows: ComplaintQuerySet, user: User | None, *, enough: int, most: int = MOST
) -> tuple[dict[int, int], bool, list[int] | None]:
    """Keys with the way that found them, in order of rank; whether that is all; customers found by their name."""
    among = _sql(rows)
    if among is None:
        return {}, True, None
    found: dict[int, int] = {}
    whole, named = True, None

    def add(keys: Iterable[int], way: int) -> None:
        for key in keys:
            found.setdefault(key, way)

    if question.fragment:
        add(_by_fragment(question.fragment, rows, among, most), BY_REFERENCE)
    if question.is_mail or question.digits:
        add(_of_customers(_by_contact(question), rows, most), BY_CONTACT)
    if len(found) < enough:
        worded, whole = _by_words(question, among, rows, user, enough=enough, most=most)
        add(worded, BY_WORDS)
    if len(found) < enough and not (question.digits or question.is_mail) and _is_plain(question):
        named = customers.matches(question.text, MOST_CUSTOMERS)
        add(_of_customers(named, rows, most), BY_NAME)
    return found, whole, named


def _by_words(
    question: Question, among: tuple[str, Sequence[Any]], rows: ComplaintQuerySet, user: User | None,
    *, enough: int, most: int,
) -> tuple[list[int], bool]:  # fmt: skip
    """By all words, the best first: rank, halved by age. Query cost: 2 or 3."""
    if connection.vendor == "postgresql":
        near = None if user is None or MANAGER in user.roles else newest_of(user)
        ranked, whole = postgres.matching(question, among, most, enough=enough, near=near)
    else:
        ranked, whole = lite.matching(question, among, most)
    if not ranked:
        return [], whole
    received = dict(Complaint.objects.filter(pk__in=[key for key, _rank in ranked]).values_list("pk", "received_at"))
    at = now()
    scored = [(rank * _freshness(received[key], at), key) for key, rank in ranked if key in received]
    return [key for _score, key in sorted(scored, reverse=True)], whole


def _freshness(received_at: datetime, at: datetime) -> float:
    days = max((at - received_at).total_seconds() / 86_400, 0.0)
    return 1 / (1 + days / HALF_LIFE)


def _by_fragment(fragment: str, rows: ComplaintQuerySet, among: tuple[str, Sequence[Any]], most: int) -> list[int]:
    """References and numbers with these signs in them, the whole ones first."""
    way = postgres if connection.vendor == "postgresql" else lite
    found = way.by_fragment(fragment, among, most)
    if not found:
        return []
    exact = Q(reference=fragment) | Q(order_number__iexact=fragment) | Q(external_id__iexact=fragment)
    whole = set(Complaint.objects.filter(exact, pk__in=found).values_list("pk", flat=True))
    return sorted(found, key=lambda key: (key not in whole, -key))


def _by_contact(question: Question) -> list[int]:
    """Customers with this phone number or address, or a part of it. Query cost: 1."""
    reached = ContactPoint.objects.order_by()
    if question.digits:
        part = question.digits.removeprefix("00").lstrip("0") or question.digits
        reached = reached.filter(kind=PHONE, value_key__contains=part)
    else:
        reached = reached.filter(kind=EMAIL, value_key__contains=question.text.lower())
    return list(reached.values_list("customer", flat=True)[:MOST_CUSTOMERS])


def _is_plain(question: Question) -> bool:
    """Whether it may be a name, or beginnings of one, or sound like one."""
    return not any(term.exclude or term.is_phrase for term in question.terms)


def _of_customers(keys: list[int], rows: ComplaintQuerySet, most: int) -> list[int]:
    """Their complaints, the newest first. Query cost: 1."""
    if not keys:
        return []
    of_them = rows.filter(customer__in=keys).order_by("-received_at", "-pk")
    return list(of_them.values_list("pk", flat=True)[:most])


def newest_of(user: User) -> tuple[str, Sequence[Any]]:
    """SQL for the keys of the newest complaints of each kind that somebody who does not see all may see: their teams',
    their own, those they watch. `visible_to` decides all the same; this only tells where to look."""
    handled = [("team_id", team) for team in teams_of(user)] + [("owner_id", user.pk)]
    ways = [
        f"(SELECT id FROM complaints_complaint WHERE {column} = %s AND {live} ORDER BY {order} DESC "  # noqa: S608
        f"LIMIT {postgres.NEWEST})"
        for column, _key in handled
        for live, order in (("in_queue", "queue_at"), ("NOT in_queue", "received_at"))
    ]
    params = [key for _column, key in handled for _twice in range(2)]
    watched = f"(SELECT complaint_id FROM complaints_watch WHERE user_id = %s LIMIT {postgres.NEWEST})"  # noqa: S608
    union = " UNION ".join([*ways, watched])
    return (
        f"SELECT id FROM ({union}) AS seen (id) ORDER BY id DESC LIMIT {postgres.NEWEST}",  # noqa: S608
        [*params, user.pk],
    )


def _sql(rows: ComplaintQuerySet) -> tuple[str, Sequence[Any]] | None:
    """The rows' keys as SQL, column `id`; None when nothing can be among them."""
    try:
        sql, params = rows.order_by().values_list("id").query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, params
