"""The trail as one stream, in an order in which nothing committed late is skipped (interface, `events`).

Entries come by key, up to where the trail is complete (core.settled). Whoever reads gets those about records they may
see, without the personal text: what happened, to what, when, by whom. Which records that are is asked once for each
kind on a page; a kind that no rule is known for (settings, people, tokens) is for administrators.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from complaints.models import Complaint, Incident
from core import settled
from core.access import ADMIN, MANAGER
from core.instants import iso
from core.models import TrailEntry, User
from metrics.models import SurveyResponse
from retention.models import FollowUp

WINDOW, WINDOWS = 2_000, 5  # entries looked at: at once, and most in one answer
MOST_TYPES = 50
TYPE = re.compile(r"[a-z_]{1,30}(?:\.(?:[a-z_]{1,40}|\*))", re.ASCII)

Seen = Callable[[User, Collection[int]], Collection[int]]


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries in order. `reached`: everything up to this key was looked at; `ended`: nothing is left to read."""

    entries: list[dict[str, Any]]
    reached: int
    ended: bool


class Ahead(Exception):
    """The position lies behind the end of the trail: it is that of another database, or of one restored since."""


def latest() -> int:
    """The position from which only what is yet to come is read."""
    return settled.up_to(settled.newest())


def read(user: User, *, after: int, types: Sequence[str] = (), most: int) -> Part:
    """The next entries that `user` may see, at most `most`, out of at most WINDOW * WINDOWS that are looked at.

    `types`: kinds of entries, or all of a subject (`complaint.*`). Raises Ahead. Query cost: 2, 2 for each window and
    one for each kind of subject in it.
    """
    newest = settled.newest()
    if after > newest:
        raise Ahead
    end = settled.up_to(newest)
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
    return Part([shown(one, names) for one in chosen], after, after >= end)


def _edge(after: int, end: int) -> int:
    """The key of the last entry of the window behind `after`: a rare kind is not looked for in a million rows."""
    keys = TrailEntry.objects.filter(pk__gt=after, pk__lte=end).order_by("pk").values_list("pk", flat=True)
    return next(iter(keys[WINDOW - 1 : WINDOW]), end)


def _entries(after: int, edge: int, types: Sequence[str]) -> QuerySet[TrailEntry]:
    rows = TrailEntry.objects.filter(pk__gt=after, pk__lte=edge).order_by("pk").defer("private", "salt")
    return rows.filter(of_types(types)) if types else rows


def of_types(types: Iterable[str]) -> Q:
    """Entries of any of these kinds."""
    wanted = [Q(kind__startswith=one[:-1]) if one.endswith("*") else Q(kind=one) for one in types]
    return reduce(or_, wanted)


def visible(user: User, rows: Iterable[TrailEntry]) -> tuple[list[TrailEntry], dict[int, str]]:
    """Those about records that `user` may see, and the references of the complaints among them."""
    entries = list(rows)
    asked: dict[str, set[int]] = {}
    for one in entries:
        asked.setdefault(one.subject_kind, set()).add(one.subject_id)
    known: dict[str, Collection[int]] = {}
    names: dict[int, str] = {}
    for kind, keys in asked.items():
        if kind == "complaint":
            cases = Complaint.objects.visible_to(user).filter(pk__in=keys)
            names = dict(cases.values_list("pk", "reference"))
            known[kind] = names.keys()
        else:
            known[kind] = SIGHT.get(kind, _for_administrators)(user, keys)
    return [one for one in entries if one.subject_id in known[one.subject_kind]], names


def shown(entry: TrailEntry, names: Mapping[int, str]) -> dict[str, Any]:
    """One entry as outsiders read it. `names`: references of complaints, by key."""
    about_case = entry.subject_kind == "complaint"
    return {
        "id": str(entry.pk),
        "type": entry.kind,
        "subject": {
            "kind": entry.subject_kind,
            "id": names[entry.subject_id] if about_case else str(entry.subject_id),
        },
        "seq": entry.seq,
        "at": iso(entry.at),
        "recorded_at": iso(entry.recorded_at),
        "actor": f"{entry.actor_kind}:{entry.actor_label}",
        "changes": json.loads(entry.body),
        "hash": bytes(entry.hash).hex(),
    }


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
    Incident._meta.model_name or "": _who_handles_cases,
    "followup": _rows(lambda user: FollowUp.objects.visible_to(user)),
    "surveyresponse": _rows(lambda user: SurveyResponse.objects.visible_to(user)),
    "upload": _in_charge,
    "export": _in_charge,
}
