"""What a complainant may expect, and by when: read from the clocks, or worked out before there are any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from complaints.models import Channel, Clock, ClockKind, Complaint, ComplaintType, Severity
from complaints.reference import catalogue
from complaints.sla import clocks as sla


@dataclass(frozen=True, slots=True)
class Expected:
    """Deadlines of what is still to be done, UTC; None: done, paused or not set."""

    acknowledge: datetime | None = None
    update: datetime | None = None
    resolve: datetime | None = None

    @classmethod
    def of(cls, clocks: Iterable[Clock]) -> Expected:
        """From the clocks of a complaint, oldest cycle first."""
        due = {clock.kind: clock.due_at for clock in clocks if not clock.is_finished}
        return cls(due.get(ClockKind.ACKNOWLEDGE), due.get(ClockKind.UPDATE), due.get(ClockKind.RESOLVE))


def expected(complaint: Complaint) -> Expected:
    """Of a complaint on file. In quarantine it has no clocks yet: they start at its receipt. Query cost: 1."""
    if complaint.is_quarantined:
        return _of_new(complaint)
    return Expected.of(Clock.objects.filter(complaint=complaint).order_by("pk"))


def foreseen(chosen: ComplaintType, language: str, *, at: datetime) -> Expected:
    """Of a complaint on the web form not yet sent. No query."""
    channel: Channel | None = catalogue().channels.get("web")
    severity = channel.default_severity if channel else Severity.MODERATE
    return _of_new(Complaint(channel="web", type=chosen, severity=severity, language=language, received_at=at))


def _of_new(complaint: Complaint) -> Expected:
    return Expected.of(sla.start(complaint, tier="", start_at=complaint.received_at))
