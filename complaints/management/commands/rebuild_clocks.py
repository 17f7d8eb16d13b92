"""manage.py rebuild_clocks [--check]: derive every clock from its events; mend or only count what differs. Exit 1 if
`--check` finds a difference."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from complaints.sla.rebuild import rebuild


class Command(BaseCommand):
    help = "Derive the rows of all clocks from their events, which are the truth."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, only tell what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        found = rebuild(mend=not options["check"])
        self.stdout.write(f"{found['clocks']} clocks looked at, {found['different']} differed {found['columns'] or ''}")
        if options["check"] and found["different"]:
            sys.exit(1)
