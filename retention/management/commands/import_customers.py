"""`manage.py import_customers FILE --preset ...`: customers and their stay with us, from another system (B3, C1)."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from core import dates
from core.actor import Actor
from core.api.fields import parse_day
from core.clock import now
from core.importing.command import ImportCommand
from retention.importing.customers import PRESETS, Import


class Command(ImportCommand):
    """Customers are known by (source, external_id)."""

    help = "Import customers from a CSV file (.gz accepted); resumable, repeatable, sends nothing."
    presets = PRESETS

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--as-of",
            default="",
            metavar="DATE",
            help="the day a snapshot shows (default: today; a file read before keeps its day)",
        )

    def job(self, options: dict[str, Any], source: str) -> Import:
        today = dates.of_house(now())
        as_of = _day(options["as_of"], today)
        preset = PRESETS[options["preset"]](as_of or today)
        actor = Actor.system("import_customers")
        return Import(**self.common(options, preset), source=source, by=actor, as_of=as_of)


def _day(given: Any, today: date) -> date | None:
    if not given:
        return None
    day = given if isinstance(given, date) else parse_day(str(given))
    if day is None:
        raise CommandError(f"--as-of: “{given}” is no date (YYYY-MM-DD).")
    if day > today:
        raise CommandError("--as-of: this day lies in the future.")
    return day
