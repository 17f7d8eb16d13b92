"""manage.py reindex_search [--check] [--json]: write anew what complaints are searched by, or only tell what differs.
Exit 1 if `--check` finds a difference or a missing trigger."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from complaints.models import Complaint
from complaints.search import upkeep
from core.progress import Progress

SHOWN = 20


class Command(BaseCommand):
    help = "Write anew what complaints are searched by; people may work meanwhile, and a second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, only tell what differs")
        parser.add_argument("--json", action="store_true", help="the figures as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        total = sum(high - low for low, high in upkeep.spans())
        with Progress("Comparing" if options["check"] else "Indexing", total) as bar:
            found = self.compare(_steps(bar)) if options["check"] else self.rebuild(_steps(bar))
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            self.stdout.write(", ".join(f"{name}: {value}" for name, value in found.items()))
        if options["check"] and (found["different"] or found["missing_triggers"]):
            sys.exit(1)

    def rebuild(self, step: Callable[[int], None]) -> dict[str, Any]:
        upkeep.rebuild(step)
        return {"complaints": Complaint.objects.count()}

    def compare(self, step: Callable[[int], None]) -> dict[str, Any]:
        different = list(upkeep.check(step))
        names = Complaint.objects.filter(pk__in=different[:SHOWN]).values_list("reference", flat=True)
        return {
            "complaints": Complaint.objects.count(),
            "different": len(different),
            "references": sorted(names),
            "missing_triggers": upkeep.missing_triggers(),
        }


def _steps(bar: Progress) -> Callable[[int], None]:
    done = 0

    def step(keys: int) -> None:
        nonlocal done
        done += keys
        bar.to(done)

    return step
