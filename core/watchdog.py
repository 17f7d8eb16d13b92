"""Is anybody watching the deadlines? What the signs of life say (issue: watchdog; domain, SLA 6; case F28).

Three parts leave signs (`core.Heartbeat`): `beat` and `worker` each their own, from a thread (core/pulse.py), so
that one's death does not silence the other; `sweep` whenever it has run, which proves that a job really gets
from the timetable through the queue to the database. A part is silent when none of its processes has shown life
for SILENT_AFTER: judging is reading, so `/readyz`, pages, `doctor` and the watch process see the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.models import Heartbeat

SIGN_EVERY = 10.0  # seconds
SILENT_AFTER = {
    "worker": timedelta(seconds=40),
    "beat": timedelta(seconds=40),
    "sweep": timedelta(minutes=2),  # it may work for a minute, and wait for a worker that is busy otherwise
}
PARTS = tuple(SILENT_AFTER)
RUNNERS = ("worker", "beat")  # while one of them is silent, that the sweep does not run is no news
WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of a part: when (UTC; None: never seen) and of whom (`4711@host`, or nothing)."""

    part: str
    at: datetime | None = None
    who: str = ""

    def age(self, at: datetime) -> float | None:
        """Seconds at `at`, never below 0; None if it has never been seen."""
        return None if self.at is None else max(0.0, (at - self.at).total_seconds())

    def is_fresh(self, at: datetime) -> bool:
        age = self.age(at)
        return age is not None and age <= SILENT_AFTER[self.part].total_seconds()


def signs() -> dict[str, Sign]:
    """The last sign of every part, seen or not. Query cost: 1."""
    found = Heartbeat.objects.filter(name__in=PARTS).values_list("name", "at", "detail")
    seen = {name: Sign(name, at, _who(detail)) for name, at, detail in found}
    return {part: seen.get(part, Sign(part)) for part in PARTS}


def silent(found: Mapping[str, Sign], at: datetime) -> list[Sign]:
    """The parts that are silent at `at`. The sweep only where beat and worker live: else they are the reason."""
    quiet = [found[part] for part in PARTS if not found[part].is_fresh(at)]
    if any(sign.part in RUNNERS for sign in quiet):
        return [sign for sign in quiet if sign.part in RUNNERS]
    return quiet


def _who(detail: object) -> str:
    if not isinstance(detail, dict) or "pid" not in detail:
        return ""
    return f"{detail['pid']}@{detail.get('host', '')}"
