"""The whole dashboard as a manager asks for it: cold, computed, kept; and which of its figures cost the most."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from metrics.figures.base import Figure
from tests.bench import cold
from tests.bench.figures import Timing
from tests.bench.pages import headers_of, page, session_of
from tests.bench.reporting import SINCE, UNTIL
from tests.bench.seed import Company
from tests.bench.web import Call, Server

COLD, COMPUTED, SLOWEST = 3, 12, 8


def measure(people: Company, server: Server) -> Iterator[tuple[str, dict[str, Any]]]:
    """`cold`: caches emptied before each; `computed`: another period each time; `kept`: the same one again.

    Then the slowest of its figures by the time of their SQL, one board in this process.
    """
    headers = headers_of(people.manager)
    each = []
    for turn in range(COLD):
        cold.forget()
        each += server.load(lambda n, at=turn: Call("GET", _path(at)) if n < 1 else None, 1, headers).each  # type: ignore[misc]
    yield "cold", Timing(sum(each), each).summary()
    computed = server.load(lambda n: Call("GET", _path(COLD + n)) if n < COMPUTED else None, 1, headers)
    trips, parts = _parts(people)
    yield "computed", {**computed.summary(), **trips}
    yield "kept", page(_path(COLD), people.manager, server)
    for name, seconds in parts:
        yield f"of it {name}", {"p50_ms": round(seconds * 1000, 1)}


def _path(number: int) -> str:
    """A period of three months, a day longer each time."""
    return f"/dashboard/?from={SINCE - timedelta(days=number)}&to={UNTIL}"


def _parts(people: Company) -> tuple[dict[str, int], list[tuple[str, float]]]:
    """How many statements one board asks, and seconds of SQL by what asked, the slowest first."""
    spent: Counter[str] = Counter()
    asked = 0

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal asked
        asked += 1
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent[_asker(sys._getframe(1))] += time.perf_counter() - started

    client = Client(headers={"host": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(people.manager)
    client.get(_path(COLD + COMPUTED))
    with connection.execute_wrapper(watch):
        answer = client.get(_path(COLD + COMPUTED + 1))
    if answer.status_code != 200:
        raise RuntimeError(f"the dashboard answers {answer.status_code}")
    return {"sql": asked}, spent.most_common(SLOWEST)


def _asker(frame: FrameType | None) -> str:
    """The figure on whose behalf something is asked, with what it was asked for."""
    named = ""
    while frame is not None:
        this, code = frame.f_locals.get("self"), frame.f_code
        if issubclass(type(this), Figure):  # not isinstance: that wakes lazy objects, which ask the database
            named = f"{this.code} {code.co_name}"  # the outermost is the most telling
        elif not named and "/metrics/figures/" in code.co_filename and not code.co_filename.endswith("/sql.py"):
            named = code.co_name
        frame = frame.f_back
    return named or "the page itself"
