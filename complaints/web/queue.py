"""Which complaints a list shows: built-in views, filters from the URL, keyset pages, capped counts (ux, desk 3, 8).

Whatever the number of complaints, a page reads at most PAGE + 1 rows by an index for each thing the viewer may see
(a team, what is owned, what is watched): `visible_to` decides, these branches only tell the database where to look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Complaint, Status, Watch
from complaints.querysets import ComplaintQuerySet, teams_of
from complaints.web import composed, rows
from complaints.web.composed import Composed, Somebody
from complaints.web.filters import FILTERS, Chosen, chosen
from complaints.web.rows import Found
from core.access import MANAGER
from core.models import User

CAP = 100  # counts stop here and say "99+"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ENDED = (Status.CLOSED, Status.WITHDRAWN, Status.MERGED)
Reader = User | Somebody
Narrow = Callable[[ComplaintQuerySet, Reader, "Moment"], ComplaintQuerySet]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and the midnight after it where the reader is. Aware, UTC."""

    now: datetime
    day_end: datetime

    @classmethod
    def of(cls, now: datetime) -> Moment:
        return cls(now, rows.day_end(now))


@dataclass(frozen=True, slots=True)
class View:
    """A built-in view. `live`: of cases in the queue, by next deadline; otherwise by receipt, newest first."""

    key: str
    title: str | Promise
    narrow: Narrow
    live: bool = True
    icon: str = "inbox"
    tone: str = ""  # of its count


def _in_hand(narrow: Narrow | None = None) -> Narrow:
    def narrowed(found: ComplaintQuerySet, user: Reader, at: Moment) -> ComplaintQuerySet:
        found = found.in_queue()
        return narrow(found, user, at) if narrow else found

    return narrowed


VIEWS = {
    view.key: view
    for view in (
        View("mine", _("My queue"), _in_hand(lambda found, user, at: found.filter(owner=user.pk)), icon="inbox"),
        View(
            "breached",
            _("Breached"),
            _in_hand(lambda found, user, at: found.filter(queue_at__lte=at.now)),
            icon="breached",
            tone="breach",
        ),
        View(
            "risk",
            _("At risk today"),
            _in_hand(lambda found, user, at: found.filter(queue_at__gt=at.now, queue_at__lt=at.day_end)),
            icon="clock",
            tone="risk",
        ),
        View(
            "waiting",
            _("Waiting on customer"),
            _in_hand(lambda found, user, at: found.filter(status=Status.WAITING)),
            icon="paused",
        ),
        View(
            "resolved",
            _("Resolved, to close"),
            _in_hand(lambda found, user, at: found.filter(status=Status.RESOLVED)),
            icon="met",
        ),
        View(
            "team",
            _("Open in my team"),
            _in_hand(lambda found, user, at: found.filter(team__in=team_ids(user))),
            icon="team",
        ),
        View("all", _("All open"), _in_hand(), icon="filter"),
        View(
            "quarantine",
            _("Quarantine"),
            lambda found, user, at: found.filter(is_quarantined=True),
            live=False,
            icon="shield",
        ),
        View(
            "closed",
            pgettext_lazy("view", "Closed"),
            lambda found, user, at: found.filter(status__in=ENDED, is_history=False),
            live=False,
            icon="check",
        ),
        View(
            "history",
            _("Imported history"),
            lambda found, user, at: found.filter(is_history=True),
            live=False,
            icon="book",
        ),
    )
}


def default_view(user: User) -> str:
    """The view somebody starts with: managers see all, everybody else their own."""
    return "all" if MANAGER in user.roles else "mine"


def team_ids(user: Reader) -> list[int]:
    """The teams whose cases somebody handles; a manager's own too. Query cost: none once the roles are known."""
    own = [user.team_id] if user.team_id and MANAGER in user.roles else []
    return sorted({*teams_of(user), *own})  # type: ignore[arg-type]


@dataclass(slots=True)
class Asked:
    """What the URL asks for. `problems`: what it says that makes no sense, in words; then nothing is listed."""

    view: View
    chosen: list[Chosen] = field(default_factory=list)
    after: tuple[datetime, int] | None = None
    before: tuple[datetime, int] | None = None
    query: str = ""  # the query string to come back here, without `since`
    problems: list[str] = field(default_factory=list)

    def narrow(self, found: ComplaintQuerySet, user: Reader, at: Moment) -> ComplaintQuerySet:
        found = self.view.narrow(found, user, at)
        for one in self.chosen:
            found = one.narrow(found)
        return found


@dataclass(slots=True)
class Page:
    """One page of rows, and the cursors of its neighbours ("" for none)."""

    rows: list[Found]
    after: str = ""
    before: str = ""


def ask(params: QueryDict, user: User) -> Asked:
    """Read a query string. Unknown names and values are named in `problems`, never ignored."""
    key = params.get("view") or default_view(user)
    asked = Asked(VIEWS.get(key) or VIEWS[default_view(user)])
    if key not in VIEWS:
        asked.problems.append(str(_("There is no view “%(name)s”.")) % {"name": key})
    known = {"view", "after", "before", "since", *FILTERS}
    for name in params:
        if name not in known:
            asked.problems.append(str(_("There is no filter “%(name)s”.")) % {"name": name})
    asked.chosen, refused = chosen(params)
    asked.problems += refused
    for side in ("after", "before"):
        if text := params.get(side):
            cursor = read_cursor(text)
            if cursor is None:
                asked.problems.append(str(_("This page of the list does not exist.")))
            setattr(asked, side, cursor)
    kept = params.copy()
    kept.pop("since", None)
    for name in [name for name in kept if not kept.get(name)]:
        del kept[name]
    asked.query = f"?{kept.urlencode()}" if kept else ""
    return asked


def fetch(asked: Asked, user: User, now: datetime) -> Page:
    """The page asked for. Query cost: one, with the clocks."""
    if not user.sees_cases:
        return Page([])
    column = "queue_at" if asked.view.live else "received_at"
    backwards = asked.before is not None
    cursor = asked.before or asked.after
    size = settings.QUEUE_PAGE_SIZE
    teams = team_ids(user)
    here = Moment.of(now)
    if asked.chosen or len(teams) > len(composed.TEAMS):
        found = composed.compose(_page(asked, user, here, cursor, size)).rows({})
    else:
        paged = (asked.view.key, len(teams), MANAGER in user.roles, backwards, cursor is not None, size)
        given = _given(user, teams, here)
        if cursor is not None:
            given |= {composed.EDGE: cursor[0], composed.LAST: cursor[1]}
        found = _paging(*paged).rows(given)
    got = [Found._make(row) for row in found]
    more, got = len(got) > size, got[:size]
    if backwards:
        got.reverse()
    page = Page(got)
    if got:
        first, last = got[0], got[-1]
        page.after = write_cursor(getattr(last, column), last.pk) if more or backwards else ""
        page.before = write_cursor(getattr(first, column), first.pk) if (more if backwards else cursor) else ""
    return page


@lru_cache(maxsize=128)
def _paging(key: str, team_count: int, sees_all: bool, backwards: bool, beyond: bool, size: int) -> Composed:
    """A page of a view without filters, composed once for everybody with as many teams."""
    edge = (composed.EDGE, composed.LAST) if beyond else None
    asked = Asked(VIEWS[key], before=edge) if backwards else Asked(VIEWS[key], after=edge)
    return composed.compose(_page(asked, Somebody(team_count, sees_all), _SOME_DAY, edge, size))


def _page(asked: Asked, user: Reader, at: Moment, cursor: tuple[datetime, int] | None, size: int) -> ComplaintQuerySet:
    """The rows of a page and one more: `visible_to` decides, the branches only tell where to look."""
    column = "queue_at" if asked.view.live else "received_at"
    descending = (asked.before is not None) is asked.view.live
    order = [f"-{column}", "-pk"] if descending else [column, "pk"]

    def narrow(found: ComplaintQuerySet) -> ComplaintQuerySet:
        found = asked.narrow(found, user, at)
        if cursor is not None:
            found = found.filter(_beyond(column, *cursor, below=descending))
        return found.order_by(*order)

    found = Complaint.objects.visible_to(user)  # type: ignore[arg-type]
    ways = _ways(asked.view.key, user) if asked.view.live else []
    if asked.view.key != "mine" and ways:
        found = found.filter(pk__in=_any_of([narrow(Complaint.objects.filter(way))[: size + 1] for way in ways]))
    else:
        found = narrow(found)
    return rows.values(found.order_by(*order))[: size + 1]  # type: ignore[no-any-return]


def _given(user: User, teams: list[int], at: Moment) -> dict[Any, Any]:
    """What stands in the places of the stand-ins."""
    known = {composed.ME: user.pk, composed.NOW: at.now, composed.DAY_END: at.day_end}
    return {**known, **dict(zip(composed.TEAMS, teams, strict=False))}


_SOME_DAY = Moment(composed.NOW, composed.DAY_END)


def counts(user: User, now: datetime, keys: tuple[str, ...]) -> dict[str, int | str]:
    """How many cases stand in each view, "99+" from CAP on. Query cost: 1, at most CAP rows per view and branch."""
    if not user.sees_cases:
        return {}
    teams = team_ids(user)
    counting = _counting(keys, len(teams), MANAGER in user.roles, CAP)
    (numbers,) = counting.rows(_given(user, teams, Moment.of(now)))
    return {key: n if n < CAP else f"{CAP - 1}+" for key, n in zip(keys, numbers, strict=True)}


@lru_cache(maxsize=64)
def _counting(keys: tuple[str, ...], team_count: int, sees_all: bool, cap: int) -> Composed:
    """The SQL that counts these views, composed once for everybody with as many teams.

    What is watched is looked up once for all views: planned with each of them it was half of the planning.
    """
    somebody = Somebody(team_count, sees_all)
    watched = None if sees_all else _watched(somebody)
    table = connection.ops.quote_name(Complaint._meta.db_table)
    texts: list[str] = []
    params: list[Any] = []
    for key in keys:
        view = VIEWS[key]
        ways = _ways(key, somebody)
        elsewhere = watched is not None and key not in ("mine", "team")
        looked = (ways[:-1] if elsewhere else ways) or [Q()]
        found = [view.narrow(Complaint.objects.filter(way), somebody, _SOME_DAY) for way in looked]
        text, values = _union([one.order_by()[:cap] for one in found])
        params += values
        if elsewhere:
            more, values = _union([view.narrow(Complaint.objects.all(), somebody, _SOME_DAY).order_by()[:cap]])
            text = " UNION ".join(part for part in (text, more.replace(table, "watched")) if part)
            params += values
        texts.append(f"(SELECT COUNT(*) FROM ({text}) AS n{len(texts)})" if text else "0")  # noqa: S608
    counting = f"SELECT {', '.join(texts)}"
    if watched is None:
        return Composed(counting, tuple(params))
    text, first = Complaint.objects.filter(watched).query.sql_with_params()
    return Composed(f"WITH watched AS ({text}) {counting}", (*first, *params))


def branches(user: Reader) -> list[Q]:
    """The ways to a case that `visible_to` allows, each with an index of its own; empty: everything is visible."""
    return [] if MANAGER in user.roles else [*_in_teams(user), Q(owner=user.pk), _watched(user)]


def _ways(key: str, user: Reader) -> list[Q]:
    """The branches in which a view can have rows: one's own cases and a team's need not be looked for elsewhere."""
    if key == "mine":
        return [Q(owner=user.pk)]
    return _in_teams(user) if key == "team" and MANAGER not in user.roles else branches(user)


def _in_teams(user: Reader) -> list[Q]:
    return [Q(team=pk) for pk in team_ids(user)]


def _watched(user: Reader) -> Q:
    return Q(pk__in=Watch.objects.filter(user=user.pk).values("complaint"))


def changed_since(user: User, at: datetime) -> bool:
    """Whether anything the viewer may see changed after `at`. Query cost: one, by the index on the change."""
    return Complaint.objects.visible_to(user).changed_since(at).exists()


def write_cursor(at: datetime, pk: int) -> str:
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{pk}"


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """The place in the list a cursor names; None for what we never wrote."""
    micro, _dash, pk = text.partition("-")
    if not (micro.isascii() and micro.isdigit() and pk.isascii() and pk.isdigit() and len(text) < 40):
        return None
    try:
        return EPOCH + timedelta(microseconds=int(micro)), int(pk) if int(pk) < 2**63 else 0
    except OverflowError:
        return None


def _beyond(column: str, at: datetime, pk: int, *, below: bool) -> Q:
    """Rows after (`below`: before) a place in ascending order, written so that an index range can serve it."""
    side, edge = ("lt", "lte") if below else ("gt", "gte")
    return Q(**{f"{column}__{edge}": at}) & (Q(**{f"{column}__{side}": at}) | Q(**{f"pk__{side}": pk}))


def _any_of(found: list[ComplaintQuerySet]) -> Any:
    text, params = _union(found)
    return RawSQL(text, params) if text else []  # noqa: S611 - only our own querysets' SQL


def _union(found: list[ComplaintQuerySet]) -> tuple[str, list[Any]]:
    """SQL for the keys of several limited querysets, each once. SQLite takes a LIMIT only inside a sub-select."""
    parts: list[str] = []
    params: list[Any] = []
    for number, one in enumerate(found):
        try:
            text, values = one.values("pk").query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT * FROM ({text}) AS b{number}")  # noqa: S608
        params += values
    return " UNION ".join(parts), params
