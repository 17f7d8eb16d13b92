"""The API over HTTP as an integration uses it: filing with an Idempotency-Key, a state change, one complaint, a page.

With a token of two scopes and requests counted against a limit that is never reached. "Bare": psycopg2 replays the very
statements that one such call leads to (writes of a change, reads of a page), one transaction each, on as many
connections, without the token, the guards and the JSON around them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.test import Client

from complaints.actions import handle
from complaints.actions.file import Filing, file
from complaints.models import Complaint
from core.actions.tokens import issue_token
from core.actor import Actor
from core.clock import now
from core.models import User
from tests.bench import create
from tests.bench.figures import Timing, median
from tests.bench.queries import counted
from tests.bench.seed import Company
from tests.bench.web import Call, Server

PATH = create.PATH
SCOPES = ("complaints:read", "complaints:write")
ROUNDS, WARM = 3, 24
REQUESTS = {1: 120, 8: 320}  # a round
Make = Callable[[str, int], Call]  # name of the round, number in it


def measure(people: Company, server: Server, *, rounds: int = ROUNDS) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind of call at one and at eight clients: rate, round trips, CPU a request, and the ratio to bare."""
    plain = issue_token("bench api", user=people.manager, scopes=SCOPES, by=Actor.system("bench"), at=now())[1]
    headers = {"Authorization": f"Bearer {plain}", "Content-Type": "application/json", "Accept": "application/json"}
    most = (WARM + rounds * sum(REQUESTS.values())) * 2 + 8
    fresh = iter(_filed(most, people.manager))
    one = Complaint.objects.order_by("-pk").values_list("reference", flat=True)[0]

    def filing(name: str, number: int) -> Call:
        body = json.dumps(create._body(f"api-{name}-{number}")).encode()
        return Call("POST", PATH, body, 201, {"Idempotency-Key": f"file-{name}-{number}"})

    def change(name: str, number: int) -> Call:
        key = {"Idempotency-Key": f"ack-{name}-{number}"}
        return Call("POST", f"{PATH}{next(fresh).reference}/acknowledgement/", b"{}", 200, key)

    def detail(name: str, number: int) -> Call:
        return Call("GET", f"{PATH}{one}/")

    def page(name: str, number: int) -> Call:
        return Call("GET", f"{PATH}?status=new&page_size=50")

    by = Actor.person(people.manager)
    kinds: dict[str, tuple[Make, Callable[[int], list[str]]]] = {
        "filing": (filing, create._inserts),
        "state change": (change, lambda count: [_writes(next(fresh), by) for _ in range(count)]),
        "detail": (detail, lambda count: [_reads(detail("", 0).path, plain)] * count),
        "list of 50": (page, lambda count: [_reads(page("", 0).path, plain)] * count),
    }
    for kind, (make, statements) in kinds.items():
        trips = _trips(plain, make)
        server.load(_calls(make, "warm", WARM), 8, headers)
        for clients in (1, 8):
            yield f"{kind} c{clients}", {**trips, **_compared(kind, make, statements, server, clients, headers, rounds)}


def _compared(
    kind: str, make: Make, statements: Callable[[int], list[str]], server: Server, clients: int,
    headers: dict[str, str], rounds: int,
) -> dict[str, Any]:  # fmt: skip
    count, ours, theirs = REQUESTS[clients], [], []
    for turn in range(rounds):
        create._checkpoint()
        ours.append(server.load(_calls(make, f"{turn}x{clients}", count), clients, headers))
        if connection.vendor == "postgresql":
            batch = statements(count)
            create._checkpoint()
            theirs.append(create._replay(batch, clients))
    found: dict[str, Any] = {"rows": rounds * count, **sum(ours, Timing(0.0)).summary()}
    if theirs:
        found["bare_per_second"] = sum(theirs, Timing(0.0)).summary()["per_second"]
        pairs = zip(ours, theirs, strict=True)
        found["ratio"] = round(median([create._rate(one) / create._rate(other) for one, other in pairs]), 3)
    return found


def _calls(make: Make, name: str, count: int) -> Callable[[int], Call | None]:
    made = [make(name, number) for number in range(count)]
    return lambda number: made[number] if number < count else None


def _trips(plain: str, make: Make) -> dict[str, int]:
    """SQL and round trips of one call, the process being warm."""
    client = Client(headers={"authorization": f"Bearer {plain}", "host": "127.0.0.1"})
    for turn in range(3):
        call = make("trips", turn)
        with counted() as asked:
            answer = client.generic(
                call.method, call.path, call.body or b"", content_type="application/json", headers=call.headers
            )
        if answer.status_code != call.expected:
            raise RuntimeError(f"{call.path}: {answer.status_code} {answer.content!r}")
    return asked.summary()


def _filed(count: int, owner: User) -> Sequence[Complaint]:
    by = Actor.person(owner)
    return [file(Filing(**_plain(number), owner=owner), by=by, at=now()) for number in range(count)]


def _plain(number: int) -> dict[str, Any]:
    return {name: value for name, value in create._body(f"change-{number}").items() if name != "customer"}


def _writes(complaint: Complaint, by: Actor) -> str:
    """What an acknowledgement writes, done here and taken back."""
    with _noted(("INSERT", "UPDATE", "DELETE")) as found, transaction.atomic():
        handle.acknowledge(complaint, by=by, at=now())
        transaction.set_rollback(True)
    return "; ".join(found)


def _reads(path: str, plain: str) -> str:
    with _noted(("SELECT", "WITH")) as found:
        Client(headers={"authorization": f"Bearer {plain}", "host": "127.0.0.1"}).get(path)
    return "; ".join(found)


class _noted:
    """Within the block, the statements that begin so, with their values."""

    def __init__(self, verbs: tuple[str, ...]) -> None:
        self.verbs, self.found = verbs, list[str]()
        self.listening = connection.execute_wrapper(self._listen)

    def _listen(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(self.verbs):
            self.found.append(context["cursor"].mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    def __enter__(self) -> list[str]:
        self.listening.__enter__()
        return self.found

    def __exit__(self, *told: Any) -> None:
        self.listening.__exit__(*told)
