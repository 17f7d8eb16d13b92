"""Working time for the demo: how far back, how far ahead, as the policies in force count it."""

from __future__ import annotations

from datetime import datetime, timedelta

from complaints.models import ClockKind, Complaint
from complaints.sla import policies
from core import working_time
from core.working_time import Target, TargetKind, WeekCalendar

MOST_DAYS_BACK = 60


class Measure:
    """The targets of one kind of complaint (type, channel, severity), in working seconds of its calendar."""

    def __init__(self, *, type_id: int, channel: str, severity: str) -> None:
        found = policies.match(Complaint(type_id=type_id, channel=channel, severity=severity))
        self.calendar: WeekCalendar = policies.calendar_of(found.calendar_version_id)
        self.acknowledge = self._seconds(policies.target_of(found.policy, ClockKind.ACKNOWLEDGE))
        self.resolve = self._seconds(policies.target_of(found.policy, ClockKind.RESOLVE))

    def after(self, start: datetime, seconds: float) -> datetime:
        """The instant at which so many working seconds have passed."""
        due = working_time.due_at(self.calendar, start, Target(TargetKind.WORKING_SECONDS, max(int(seconds), 1)))
        return due or start + timedelta(seconds=seconds)

    def before(self, now: datetime, seconds: float) -> datetime:
        """The latest whole minute from which so many working seconds lead to `now`, by halving."""
        low, high = now - timedelta(days=MOST_DAYS_BACK), now
        while high - low > timedelta(minutes=1):
            middle = low + (high - low) / 2
            if working_time.worked(self.calendar, middle, now) >= seconds:
                low = middle
            else:
                high = middle
        return low.replace(second=int(seconds) % 60, microsecond=0)

    def _seconds(self, target: Target | None) -> int:
        """A target in working seconds; days count as nine hours here."""
        if target is None:
            return 45 * 3600
        return target.value if target.kind == TargetKind.WORKING_SECONDS else target.value * 9 * 3600
