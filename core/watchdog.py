"""Is anybody watching the deadlines? What the signs of life say (issue: watchdog; domain, SLA 6; case F28).

Three parts leave signs (`core.Heartbeat`): `beat` and each worker (`worker:...`) their own, from a thread
(core/pulse.py), so that one's death does not silence the other; `sweep` whenever it has run, which proves that a job
really gets from the timetable through the queue to the database. A part is silent when none of its processes has shown
life for SILENT_AFTER: judging is reading, so `/readyz`, pages, `doctor` and the watch process see the same.

A thread lives on in a worker that hangs. So while beat puts jobs into the queue, which it does every two seconds, a
worker's last sign is the last job that went through it: one that takes none, or is stuck in one, is silent from then
on; one that is known to take long is not before it takes longer than it may (config/celery.py). While nothing is sent,
because beat is dead or the queue away, nothing can be asked of a worker but that it lives.

Of several workers one that is killed is no silence: the others go on. It is `missing` (told by `/readyz` and `doctor`,
no fault of theirs) if it did not sign off, until another comes in its stead, for a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import Q

from core.models import Heartbeat

SIGN_EVERY = 10.0  # seconds
SILENT_AFTER = {
    "worker": timedelta(seconds=40),
    "beat": timedelta(seconds=40),
    "sweep": timedelta(minutes=2),  # it may work for a minute, and wait for a worker that is busy otherwise
}
SENDS = timedelta(seconds=20)  # beat said so this long ago at most: jobs are waiting for a worker
MISSED_AFTER, MISSED_FOR = timedelta(minutes=1), timedelta(days=1)
PARTS = tuple(SILENT_AFTER)
RUNNERS = ("worker", "beat")  # while one of them is silent, that the sweep does not run is no news
WORKERS = "worker:"  # how the rows of workers begin
WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of a part: when (UTC; None: never seen) and of whom (`4711@host`, or nothing).

    `proof`: when it last did what it is there for. `missing`: of the workers, those who are gone and were not replaced.
    """

    part: str
    at: datetime | None = None
    who: str = ""
    proof: datetime | None = None
    missing: tuple[Sign, ...] = ()

    def age(self, at: datetime) -> float | None:
        """Seconds at `at`, never below 0; None if it has never been seen."""
        return None if self.at is None else max(0.0, (at - self.at).total_seconds())

    def is_fresh(self, at: datetime) -> bool:
        age = self.age(at)
        return age is not None and age <= SILENT_AFTER[self.part].total_seconds()

    def is_back(self, at: datetime) -> bool:
        """Whether a silence that was told is over: a worker is back once it works, not as soon as it lives."""
        return self.is_fresh(at) and self.proof is not None and at - self.proof <= SILENT_AFTER[self.part]


@dataclass(frozen=True, slots=True)
class Row:
    """What one process says: when it lived last, and what stands beside it."""

    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def who(self) -> str:
        return f"{self.detail['pid']}@{self.detail.get('host', '')}" if "pid" in self.detail else ""

    def instant(self, name: str) -> datetime | None:
        text = self.detail.get(name)
        return datetime.fromisoformat(text) if isinstance(text, str) else None


def row_of(pid: int, host: str) -> str:
    """The row of the worker with that process number."""
    return f"{WORKERS}{sha256(host.encode()).hexdigest()[:8]}:{pid}"


def signs(at: datetime) -> dict[str, Sign]:
    """The last sign of every part as judged at `at`, seen or not. Query cost: 1."""
    wanted = Q(name__in=PARTS) | Q(name__startswith=WORKERS)
    found = Heartbeat.objects.filter(wanted).values_list("name", "at", "detail")
    rows = {name: Row(moment, detail if isinstance(detail, dict) else {}) for name, moment, detail in found}
    seen = {part: Sign(part, row.at, row.who, row.at) for part in PARTS if (row := rows.get(part))}
    workers = [row for name, row in rows.items() if name.startswith("worker")]
    if workers:
        sending = _sending_since(rows.get("beat"), at)
        judged = [(_worker(row, sending), row) for row in workers]
        last = max((sign for sign, _row in judged), key=_at)
        seen["worker"] = replace(last, missing=_missing(judged, at) if last.is_fresh(at) else ())
    return {part: seen.get(part, Sign(part)) for part in PARTS}


def silent(found: Mapping[str, Sign], at: datetime) -> list[Sign]:
    """The parts that are silent at `at`. The sweep only where beat and worker live: else they are the reason."""
    quiet = [found[part] for part in PARTS if not found[part].is_fresh(at)]
    if any(sign.part in RUNNERS for sign in quiet):
        return [sign for sign in quiet if sign.part in RUNNERS]
    return quiet


def _sending_since(beat: Row | None, at: datetime) -> datetime | None:
    """Since when beat has put jobs into the queue without a break; None: it does not at `at`, or does not say."""
    sent = beat.instant("sent") if beat else None
    return beat.instant("sending") if beat and sent is not None and at - sent <= SENDS else None


def _worker(row: Row, sending: datetime | None) -> Sign:
    """What one worker's row says while jobs have been sent since `sending` (None: they are not)."""
    if "began" not in row.detail:  # one that says nothing of jobs
        return Sign("worker", row.at, row.who, row.at)
    worked, began = row.instant("worked"), row.instant("began") or row.at
    if sending is None:
        return Sign("worker", row.at, row.who, worked)
    return Sign("worker", min(row.at, max(worked or began, sending)), row.who, worked)


def _missing(judged: Sequence[tuple[Sign, Row]], at: datetime) -> tuple[Sign, ...]:
    """Workers who fell silent without signing off, and in whose stead nobody has come since, the latest first."""
    came = sorted(began for _sign, row in judged if (began := row.instant("began")))
    gone = [
        sign
        for sign, row in judged
        if MISSED_AFTER < at - _at(sign) <= MISSED_FOR and "began" in row.detail and not row.detail.get("left")
    ]
    found = []
    for sign in sorted(gone, key=_at, reverse=True):
        heir = next((began for began in came if began > _at(sign)), None)
        if heir is None:
            found.append(sign)
        else:
            came.remove(heir)
    return tuple(found)


def _at(sign: Sign) -> datetime:
    if sign.at is None:
        raise ValueError("a sign that was read has an instant")
    return sign.at
