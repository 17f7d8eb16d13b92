"""A thread in beat and in every worker process that says every few seconds: this one lives.

It only speaks of what `last()` saw alive, so that a process that hangs or has lost its parent falls silent, and adds
what the process knows of the jobs that pass (core/jobs.py), so that one who lives and works is told from one who only
lives. It owns its database connection and gives it back each time; a database that is away is tried again at the next
sign.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.db.utils import Error

from core import clock
from core.actions.upkeep import alive, leave
from core.instants import iso
from core.watchdog import SIGN_EVERY

log = logging.getLogger("amends.pulse")
Moments = Mapping[str, float | None]


def whoami(pid: int | None = None) -> dict[str, object]:
    """This process (or `pid`), as it stands beside its sign of life."""
    return {"pid": pid or os.getpid(), "host": socket.gethostname()}


class Pulse(threading.Thread):
    """Signs of life in row `name` every `every` seconds. Ends with its process.

    `last`: when what it stands for was last seen alive (seconds of the monotonic clock; None: it is dead). `facts`:
    more such moments, kept beside the sign as instants. `pid`: of whom (default: this process).
    """

    def __init__(
        self,
        name: str,
        last: Callable[[], float | None] = time.monotonic,
        facts: Callable[[], Moments] = dict,
        *,
        pid: int | None = None,
        every: float = SIGN_EVERY,
    ) -> None:
        super().__init__(name=f"pulse-{name}", daemon=True)
        self.row, self.last, self.facts, self.pid, self.every = name, last, facts, pid, every
        self.stopped = threading.Event()

    def run(self) -> None:
        while True:
            self.sign()
            if self.stopped.wait(self.every):
                return

    def sign(self) -> bool:
        """Leave one sign; whether it could. Never raises what a database raises. Query cost: 1 or 2."""
        now, seen = time.monotonic(), self.last()
        if seen is None:
            return False
        try:
            at = clock.database_now()
            facts = {name: iso(_instant(at, now, moment)) for name, moment in self.facts().items()}
            alive(self.row, at=_instant(at, now, seen) or at, detail={**whoami(self.pid), **facts})
        except (Error, OSError) as error:
            log.warning("%s could leave no sign of life: %s", self.row, type(error).__name__)
            return False
        finally:
            if threading.current_thread() is self:
                connection.close()
        return True

    def stop(self) -> None:
        """End soon, and wait for it where it has begun."""
        self.stopped.set()
        if self.is_alive():
            self.join(self.every)


def sign_off(name: str) -> None:
    """Say that a worker ends in order: nobody need miss it. Never raises what a database raises. Query cost: 2."""
    try:
        leave(name)
    except (Error, OSError) as error:
        log.warning("%s could not sign off: %s", name, type(error).__name__)
    finally:
        connection.close()


def _instant(at: datetime, now: float, moment: float | None) -> datetime | None:
    """The instant of a moment of the monotonic clock that reads `now` at `at`."""
    return None if moment is None else at - timedelta(seconds=max(0.0, now - moment))
