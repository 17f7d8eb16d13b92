"""How many cases stand in each view of the sidebar: one query for all of them, whatever their number (ux, desk 8).

Built-in views count rows of an index, up to CAP. A saved view with filters would have to look at every case in hand to
find how few there are; so all of them look at the same FIRST cases of the queue, read once. Where the queue is longer,
the number says "and more". Searches and customers are not counted: they ask other tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q

from complaints.models import Complaint, Remedy, RemedyStatus
from complaints.querysets import ComplaintQuerySet
from complaints.reference import catalogue
from complaints.web import composed
from complaints.web.composed import Composed, Somebody
from complaints.web.many import builtin, queue
from complaints.web.many.builtin import LOAD, SOME_DAY, VIEWS, Moment, Reader, team_ids
from complaints.web.many.filters import UNCOUNTED
from complaints.web.many.saved import Saved
from complaints.web.names import colleagues, made_from, teams
from core.access import MANAGER
from core.models import Notification, User

NOTICES = "notifications"  # what of the inbox is unread
AWAITING = "awaiting"  # remedies that somebody else asked for and nobody decided yet, on whatever case
CAP = 100  # counts stop here and say "99+"
FIRST = 2_000  # cases of the queue that saved views with filters are counted among
COLUMNS = (
    "id", "reference", "owner_id", "team_id", "status", "channel", "type_id", "severity", "language", "source",
    "queue_at", "received_at", "snoozed_until", "escalated_at", "incident_id", "in_queue", "promise_due_at",
)  # fmt: skip
Spec = tuple[tuple[str, str], ...]
Count = int | str


def counts(user: User, now: datetime, keys: tuple[str, ...], saved: Sequence[Saved] = ()) -> dict[str, Count]:
    """How many cases stand in each view, "99+" from CAP on; saved views by their key, where they can be counted;
    what is unread in the reader's inbox (NOTICES), and AWAITING.

    Query cost: 1, at most CAP rows per built-in view and branch, and FIRST per branch for all saved views together.
    """
    if not user.sees_cases:
        return {}
    readers_teams = team_ids(user)
    specs = {one.key: tuple(sorted(one.query.items())) for one in saved if countable(one.query)}
    if not keys and not specs:
        return {}
    epoch = made_from("counting", object, catalogue(), colleagues(), teams())
    counting = _counting(keys, tuple(specs.values()), len(readers_teams), MANAGER in user.roles, CAP, epoch)
    (numbers,) = counting.rows(queue.stand_ins(user, readers_teams, Moment.of(now)))
    found = {key: n if n < CAP else f"{CAP - 1}+" for key, n in zip(keys, numbers, strict=False)}
    found[NOTICES] = numbers[-2] if numbers[-2] < CAP else f"{CAP - 1}+"
    found[AWAITING] = numbers[-1]
    if specs:
        more = numbers[len(keys)] >= FIRST
        for key, n in zip(specs, numbers[len(keys) + 1 : -2], strict=True):
            found[key] = f"{CAP - 1}+" if n >= CAP else f"{n}+" if more else n
    return found


def countable(query: dict[str, str]) -> bool:
    """Whether a number can be shown beside it: of cases in hand, and nothing that asks other tables."""
    view = VIEWS.get(query.get("view", ""))
    asks_others = UNCOUNTED - {"incident"} if query.get("incident") == "yes" else UNCOUNTED
    return view is not None and view.live and asks_others.isdisjoint(query)


@lru_cache(maxsize=256)
def _counting(
    keys: tuple[str, ...], specs: tuple[Spec, ...], team_count: int, sees_all: bool, cap: int, _epoch: object
) -> Composed:
    """The SQL that counts these views, composed once for everybody with as many teams and the same saved views.

    What is watched is looked up once for all views: planned with each of them it was half of the planning.
    """
    somebody = Somebody(team_count, sees_all)
    watched = None if sees_all else builtin.watched(somebody)
    texts: list[str] = []
    params: list[Any] = []
    for key in keys:
        text, values = _built_in(key, somebody, watched, cap)
        params += values
        texts.append(f"(SELECT COUNT(*) FROM ({text}) AS n{len(texts)})" if text else "0")  # noqa: S608
    with_: list[str] = []
    before: list[Any] = []
    if watched is not None:
        text, values = _sql(Complaint.objects.filter(watched))
        with_.append(f"watched AS ({text})")
        before += values
    if specs:
        text, values = _first(somebody)
        with_.append(f"first AS MATERIALIZED ({text})")
        before += values
        texts.append("(SELECT COUNT(*) FROM first)")
        for spec in specs:
            text, values = _among_first(spec, somebody, cap)
            params += values
            texts.append(f"(SELECT COUNT(*) FROM ({text}) AS n{len(texts)})" if text else "0")  # noqa: S608
    text, values = _sql(Notification.objects.filter(user=composed.ME, read_at__isnull=True).order_by()[:cap])
    texts.append(f"(SELECT COUNT(*) FROM ({text}) AS unread)")  # noqa: S608
    params += values
    asked = Remedy.objects.filter(status=RemedyStatus.AWAITING).exclude(requested_by=composed.ME)
    text, values = _sql(asked.order_by()[:cap])
    texts.append(f"(SELECT COUNT(*) FROM ({text}) AS asked)")  # noqa: S608
    params += values
    counting = f"SELECT {', '.join(texts)}"
    return Composed(f"WITH {', '.join(with_)} {counting}" if with_ else counting, (*before, *params))


def _built_in(key: str, somebody: Reader, watched: Q | None, cap: int) -> tuple[str, list[Any]]:
    view = LOAD if key == LOAD.key else VIEWS[key]
    own = key in ("mine", "team", LOAD.key)
    known = builtin.ways("mine" if key == LOAD.key else key, somebody)
    elsewhere = watched is not None and not own
    looked = (known[:-1] if elsewhere else known) or [Q()]
    found = [view.narrowed(Complaint.objects.filter(way), somebody, SOME_DAY) for way in looked]
    text, params = queue.union([one.order_by()[:cap] for one in found])
    if elsewhere:
        more, values = queue.union([view.narrowed(Complaint.objects.all(), somebody, SOME_DAY).order_by()[:cap]])
        text = " UNION ".join(part for part in (text, _from("watched", more)) if part)
        params += values
    return text, params


def _first(somebody: Reader) -> tuple[str, list[Any]]:
    """The first cases in hand by deadline, FIRST of each way to them."""
    parts: list[str] = []
    params: list[Any] = []
    for number, way in enumerate(builtin.branches(somebody) or [Q()]):
        found = Complaint.objects.filter(way).in_queue().order_by("queue_at", "pk")
        text, values = _sql(found.values(*COLUMNS)[:FIRST])
        parts.append(f"SELECT * FROM ({text}) AS f{number}")  # noqa: S608
        params += values
    return " UNION ".join(parts), params


def _among_first(spec: Spec, somebody: Somebody, cap: int) -> tuple[str, list[Any]]:
    """What a saved view leaves of them. What of it no longer exists is left out, as in its list."""
    asked = queue.read(dict(spec), somebody)  # type: ignore[arg-type]
    text, params = queue.union([asked.narrow(Complaint.objects.all(), somebody, SOME_DAY).order_by()[:cap]])
    return _from("first", text), params


def _from(name: str, text: str) -> str:
    """A query of ours read from a common table expression instead."""
    return text.replace(connection.ops.quote_name(Complaint._meta.db_table), name)


def _sql(found: ComplaintQuerySet | Any) -> tuple[str, list[Any]]:
    text, params = found.query.sql_with_params()
    return str(text), list(params)
