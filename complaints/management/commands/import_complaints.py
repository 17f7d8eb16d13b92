"""`manage.py import_complaints FILE --preset ...`: complaints of another system, as history or as live cases (A3)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from complaints.importing.presets import NAMES, presets
from complaints.importing.run import Import
from core.actor import Actor
from core.importing.command import ImportCommand
from core.models import User


class Command(ImportCommand):
    """History keeps what the file states; `--open live` takes open cases over with clocks from now on."""

    help = "Import complaints from a CSV file (.gz accepted); resumable, repeatable, sends nothing."
    presets = NAMES

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--owner", default="", metavar="USER", help="who answers for them (default: the default owner)"
        )
        parser.add_argument(
            "--open",
            choices=["history", "live"],
            default="history",
            help="open complaints: record them as history, or take them over live with clocks from now on",
        )

    def job(self, options: dict[str, Any], source: str) -> Import:
        return Import(
            **self.common(options, presets()[options["preset"]]),
            source=source,
            by=Actor.system("import_complaints"),
            owner=_owner(options["owner"]),
            open_live=options["open"] == "live",
        )


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
