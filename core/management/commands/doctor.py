"""manage.py doctor [--json]: database, migrations, broker, mail, clock, storage, who is alive. Exit 1 on a fault."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import checks


class Command(BaseCommand):
    help = "Check that everything this installation needs is there and alive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = checks.everything()
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_dict() for finding in found]))
        else:
            for finding in found:
                mark = self.style.SUCCESS("ok   ") if finding.ok else self.style.ERROR("FAULT")
                self.stdout.write(f"{mark} {finding.name:<11} {finding.detail}")
        if not all(finding.ok for finding in found):
            sys.exit(1)
