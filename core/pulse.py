"""A thread in beat and in every worker process that says every few seconds: this one lives.

It only speaks while `lives()` is true, so that a process that hangs or has lost its parent falls silent. It owns
its database connection and gives it back each time; a database that is away is tried again at the next sign.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable

from django.db import connection
from django.db.utils import Error

from core import clock
from core.actions.upkeep import alive
from core.watchdog import SIGN_EVERY

log = logging.getLogger("amends.pulse")


def whoami() -> dict[str, object]:
    """This process, as it stands beside its sign of life."""
    return {"pid": os.getpid(), "host": socket.gethostname()}


class Pulse(threading.Thread):
    """Signs of life of `part` every `every` seconds, while `lives()`. Ends with its process."""

    def __init__(self, part: str, lives: Callable[[], bool] = lambda: True, *, every: float = SIGN_EVERY) -> None:
        super().__init__(name=f"pulse-{part}", daemon=True)
        self.part, self.lives, self.every = part, lives, every
        self.stopped = threading.Event()

    def run(self) -> None:
        while True:
            self.sign()
            if self.stopped.wait(self.every):
                return

    def sign(self) -> bool:
        """Leave one sign; whether it could. Never raises what a database raises. Query cost: 1 or 2."""
        if not self.lives():
            return False
        try:
            alive(self.part, at=clock.database_now(), detail=whoami())
        except (Error, OSError) as error:
            log.warning("%s could leave no sign of life: %s", self.part, type(error).__name__)
            return False
        finally:
            if threading.current_thread() is self:
                connection.close()
        return True

    def stop(self) -> None:
        """End soon; for tests."""
        self.stopped.set()
