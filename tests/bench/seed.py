"""Many complaints at once, evenly and predictably made, for benchmarks and soak runs: COPY on PostgreSQL.

The first CHUNK is made in Python and loaded; the database multiplies it, and builds the indexes when all is there. (So
only the first chunk's trail verifies: a copy's hash is its original's.)

Half of the complaints are in hand with both clocks running, the other half closed with both clocks met, so there are as
many running clocks as complaints, and five trail entries to each. One comes in every five minutes, the last on
RECEIVED_UNTIL. The running deadlines lie one second apart from `FIRST_DUE` on, in an order that has nothing to do with
the order of the rows: `sweep(at=FIRST_DUE + n seconds)` finds exactly the first `n` of them. Believable demo data is
another thing (`manage.py seed_demo`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from complaints import routing
from complaints.models import Clock, Complaint, RoutingRule, SearchText
from core import bulk, cached
from core.models import Organisation, Team, User
from retention.models import ContactPoint, Customer
from tests.bench import multiply
from tests.bench.rows import FIRST_DUE, RECEIVED_UNTIL, WORDS, Rows

__all__ = ["FIRST_DUE", "RECEIVED_UNTIL", "WORDS", "Company", "company", "seed"]

CHUNK = 10_000  # not less: a soak run looks at the chains of as many
TEAMS, AGENTS_PER_TEAM = 10, 10


@dataclass(slots=True)
class Company:
    """Who works here: `agents` of all teams in order, ten to a team; `manager` sees all."""

    teams: list[Team]
    agents: list[User]
    manager: User


@transaction.atomic
def company() -> Company:
    """Ten teams of ten agents, a lead each, a manager who is the default owner; complaints are routed to team 1."""
    from core.clock import now

    at = now()
    users = {
        name: User(
            username=name, name=name.title(), email=f"{name}@house.example", language="en", created_at=at, **roles
        )
        for name, roles in (
            ("manager", {"is_manager": True}),
            *((f"lead{n}", {"is_agent": True}) for n in range(TEAMS)),
            *((f"agent{n}", {"is_agent": True, "languages": ["en"]}) for n in range(TEAMS * AGENTS_PER_TEAM)),
        )
    }
    User.objects.bulk_create(users.values())
    teams = [Team.objects.create(name=f"Team {n + 1}", lead=users[f"lead{n}"]) for n in range(TEAMS)]
    for n, team in enumerate(teams):
        names = [f"agent{n * AGENTS_PER_TEAM + i}" for i in range(AGENTS_PER_TEAM)]
        User.objects.filter(username__in=names).update(team=team)
    RoutingRule.objects.all().delete()
    RoutingRule.objects.create(team=teams[0])
    manager = users["manager"]
    Organisation.objects.filter(pk=1).update(default_owner=manager)
    cached.clear_all()
    agents = list(User.objects.filter(username__startswith="agent").order_by("pk"))
    return Company(teams, agents, manager)


def timed(count: int, people: Company) -> dict[str, Any]:
    """Seed, and tell how many rows that were and how long it took."""
    started = time.perf_counter()
    seed(count, people)
    seconds = time.perf_counter() - started
    written = sum(model._default_manager.count() for model in multiply.LOADED)
    return {"rows": written, "seconds": round(seconds, 1), "per_second": round(written / seconds, 1)}


def seed(count: int, people: Company) -> None:
    """`count` complaints with narrative, clocks, events, trail, and a customer to every four; then ANALYZE."""
    made = Rows(count, people)
    with _quickly(multiply.LOADED if count > CHUNK else ()):
        for model, columns, rows in made.chunk(0, min(CHUNK, count)):
            bulk.load(model, columns, rows)
        multiply.search_first(min(CHUNK, count))
        if count > CHUNK:
            multiply.keep_first(CHUNK)
            for offset in range(CHUNK, count, CHUNK):
                multiply.copy(offset, min(CHUNK, count - offset), count=count, step=made.step)
            multiply.forget_first()
    reset_sequences(Customer, ContactPoint, Complaint, Clock)
    with transaction.atomic():
        routing.plan.clear()
        routing.plan()
        routing.recount()
    settle()


@contextmanager
def _quickly(tables: tuple[type[models.Model], ...]) -> Iterator[None]:
    """One transaction in which no foreign key is looked up and the indexes of `tables` are built at the end."""
    if connection.vendor == "sqlite":
        connection.disable_constraint_checking()
    with transaction.atomic(), bulk.references_checked_later(), ExitStack() as stack:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL amends.search_later = 'on'")
        if tables:
            stack.enter_context(bulk.indexes_built_afterwards(*tables, SearchText))
            stack.enter_context(multiply.sqlite_indexes_afterwards(tables))
        yield
    if connection.vendor == "sqlite":
        connection.enable_constraint_checking()


def settle() -> None:
    """Statistics and visibility as in a database that has been running for a while."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("CHECKPOINT")


def reset_sequences(*written: type[models.Model]) -> None:
    """Keys were given by hand: go on behind the highest. SQLite does so by itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in written:
                table = model._meta.db_table
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
