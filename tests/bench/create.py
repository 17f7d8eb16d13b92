"""Creation through the API over HTTP, against the same rows written by psycopg2 (performance.md).

"Bare": one psycopg2 connection per client replays the very INSERT statements of a creation, values filled in, one
transaction each, on the same tables of the same cluster in the same run, so the triggers that keep what complaints are
searched by fire there too. It does not look for an owner, count the owner's workload or check the token: only the rows.
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from django.db import connection, transaction
from django.test import Client

from complaints.actions.file import Filing, file
from complaints.models import Complaint
from core.actions.tokens import issue_token
from core.actor import Actor
from core.clock import now
from retention.actions.customers import Details
from tests.bench.figures import Timing, median
from tests.bench.queries import counted
from tests.bench.seed import WORDS, Company
from tests.bench.web import Call, Server

PATH = "/api/v1/complaints/"
ROUNDS = 3
TEXT = f"{WORDS[0]}. {WORDS[1]}. {WORDS[2]}."
REQUESTS = {1: 150, 8: 400}  # a round
BARE = {1: 400, 8: 1200}
COMPLAINTS = 'INTO "complaints_complaint"'
TRIGGERS = {
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'complaints\\_search\\_%' AND tgenabled <> 'D'",
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'complaints_search_%'",
}


def measure(people: Company, server: Server, *, rounds: int = ROUNDS) -> dict[str, Any]:
    """Requests a second at one and at eight clients, round trips, CPU, and the ratio to bare on PostgreSQL."""
    _token, plain = issue_token("bench", user=people.manager, scopes=["all"], by=Actor.system("bench"), at=now())
    headers = {"Authorization": f"Bearer {plain}", "Content-Type": "application/json", "Accept": "application/json"}
    last = Complaint.objects.latest("pk").pk
    server.load(lambda number: _call("warm", number, 40), 8, headers)
    found: dict[str, Any] = {"count": _count(plain)}
    bare = connection.vendor == "postgresql"
    statements = iter(_inserts(rounds * sum(BARE.values())) if bare else [])
    ours: dict[int, list[Timing]] = {1: [], 8: []}
    theirs: dict[int, list[Timing]] = {1: [], 8: []}
    for turn in range(rounds):
        for clients in (1, 8):
            name = f"{turn}x{clients}"
            calls = REQUESTS[clients]
            _checkpoint()
            ours[clients].append(server.load(lambda n, name=name, calls=calls: _call(name, n, calls), clients, headers))
            if bare:
                batch = [next(statements) for _ in range(BARE[clients])]
                _checkpoint()
                theirs[clients].append(_replay(batch, clients))
    for clients in (1, 8):
        figures = {"rows": len(ours[clients]) * REQUESTS[clients], **sum(ours[clients], Timing(0.0)).summary()}
        if bare:
            pairs = zip(ours[clients], theirs[clients], strict=True)
            figures["bare_per_second"] = sum(theirs[clients], Timing(0.0)).summary()["per_second"]
            figures["ratio"] = round(median([_rate(one) / _rate(other) for one, other in pairs]), 3)
        found[f"c{clients}"] = figures
    found["search"] = _searched(last)
    return found


def _searched(last: int) -> dict[str, int]:
    """Whether the triggers of search were at work: complaints filed after `last`, those of them nobody finds."""
    filed = Complaint.objects.filter(pk__gt=last)
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS[connection.vendor])
        (triggers,) = cursor.fetchone()
    return {
        "triggers": triggers,
        "complaints": filed.count(),
        "unfound": filed.filter(search_text__isnull=True).count(),
    }


def _checkpoint() -> None:
    """Both sides begin with clean pages: whoever first touches one after a checkpoint writes it whole to the log, and
    the rows of bare were written once already when their statements were noted down."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")


def _rate(timing: Timing) -> float:
    return len(timing.each) / timing.seconds


def _call(name: str, number: int, last: int) -> Call | None:
    if number >= last:
        return None
    return Call("POST", PATH, json.dumps(_body(f"{name}-{number}")).encode(), 201)


def _body(name: str) -> dict[str, Any]:
    return {
        "channel": "web",
        "subject": f"Order {name}: the parcel came late",
        "description": TEXT,
        "customer": {"name": f"Dana {name}", "email": f"dana-{name}-{os.getpid()}@mail.example"},
        "order_number": name,
    }


def _count(plain: str) -> dict[str, int]:
    """SQL of one creation, the process being warm."""
    client = Client(headers={"authorization": f"Bearer {plain}", "host": "127.0.0.1"})
    for name in ("count-1", "count-2", "count-3"):
        with counted() as asked:
            answer = client.post(PATH, _body(name), content_type="application/json")
        if answer.status_code != 201:
            raise RuntimeError(f"{answer.status_code} {answer.content!r}")
    return asked.summary()


def _inserts(count: int) -> list[str]:
    """The INSERTs of `count` creations with their values, run once here and rolled back."""
    found: list[str] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and COMPLAINTS in sql:  # not the workload row of somebody new
            found.append(context["cursor"].mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    actor = Actor.system("bench")
    with connection.execute_wrapper(listen):
        for start in range(0, count, 500):
            with transaction.atomic():
                for number in range(start, min(start + 500, count)):
                    body = _body(f"bare-{number}")
                    body["details"] = Details(**body.pop("customer"), source="api")
                    file(Filing(**body), by=actor, at=now())
                transaction.set_rollback(True)
    if len(found) != count:
        raise RuntimeError(f"{len(found)} statements for {count} creations: not one a creation any more")
    return found


def _replay(statements: list[str], clients: int) -> Timing:
    """Each statement in a transaction of its own, dealt out to `clients` connections."""
    import psycopg2

    settings = connection.get_connection_params()
    arguments = {key: settings[key] for key in ("dbname", "user", "host", "port") if key in settings}
    each: list[list[float]] = [[] for _ in range(clients)]
    gate = threading.Barrier(clients + 1)

    def work(place: int) -> None:
        link = psycopg2.connect(**arguments)
        cursor = link.cursor()
        gate.wait()
        for statement in statements[place::clients]:
            started = time.perf_counter()
            cursor.execute(statement)
            link.commit()
            each[place].append(time.perf_counter() - started)
        link.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return Timing(time.perf_counter() - started, [one for some in each for one in some])
