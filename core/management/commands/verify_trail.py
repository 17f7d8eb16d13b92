"""manage.py verify_trail [REFERENCE] [--json]: recompute the chains; exit 1 with the first fault of each."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import trail, trail_subjects
from core.models import TrailEntry

STEP = 1000


class Command(BaseCommand):
    help = "Verify the hash-chained trail of one record, or of everything with its anchors."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", nargs="?", help="a complaint's reference, or kind:id; without, everything")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        entries = TrailEntry.objects.order_by("subject_kind", "subject_id", "seq")
        if options["reference"]:
            subject = trail_subjects.resolve(options["reference"])
            if subject is None:
                raise CommandError(f"nothing is called {options['reference']!r}", returncode=2)
            entries = entries.filter(subject_kind=subject[0], subject_id=subject[1])
        self.seen = 0
        total = entries.count() if self._on_terminal() else 0
        faults = list(trail.verify(self._counted(entries.iterator(chunk_size=2000), total)))
        if not options["reference"]:
            faults += trail.verify_anchors()
        if options["json"]:
            self.stdout.write(json.dumps({"entries": self.seen, "faults": [asdict(fault) for fault in faults]}))
        else:
            for fault in faults:
                self.stdout.write(f"{fault.subject} entry {fault.seq} (id {fault.entry_id}): {fault.problem}")
            self.stdout.write(f"{self.seen} entries, {len(faults)} faults")
        if faults:
            sys.exit(1)

    def _on_terminal(self) -> bool:
        return bool(self.stderr.isatty())

    def _counted(self, entries: Iterable[TrailEntry], total: int) -> Iterator[TrailEntry]:
        for entry in entries:
            self.seen += 1
            if total and self.seen % STEP == 0:
                self.stderr.write(f"\r{self.seen:>12,} of {total:,}", ending="")
            yield entry
        if total:
            self.stderr.write("")
