"""manage.py drain_outbox [--once] [--json]: send what the outbox holds."""

import json
import signal
import threading
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.actions.outbox import Drained, drain

PAUSE = 5.0  # seconds between two looks


class Command(BaseCommand):
    help = "Send the mail that is due. Without --once it goes on until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when nothing is due")
        parser.add_argument("--limit", type=int, default=100_000, help="at most this many in one go")
        parser.add_argument("--json", action="store_true", help="figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if not options["once"]:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
        while True:
            self._report(drain(limit=options["limit"], seconds=24 * 3600.0), **options)
            if options["once"] or stop.wait(PAUSE):
                return

    def _report(self, done: Drained, **options: Any) -> None:
        figures = asdict(done)
        if options["json"]:
            self.stdout.write(json.dumps(figures))
        elif options["once"] or any(figures.values()):
            self.stdout.write(", ".join(f"{count} {name}" for name, count in figures.items()))
