"""manage.py watch [--once]: mail the administrators when beat, worker or sweep falls silent, and when it is back."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from core.actions.outbox import drain
from core.actions.watchdog import EVERY, TEMPLATES, Watcher, tell
from core.clock import database_now


class Command(BaseCommand):
    help = (
        "Watch the watchers: looks every few seconds whether beat, worker and sweep are alive and mails every "
        "administrator when one is silent and when it is back. `manage.py up` runs it; run one (or several, on "
        "several machines) beside your own worker and beat. Outlives a restart of the database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=float, default=EVERY, help="seconds between two looks (default %(default)g)"
        )
        parser.add_argument("--once", action="store_true", help="look once, believe what is seen, and end (for cron)")

    def handle(self, *args: Any, every: float, once: bool, **options: Any) -> None:
        if once:
            tell(at=database_now())
            drain(only=TEMPLATES)
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        watcher = Watcher()
        while True:
            watcher.look()
            connections.close_all()  # a look is rare; one that starts afresh never meets a dead connection
            if stop.wait(every):
                return
