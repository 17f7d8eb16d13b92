"""`manage.py import_purchases FILE --preset ...`: what customers bought, from another system (mission C2)."""

from __future__ import annotations

from typing import Any

from core.actor import Actor
from core.importing.command import ImportCommand
from retention.importing.purchases import PRESETS, Import


class Command(ImportCommand):
    """Every row is a line of an order. Customers that nobody knows are made; lines without a customer are kept."""

    help = "Import purchases from a CSV file (.gz accepted); resumable, repeatable, sends nothing."
    presets = PRESETS

    def job(self, options: dict[str, Any], source: str) -> Import:
        preset = PRESETS[options["preset"]](source)
        return Import(**self.common(options, preset), source=source, by=Actor.system("import_purchases"))
