"""`manage.py purge_demo`: take away what seed_demo made, and nothing else."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from complaints.demo import SOURCE, cast
from complaints.demo.purge import StillNeeded
from complaints.models import Complaint
from core import clock
from core.actor import Actor
from core.models import User
from core.progress import Progress
from metrics.demo import purge


class Command(BaseCommand):
    """Removes demo complaints, answers, calls, customers, purchases, people, teams, rules and logins.

    Trail entries stay, without personal text.

    Interrupted, the same command goes on. Exit code 1 when real complaints need another owner first (`--to`).
    """

    help = "Remove all demo data (marked source=demo), and nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", default="", metavar="USER", help="who takes over real complaints of demo people")
        parser.add_argument("--dry-run", action="store_true", help="only tell how many complaints would go")
        parser.add_argument("--json", action="store_true", help="the counts as JSON on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge, or say why not."""
        count = Complaint.objects.filter(source=SOURCE).count()
        if options["dry_run"]:
            self.stdout.write(
                json.dumps({"complaints": count}) if options["json"] else f"{count:,} complaints would go."
            )
            return
        try:
            with Progress("Removing demo complaints", count) as bar:
                done = purge.everything(
                    by=Actor.system("purge_demo"), at=clock.now(), heir=_heir(options["to"]), after_batch=bar.to
                )
        except StillNeeded as error:
            raise CommandError(
                f"People of the demo own real complaints or calls ({error.count}). Name who takes them over: --to USER."
            ) from error
        (settings.VAR_DIR / cast.LOGINS_FILE).unlink(missing_ok=True)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done)))
        else:
            self.stdout.write(
                ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in asdict(done).items())
            )
        if not User.objects.filter(is_admin=True, is_active=True).exists():
            self.stderr.write("Nobody administers this installation now: manage.py createsuperuser makes somebody.")


def _heir(username: str) -> User | None:
    if not username:
        return None
    user = User.objects.filter(username=username).first()
    if user is None or not user.sees_cases:
        raise CommandError(f"--to: there is nobody called “{username}” who can own complaints.")
    return user
