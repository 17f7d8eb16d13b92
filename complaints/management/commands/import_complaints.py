"""`manage.py import_complaints FILE --preset ...`: complaints of another system, as history or as live cases (A3)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from complaints.importing.presets import NAMES, Preset, presets
from complaints.importing.reader import Unreadable
from complaints.importing.run import AlreadyRunning, Import
from complaints.models import ImportRun
from core.actor import Actor
from core.errors import DomainError
from core.models import User

INTERRUPTED = 130
LONGEST_SOURCE = 40


class Command(BaseCommand):
    """Reads a CSV file (gzip or plain) in a stream and records it in chunks.

    Sends nothing and starts no clock for history. Interrupted at any moment, the same command goes on where it
    stopped; a second import of the same file changes nothing. Exit code 0 when it came to the end, 1 when it could
    not (or every record was rejected), 130 when interrupted.
    """

    help = "Import complaints from a CSV file (.gz accepted); resumable, repeatable, sends nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--preset", required=True, choices=NAMES, help="what kind of file it is")
        parser.add_argument("--source", default="", help="the name the records carry (default: the preset's name)")
        parser.add_argument(
            "--map", action="append", default=[], metavar="THEIRS=OURS", help="read a column under our name"
        )
        parser.add_argument(
            "--owner", default="", metavar="USER", help="who answers for them (default: the default owner)"
        )
        parser.add_argument(
            "--open",
            choices=["history", "live"],
            default="history",
            help="open complaints: record them as history, or take them over live with clocks from now on",
        )
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen, write nothing")
        parser.add_argument(
            "--rejects", type=Path, metavar="FILE", help="write rejected records there, with line and reason"
        )
        parser.add_argument("--encoding", default="utf-8", help="of the file (default utf-8)")
        parser.add_argument("--json", action="store_true", help="the counts as JSON on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build the import from the options, run it, report."""
        job = self._job(options)
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

    def _job(self, options: dict[str, Any]) -> Import:
        preset = presets()[options["preset"]]
        source = options["source"] or preset.name
        if len(source) > LONGEST_SOURCE:
            raise CommandError(f"--source: at most {LONGEST_SOURCE} characters.")
        try:
            "".encode(options["encoding"])
        except LookupError as error:
            raise CommandError(f"--encoding: there is no encoding “{options['encoding']}”.") from error
        return Import(
            path=options["file"],
            preset=preset,
            source=source,
            by=Actor.system("import_complaints"),
            owner=_owner(options["owner"]),
            open_live=options["open"] == "live",
            dry_run=options["dry_run"],
            rejects=options["rejects"],
            encoding=options["encoding"],
            renamed=_renamed(options["map"], preset),
        )

    def _report(self, job: Import, run: ImportRun, *, as_json: bool) -> None:
        counts = {name: getattr(run, name) for name in ("created", "updated", "unchanged", "rejected")}
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


def _owner(username: str) -> User | None:
    if not username:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"--owner: there is no user “{username}”.")
    if not user.sees_cases:
        raise CommandError(
            f"--owner: {username} cannot own complaints (inactive, or without a role that handles cases)."
        )
    return user


def _renamed(pairs: list[str], preset: Preset) -> dict[str, str]:
    """`theirs=ours`; the other way round is understood too where only that makes sense."""
    ours = {*preset.required, *preset.optional}
    renamed = {}
    for pair in pairs:
        left, found, right = (part.strip() for part in pair.partition("="))
        if not found or not left or not right:
            raise CommandError(f"--map: “{pair}” is not of the form THEIRS=OURS.")
        if right not in ours and left in ours:
            left, right = right, left
        if right not in ours:
            raise CommandError(
                f"--map: the preset {preset.name} knows no column “{right}”. It knows: {', '.join(sorted(ours))}."
            )
        renamed[left] = right
    return renamed
