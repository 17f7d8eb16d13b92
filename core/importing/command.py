"""What all import commands have in common: options, refusals, the counts at the end (interface.md, Commands)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from core.importing.reader import Unreadable
from core.importing.run import AlreadyRunning, Import
from core.models import ImportRun

INTERRUPTED = 130
LONGEST_SOURCE = 40
COUNTS = ("created", "updated", "unchanged", "rejected")


class ImportCommand(BaseCommand):
    """Reads a CSV file (gzip or plain) in a stream and records it in chunks.

    Sends nothing and starts nothing. Interrupted at any moment, the same command goes on where it stopped; a second
    import of the same file changes nothing. Exit code 0 when it came to the end, 1 when it could not (or every record
    was rejected), 130 when interrupted.
    """

    presets: ClassVar[Iterable[str]] = ()
    encoding = "utf-8"  # where neither the caller nor the preset names one

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--preset", required=True, choices=tuple(self.presets), help="what kind of file it is")
        parser.add_argument("--source", default="", help="the name the records carry (default: the preset's name)")
        parser.add_argument(
            "--map", action="append", default=[], metavar="THEIRS=OURS", help="read a column under our name"
        )
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen, write nothing")
        parser.add_argument(
            "--rejects", type=Path, metavar="FILE", help="write rejected records there, with line and reason"
        )
        parser.add_argument("--encoding", default="", help="of the file (default: the preset's, mostly utf-8)")
        parser.add_argument("--json", action="store_true", help="the counts as JSON on the last line")

    def job(self, options: dict[str, Any], source: str) -> Import[Any]:
        """The import these options ask for; `common` gives the part that all share. Raises CommandError."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        """Build the import from the options, run it, report."""
        source = options["source"] or options["preset"]
        if len(source) > LONGEST_SOURCE:
            raise CommandError(f"--source: at most {LONGEST_SOURCE} characters.")
        job = self.job(options, source)
        try:
            run = job.run()
        except (Unreadable, DomainError) as error:
            raise CommandError(str(error)) from error
        except AlreadyRunning as error:
            raise CommandError("This file is being imported by another process right now.") from error
        except KeyboardInterrupt:
            self.stderr.write("Interrupted. What was recorded stays; the same command goes on from there.")
            raise SystemExit(INTERRUPTED) from None
        self._report(job, run, as_json=options["json"])
        if run.rejected and not (run.created or run.updated or run.unchanged):
            raise SystemExit(1)

    def common(self, options: dict[str, Any], preset: Any) -> dict[str, Any]:
        """Keyword arguments of every import."""
        encoding = options["encoding"] or getattr(preset, "encoding", self.encoding)
        try:
            "".encode(encoding)
        except LookupError as error:
            raise CommandError(f"--encoding: there is no encoding “{encoding}”.") from error
        return {
            "path": options["file"],
            "preset": preset,
            "dry_run": options["dry_run"],
            "rejects": options["rejects"],
            "encoding": encoding,
            "renamed": renamed(options["map"], preset),
        }

    def _report(self, job: Import[Any], run: ImportRun, *, as_json: bool) -> None:
        counts = {name: getattr(run, name) for name in COUNTS}
        if job.resumed_from:
            self.stderr.write(f"Went on behind record {job.resumed_from:,}; the counts are those of the whole file.")
        if as_json:
            self.stdout.write(json.dumps(counts))
            return
        words = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        self.stdout.write(f"{'Dry run, nothing written: ' if job.dry_run else ''}{words}")
        if run.rejected:
            where = f"see {job.rejects}" if job.rejects else "name a file with --rejects to see which and why"
            self.stdout.write(f"Rejected records: {where}")


def renamed(pairs: list[str], preset: Any) -> dict[str, str]:
    """`theirs=ours`; the other way round is understood too where only that makes sense."""
    ours = {*preset.required, *preset.optional}
    found = {}
    for pair in pairs:
        left, sign, right = (part.strip() for part in pair.partition("="))
        if not sign or not left or not right:
            raise CommandError(f"--map: “{pair}” is not of the form THEIRS=OURS.")
        if right not in ours and left in ours:
            left, right = right, left
        if right not in ours:
            raise CommandError(
                f"--map: the preset {preset.name} knows no column “{right}”. It knows: {', '.join(sorted(ours))}."
            )
        found[left] = right
    return found
