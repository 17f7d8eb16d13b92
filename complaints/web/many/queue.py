"""Which complaints a list shows: views, filters and order from the URL, keyset pages (ux, desk 3, 8).

Whatever the number of complaints, a page reads at most PAGE + 1 rows by an index for each thing the viewer may see
(a team, what is owned, what is watched): `visible_to` decides, these branches only tell the database where to look.
Other orders than the view's own sort what a team or a person has in hand; a manager's whole list has an index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet
from complaints.web import composed
from complaints.web.composed import Composed, Somebody
from complaints.web.many import rows, saved
from complaints.web.many.builtin import SOME_DAY, VIEWS, Moment, Reader, View, default_view, team_ids, ways
from complaints.web.many.filters import FILTERS, Chosen, chosen
from complaints.web.many.rows import Found
from complaints.web.many.saved import Saved
from core.access import MANAGER
from core.models import User

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PAGING = ("after", "before", "since")
__all__ = ["VIEWS", "Asked", "Moment", "Page", "Reader", "View", "ask", "default_view", "fetch", "team_ids"]


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of the list; ties go by key."""

    column: str
    ascending: bool
    label: str | Promise


DEADLINE, NEWEST, OLDEST = "deadline", "newest", "oldest"
SORTS = {
    DEADLINE: Sort("queue_at", True, gettext_lazy("Next deadline first")),
    NEWEST: Sort("received_at", False, gettext_lazy("Newest first")),
    OLDEST: Sort("received_at", True, gettext_lazy("Waiting longest first")),
}


def sorts_of(view: View) -> tuple[str, ...]:
    """The orders a view can have, its own first."""
    return (DEADLINE, NEWEST, OLDEST) if view.live else (NEWEST, OLDEST)


@dataclass(slots=True)
class Asked:
    """What the URL asks for. `problems`: what it says that makes no sense, in words; then nothing is listed.

    `saved`: the saved view it names; `notes`: what of that view no longer exists, and is left out.
    """

    view: View
    chosen: list[Chosen] = field(default_factory=list)
    sort: str = DEADLINE
    after: tuple[datetime, int] | None = None
    before: tuple[datetime, int] | None = None
    query: str = ""  # the query string to come back here, without `since`
    problems: list[str] = field(default_factory=list)
    saved: Saved | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What stands in the URL as the view."""
        return self.saved.key if self.saved else self.view.key

    @property
    def title(self) -> str:
        return self.saved.name if self.saved else str(self.view.title)

    @property
    def order(self) -> Sort:
        return SORTS[self.sort]

    @property
    def by_deadline(self) -> bool:
        return self.sort == DEADLINE

    def narrow(self, found: ComplaintQuerySet, user: Reader, at: Moment) -> ComplaintQuerySet:
        snoozed = any(one.name == "snoozed" for one in self.chosen)
        found = self.view.narrowed(found, user, at, snoozed=snoozed)
        for one in self.chosen:
            found = one.narrow(found, user, at)
        return found

    def plain(self) -> dict[str, str]:
        """View, filters and order as they are, whatever names them: what a saved view keeps."""
        found = {"view": self.view.key, **{one.name: one.given for one in self.chosen}}
        if self.sort != sorts_of(self.view)[0]:
            found["sort"] = self.sort
        return found


@dataclass(slots=True)
class Page:
    """One page of rows, and the cursors of its neighbours ("" for none)."""

    rows: list[Found]
    after: str = ""
    before: str = ""


def ask(params: QueryDict, user: User) -> Asked:
    """Read a query string. Unknown names and values are named in `problems`, never ignored.

    Query cost: none; 1 where it names a saved view that is not known here yet.
    """
    key = params.get("view") or default_view(user)
    known = saved.find(key, user)
    given = {name: params.get(name, "") for name in params if params.get(name)}
    if known is not None:
        asked = _read({**known.query, **{name: text for name, text in given.items() if name != "view"}}, user)
        own = {name: text for name, text in known.query.items() if name == "view" or name not in given}
        asked.saved = known
        asked.notes = _read(own, user).problems
        asked.problems = [said for said in asked.problems if said not in asked.notes]
    else:
        asked = _read({**given, "view": key}, user)
    asked.problems += [
        str(_("There is no filter “%(name)s”.")) % {"name": name}
        for name in params
        if name not in {"view", "sort", *PAGING, *FILTERS}
    ]
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


def _read(given: Mapping[str, str], user: User) -> Asked:
    """View, filters and order."""
    key = given.get("view", "")
    view = VIEWS.get(key)
    asked = Asked(view or VIEWS[default_view(user)])
    if view is None:
        asked.problems.append(str(_("There is no view “%(name)s”.")) % {"name": key})
    asked.chosen, refused = chosen(given)
    asked.problems += refused
    allowed = sorts_of(asked.view)
    asked.sort = given.get("sort") or allowed[0]
    if asked.sort not in allowed:
        asked.problems.append(str(_("There is no order “%(name)s” here.")) % {"name": asked.sort})
        asked.sort = allowed[0]
    return asked


def read(query: Mapping[str, str], user: User) -> Asked:
    """What a saved view's own words ask for. Query cost: none, 1 for a customer or an incident."""
    return _read(query, user)


def fetch(asked: Asked, user: User, now: datetime) -> Page:
    """The page asked for. Query cost: one, with the clocks."""
    if not user.sees_cases:
        return Page([])
    column = asked.order.column
    backwards = asked.before is not None
    cursor = asked.before or asked.after
    size = settings.QUEUE_PAGE_SIZE
    teams = team_ids(user)
    here = Moment.of(now)
    if asked.chosen or len(teams) > len(composed.TEAMS):
        found = composed.compose(_page(asked, user, here, cursor, size)).rows({})
    else:
        paged = (asked.view.key, asked.sort, len(teams), MANAGER in user.roles, backwards, cursor is not None, size)
        given = stand_ins(user, teams, here)
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
def _paging(key: str, sort: str, team_count: int, sees_all: bool, backwards: bool, beyond: bool, size: int) -> Composed:
    """A page of a view without filters, composed once for everybody with as many teams."""
    edge = (composed.EDGE, composed.LAST) if beyond else None
    asked = Asked(VIEWS[key], sort=sort, before=edge) if backwards else Asked(VIEWS[key], sort=sort, after=edge)
    return composed.compose(_page(asked, Somebody(team_count, sees_all), SOME_DAY, edge, size))


def _page(asked: Asked, user: Reader, at: Moment, cursor: tuple[datetime, int] | None, size: int) -> ComplaintQuerySet:
    """The rows of a page and one more: `visible_to` decides, the branches only tell where to look."""
    column = asked.order.column
    descending = (asked.before is not None) is asked.order.ascending
    order = [f"-{column}", "-pk"] if descending else [column, "pk"]

    def narrow(found: ComplaintQuerySet) -> ComplaintQuerySet:
        found = asked.narrow(found, user, at)
        if cursor is not None:
            found = found.filter(_beyond(column, *cursor, below=descending))
        return found.order_by(*order)

    found = Complaint.objects.visible_to(user)  # type: ignore[arg-type]
    known = ways(asked.view.key, user) if asked.view.live else []
    if asked.view.key != "mine" and known:
        found = found.filter(pk__in=_any_of([narrow(Complaint.objects.filter(way))[: size + 1] for way in known]))
    else:
        found = narrow(found)
    return rows.values(found.order_by(*order), user.pk)[: size + 1]  # type: ignore[no-any-return]


def matching(asked: Asked, user: User, now: datetime, most: int) -> list[tuple[int, str]]:
    """Key and reference of all cases of a list that the reader may see, in its order; at most `most`. Query cost: 1."""
    order = asked.order
    by = [order.column, "pk"] if order.ascending else [f"-{order.column}", "-pk"]
    found = asked.narrow(Complaint.objects.visible_to(user), user, Moment.of(now)).order_by(*by)
    return list(found.values_list("pk", "reference")[:most])


def stand_ins(user: User, teams: list[int], at: Moment) -> dict[Any, Any]:
    """What stands in the places of the stand-ins."""
    known = {composed.ME: user.pk, composed.NOW: at.now, composed.DAY_END: at.day_end}
    return {**known, **dict(zip(composed.TEAMS, teams, strict=False))}


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
    text, params = union(found)
    return RawSQL(text, params) if text else []  # noqa: S611 - only our own querysets' SQL


def union(found: list[ComplaintQuerySet]) -> tuple[str, list[Any]]:
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
