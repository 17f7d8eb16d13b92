"""The trail as one stream, in an order in which nothing committed late is skipped (interface, `events`).

Entries come by key, up to where the trail is complete (core.settled). Whoever reads gets those about records they may
see, without the personal text: what happened, to what, when, by whom. Which records that are is asked once for each
kind on a page; a kind that no rule is known for (settings, people, tokens) is for administrators. How an entry reads:
core.api.entries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from complaints.models import Complaint, Incident
from core import settled
from core.access import ADMIN, MANAGER
from core.api import entries
from core.models import TrailEntry, User
from core.webhooks import stream
from metrics.models import Invitation, SurveyResponse
from retention.models import FollowUp

WINDOW, WINDOWS = 2_000, 5  # entries looked at: at once, and most in one answer

Seen = Callable[[User, Collection[int]], Collection[int]]


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries in order: those the caller may see behind the key `start`, up to and with the key `reached`.

    `ended`: nothing is left to read behind it.
    """

    entries: list[dict[str, Any]]
    start: int
    reached: int
    ended: bool


class Ahead(Exception):
    """The position lies behind the end of the trail: it is that of another database, or of one restored since."""


def latest() -> int:
    """The position from which only what is yet to come is read."""
    return settled.up_to(settled.newest())


def read(user: User, *, after: int, types: Sequence[str] = (), most: int) -> Part:
    """The next entries that `user` may see, at most `most`, out of at most WINDOW * WINDOWS that are looked at.

    `types`: of the vocabulary, or all of an area (`complaint.*`). Raises Ahead. Query cost: 2, 2 for each window and
    one for each kind of subject in it.
    """
    start, end = after, _end(after)
    chosen: list[TrailEntry] = []
    names: dict[int, str] = {}
    for _turn in range(WINDOWS):
        if after >= end:
            break
        edge = _edge(after, end)
        seen, found = visible(user, _entries(after, edge, types))
        names |= found
        left = most - len(chosen)
        chosen += seen[:left]
        if len(seen) >= left:
            after = chosen[-1].pk if len(seen) > left else edge
            break
        after = edge
    return Part([entries.shown(one, names) for one in chosen], start, after, after >= end)


def read_back(user: User, *, before: int, types: Sequence[str] = (), most: int) -> Part:
    """The last entries up to and with the key `before`, oldest first. Limits, cost and errors are those of `read`."""
    start, end = before, _end(before)
    chosen: list[TrailEntry] = []
    names: dict[int, str] = {}
    for _turn in range(WINDOWS):
        if start <= 0:
            break
        edge = _edge_back(start)
        seen, found = visible(user, _entries(edge, start, types))
        names |= found
        left = most - len(chosen)
        chosen = seen[-left:] + chosen
        if len(seen) >= left:
            start = chosen[0].pk - 1 if len(seen) > left else edge
            break
        start = edge
    return Part([entries.shown(one, names) for one in chosen], start, before, before >= end)


def _end(position: int) -> int:
    """Up to where the trail is complete. Raises Ahead for a position behind its end. Query cost: 2."""
    newest = settled.newest()
    if position > newest:
        raise Ahead
    return settled.up_to(newest)


def _edge(after: int, end: int) -> int:
    """The key of the last entry of the window behind `after`: a rare kind is not looked for in a million rows."""
    keys = TrailEntry.objects.filter(pk__gt=after, pk__lte=end).order_by("pk").values_list("pk", flat=True)
    return next(iter(keys[WINDOW - 1 : WINDOW]), end)


def _edge_back(before: int) -> int:
    """The key in front of the first entry of the window that ends with `before`; 0 where there is nothing more."""
    keys = TrailEntry.objects.filter(pk__lte=before).order_by("-pk").values_list("pk", flat=True)
    return next(iter(keys[WINDOW : WINDOW + 1]), 0)


def _entries(after: int, edge: int, types: Sequence[str]) -> QuerySet[TrailEntry]:
    rows = readable().filter(pk__gt=after, pk__lte=edge).order_by("pk")
    return rows.filter(of_types(types)) if types else rows


def readable() -> QuerySet[TrailEntry]:
    """All entries, without their personal text."""
    return TrailEntry.objects.defer("private", "salt")


def of_types(types: Iterable[str]) -> Q:
    """Entries of any of these types."""
    return Q(kind__in=sorted(frozenset[str]().union(*(stream.kinds_of(one) for one in types))))


def one(user: User, entry: TrailEntry) -> dict[str, Any] | None:
    """A single entry as outsiders read it; None where `user` may not see it. Query cost: 1 or 2."""
    seen, names = visible(user, [entry])
    return entries.shown(entry, names) if seen else None


def visible(user: User, rows: Iterable[TrailEntry]) -> tuple[list[TrailEntry], dict[int, str]]:
    """Those about records that `user` may see, and the references of the complaints they are or tell about, as far as
    the caller sees those."""
    found = list(rows)
    asked: dict[str, set[int]] = {}
    for one in found:
        asked.setdefault(one.subject_kind, set()).add(one.subject_id)
    cases = asked.get(entries.COMPLAINT, set()).union(*(entries.complaints_in(one) for one in found))
    names: dict[int, str] = {}
    if cases:
        seen = Complaint.objects.visible_to(user).filter(pk__in=cases)
        names = dict(seen.values_list("pk", "reference"))
    known: dict[str, Collection[int]] = {
        kind: names.keys() if kind == entries.COMPLAINT else SIGHT.get(kind, _for_administrators)(user, keys)
        for kind, keys in asked.items()
    }
    return [one for one in found if one.subject_id in known[one.subject_kind]], names


def _for_administrators(user: User, keys: Collection[int]) -> Collection[int]:
    return keys if ADMIN in user.roles else ()


def _in_charge(user: User, keys: Collection[int]) -> Collection[int]:
    return keys if user.roles & {ADMIN, MANAGER} else ()


def _who_handles_cases(user: User, keys: Collection[int]) -> Collection[int]:
    return keys if user.sees_cases else ()


def _rows(rows: Callable[[User], QuerySet[Any]]) -> Seen:
    def seen(user: User, keys: Collection[int]) -> Collection[int]:
        return set(rows(user).filter(pk__in=keys).values_list("pk", flat=True))

    return seen


SIGHT: Mapping[str, Seen] = {
    "customer": _who_handles_cases,  # also of one that was merged into another
    "purchase": _who_handles_cases,
    "charge": _who_handles_cases,
    "payment": _who_handles_cases,
    "loyaltyentry": _who_handles_cases,
    "offer": _who_handles_cases,
    "referral": _who_handles_cases,
    Incident._meta.model_name or "": _who_handles_cases,
    "followup": _rows(lambda user: FollowUp.objects.visible_to(user)),
    "invitation": _rows(lambda user: Invitation.objects.visible_to(user)),
    "surveyresponse": _rows(lambda user: SurveyResponse.objects.visible_to(user)),
    "upload": _in_charge,
    "export": _in_charge,
}
