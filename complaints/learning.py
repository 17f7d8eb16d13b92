"""When a corrective action can be measured (mission A11). Arithmetic on local dates of the house, no query.

Recurrence compares the complaints received in the `window_days` before `done_on` with those received in as many after
it; the day itself counts on neither side, as nobody knows at what hour the change took hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_WINDOW = 730  # days


@dataclass(frozen=True, slots=True)
class Windows:
    """Local dates, both ends included. `measurable_on`: the first day on which the second window has passed whole."""

    before_since: date
    before_until: date
    after_since: date
    after_until: date

    @property
    def measurable_on(self) -> date:
        return self.after_until + timedelta(days=1)

    def passed(self, today: date) -> bool:
        """Whether the window after is over."""
        return today >= self.measurable_on


def windows(done_on: date, days: int) -> Windows:
    """The `days` before `done_on` and as many after it."""
    day = timedelta(days=1)
    return Windows(done_on - days * day, done_on - day, done_on + day, done_on + days * day)
