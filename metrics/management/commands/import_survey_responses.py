"""`manage.py import_survey_responses FILE --preset ...`: survey answers of another system (mission B1, B2)."""

from __future__ import annotations

from typing import Any

from core.actor import Actor
from core.importing.command import ImportCommand
from metrics.importing.responses import PRESETS, Import


class Command(ImportCommand):
    """Answers are known by (source, external_id), lines without an id by what they say. Nobody is called about them."""

    help = "Import survey answers from a CSV file (.gz accepted); resumable, repeatable, sends nothing."
    presets = PRESETS

    def job(self, options: dict[str, Any], source: str) -> Import:
        actor = Actor.system("import_survey_responses")
        return Import(**self.common(options, PRESETS[options["preset"]]()), source=source, by=actor)
