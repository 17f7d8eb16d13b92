"""Runs inside a soak world: `python -m tests.soak.scene prepare N | watch FROM | state`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import django


def prepare(count: int) -> None:
    """`count` complaints in hand whose acknowledge deadline has just passed, one of its own each; the rest runs on.

    The deadlines are written to a file to compare with.
    """
    from django.core.management import call_command

    from complaints.models import Clock
    from core import clock
    from tests.bench import seed

    call_command("migrate", verbosity=0)
    seed.seed(count * 2, seed.company())  # half of them are in hand
    now = clock.now()
    found = list(Clock.objects.filter(kind="acknowledge", next_at__isnull=False).order_by("pk"))
    for number, one in enumerate(found):
        one.due_at = one.next_at = now - timedelta(seconds=1, milliseconds=7 * number, microseconds=number % 1000)
    Clock.objects.bulk_update(found, ["due_at", "next_at"], batch_size=200)
    deadlines_file().write_text(json.dumps({one.pk: one.due_at.isoformat() for one in found}))


def watch(after: int) -> None:
    """Return as soon as more than `after` breaches are there; print how many."""
    from complaints.models import Firing

    while (count := Firing.objects.count()) <= after:
        time.sleep(0.005)
    print(count, flush=True)


def state() -> None:
    """Everything the verdict needs, as JSON."""
    from complaints.models import Clock, ClockEvent, Firing
    from core import trail
    from core.models import OutboxMessage, TrailEntry

    expected = json.loads(deadlines_file().read_text())
    breached = {
        pk: at.isoformat() for pk, at in Clock.objects.filter(state="breached").values_list("pk", "breached_at")
    }
    firings = Counter(Firing.objects.values_list("clock", flat=True))
    events = Counter(ClockEvent.objects.filter(kind="breached").values_list("clock", flat=True))
    entries = Counter(TrailEntry.objects.filter(kind="sla.breached").values_list("subject_id", flat=True))
    chains = TrailEntry.objects.filter(subject_kind="complaint").order_by("subject_id", "seq")
    mails = OutboxMessage.objects.filter(template="sla_breach")
    to_each = Counter(mails.values_list("subject_id", "recipient"))
    print(
        json.dumps(
            {
                "expected": len(expected),
                "breached": len(breached),
                "dated_wrong": sum(expected.get(str(pk)) != at for pk, at in breached.items()),
                "firings": len(firings),
                "events": len(events),
                "entries": len(entries),
                "twice": sum(n > 1 for one in (firings, events, entries, to_each) for n in one.values()),
                "mails": len(to_each),
                "message_ids": mails.values("message_id").distinct().count(),
                "sent": mails.filter(sent_at__isnull=False).count(),
                "given_up": mails.filter(failed_at__isnull=False).count(),
                "trail_faults": sum(1 for _fault in trail.verify(chains)) if len(expected) <= 10_000 else 0,
                "errors": Counter(mails.exclude(error="").values_list("error", flat=True)).most_common(3),
            }
        )
    )


def deadlines_file() -> Path:
    return Path(os.environ["VAR_DIR"]) / "deadlines.json"


if __name__ == "__main__":
    django.setup()
    {"prepare": lambda: prepare(int(sys.argv[2])), "watch": lambda: watch(int(sys.argv[2])), "state": state}[
        sys.argv[1]
    ]()
