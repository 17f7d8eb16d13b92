"""`manage.py sla_simulate FILE.json`: what would the deadline be? (contract; domain, SLA 3)

A thin shell over `core.sla_cases`. Reads no database and writes nothing.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.sla_cases import answer, cases_of
from core.working_time import CalendarError


class Command(BaseCommand):
    """One JSON object a line for each case: `id` and the output fields, or `id` and `error`.

    Exit code 0 when every case was answered, 1 when one could not be, 2 when the file is of no use.
    """

    help = "Compute SLA cases (schema sla-cases/1) from a JSON file, one JSON object a line; read-only."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", metavar="FILE.json", help="cases, a list of cases or one case; - for stdin")

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer every case of the file, in its order."""
        refused = 0
        for case in _load(options["file"]):
            try:
                line = answer(case)
            except CalendarError as error:
                refused += 1
                name = case.get("id") if isinstance(case, dict) else None
                line = {"id": name, "error": {"code": error.code, "message": error.message}}
            self.stdout.write(json.dumps(line))
        if refused:
            raise CommandError(f"Cases that could not be computed: {refused}.", returncode=1)


def _load(name: str) -> list[object]:
    try:
        if name == "-":
            return cases_of(json.load(sys.stdin))
        with open(name, encoding="utf-8") as file:
            return cases_of(json.load(file))
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror or error}", returncode=2) from error
    except CalendarError as error:
        raise CommandError(f"{name}: {error.message}", returncode=2) from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{name}: not a JSON document ({error}).", returncode=2) from error
