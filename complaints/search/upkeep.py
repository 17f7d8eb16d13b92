"""Keep the index right beyond single writes: after migrations, after bulk loads, when somebody doubts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from complaints.models import Complaint, SearchText
from complaints.search import lite, postgres
from core import bulk

AT_ONCE = 2_000


def _here() -> Any:
    return postgres if connection.vendor == "postgresql" else lite


def spans() -> list[tuple[int, int]]:
    """Ranges of keys (low <= key < high) that hold all complaints, and what is left of gone ones. Query cost: 2."""
    ends = [model._default_manager.aggregate(low=Min("pk"), high=Max("pk")) for model in (Complaint, SearchText)]
    lows = [end["low"] for end in ends if end["low"] is not None]
    highs = [end["high"] for end in ends if end["high"] is not None]
    if not lows:
        return []
    high = max(highs) + 1
    return [(start, min(start + AT_ONCE, high)) for start in range(min(lows), high, AT_ONCE)]


def rebuild(after_span: Callable[[int], None] = lambda keys: None) -> None:
    """Write all search texts anew, each range in a transaction of its own; people may write meanwhile."""
    put_triggers_up()
    for low, high in spans():
        with transaction.atomic():
            _here().put(low, high)
        after_span(high - low)


def check(after_span: Callable[[int], None] = lambda keys: None) -> Iterator[int]:
    """Keys of complaints that are not found by what they say, or by what they no longer say."""
    for low, high in spans():
        yield from _here().differing(low, high)
        after_span(high - low)


def missing_triggers() -> list[str]:
    return lite.missing_triggers(connection) if connection.vendor == "sqlite" else postgres.missing_triggers()


def put_triggers_up() -> None:
    """On SQLite put up what is missing; PostgreSQL keeps its triggers."""
    if connection.vendor == "sqlite":
        lite.put_triggers_up(connection)


@contextmanager
def put_afterwards(whole: bool = False) -> Iterator[None]:
    """Within a transaction on PostgreSQL: leave the index alone, then write what came in meanwhile, at once.

    For rows that are loaded without triggers, or faster without them. `whole`: the index itself is built anew at the
    end; nobody else reads it meanwhile. Elsewhere the triggers do it.
    """
    if connection.vendor != "postgresql":
        yield
        return
    last = Complaint.objects.aggregate(last=Max("pk"))["last"] or 0
    with bulk.indexes_built_afterwards(SearchText) if whole else nullcontext():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL amends.search_later = 'on'")
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL amends.search_later = 'off'")
        high = (Complaint.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
        for start in range(last + 1, high, AT_ONCE):
            postgres.put(start, min(start + AT_ONCE, high))


def before_migrations(**kwargs: Any) -> None:
    """SQLite cannot rename a table that a trigger elsewhere names."""
    if connection.vendor == "sqlite" and kwargs["using"] == connection.alias:
        lite.take_triggers_down(connection)


def after_migrations(**kwargs: Any) -> None:
    if connection.vendor != "sqlite" or kwargs["using"] != connection.alias or not lite.is_there(connection):
        return
    if lite.missing_triggers(connection):
        lite.put_triggers_up(connection)
        if not lite.is_whole(connection):
            rebuild()
