"""`manage.py sweep_sla [--once] [--json]`: what beat runs, by hand or instead of beat."""

from __future__ import annotations

import json
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from complaints.actions import pending
from complaints.sla.sweep import sweep_and_tell

EVERY = 5.0  # seconds


class Command(BaseCommand):
    help = (
        "Mark every passed deadline as a breach and every promise not kept in time as broken, once each; warn before. "
        "Without --once it goes on until SIGTERM."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="sweep until nothing is due, then end")
        parser.add_argument("--json", action="store_true", help="one JSON object a sweep")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            pending.send_due()  # what was to be sent before a deadline meets it
            self._tell(sweep_and_tell(), options["json"])
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            try:
                pending.send_due(seconds=EVERY)
                done = sweep_and_tell(seconds=EVERY)
            except Error as error:  # the database went away; it comes back, and so does what was due
                self.stderr.write(f"{type(error).__name__}: {error}")
                close_old_connections()
                done = None
            if done and (any(done[name] for name in ("clocks", "warned", "broken")) or options["json"]):
                self._tell(done, options["json"])
            stop.wait(EVERY)

    def _tell(self, done: dict[str, float], as_json: bool) -> None:
        words = (
            "{clocks} clocks breached on {complaints} complaints, {mails} mails to send, "
            "{broken} promises broken, {warned} warned, {seconds:.2f} s"
        )
        self.stdout.write(json.dumps(done) if as_json else words.format(**done))
