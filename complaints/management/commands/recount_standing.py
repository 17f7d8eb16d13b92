"""`manage.py recount_standing [--check] [--json]`: are the columns that figures read what the clocks say? (domain,
Figures)"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from complaints.models import Complaint
from complaints.sla.recount import recount
from core.progress import Progress


class Command(BaseCommand):
    """Exit code 1 when `--check` finds a difference."""

    help = "Recompute what figures read of each complaint's clocks; says how many differed and mends them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if anything differs")
        parser.add_argument("--json", action="store_true", help="the result as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with Progress("Recounting", total=Complaint.objects.count()) as bar:
            found = recount(mend=not options["check"], seen=bar.to)
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            columns = ", ".join(f"{name} {count}" for name, count in found["columns"].items())
            self.stdout.write(f"{found['complaints']} complaints, {found['different']} different {columns}".rstrip())
        if options["check"] and found["different"]:
            raise SystemExit(1)
