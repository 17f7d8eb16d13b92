"""What a worker and the timetable know of the jobs that pass through them, for their signs of life (core/pulse.py).

Moments are seconds of the monotonic clock. Knows neither Django nor Celery.
"""

from __future__ import annotations

import struct
import time
from mmap import mmap

BREAK = 15.0  # seconds without one that was sent: the timetable sends one every two


class Jobs:
    """When a job last began or ended in this worker: in memory shared with the processes it forks.

    A job that is known to take long counts as passing as long as it may take; any other only where it began, so that a
    process that hangs inside of one is silent.
    """

    def __init__(self) -> None:
        self._shared = mmap(-1, struct.calcsize("d"))
        self._may_last: dict[str, float] = {}  # of this process: until when each job under way may

    def began(self, key: str, *, may_take: float = 0.0) -> None:
        """Note a job that begins; `may_take`: seconds in which nobody shall worry."""
        self._may_last[key] = time.monotonic() + may_take
        self._note()

    def ended(self, key: str) -> None:
        self._may_last.pop(key, None)
        self._note()

    def last(self) -> float | None:
        """When one passed last, now while one is under way that may take so long; None: none ever did."""
        now = time.monotonic()
        if any(until > now for until in tuple(self._may_last.values())):
            return now
        found: float = struct.unpack_from("d", self._shared)[0]
        return found or None

    def _note(self) -> None:
        struct.pack_into("d", self._shared, 0, time.monotonic())


class Sending:
    """Since when the timetable has been putting jobs into the queue without a break, and when it last did."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.last: float | None = None

    def sent(self) -> None:
        """Note that the queue took a job."""
        now = time.monotonic()
        if self.last is None or now - self.last > BREAK:
            self.since = now
        self.last = now
