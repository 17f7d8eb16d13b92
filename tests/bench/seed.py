"""Many complaints at once, evenly and predictably made, for benchmarks and soak runs: COPY on PostgreSQL.

The first CHUNK is made in Python and loaded; the database multiplies it. (So only the first chunk's trail
verifies: a copy's hash is its original's.)

Half of the complaints are in hand with both clocks running, the other half closed with both clocks met, so there
are as many running clocks as complaints. The running deadlines lie one second apart from `FIRST_DUE` on, in an
order that has nothing to do with the order of the rows: `sweep(at=FIRST_DUE + n seconds)` finds exactly the first
`n` of them. Believable demo data is another thing (`manage.py seed_demo`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from math import gcd
from types import SimpleNamespace
from typing import Any

from django.db import connection, models, transaction

from complaints import routing
from complaints.models import NEVER, Clock, ClockEvent, Complaint, ComplaintType, Narrative, RootCause, RoutingRule
from complaints.sla import policies
from core import cached, trail
from core.models import Organisation, Team, TrailEntry, User
from retention.models import ContactPoint, Customer

FIRST_DUE = datetime(2040, 1, 2, 9, 0, tzinfo=UTC)  # far ahead, so that nothing is due before we say so
RECEIVED_UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
CHUNK = 20_000
TEAMS, AGENTS_PER_TEAM = 10, 10
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CHANNELS = ("web", "email", "phone", "letter", "social", "api", "in_person", "chat")
SEVERITIES = ("minor", "moderate", "moderate", "serious")
WORDS = (
    "the parcel came late and the lamp inside was broken although the box looked sound",
    "I was charged twice for one order and nobody could tell me when the money comes back",
    "the fitter did not come on the day agreed and did not call either",
    "your answer did not touch the question I had asked three times before",
)


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


def seed(count: int, people: Company) -> None:
    """`count` complaints with narrative, clocks, events, trail, and a customer to every four; then ANALYZE."""
    made = Rows(count, people)
    with transaction.atomic():
        for table, rows in made.chunk(0, min(CHUNK, count)):
            table.load(rows)
    for offset in range(CHUNK, count, CHUNK):
        with transaction.atomic():
            multiply(offset, min(CHUNK, count - offset), count=count, step=made.step)
    reset_sequences(Customer, ContactPoint, Complaint, Clock, ClockEvent, TrailEntry)
    with transaction.atomic():
        routing.plan.clear()
        routing.plan()
        routing.recount()
    settle()


def multiply(offset: int, size: int, *, count: int, step: int) -> None:
    """Copy the first `size` complaints with all their rows to keys `offset` higher, with deadlines of their own."""

    def due(position: str) -> str:
        return _instant_sql(f"{int(FIRST_DUE.timestamp())} + ({position}) * {step} %% {count}")

    number = f"id - 1 + {offset}"
    first, second = due(number), due(f"{number} + 1")
    deadline = due(f"(id - 1) / 2 + (id - 1) %% 2 + {offset}")
    digits = f"'AM-' || {_digits_sql(f'id + {offset}')}"
    changes: dict[type[models.Model], dict[str, str]] = {
        Customer: {"id": f"id + {offset}"},
        ContactPoint: {"id": f"id + {offset}", "customer_id": f"customer_id + {offset}"},
        Complaint: {
            "id": f"id + {offset}",
            "reference": digits,
            "customer_id": f"customer_id + {offset}",
            "queue_at": f"CASE WHEN in_queue THEN {_least(first, second)} ELSE queue_at END",
        },
        Narrative: {"complaint_id": f"complaint_id + {offset}"},
        Clock: {
            "id": f"id + {offset * 2}",
            "complaint_id": f"complaint_id + {offset}",
            "due_at": f"CASE WHEN next_at IS NULL THEN due_at ELSE {deadline} END",
            "next_at": f"CASE WHEN next_at IS NULL THEN NULL ELSE {deadline} END",
        },
        ClockEvent: {"id": "", "clock_id": f"clock_id + {offset * 2}"},
        TrailEntry: {"id": "", "subject_id": f"subject_id + {offset}", "customer_id": f"customer_id + {offset}"},
    }
    keys = {Clock: ("id", size * 2), ClockEvent: ("clock_id", size * 2), Narrative: ("complaint_id", size)}
    keys |= {TrailEntry: ("subject_kind = 'complaint' AND subject_id", size), ContactPoint: ("customer_id", size)}
    with connection.cursor() as cursor:
        for model, changed in changes.items():
            columns = [name for name in columns_of(model) if changed.get(name) != ""]
            values = ", ".join(changed.get(name, name) for name in columns)
            key, last = keys.get(model, ("id", size))
            table = model._meta.db_table
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE {key} <= {last}", []
            )


def _instant_sql(seconds: str) -> str:
    """An instant from seconds since 1970."""
    return f"to_timestamp({seconds})" if connection.vendor == "postgresql" else f"datetime({seconds}, 'unixepoch')"


def _least(one: str, other: str) -> str:
    return f"{'least' if connection.vendor == 'postgresql' else 'min'}({one}, {other})"


def _digits_sql(number: str) -> str:
    """0012-3456 from 123456."""
    if connection.vendor == "postgresql":
        return f"to_char({number}, 'FM0000-0000')"
    return f"substr(printf('%%08d', {number}), 1, 4) || '-' || substr(printf('%%08d', {number}), 5)"


def settle() -> None:
    """Statistics and visibility as in a database that has been running for a while."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("CHECKPOINT")


class Table:
    """Rows of one model as plain lists: the fields' defaults, with some of them given."""

    def __init__(self, model: type[models.Model], *given: str, **fixed: Any) -> None:
        self.model, self.columns = model, columns_of(model)
        self._base = [fixed.get(field.column, plain_default(field)) for field in model._meta.concrete_fields]
        self._places = [self.columns.index(name) for name in given]

    def row(self, *values: Any) -> list[Any]:
        row = self._base.copy()
        for place, value in zip(self._places, values, strict=True):
            row[place] = value
        return row

    def load(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows: COPY on PostgreSQL, executemany on SQLite."""
        names, table = ", ".join(self.columns), self.model._meta.db_table
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                lines = StringIO("".join("\t".join(map(_for_copy, row)) + "\n" for row in rows))
                cursor.cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", lines)
                return
            marks = ", ".join(["%s"] * len(self.columns))
            values = [[str(v)[:-6] if isinstance(v, datetime) else v for v in row] for row in rows]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def _for_copy(value: Any) -> str:
    """In COPY's text format; our texts need no escaping but for bytes."""
    if value is None:
        return "\\N"
    return "\\\\x" + value.hex() if isinstance(value, bytes) else str(value)


def columns_of(model: type[models.Model]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields]


def reset_sequences(*written: type[models.Model]) -> None:
    """Keys were given by hand: go on behind the highest. SQLite does so by itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in written:
                table = model._meta.db_table
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


def plain_default(field: Any) -> Any:
    if field.null or field.primary_key:
        return None
    value = field.get_default()
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    return str(value) if isinstance(field, models.CharField) else value


class Rows:
    """Makes the rows of a range of complaints."""

    def __init__(self, count: int, people: Company) -> None:
        self.count, self.people = count, people
        self.step = next(n for n in range(count * 2 // 3 + 1, count * 2) if gcd(n, count) == 1)
        leaves = ComplaintType.objects.filter(parent__isnull=False).order_by("pk")
        self.types = list(leaves.values_list("pk", flat=True))
        self.cause = RootCause.objects.filter(parent__isnull=False).order_by("pk").first()
        book = policies.book()
        self.policy = book.policies[-1]
        self.version = book.newest[self.policy.calendar_id]
        self._tables()

    def _tables(self) -> None:
        self.customers = Table(Customer, "id", "name", "name_key", "created_at", "updated_at", language="en")
        self.contacts = Table(ContactPoint, "id", "customer_id", "value", "value_key", kind="email", is_preferred=True)
        self.complaints = Table(
            Complaint, "id", "reference", "customer_id", "channel", "type_id", "severity", "subject", "preview",
            "owner_id", "team_id", "status", "received_at", "created_at", "updated_at", "acknowledged_at",
            "first_response_at", "resolved_at", "closed_at", "outcome", "root_cause_id", "in_queue", "queue_at",
            language="en",
        )  # fmt: skip
        self.narratives = Table(Narrative, "complaint_id", "description")
        self.clocks = Table(
            Clock, "id", "complaint_id", "kind", "state", "started_at", "due_at", "next_at", "completed_at",
            "target_value", policy_id=self.policy.pk, calendar_version_id=self.version, target_kind="working_seconds",
        )  # fmt: skip
        self.events = Table(ClockEvent, "clock_id", "kind", "at", "recorded_at", "data")
        self.events.columns = self.events.columns[1:]  # the keys come from the sequence
        self.trail = Table(
            TrailEntry, "subject_id", "at", "recorded_at", "customer_id", "body", "hash",
            subject_kind="complaint", seq=1, kind="complaint.filed", actor_kind="customer", actor_label="complainant",
        )  # fmt: skip
        self.trail.columns = self.trail.columns[1:]

    def deadline(self, position: int) -> datetime:
        """Of the running clock at `position`, 0 up to the number of complaints."""
        return FIRST_DUE + timedelta(seconds=position * self.step % self.count)

    def chunk(self, start: int, stop: int) -> Iterator[tuple[Table, Sequence[Sequence[Any]]]]:
        """The rows of complaints `start + 1` to `stop`, parents first."""
        customers, contacts, complaints, narratives, clocks, events, entries = ([] for _ in range(7))
        for number in range(start, stop):
            at = RECEIVED_UNTIL - timedelta(minutes=5 * (self.count - number))
            if number % 4 == 0:
                name = f"Customer {number}"
                customers.append(self.customers.row(number + 1, name, name.lower(), at, at))
                address = f"customer{number}@mail.example"
                contacts.append(self.contacts.row(number + 1, number + 1, address, address))
            complaints.append(self._complaint(number, at))
            words = WORDS[number % 4]
            narratives.append(
                self.narratives.row(number + 1, f"Order {number}: {words}, and {WORDS[number // 4 % 4]}.")
            )
            for clock, its_events in self._clocks(number, at):
                clocks.append(clock)
                events += its_events
            entries.append(self._entry(number, at))
        yield self.customers, customers
        yield self.contacts, contacts
        yield self.complaints, complaints
        yield self.narratives, narratives
        yield self.clocks, clocks
        yield self.events, events
        yield self.trail, entries

    def _complaint(self, number: int, at: datetime) -> list[Any]:
        agent = self.people.agents[number * 7919 % len(self.people.agents)]
        live = number % 2 == 0
        done = None if live else at + timedelta(hours=3)
        due = min(self.deadline(number), self.deadline(number + 1)) if live else NEVER
        words = WORDS[number % 4]
        return self.complaints.row(
            number + 1, reference(number), number // 4 * 4 + 1, CHANNELS[number % 8],
            self.types[number % len(self.types)], SEVERITIES[number // 8 % 4], f"Order {number}: {words[:50]}", words,
            agent.pk, agent.team_id, "investigating" if live else "closed", at, at, at, done, done, done, done,
            "" if live else "upheld", None if live else self.cause.pk, live, due,
        )  # fmt: skip

    def _clocks(self, number: int, at: datetime) -> Iterator[tuple[list[Any], list[list[Any]]]]:
        for place, (kind, target) in enumerate((("acknowledge", 14_400), ("resolve", 162_000))):
            pk = number * 2 + place + 1
            started = json.dumps(
                {
                    "policy": self.policy.pk,
                    "calendar_version": self.version,
                    "target": {"kind": "working_seconds", "value": target},
                    "because": [],
                }
            )
            events = [self.events.row(pk, "started", at, at, started)[1:]]
            if number % 2 == 0:
                due = self.deadline(number + place)
                yield self.clocks.row(pk, number + 1, kind, "running", at, due, due, None, target), events
            else:
                done = at + timedelta(hours=3)
                events.append(self.events.row(pk, "completed", done, done, "{}")[1:])
                due = at + timedelta(hours=30)
                yield self.clocks.row(pk, number + 1, kind, "met", at, due, None, done, target), events

    def _entry(self, number: int, at: datetime) -> list[Any]:
        customer = number // 4 * 4 + 1
        body = json.dumps({"channel": CHANNELS[number % 8], "reference": reference(number)}, separators=(",", ":"))
        line = SimpleNamespace(
            subject_kind="complaint", subject_id=number + 1, seq=1, kind="complaint.filed", at=at, recorded_at=at,
            actor_kind="customer", actor_id=None, actor_label="complainant", customer_id=customer, private_digest="",
            body=body,
        )  # fmt: skip
        return self.trail.row(number + 1, at, at, customer, body, trail.chain(trail.GENESIS, line))[1:]  # type: ignore[arg-type]


def reference(number: int) -> str:
    """Unlike random ones never the same twice; the same look."""
    letters = []
    number = number * 514_229 % 31**6
    for _ in range(6):
        number, rest = divmod(number, 31)
        letters.append(ALPHABET[rest])
    return f"AM-22{''.join(letters[:2])}-{''.join(letters[2:])}"
