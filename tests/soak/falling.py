"""Inside a soak world: `python -m tests.soak.falling prepare CLOCKS SECONDS | verdict` (case F29)."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

from tests.soak import ladders

LADDER = [
    {"percent": 75, "to": ["owner"]},
    {"percent": 90, "to": ["lead"]},
    {"percent": 100, "to": ["owner", "lead", "manager"]},
]
FILED_A_SECOND = 40  # at least: so long before the run the filing begins
AT_ONCE = 100  # complaints in one transaction, only to be quick


def prepare(count: int, seconds: int) -> None:
    """`count` deadlines, two to a complaint, filed by the action itself, that fall due in the last 70 % of `seconds`.

    Prints when the run begins (seconds since 1970). A target is as long as the run, so the first warnings are due at
    its beginning and no complaint is received later than that.
    """
    from django.core.management import call_command
    from django.db import transaction

    from complaints.actions.file import Filing, file
    from core.actor import Actor
    from core.clock import database_now
    from core.models import User
    from tests.bench import seed

    call_command("migrate", verbosity=0)
    people = seed.company()
    User.objects.create_user("root", "root@house.example", is_admin=True, name="Root")
    _policy(seconds)
    begin = database_now().replace(microsecond=0) + timedelta(seconds=20 + count // 2 // FILED_A_SECOND)
    complaints = count // 2
    for first in range(0, complaints, AT_ONCE):
        with transaction.atomic():
            for number in range(first, min(first + AT_ONCE, complaints)):
                share = 0.3 + 0.7 * number / complaints
                filing = Filing(
                    channel="web",
                    subject=f"Order {number}",
                    description="It came late.",
                    language="en",
                    owner=people.agents[number % len(people.agents)],
                    received_at=begin + timedelta(seconds=round(seconds * (share - 1))),
                )
                file(filing, by=Actor.customer(), at=database_now())
    print(begin.timestamp())


def _policy(seconds: int) -> None:
    """One policy for all: day and night, both clocks `seconds` long."""
    from complaints.models import SlaPolicy, SlaVersion
    from core import cached
    from core.models import Calendar

    now = datetime.now(UTC)
    number = 1 + max(SlaVersion.objects.values_list("number", flat=True))
    target = {"kind": "working_seconds", "value": seconds}
    SlaPolicy.objects.create(
        version=SlaVersion.objects.create(number=number, published_at=now, created_at=now),
        position=1,
        name="Soak",
        calendar=Calendar.objects.get(name="Day and night"),
        targets={"acknowledge": target, "resolve": target},
        ladder=LADDER if warns() else [],
    )
    cached.clear_all()


def warns() -> bool:
    """Whether the product knows warnings; before that only breaches fire."""
    from complaints.models import Clock

    return any(field.name == "rungs" for field in Clock._meta.fields)


def verdict() -> None:
    """What is there against what ought to be, as JSON: counts, and `faults` (empty is good)."""
    faults: list[str] = []
    fired = _firings(faults)
    told = _mails(fired, faults)
    _rest(faults)
    print(json.dumps({"firings": sum(map(len, fired.values())), "mails": told, "faults": faults[:20]}))


def _firings(faults: list[str]) -> dict[int, dict[str, bool]]:
    """Compare firings, events and rows of the clocks; by clock: each rung that fired, and whether it was collapsed."""
    from complaints.models import Clock, ClockEvent, Firing, SlaPolicy
    from core.models import CalendarVersion

    definitions = dict(CalendarVersion.objects.values_list("pk", "definition"))
    policies = dict(SlaPolicy.objects.values_list("pk", "ladder"))
    starts, others = {}, Counter()
    for clock_id, kind, at, data in ClockEvent.objects.values_list("clock_id", "kind", "at", "data"):
        if kind == "started":
            starts[clock_id] = {"at": at, "data": data}
        else:
            others[(clock_id, "breach" if kind == "breached" else data.get("rung", kind), at)] += 1
    collapsible = warns()
    rows = Counter()
    fired: dict[int, dict[str, bool]] = {}
    for firing in Firing.objects.iterator():
        rows[(firing.clock_id, firing.rung, firing.due_at)] += 1
        fired.setdefault(firing.clock_id, {})[firing.rung] = collapsible and firing.collapsed
    expected = Counter()
    for clock in Clock.objects.iterator():
        event = starts[clock.pk]
        found = _steps(event, definitions, policies, str(clock.kind))
        expected.update((clock.pk, step.rung, step.at) for step in found)
        due = ladders.deadline(event, definitions[event["data"]["calendar_version"]])
        stored = (clock.state, clock.due_at, clock.breached_at, clock.next_at)
        if stored != ("breached", due, due, None):
            faults.append(f"clock {clock.pk} should be breached at {due}: {stored}")
    for name, found_rows in (("firing", rows), ("event", others)):
        faults += [f"{name} missing: {one}" for one in (expected - found_rows)]
        faults += [f"{name} too many or wrong: {one}" for one in (found_rows - expected)]
    return fired


def _steps(
    event: dict[str, Any], definitions: dict[int, Any], policies: dict[int, Any], kind: str
) -> list[ladders.Step]:
    data = event["data"]
    return ladders.steps(event, definitions[data["calendar_version"]], policies[data["policy"]], kind)


def _mails(fired: dict[int, dict[str, bool]], faults: list[str]) -> int:
    """Compare outbox and mail folder: to each whom a rung tells, one mail with one Message-ID, however often sent."""
    from complaints.models import Clock, ClockEvent, SlaPolicy
    from core.models import CalendarVersion, OutboxMessage, User

    definitions = dict(CalendarVersion.objects.values_list("pk", "definition"))
    policies = dict(SlaPolicy.objects.values_list("pk", "ladder"))
    starts = {
        clock_id: {"at": at, "data": data}
        for clock_id, at, data in ClockEvent.objects.filter(kind="started").values_list("clock_id", "at", "data")
    }
    managers = set(User.objects.filter(is_manager=True, is_active=True).values_list("email", flat=True))
    expected: set[tuple[str, str]] = set()  # what (rung:clock), to whom
    for clock in Clock.objects.select_related("complaint__owner", "complaint__team__lead").iterator(chunk_size=1000):
        case = clock.complaint
        named = getattr(case.team, "manager", None)
        people = {
            "owner": {case.owner.email},
            "lead": {case.team.lead.email},
            "manager": {named.email} if named else managers,
        }
        found = _steps(starts[clock.pk], definitions, policies, str(clock.kind))
        collapsed = {rung for rung, hidden in fired.get(clock.pk, {}).items() if hidden}
        for rung, roles in ladders.mails(found, collapsed).items():
            expected |= {(f"{rung}:{clock.pk}", to) for role in roles for to in people[role]}
    written = OutboxMessage.objects.filter(template__startswith="sla_")
    stored = Counter((row.key.rpartition(":")[0], row.recipient) for row in written.iterator())
    faults += [f"mail missing: {one}" for one in expected - stored.keys()]
    faults += [f"mail too many: {one} {n}" for one, n in stored.items() if one not in expected or n > 1]
    faults += [f"not sent: {row.key} {row.error}" for row in written.filter(sent_at=None) if not _held_back(row)]
    ids = list(OutboxMessage.objects.filter(sent_at__isnull=False).values_list("message_id", flat=True))
    if len(ids) != len(set(ids)):
        faults.append("two messages share a Message-ID")
    sent_to = _sent()
    faults += [f"never in the mail folder: {one}" for one in set(ids) - sent_to.keys()]
    faults += [f"sent, but not by the outbox: {one}" for one in sent_to.keys() - set(ids)]
    faults += [f"one id to several people: {one} {to}" for one, to in sent_to.items() if len(to) > 1]
    return len(stored)


def _held_back(row: Any) -> bool:
    """A warning may be held back on purpose when its turn comes late; the news of a breach never."""
    return row.template == "sla_warning" and bool(getattr(row, "suppressed", ""))


def _sent() -> dict[str, set[str]]:
    """By Message-ID: whom the files of the mail folder are addressed to."""
    import email

    found: dict[str, set[str]] = {}
    for path in (Path(os.environ["VAR_DIR"]) / "mail").glob("*"):
        for part in path.read_text(errors="replace").split("-" * 79 + "\n"):
            if part.strip():
                mail = email.message_from_string(part.lstrip())
                found.setdefault(str(mail["Message-ID"]), set()).add(str(mail["To"]))
    return found


def _rest(faults: list[str]) -> None:
    """No clock left due, the trail unbroken, no alarm left open."""
    from complaints.models import Clock
    from core import trail
    from core.models import Heartbeat, TrailEntry

    if left := Clock.objects.filter(next_at__isnull=False).count():
        faults.append(f"{left} clocks are still due")
    chains = TrailEntry.objects.filter(subject_kind="complaint").order_by("subject_id", "seq")
    faults += [f"trail: {fault}" for fault in trail.verify(chains)]
    faults += [f"alarm left: {row.name}" for row in Heartbeat.objects.filter(name__startswith="alarm:") if row.detail]


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "prepare":
        prepare(int(sys.argv[2]), int(sys.argv[3]))
    else:
        began = time.monotonic()
        verdict()
        sys.stderr.write(f"judged in {time.monotonic() - began:.0f} s\n")
